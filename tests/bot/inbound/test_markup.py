"""What Slack made of a text is undone: names with their ids for the model, without them for people, entities once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.demo.workspace import HARBOUR_GOODS
from bot.demo.workspace.text import to_wire
from bot.inbound.markup import Mention, Said, mentioned, read

NAMES = {
    Mention("person", "U0LEA"): "Lea Brandt",
    Mention("group", "S0LEADS"): "leads",
    Mention("channel", "C0SUPPORT"): "support",
}


@pytest.mark.parametrize(
    ("marked", "to_model", "to_people"),
    [
        ("ask <@U0LEA>", "ask @Lea Brandt (U0LEA)", "ask @Lea Brandt"),
        ("ask <@U0LEA|lea>", "ask @Lea Brandt (U0LEA)", "ask @Lea Brandt"),
        ("ask <@U0GONE|gone>", "ask @gone (U0GONE)", "ask @gone"),
        ("ask <@W0GONE>", "ask @W0GONE", "ask @W0GONE"),
        ("<!subteam^S0LEADS>", "@leads (S0LEADS)", "@leads"),
        ("<!subteam^S0X|@x-team>", "@x-team (S0X)", "@x-team"),
        ("<!subteam^S0X>", "@S0X", "@S0X"),
        ("<#C0SUPPORT>", "#support (C0SUPPORT)", "#support"),
        ("<#C0SUPPORT|>", "#support (C0SUPPORT)", "#support"),
        ("<#C0X|ops>", "#ops (C0X)", "#ops"),
        ("<!here> <!channel> <!everyone|everyone>", "@here @channel @everyone", "@here @channel @everyone"),
    ],
)
def test_who_and_what_is_mentioned_reads_as_a_name(marked: str, to_model: str, to_people: str) -> None:
    assert read(marked, NAMES) == Said(to_model, to_people)


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("<https://example.com|example.com>", "https://example.com"),
        ("<https://example.com/>", "https://example.com/"),
        ("<https://example.com/?a=1&amp;b=2>", "https://example.com/?a=1&b=2"),
        ("see <https://evil.example|your bank>", "see your bank (https://evil.example)"),
        ("<https://a.example|https://b.example>", "https://b.example (https://a.example)"),
        ("<slack://open|open Slack>", "open Slack (slack://open)"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<mailto:a@b.example|Jonas>", "Jonas (a@b.example)"),
        ("<mailto:a@b.example>", "a@b.example"),
        ("<tel:+4930|+49 30>", "+49 30"),
        ("<tel:+4930>", "+4930"),
        ("<tel:+4930|the shop>", "the shop (+4930)"),
        ("<!date^1392734382^{date_short}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<!date^1392734382^{date_short}^https://a.example/|Feb 18>", "Feb 18 (https://a.example/)"),
        ("<!date^1392734382^{date_short}>", "2014-02-18 14:39 UTC"),
        ("<!date^999999999999^{date}>", "999999999999"),
        ("<!unheard|of>", "of"),
        ("&amp;lt;", "&lt;"),
        ("5 &lt; 6 &amp;&amp; 7 &gt; 6", "5 < 6 && 7 > 6"),
        ("a &lt;@U0LEA&gt; that was typed", "a <@U0LEA> that was typed"),
        ("<nothing of Slack's>", "<nothing of Slack's>"),
        ("a < b", "a < b"),
        ("", ""),
    ],
)
def test_links_dates_and_entities_read_as_they_were_meant(marked: str, plain: str) -> None:
    assert read(marked, NAMES) == Said(plain, plain)


def test_each_is_looked_up_once() -> None:
    text = "<@U0LEA> <@U0LEA|lea> <!subteam^S0LEADS|@leads> <#C0SUPPORT> <!here> <https://a.example> &lt;@U0ANA&gt;"
    assert mentioned(text) == list(NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "write to jonas@example.com, please",
        "see https://example.com/a?b=1&c=2 and http://localhost:80",
        "5 < 6 && 7 > 6",
        "&lt; is how one writes <",
        "in #support",
        "no markup",
    ],
)
def test_what_slack_made_of_a_text_is_undone(text: str) -> None:
    assert read(to_wire(text, HARBOUR_GOODS), NAMES).to_people == text


@given(st.text(alphabet="<>@#!^|&;:Uab0 \nlt"))
def test_no_text_fails_and_none_without_markup_changes(text: str) -> None:
    said = read(text, {})
    assert isinstance(said.to_model, str)
    if not set(text) & set("<>&"):
        assert said == Said(text, text)
