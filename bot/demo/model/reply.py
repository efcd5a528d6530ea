"""What the demo model answers, before it is put on the wire."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Call:
    """One tool call: the tool's name as it was sent, and its arguments (a text only from a script, sent as it is)."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)


@dataclass(frozen=True)
class Reply:
    """One assistant message: words for the person, tool calls, or both."""

    text: str | None = None
    calls: tuple[Call, ...] = ()
