"""Exact dialogues: a JSON file with the replies, instead of rules.

The file is a list of replies, or an object whose keys are first user messages and whose values are such lists (`"*"`
for any other). One reply per assistant message: a transcript with n assistant messages gets reply n (from 0), so a
request that is sent again (a retry, a restart) gets the same reply again. An entry is one of

* `{"text": "…"}`: says it;
* `{"tool_calls": [{"name": "…", "arguments": {…}}]}`: calls tools, with or without `text`; arguments that are a text
  are sent as they are, so that a test can send broken ones;
* `{"error": {"status": 500, "times": 2}}`, `{"delay": 1}`, `{"hang": true}`, `{"cut": 3}`: a fault before the next
  reply (`faults.py`).

Faults are counted by conversation, which is its first user message. A transcript longer than the script: status 500.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bot.demo.model.errors import ApiError
from bot.demo.model.faults import Fault
from bot.demo.model.transcript import Call, Message, Reply, text_of

ANY = "*"


class Line(NamedTuple):
    """One reply and the faults that come before it; only the last line may have faults and no reply."""

    reply: Reply | None
    faults: tuple[Fault, ...]


class Script:
    """The lines of a script, and which of their faults have happened."""

    def __init__(self, content: Any) -> None:
        """Read a script's JSON; `ValueError` says which entry is wrong."""
        by_start = content if isinstance(content, dict) else {ANY: content}
        self._lines = {start: read_lines(entries) for start, entries in by_start.items()}
        self._happened: Counter[tuple[str, int]] = Counter()

    @classmethod
    def load(cls, path: Path) -> "Script":
        """Read a script file; `ValueError` names the file and what is wrong with it."""
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError) as error:
            raise ValueError(f"the script {str(path)!r} cannot be used: {error}") from error

    def take_fault(self, messages: Sequence[Message]) -> Fault | None:
        """The fault that comes before the reply to this transcript, if one is left."""
        start, position, line = self._place(messages)
        if self._happened[start, position] >= len(line.faults):
            return None
        self._happened[start, position] += 1
        return line.faults[self._happened[start, position] - 1]

    def reply(self, messages: Sequence[Message]) -> Reply:
        """The reply to this transcript; `ApiError` 500 when the script has no more."""
        start, position, line = self._place(messages)
        if line.reply is None:
            text = f"The script has no reply {position + 1} for the conversation that starts with {start!r}."
            raise ApiError(text, status=500, kind="server_error", code="script_ran_out")
        return line.reply

    def _place(self, messages: Sequence[Message]) -> tuple[str, int, Line]:
        start = next((text_of(message) for message in messages if message["role"] == "user"), "")
        position = sum(message["role"] == "assistant" for message in messages)
        lines = self._lines.get(start, self._lines.get(ANY, ()))
        return start, position, lines[position] if position < len(lines) else Line(None, ())


def read_lines(entries: Any) -> tuple[Line, ...]:
    """Group a list of entries into lines."""
    if not isinstance(entries, list):
        raise ValueError("a script is a list of replies, or an object of such lists")
    lines: list[Line] = []
    faults: list[Fault] = []
    for number, entry in enumerate(entries, start=1):
        try:
            if not {"text", "tool_calls"}.isdisjoint(entry):
                lines.append(Line(read_reply(**entry), tuple(faults)))
                faults = []
            else:
                fault = Fault.parse(entry.get("error", entry))
                faults += [fault] * fault.times
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise ValueError(f"entry {number} ({entry!r}): {error}") from error
    return (*lines, Line(None, tuple(faults)))


def read_reply(text: str | None = None, tool_calls: Sequence[Mapping[str, Any]] = ()) -> Reply:
    """One entry with text, tool calls, or both."""
    return Reply(text, tuple(Call(call["name"], call.get("arguments", {})) for call in tool_calls))
