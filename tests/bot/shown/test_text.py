"""Text of models, tools and people cannot ping, mislead or hide anything."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.shown.text import TEXT_LIMIT, escape, mrkdwn, plain_text, preformatted, reply_markdown, shorten, visible

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
    assert reply_markdown(f"hello {token}!") == f"hello {entities}!"


@given(TOKEN_TEXT)
def test_escaped_text_has_no_angle_bracket_and_reads_as_before(text: str) -> None:
    escaped = escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    decoded = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    assert decoded == visible(text)[0]


@given(TOKEN_TEXT)
def test_a_reply_has_no_token_and_no_labelled_link(text: str) -> None:
    reply = reply_markdown(text)
    assert "<" not in reply
    assert "](" not in reply


@given(st.lists(TOKEN_TEXT.filter(lambda line: "\n" not in line)))
def test_a_reply_streamed_in_whole_lines_is_the_same_reply(lines: list[str]) -> None:
    # A reference definition may have its address on the next line; nothing else looks past a line's end.
    lines = [line.replace("]:", "") for line in lines]
    assert "\n".join(reply_markdown(line) for line in lines) == reply_markdown("\n".join(lines))


def test_a_reply_keeps_its_formatting() -> None:
    text = (
        "# Order\n\n> late, *very* late\n> > **80 €** & more\n\n- `a[0]`\n- ~~no~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert reply_markdown(text) == text


def test_a_reply_shows_where_its_links_lead() -> None:
    assert reply_markdown("[your bank](https://evil.example)") == "[your bank] (https://evil.example)"
    assert reply_markdown("![cat](https://evil.example/?q=1)") == "![cat] (https://evil.example/?q=1)"
    assert reply_markdown("see [bank]\n\n[bank]: https://evil.example") == "see [bank]\n\n[bank] : https://evil.example"
    assert reply_markdown("[bank]:\n  <https://evil.example>") == "[bank] :\n  &lt;https://evil.example&gt;"


def test_a_reply_leaves_code_alone() -> None:
    code = "```python\nif rows[0]:\n    total: list[int] = []\n```"
    assert reply_markdown(code) == code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay\u200b100", "pay\\u{200b}100"),
        ("\u202egnp.exe", "\\u{202e}gnp.exe"),
        ("a\x00b\x1b[2Jc\rd", "a\\u{0}b\\u{1b}[2Jc\\u{d}d"),
        ("\ud800", "\\u{d800}"),
        ("a\u2028b", "a\\u{2028}b"),
        ("a\u3164b\u2800c", "a\\u{3164}b\\u{2800}c"),
        ("A\U000e0041", "A\\u{e0041}"),
        ("1\ufe0f2", "1\\u{fe0f}2"),
        ("a\u200db", "a\\u{200d}b"),
    ],
)
def test_what_cannot_be_seen_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == (shown, True)


@pytest.mark.parametrize(
    "text", ["", "plain", "two\nlines\tand a tab", "Größe 80 €", "👩🏽‍💻 🏳️‍🌈 ❤️ ‼️ 1️⃣ ↔️", "日本語", "नमस्ते"]
)
def test_what_can_be_seen_stays(text: str) -> None:
    assert visible(text) == (text, False)


def test_a_written_escape_is_not_taken_for_a_hidden_character() -> None:
    assert visible("\\u{202e}") == ("\\u{5c}u{202e}", False)


@given(st.text(alphabet=st.one_of(st.sampled_from("\\u{}20e\u202e\u200b"), st.characters())))
def test_two_texts_never_look_the_same(text: str) -> None:
    shown, found = visible(text)
    restored, rest = "", shown
    while rest:
        if rest.startswith("\\u{"):
            code, rest = rest[3:].split("}", 1)
            restored += chr(int(code, 16))
        else:
            restored, rest = restored + rest[0], rest[1:]
    assert restored == text
    assert found or shown == text.replace("\\u{", "\\u{5c}u{")
    assert visible(shown)[1] is False


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


def test_shorten_says_how_much_was_cut() -> None:
    assert shorten("x" * 161, 60) == "x" * 41 + "… (+120 characters)"


def test_shorten_refuses_a_limit_without_room_for_its_note() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        shorten("text", 39)


@given(st.text())
def test_blocks_of_any_text_are_blocks_for_slack(text: str) -> None:
    for block in (preformatted(text), {"type": "section", "text": plain_text(text * 300)}):
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block


def test_untrusted_text_is_never_parsed() -> None:
    assert preformatted("<!channel>\u200b") == {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "<!channel>\\u{200b}"}]},
        ],
    }
    assert plain_text("*<@U1>* :tada:") == {"type": "plain_text", "text": "*<@U1>* :tada:", "emoji": False}
    assert len(plain_text("x" * 5000)["text"]) <= TEXT_LIMIT
    assert mrkdwn(f"*{escape('<@U1>')}*") == {"type": "mrkdwn", "text": "*&lt;@U1&gt;*", "verbatim": True}
