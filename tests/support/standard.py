"""The standard for what people see, as a program: what is wrong with a message, a form, Home, or a sentence.

Each function returns problems, each in a few words; none where all is well. It reads what Slack is given and nothing
else: not how it was made. What a model, a tool or a person wrote is judged like our own words, so a test draws it from
an alphabet that has nothing of what is looked for here.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

Block = Mapping[str, Any]

MOST_BLOCKS = 50
MOST_CHARACTERS = 10_000
"""In one message: Slack refuses somewhat more than this (bolt-js #2509)."""

LONGEST = {
    "section": 3000,
    "header": 150,
    "button": 75,
    "value": 2000,
    "id": 255,
    "confirm title": 100,
    "confirm text": 300,
    "confirm button": 30,
    "view title": 24,
    "view button": 24,
    "option": 75,
    "label": 2000,
    "fallback": 4000,
}
"""Characters that Slack takes (Block Kit's reference pages)."""

EMPHASIS = ("primary", "danger")
UNSTYLED = ("Reject",)

_SMALL = frozenset(
    [
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "for",
        "if",
        "in",
        "is",
        "it",
        "nor",
        "of",
        "on",
        "or",
        "the",
        "to",
        "up",
        "vs",
        "via",
        "with",
    ]
)
_TOKEN = re.compile(r"<(?:@|#|!subteam\^)[A-Z0-9]+(?:\|[^>]*)?>|<!date\^[^>]*>|<(?:https?://|mailto:)[^>]*>")
_CODE = re.compile(r":[a-z0-9_+-]*[a-z][a-z0-9_+-]*:")
_ID = re.compile(r"\b(?:[UWCDGST]0[A-Z0-9]{2,}|(?=[A-Z0-9]*\d)[UWCDGST][A-Z0-9]{8,10})\b")
_LONG_ID = re.compile(r"(?<!SHA-256 )(?<![0-9a-f])(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{32,}(?![0-9a-f])")
_OPAQUE = re.compile(r"[A-Za-z0-9:._/@-]*")
_PLACES = re.compile(r"\b(?:above|below|on the (?:right|left)|to the (?:right|left)|underneath)\b", re.IGNORECASE)
_APOLOGIES = re.compile(r"\b(?:sorry|whoops|oops|apolog\w+|unfortunately|regret\w*|my bad|uh-oh)\b", re.IGNORECASE)
_PYTHON = re.compile(r"\b(?:None|True|False)\b|Traceback \(most recent")


def message(
    text: str,
    blocks: Sequence[Block],
    *,
    first_line: str | None = None,
    told: str | None = None,
    functions: Collection[str] = (),
) -> list[str]:
    """What is wrong with a message. `first_line`: what it says first; None when that is whatever its first block says
    first, and empty where no such line is expected. `told`: what its fallback text has to say, unless that is the first
    line. `functions`: names of tools, that stand in nothing but small print.
    """
    found = [*_limits(blocks), *_emphasis(blocks), *_surface(blocks, functions)]
    if not text.strip():
        found.append("no fallback text")
    if len(text) > LONGEST["fallback"]:
        found.append(f"fallback text of {len(text)} characters")
    found += [f"fallback text: {each}" for each in sentence(text)]
    said = next(iter(lines(blocks)), "")
    if first_line is None:
        first_line = said
    elif first_line and not said.startswith(first_line):
        found.append(f"begins with {said!r}, not with {first_line!r}")
    if (told := first_line if told is None else told) and _bare_words(told) not in _bare_words(read(text)):
        found.append(f"fallback text {text!r} without {told!r}")
    return found


def view(shown: Block, *, functions: Collection[str] = ()) -> list[str]:
    """What is wrong with a modal or with Home."""
    blocks: Sequence[Block] = shown["blocks"]
    found = [*_surface(blocks, functions)]
    for part, case in (("title", _sentence_case), ("submit", _title_case), ("close", _title_case)):
        if part not in shown:
            continue
        said = shown[part]["text"]
        longest = LONGEST["view title" if part == "title" else "view button"]
        found += [f"{part} {said!r}: {each}" for each in (*case(said), *_bare(said))]
        found += [f"{part} of {len(said)} characters"] if len(said) > longest else []
    has_input = any(block["type"] == "input" for block in blocks)
    if has_input and shown["type"] == "modal" and shown.get("close", {}).get("text") != "Cancel":
        found.append("a form that cannot be left by Cancel")
    if "_" in shown.get("title", {}).get("text", ""):
        found.append("a title in code style")
    if not _OPAQUE.fullmatch(shown.get("private_metadata", "")):
        found.append("private_metadata is no opaque id")
    return found


def sentence(text: str, *, functions: Collection[str] = ()) -> list[str]:
    """What is wrong with words of ours, in mrkdwn or plain: what is told to one person, a hint, an error."""
    said = read(text)
    found = [f"names a place: {each!r}" for each in _PLACES.findall(said)]
    found += [f"apologizes: {each!r}" for each in _APOLOGIES.findall(said)]
    found += [f"shows an id: {each!r}" for each in _ID.findall(said)]
    found += [f"is Python: {each!r}" for each in _PYTHON.findall(said)]
    found += [f"names the function {name!r}" for name in functions if re.search(rf"\b{re.escape(name)}\b", said)]
    return found


def lines(blocks: Sequence[Block]) -> list[str]:
    """What can be read in these blocks, line by line, from the first to the last; labels of buttons aside."""
    return [line for block in blocks for text in _block_texts(block) for line in text.split("\n") if line.strip()]


def read(text: str) -> str:
    """Slack's mrkdwn as a person reads it, whose names and times are one word each."""
    named = _TOKEN.sub("@", text)
    return html.unescape(re.sub(r"(?<!\w)[*~](\S(?:[^*~\n]*\S)?)[*~](?!\w)", r"\1", named))


def _bare_words(text: str) -> str:
    """Without the marks of formats, which a person's or a model's words may have."""
    return re.sub(r"[*~]", "", text)


def nodes(value: Any) -> Iterator[Block]:
    """Everything in the blocks, however deep, from the outside to the inside."""
    if isinstance(value, Mapping):
        yield value
    for each in value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ():
        yield from nodes(each)


def _block_texts(block: Block) -> Iterator[str]:
    """A line each: what stands in one line of a block is one text."""
    match block:
        case {"type": "rich_text", "elements": parts}:
            for part in parts:
                yield "".join(_element_words(each) for each in part.get("elements", ()))
        case {"type": "context", "elements": elements}:
            yield from (read(each["text"]) for each in elements if "text" in each)
        case {"type": "actions"}:
            return
        case _:
            yield from (read(node["text"]) for node in nodes(block) if isinstance(node.get("text"), str))


def _element_words(element: Block) -> str:
    match element:
        case {"type": "user" | "usergroup" | "channel" | "date"}:
            return "@"
        case {"type": "link", "url": str(url)}:
            return str(element.get("text", url))
        case {"elements": list(inner)}:
            return "".join(map(_element_words, inner))
        case _:
            return str(element.get("text", element.get("unicode", "")))


def _surface(blocks: Sequence[Block], functions: Collection[str]) -> Iterator[str]:
    """What holds for every block of every surface."""
    for block in blocks:
        small = block["type"] == "context"
        for text in _block_texts(block):
            found = [*sentence(text, functions=() if small else functions), *_few_emoji(text)]
            found += [] if small else [f"shows an id: {each!r}" for each in _LONG_ID.findall(text)]
            yield from (f"{text[:60]!r}: {each}" for each in found)
        if block["type"] == "header":
            yield from (f"header {block['text']['text']!r}: {each}" for each in _heading(block["text"]["text"]))
        if block["type"] == "input":
            yield from (f"label {block['label']['text']!r}: {each}" for each in _heading(block["label"]["text"]))
            yield from sentence(block.get("hint", {}).get("text", ""))
        if block["type"] == "image" and not block.get("alt_text"):
            yield "an image without words"
    for node in nodes(list(blocks)):
        if node.get("type") == "button":
            yield from _button(node)
        for option in node.get("options") or ():
            yield from (f"option {option['text']['text']!r}: {each}" for each in _bare(option["text"]["text"]))


def _button(button: Block) -> Iterator[str]:
    label, value = button["text"]["text"], button.get("value", "")
    yield from (f"button {label!r}: {each}" for each in (*_title_case(label), *_bare(label)))
    if not _OPAQUE.fullmatch(value):
        yield f"button {label!r}: its value {value!r} is no opaque id"
    sizes = (("button", label), ("value", value), ("id", button.get("action_id", "")))
    yield from (f"button {label!r}: a {what} of {len(each)}" for what, each in sizes if len(each) > LONGEST[what])
    confirm = button.get("confirm")
    if button.get("style") == "danger" and not confirm:
        yield f"button {label!r}: dangerous, and nothing asks whether it is meant"
    if label in UNSTYLED and button.get("style"):
        yield f"button {label!r}: styled"
    if not confirm:
        return
    for part, longest in (("title", "title"), ("text", "text"), ("confirm", "button"), ("deny", "button")):
        said = confirm[part]["text"]
        if len(said) > LONGEST[f"confirm {longest}"]:
            yield f"button {label!r}: its dialog's {part} has {len(said)} characters"
        case = _title_case(said) if longest == "button" else _sentence_case(said) if part == "title" else ()
        yield from (f"dialog of {label!r}, {part}: {each}" for each in (*case, *sentence(said)))


def _emphasis(blocks: Sequence[Block]) -> Iterator[str]:
    styled = [node["text"]["text"] for node in nodes(list(blocks)) if node.get("type") == "button" and "style" in node]
    if len(styled) > 1:
        yield f"{len(styled)} emphasised buttons: {styled}"
    yield from (
        f"style {node['style']!r}"
        for node in nodes(list(blocks))
        if node.get("type") == "button" and node.get("style", "primary") not in EMPHASIS
    )


def _limits(blocks: Sequence[Block]) -> Iterator[str]:
    if len(blocks) > MOST_BLOCKS:
        yield f"{len(blocks)} blocks"
    if (length := _characters(blocks)) > MOST_CHARACTERS:
        yield f"{length} characters"
    for block_id, count in Counter(block["block_id"] for block in blocks if "block_id" in block).items():
        if count > 1 or len(block_id) > LONGEST["id"]:
            yield f"block_id {block_id!r}, {count} times"
    for block in blocks:
        most = {"context": 10, "actions": 25}.get(block["type"])
        if most is not None and not 0 < len(block["elements"]) <= most:
            yield f"{len(block['elements'])} elements in {block['type']}"
        if block["type"] == "section" and len(block.get("text", {}).get("text", "")) > LONGEST["section"]:
            yield "a section that is too long"


def _characters(blocks: Sequence[Block]) -> int:
    return sum(len(node["text"]) for node in nodes(list(blocks)) if isinstance(node.get("text"), str))


def _heading(text: str) -> Iterator[str]:
    yield from _sentence_case(text)
    yield from _bare(text)
    if text.endswith("."):
        yield "a full stop"
    if len(text) > LONGEST["header"]:
        yield f"{len(text)} characters"


def _bare(text: str) -> Iterator[str]:
    """Where there are no emoji."""
    if _emoji(text):
        yield "an emoji"
    if text.rstrip().endswith(".") and not text.rstrip().endswith("…"):
        yield "a full stop"


def _few_emoji(text: str) -> Iterator[str]:
    if _emoji(text) and not any(character.isalnum() for character in text):
        yield "an emoji instead of words"


def _emoji(text: str) -> list[str]:
    marks = [each for each in text if unicodedata.category(each) == "So" or 0x1F000 <= ord(each) <= 0x1FAFF]
    return marks + _CODE.findall(text)


def _title_case(text: str) -> Iterator[str]:
    """Every word begins with a capital, but small ones between others."""
    found = [word for word in re.split(r"[\s/]+", re.sub(r"\([^)]*\)", "", text)) if word[:1].isalpha()]
    for number, word in enumerate(found):
        is_small = word.lower() in _SMALL and 0 < number < len(found) - 1
        if word[:1].islower() and not is_small:
            yield f"{word!r} is not in Title Case"


def _sentence_case(text: str) -> Iterator[str]:
    """The first word begins with a capital, and not all others do."""
    found = [word for word in text.split() if word[:1].isalpha()]
    if found and text[:1].isalpha() and text[:1].islower():
        yield "begins with a small letter"
    rest = [word for word in found[1:] if not word.isupper() and word.lower() not in _SMALL]
    if rest and all(word[:1].isupper() for word in rest):
        yield "is in Title Case"
