"""What became of a call, read from its tool message: a result, nothing found, or one of the ways it did not happen."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.model.readable import readable, readable_text
from bot.demo.model.schema import Tool
from bot.demo.model.words import stem

KINDS: Mapping[str, str] = {
    "done": "done",
    "rejected": "rejected|declined|denied|refused",
    "edited": "edited",
    "expired": "expired",
    "cancelled": "cancelled|canceled|superseded|aborted",
    "in doubt": "in doubt|in_doubt|timed out|timed_out",
    "failed": "failed|failure|error|invalid|unknown|unknown tool|stale|lost",
    "answered": "answered|responded",
    "nothing": "not found|not_found|nothing found|nothing|no such|no results|none",
}
WORDS: Mapping[str, str] = {word: kind for kind, spelled in KINDS.items() for word in spelled.split("|")}
WITHOUT_RESULT = frozenset({"rejected", "expired", "cancelled", "failed", "in doubt", "nothing"})

STATUS_KEYS = ("status", "outcome", "decision", "state")
DETAIL_KEYS = ("reason", "message", "error", "detail", "details", "note", "text", "result", "output", "content")
CALL_KEYS = ("ok", "type", "tool", "tool_call_id", "by", "at", "args", "arguments")
EDIT_KEYS = ("ran", "ran_instead", "edited", "original", "proposed", "before", "after")
ENVELOPE_KEYS = frozenset({*STATUS_KEYS, *DETAIL_KEYS, *CALL_KEYS, *EDIT_KEYS})

SPELLED = "|".join(sorted(map(re.escape, WORDS), key=len, reverse=True))
OPENING = re.compile(
    rf"\W*(?P<word>{SPELLED})\b(?=\s*(?:[:;,.!—–(\"-]|(?:by|because|before|after|with)\b|$))", re.IGNORECASE
)
ABOUT_CALL = re.compile(
    r"\b(?:call|request|action|proposal|tool|approval)\b[^.!?\n]{0,60}?\b(?:was|is|were|has|have|had|been|got)\b"
    rf"[^.!?\n]{{0,30}}?\b(?P<word>{SPELLED})\b",
    re.IGNORECASE,
)
MENTION = re.compile(
    r"\b(?P<word>rejected|declined|denied|expired|cancelled|canceled|in doubt|failed)\b", re.IGNORECASE
)
NOTHING = re.compile(
    r"\bthere (?:is|are|was|were) no\b|\bno\b[^.!?\n]{1,60}\b(?:found|exists?|matche[sd])\b"
    r"|\b(?:does|do|did) not exist\b|\b(?:cannot|can't|could not|couldn't|did not|didn't) find\b"
    r"|\b(?:nothing|not) found\b|\bno such\b",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")
FIRST_SENTENCE = re.compile(r"[^.!?\n]*")
EMPTY = ("", "null", "[]", "{}", "None")


@dataclass(frozen=True)
class Outcome:
    """How a call ended: `kind` is one of `KINDS`; `detail` is what the tool message says, for a person to read."""

    kind: str
    detail: str

    @property
    def happened(self) -> bool:
        """Whether something came of the call that the next step may build on."""
        return self.kind not in WITHOUT_RESULT


def read_outcome(content: str, tool: Tool | None) -> Outcome:
    """Read a tool message.

    A domain's own words are no outcome of a call: "cancelled" may be a status that was looked up, or just what the tool
    is there for. When in doubt, it is not a success.
    """
    stripped = content.strip()
    if stripped in EMPTY:
        return Outcome("nothing" if tool and tool.is_lookup else "done", "")
    try:
        data = json.loads(stripped)
    except ValueError:
        return read_sentence(stripped, tool)
    if isinstance(data, str):
        return read_sentence(data.strip(), tool)
    envelope = read_envelope(data, tool) if isinstance(data, dict) else None
    return envelope or Outcome("done", readable(data))


def read_envelope(data: Mapping[str, Any], tool: Tool | None) -> Outcome | None:
    """An object that tells about the call: `{"status": "rejected", "reason": "…"}`, `{"error": "…"}`; else None."""
    bare = tool is not None and tool.is_lookup and not set(data) & {"reason", "message", "error", "ok"}
    if bare or not set(data) <= ENVELOPE_KEYS:
        return Outcome("failed", readable(data["error"])) if data.get("error") else None
    status = next((str(data[key]).lower() for key in STATUS_KEYS if data.get(key)), "")
    kind = WORDS.get(status, "failed" if data.get("error") or data.get("ok") is False else None)
    if kind is None:
        return None
    told = [readable({key: value for key, value in data.items() if key in EDIT_KEYS})]
    told += [readable(data[key]) for key in DETAIL_KEYS if data.get(key)]
    detail = "; ".join(filter(None, told))
    return Outcome(kind, detail if kind == "done" else f"{kind.capitalize()}: {detail}" if detail else "")


def read_sentence(text: str, tool: Tool | None) -> Outcome:
    """A tool message in words: what counts is how it begins, or what its first sentence says about the call."""
    told = readable_text(text)
    first = FIRST_SENTENCE.match(QUOTED.sub("", text))
    sentence = first[0] if first else ""
    match = OPENING.match(text) or ABOUT_CALL.search(sentence)
    if match:
        kind = WORDS[match["word"].lower()]
        return Outcome(kind, told[match.end() :].lstrip(" \t:;,.!—–-") if kind == "done" else told)
    if tool and tool.is_lookup:
        return Outcome("nothing" if NOTHING.search(sentence) else "done", told)
    mention = MENTION.search(sentence)
    if mention and not (tool and stem(mention["word"]) in tool.parts):
        return Outcome(WORDS[mention["word"].lower()], told)
    return Outcome("done", told)
