"""A reply keeps its formatting and its code; no label hides an address, however it is streamed or cut."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.shown.markdown import Stream, reply_markdown, safe_end

TOKENS = [
    "<!channel>",
    "<!here|here>",
    "<@U0ANA>",
    "<#C0SUPPORT>",
    "<!date^0^{date}|never>",
    "<https://evil.example|https://bank.example>",
]
TOKEN_TEXT = st.lists(st.one_of(st.sampled_from([*TOKENS, ">", "\n", "&lt;", "`", "```"]), st.text())).map("".join)

EVIL = "https://evil.example"
MARKS = [
    *("`", "``", "```", "```py", "~~~", "|", "*", "**", "_", "~~", "!", "(", ")", '"', "'", "&"),
    *("[", "]", "\\", "\\`", "\\[", "\\]", "a", "word", "#", "1.", "-", ">", ">>"),
]
PIECES = st.sampled_from(
    [
        *MARKS,
        *("\n```\n", "\n````\n", "\n  ```js\n", "\n  ```\n", "\n> ```\n", "\n- ```\n", "\n~~~\n"),
        *("\n", "\n\n", "\r\n", "\r", " ", "    ", "\t", "| a | b |\n|---|---|\n", "- `", "> ```"),
        *(f"[x]({EVIL})", f"[x]: {EVIL}", f"![x]({EVIL})", f"[x](<{EVIL}>)", f"]({EVIL})", "[x]:", "[x][]", "[x][x]"),
        *(EVIL, f"<{EVIL}>", f"[x](\n{EVIL})", "[y](event)", "`[x]", "](", "[a\nb]: ", f"`a`[x]({EVIL})`b`"),
    ]
)
WRITTEN = st.lists(PIECES, max_size=14).map(lambda pieces: "".join(pieces) + "\n\n[x], [x][], [y][x]\n")

READERS = [MarkdownIt("commonmark"), MarkdownIt("gfm-like", {"linkify": False, "html": False})]


def hidden(markdown: str) -> Iterator[str]:
    """The addresses that readers of Markdown find behind a label or an image."""
    for reader in READERS:
        for block in reader.parse(markdown):
            href, label = "", ""
            for token in block.children or ():
                if token.type == "image" and EVIL in str(token.attrs["src"]):
                    yield f"image {token.attrs['src']}"
                elif token.type == "link_open":
                    href, label = str(token.attrs["href"]), ""
                elif token.type == "link_close" and EVIL in href and label != href:
                    yield f"{label} → {href}"
                label += token.content


def code_of(markdown: str) -> list[str]:
    """The contents of code spans and fences, as CommonMark reads them, with Slack's entities read."""
    found: list[str] = []
    for block in READERS[0].parse(markdown):
        found += [block.content] if block.type in ("fence", "code_block") else []
        found += [token.content for token in block.children or () if token.type == "code_inline"]
    return [each.replace("&lt;", "<").replace("&gt;", ">") for each in found]


def streamed(text: str, sizes: list[int]) -> str:
    """What a stream shows in the end that is given the text in pieces of these sizes, as a model writes it."""
    stream, shown, sent, written = Stream(), "", 0, 0
    for size in sizes:
        written += size
        end = safe_end(text[:written])
        if end > sent:
            shown += stream.piece(text[:written], end)
            sent = end
    return shown + stream.piece(text, len(text))


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("around", ["{}", "`{}`", "```\n{}\n```", "    {}", "> {}", "[{}](x)"])
def test_no_token_fires_not_even_in_code(token: str, around: str) -> None:
    shown = reply_markdown(around.format(f"hello {token}!"))
    assert "<" not in shown
    assert shown.replace("&lt;", "<").replace("&gt;", ">").replace("] (", "](") == around.format(f"hello {token}!")


@given(TOKEN_TEXT)
def test_a_reply_has_no_angle_bracket(text: str) -> None:
    assert "<" not in reply_markdown(text)


@given(WRITTEN)
def test_no_label_hides_where_it_leads(text: str) -> None:
    assert list(hidden(reply_markdown(text))) == []


@given(WRITTEN, st.lists(st.integers(1, 9)))
def test_a_reply_is_the_same_however_it_is_streamed(text: str, sizes: list[int]) -> None:
    assert streamed(text, sizes) == reply_markdown(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"[your bank]({EVIL})", f"[your bank] ({EVIL})"),
        (f"![cat]({EVIL}/?q=1)", f"![cat] ({EVIL}/?q=1)"),
        (f"see [bank]\n\n[bank]: {EVIL}", f"see [bank]\n\n[bank] : {EVIL}"),
        (f"[bank]:\n  <{EVIL}>", f"[bank] :\n  &lt;{EVIL}&gt;"),
        (f"[a\nb]: {EVIL}", f"[a\nb] : {EVIL}"),
        (f"[a \\[b]: {EVIL}", f"[a \\[b] : {EVIL}"),
        (f"> - [bank]: {EVIL}", f"> - [bank] : {EVIL}"),
        (f"`a\n` [x]({EVIL}) `", f"`a\n` [x] ({EVIL}) `"),
        (f"| `a | [x]({EVIL}) | b` |", f"| `a | [x] ({EVIL}) | b` |"),
        (f"```\n```\n[x]({EVIL})", f"```\n```\n[x] ({EVIL})"),
        (f"```\n\r```\r[x]({EVIL})", f"```\n\n```\n[x] ({EVIL})"),
        (f"  ```js\n  ```js\n```\n[x]({EVIL})", f"  ```js\n  ```js\n```\n[x] ({EVIL})"),
        (f"> ```\na\n\n  ```\n```\n[x]({EVIL})", f"> ```\na\n\n  ```\n```\n[x] ({EVIL})"),
        (f"- a\n  ```\n- [x]({EVIL})", f"- a\n  ```\n- [x] ({EVIL})"),
        ("https://a.example/\u202egnp.exe", "https://a.example/\\u{202e}gnp.exe"),
    ],
)
def test_an_address_stands_beside_its_label(text: str, shown: str) -> None:
    assert reply_markdown(text) == shown


CODE = [
    "`handlers[name](event)`",
    "Match `[a-z](?:b)` and `rows[0]: list`, not `x`.",
    "The call `handlers[name](event)` in **bold**, and `a * b`",
    f"`[text]({EVIL})` is how a link is written",
    "- `handlers[name](event)`\n- `b`",
    "| `handlers[name](event)` | 1 |\n|---|---|\n| `rows[0](x)` | 2 |",
    f"```python\nif rows[0]:\n    handlers[name](event)\n[x]: {EVIL}\n[x]({EVIL})\n```",
    "````md\nx[0](y)\n````\n",
    "    handlers[name](event)\n    if rows[0]:\n        pass",
    "1. Run:\n   ```js\n   handlers[name](event)\n   if (a[0](b) > c) {}\n   ```\n2. Look.",
    "```\nunfinished[0](x)",
    "``handlers[name](event)`` and ```a[b](c)``` inline",
    "Use ``a ` b`` and `handlers[name](event)`, or ``x[y](z)``.",
    "``code``, then `handlers[name](event)`",
]


@pytest.mark.parametrize("text", CODE)
def test_code_stays_as_it_is(text: str) -> None:
    assert reply_markdown(text).replace("&gt;", ">") == text
    assert code_of(reply_markdown(text)) == code_of(text) != []


def test_a_reply_keeps_its_formatting() -> None:
    text = (
        "# Order\n\n> late, *very* late\n> > **80 €** & more\n\n- `a[0]`\n- ~~no~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        "\nThe field rows[0]: that one. 🩷 می\u200cخواهم"
    )
    assert reply_markdown(text) == text


REPEATED = [
    *(
        "[",
        "](",
        "]:",
        "`",
        "`](`",
        "<http://",
        "> ",
        "- ",
        "```\n",
        "  ```\n",
        "\n",
        " ",
        "[a](b",
        "\u200d",
        "e\u0301",
    ),
]


@pytest.mark.parametrize("mark", REPEATED)
def test_a_reply_is_read_in_one_pass(mark: str) -> None:
    """However its marks are repeated: looking on from each of them to the end would take longer than a test may."""
    text = mark * (100_000 // len(mark))
    assert len(reply_markdown(text)) >= len(text)
    assert safe_end(text) <= len(text)
