"""What a Chat Completions request has that not every server takes: it is left out for one that refuses it.

Servers say so in words of their own, mostly with the field's name in it; some with no name at all.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, cast

from graphs.models.transcript import Message

Option = Literal["usage", "extra", "stream", "system", "null", "ids"]
"""`usage`: that the stream tells its tokens. `extra`: what came with messages and goes back. `stream`: to stream.
`system`: instructions in a message of their own. `null`: calls without a word. `ids`: the ids that calls were given, as
by another server or of another model."""

WORDS: Mapping[Option, str] = {
    "usage": "stream_options",
    "extra": "the fields that it sent itself",
    "stream": "streaming",
    "system": "a system message",
    "null": "calls without content",
    "ids": "the ids of calls",
}
"""What each is called in the log."""

_NAMED: Mapping[Option, re.Pattern[str]] = {
    "ids": re.compile(
        r"(?:tool[\W_]?(?:call|use)s?[\W_\d]{0,5}[\W_]?id\b)[^.]{0,120}"
        r"(?:must be|should match|too long|at most|length|pattern|invalid|alphanumeric)"
        r"|invalid[\W_]{1,3}[\w.\[\]]{0,40}tool[\W_]?calls?[\w.\[\]]{0,20}id\b",
        re.IGNORECASE,
    ),
    "usage": re.compile(r"stream[\W_]{0,2}options|include[\W_]?usage", re.IGNORECASE),
    "stream": re.compile(r"\bstream(?:ing|ed)?\b(?![\W_]{0,2}options)", re.IGNORECASE),
    "system": re.compile(
        r"\bsystem\W{0,2}(?:role|messages?|prompts?|instructions?)\b|roles?\b[^.]{0,40}\bsystem\b", re.IGNORECASE
    ),
    "null": re.compile(
        r"\bcontent\b[^.]{0,80}(?:\bnull|\bnone|\bstring|\brequired|\bmissing)\b"
        r"|\b(?:null|none|string)\b[^.]{0,40}\bcontent\b",
        re.IGNORECASE,
    ),
}
_WANTED = re.compile(r"\bmissing\b|\brequired\b|must be (?:passed|included|returned|sent)", re.IGNORECASE)
_UNKNOWN_FIELD = re.compile(
    r"(?:extra|additional|unknown|unrecogni[sz]ed|unexpected|unsupported|invalid)\s+"
    r"(?:\w+\s+){0,2}(?:inputs?|propert(?:y|ies)|fields?|parameters?|params?|arguments?|keys?|keywords?|names?)"
    r"|extra_forbidden|not (?:permitted|allowed)\b",
    re.IGNORECASE,
)


def refused(said: str, messages: Sequence[Message], left_out: Collection[Option]) -> Option | None:
    """What the server that said this did not take, if it is something that can be left out and was not yet."""
    names = extra_names(messages) if "extra" not in left_out and not _WANTED.search(said) else set[str]()
    if names and re.search(rf"\b(?:{'|'.join(map(re.escape, names))})\b", said):
        return "extra"
    for option, pattern in _NAMED.items():
        if option not in left_out and pattern.search(said) and _has(option, messages):
            return option
    if _UNKNOWN_FIELD.search(said):
        return "usage" if "usage" not in left_out else "extra" if names else None
    return None


def _has(option: Option, messages: Sequence[Message]) -> bool:
    """Whether there is anything of that in the messages."""
    calling = [message for message in messages if message.get("tool_calls")]
    if option == "null":
        return any(not message.get("content") for message in calling)
    return option != "ids" or bool(calling)


def extra_names(messages: Sequence[Message]) -> set[str]:
    """The names of the fields that came with these messages and would go back."""
    names: set[str] = set()
    for message in messages:
        extra = cast("Mapping[str, Any]", message.get("extra") or {})
        if not str(extra.get("server")).startswith("chat "):
            continue
        every: list[Mapping[str, Any]] = [extra.get("message") or {}, *(extra.get("calls") or {}).values()]
        for fields in every:
            names.update(key for key in fields if key not in ("content", "function"))
            names.update(fields.get("function") or ())
    return names
