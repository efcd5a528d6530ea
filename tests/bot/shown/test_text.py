"""Text of models, tools and people cannot ping, mislead or hide anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.shown.characters import visible
from bot.shown.text import TEXT_LIMIT, box, escape, fitted, mrkdwn, one_line, plain_text, rich, shorten, unformatted

TOKENS = [
    "<!channel>",
    "<!here|here>",
    "<!everyone>",
    "<@U0ANA>",
    "<#C0SUPPORT>",
    "<!subteam^S0LEADS>",
    "<!date^0^{date}|never>",
    "<https://evil.example|https://bank.example>",
]
TOKEN_TEXT = st.lists(st.one_of(st.sampled_from([*TOKENS, "](", "]:", ">", "\n", "&lt;"]), st.text())).map("".join)


@pytest.mark.parametrize("token", TOKENS)
def test_no_token_fires(token: str) -> None:
    entities = token.replace("<", "&lt;").replace(">", "&gt;")
    assert escape(f"hello {token}!") == f"hello {entities}!"


@given(TOKEN_TEXT)
def test_escaped_text_has_no_angle_bracket_and_reads_as_before(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    decoded = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert decoded == visible(text)[0]


@given(st.text(), st.integers(min_value=40, max_value=200))
def test_shortened_text_fits_and_counts_what_is_missing(text: str, limit: int) -> None:
    text = text * 20
    short = shorten(text, limit)
    assert len(short) <= limit
    if len(text) <= limit:
        assert short == text
    else:
        kept, note = short.rsplit("… (+", 1)
        assert text.startswith(kept)
        assert int(note.removesuffix(" characters)")) == len(text) - len(kept)


@given(st.text(alphabet=st.sampled_from("ab\u200b\U0001f469\u200d\n")), st.integers(min_value=40, max_value=200))
def test_a_text_is_fitted_by_its_characters(text: str, limit: int) -> None:
    text = text * 20
    shown = fitted(text, limit)
    assert len(shown) <= limit
    if len(visible(text)[0]) <= limit:
        assert shown == visible(text)[0]
    else:
        kept, note = shown.rsplit("… (+", 1)
        missing = int(note.removesuffix(" characters)"))
        assert kept == visible(text[: len(text) - missing])[0]


def test_what_a_text_costs_depends_on_the_limit() -> None:
    huge = "\u200b" * 20_000_000
    assert fitted(huge, 100).endswith("… (+19999991 characters)")
    assert escape(huge, 200).endswith(" characters)")
    assert len(plain_text("<" * 20_000_000)["text"]) <= TEXT_LIMIT


def test_words_of_others_stay_in_one_line() -> None:
    assert one_line(" no\n\n✓ Approved by @Lea \u2028 \t x ") == "no ✓ Approved by @Lea x"


def test_shorten_says_how_much_was_cut() -> None:
    assert shorten("x" * 161, 60) == "x" * 41 + "… (+120 characters)"


def test_shorten_refuses_a_limit_without_room_for_its_note() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        shorten("text", 39)


@given(st.text())
def test_blocks_of_any_text_are_blocks_for_slack(text: str) -> None:
    for block in (rich(box(visible(text)[0] or "(empty)")), {"type": "section", "text": plain_text(text * 300)}):
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block


def test_untrusted_text_is_never_parsed() -> None:
    assert rich(box(visible("<!channel>\u200b")[0])) == {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "<!channel>\\u{200b}"}]},
        ],
    }
    assert plain_text("*<@U1>* :tada:") == {"type": "plain_text", "text": "*<@U1>* :tada:", "emoji": False}
    assert len(plain_text("x" * 5000)["text"]) <= TEXT_LIMIT
    assert mrkdwn(f"*{escape('<@U1>')}*") == {"type": "mrkdwn", "text": "*&lt;@U1&gt;*", "verbatim": True}


def test_what_is_said_to_one_person_has_people_and_no_other_format() -> None:
    block = unformatted("Already approved by <@U0LEA>: " + escape("*a* :tada: <@U0ANA> &amp; <!channel>"))
    (part,) = block["elements"]
    assert part["elements"] == [
        {"type": "text", "text": "Already approved by "},
        {"type": "user", "user_id": "U0LEA"},
        {"type": "text", "text": ": *a* :tada: <@U0ANA> &amp; <!channel>"},
    ]


def test_what_is_said_to_one_person_is_said_whole() -> None:
    lines = [f"• row {number}: " + "x&amp;" * 100 + " by <@U0LEA>" for number in range(40)]
    (part,) = unformatted("\n".join(lines))["elements"]
    said = "".join(each.get("text", "@") for each in part["elements"])
    assert said == "\n".join(line.replace("&amp;", "&").replace("<@U0LEA>", "@") for line in lines)
    assert all(len(each.get("text", "")) <= 3000 for each in part["elements"])
