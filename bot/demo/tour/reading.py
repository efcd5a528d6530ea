"""What Slack shows → words: Block Kit as lines of plain text, and the buttons and inputs in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

_CALL = re.compile(r"[a-z-]+:[0-9a-f]{32}:\d+")
"""The id of a block that is about one question."""

Json = Mapping[str, Any]
"""As it came over the wire."""


@dataclass(frozen=True)
class Part:
    """A piece of a message, one below the other. `buttons`: the text is their labels, a tab between."""

    kind: Literal["text", "fixed", "aside", "buttons"]
    text: str


def parts(message: Json, names: Mapping[str, str]) -> list[Part]:
    """The message from top to bottom; `names` are people's by user id."""
    found = [part for block in message.get("blocks") or () for part in _block(block, names)]
    return found or [Part("text", plain(message["text"], names))]


def words(message: Json, names: Mapping[str, str]) -> str:
    """Everything that the message says, buttons included."""
    return "\n".join(part.text for part in parts(message, names))


def labels(message: Json) -> list[str]:
    """What its buttons read."""
    return [element["text"]["text"] for _, element in _elements(message)]


def button(message: Json, label: str) -> tuple[Json, str]:
    """The first button that reads so, and its block's id. Raises `LookupError`."""
    for block_id, element in _elements(message):
        if element["text"]["text"] == label:
            return element, block_id
    raise LookupError(f"there is no button {label!r}, only {', '.join(labels(message)) or 'none'}")


def is_card(message: Json) -> bool:
    """Whether it shows a call that somebody decides about, or decided about."""
    return any(_CALL.fullmatch(block.get("block_id", "")) for block in message.get("blocks") or ())


def inputs(view: Json) -> list[Json]:
    """The input blocks of a modal."""
    return [block for block in view["blocks"] if block["type"] == "input"]


def input_of(view: Json, block_id: str) -> Json:
    return next(block for block in inputs(view) if block["block_id"] == block_id)


def filled(block: Json) -> str:
    """What an input shows at first."""
    element = block["element"]
    option = element.get("initial_option")
    return option["text"]["text"] if option else element.get("initial_value", "")


def plain(text: str, names: Mapping[str, str]) -> str:
    """Slack's mrkdwn as a person reads it."""
    text = re.sub(r"<@(\w+)>", lambda found: "@" + names.get(found[1], found[1]), text)
    text = re.sub(r"<!date\^(\d+)\^[^|>]*\|[^>]*>", lambda found: moment(int(found[1])), text)
    text = re.sub(r"<!subteam\^(\w+)>", lambda found: "@" + names.get(found[1], found[1]), text)
    text = re.sub(r"<(?:[^|>]+\|)([^>]+)>", r"\1", text)
    text = re.sub(r"(?<!\w)\*(\S(?:[^*\n]*\S)?)\*(?!\w)", r"\1", text).replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def moment(seconds: int) -> str:
    """A time as a person says it, in the time zone of this machine."""
    then, now = datetime.fromtimestamp(seconds).astimezone(), datetime.now().astimezone()
    days = {now.date(): "today", now.date() + timedelta(days=1): "tomorrow"}
    return f"{days.get(then.date(), then.date().isoformat())} {then:%H:%M}"


def _elements(message: Json) -> Iterator[tuple[str, Json]]:
    for block in message.get("blocks") or ():
        if block["type"] == "actions":
            yield from ((block["block_id"], each) for each in block["elements"] if each["type"] == "button")


def _block(block: Json, names: Mapping[str, str]) -> list[Part]:
    match block["type"]:
        case "actions":
            return [Part("buttons", "\t".join(labels({"blocks": [block]})))]
        case "context":
            return [Part("aside", plain("  ".join(_texts(block["elements"])), names))]
        case "rich_text":
            return [_rich(element, names) for element in block["elements"]]
        case "divider":
            return []
        case _:
            texts = [plain(text, names) for text in _texts(block)]
            return [Part("text", "\n".join(texts))] if texts else []


def _rich(element: Json, names: Mapping[str, str]) -> Part:
    kind = "fixed" if element["type"] == "rich_text_preformatted" else "text"
    return Part(kind, "".join(_said(each, names) for each in element["elements"]))


def _said(element: Json, names: Mapping[str, str]) -> str:
    match element:
        case {"type": "user", "user_id": str(user)}:
            return "@" + names.get(user, user)
        case {"type": "date", "timestamp": int(at), "format": str(form)}:
            return moment(at)[-len("00:00") :] if form == "{time}" else moment(at)
        case {"type": "link", "url": str(url)}:
            return element.get("text", url)
        case _:
            return "".join(_texts(element))


def _texts(value: Any) -> Iterator[str]:
    """Every text in a block, in order, whatever the block."""
    if isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "text" and isinstance(inner, str):
                yield inner
            elif isinstance(inner, Mapping | list):
                yield from _texts(inner)
