"""What a Responses request has that not every server takes: it is left out for one that refuses it.

Sources: OpenAI's API reference, "Create a model response"; and what servers say of what they do not have.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, cast

from graphs.models.transcript import Message

Option = Literal["include", "items", "strict", "store", "stream", "instructions", "ids"]
"""`include`: that thoughts come along, encrypted. `items`: what came with replies and goes back. `strict`: that
arguments need not fit the schema to the letter. `store`: that nothing is kept there. `stream`: to stream.
`instructions`: as a field of their own. `ids`: the ids that calls were given, as by another server."""

WORDS: Mapping[Option, str] = {
    "include": "encrypted reasoning",
    "items": "the items that it sent itself",
    "strict": "tools with strict",
    "store": "store",
    "stream": "streaming",
    "instructions": "instructions",
    "ids": "the ids of calls",
}
"""What each is called in the log."""

# In this order: the first that fits is left out.
_NAMED: Mapping[Option, re.Pattern[str]] = {
    "ids": re.compile(
        r"\bcall_id\b[^.]{0,120}(?:must be|should match|too long|at most|length|pattern|invalid|alphanumeric)"
        r"|invalid[^.]{0,40}\bcall_id\b",
        re.IGNORECASE,
    ),
    "items": re.compile(
        r"encrypted[\W_]?content[^.]{0,80}(?:invalid|could not|cannot|can't|verif|decrypt|pars)"
        r"|invalid[\W_]encrypted|(?:verif|decrypt|pars)\w*[^.]{0,40}encrypted"
        r"|\bitem\b[^.]{0,80}(?:not found|without its required|not persisted|duplicate)"
        r"|\binput\W{1,6}(?:\d+|list|str)\b|\breasoning\b[^.]{0,40}\b(?:items?|input)\b",
        re.IGNORECASE,
    ),
    "include": re.compile(r"\binclude\b|encrypted[\W_]?content|encrypted reasoning", re.IGNORECASE),
    "strict": re.compile(r"\bstrict\b", re.IGNORECASE),
    # Only for a server that does not know it, and so keeps nothing: any other one would keep what it is sent.
    "store": re.compile(
        r"\b(?:param(?:eter)?|field|argument|input|key|propert(?:y|ies)|option)s?\W{1,6}store\b"
        r"|\bstore\W{1,4}(?:extra|unknown|unsupported|unrecogni[sz]ed|unexpected|(?:is |are )?not |must not )"
        r"|\bbody\W{1,6}store\b",
        re.IGNORECASE,
    ),
    "stream": re.compile(r"\bstream(?:ing|ed)?\b", re.IGNORECASE),
    "instructions": re.compile(r"\binstructions\b", re.IGNORECASE),
}


def refused(said: str, messages: Sequence[Message], left_out: Collection[Option], server: str) -> Option | None:
    """What the server that said this did not take, if it is something that can be left out and was not yet."""
    for option, pattern in _NAMED.items():
        if option not in left_out and pattern.search(said) and _has(option, messages, server):
            return option
    return None


def _has(option: Option, messages: Sequence[Message], server: str) -> bool:
    """Whether there is anything of that in the request."""
    if option == "ids":
        return any(message.get("tool_calls") for message in messages)
    if option == "instructions":
        return bool(messages) and messages[0]["role"] == "system"
    extras = (cast("Mapping[str, Any]", message.get("extra") or {}) for message in messages)
    return option != "items" or any(extra.get("server") == server for extra in extras)
