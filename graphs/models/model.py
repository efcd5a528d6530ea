"""What the agent asks of a model, whatever the wire: messages and tools in, text as it comes, then one whole reply."""

from __future__ import annotations

import secrets
import string
from collections.abc import AsyncGenerator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from graphs.texts.objects import as_object, is_object

Finish = Literal["stop", "tool_calls", "length", "content_filter"]

Extra = Mapping[str, Any]
"""What came with a reply and has to go back with it: `server` says to whom, `message` and `calls` (by call id) what.
Only the wire reads these."""

NOTHING = "The model answered with nothing. Write again, perhaps in other words."

_NOTICES: Mapping[Finish, str] = {
    "length": "The reply was cut off at the model's length limit.",
    "content_filter": "The model's provider withheld part of this reply.",
}


_ID_LETTERS = string.ascii_letters + string.digits


def new_call_id() -> str:
    """An id for a call whose server gave none of use: nine letters or digits, as Mistral wants them."""
    return "".join(secrets.choice(_ID_LETTERS) for _ in range(9))


@dataclass(frozen=True)
class TextDelta:
    """A piece of the reply's text, as soon as it is there."""

    text: str


@dataclass(frozen=True)
class ToolCall:
    """A call the model proposes. `arguments` is its text as written, perhaps no JSON; `Tool.validate` finds out."""

    id: str
    name: str
    arguments: str

    def message(self) -> dict[str, Any]:
        """The call as it stands in an assistant message."""
        return {"id": self.id, "type": "function", "function": {"name": self.name, "arguments": self.arguments}}


@dataclass(frozen=True)
class Usage:
    """Tokens, as the provider counted them."""

    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True)
class ModelReply:
    """The whole reply; the last thing a stream gives."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"
    usage: Usage | None = field(default=None, compare=False)
    extra: Extra | None = None
    tried: tuple[Usage, ...] = field(default=(), compare=False)
    """What the requests took before it whose replies were asked for again, as far as the provider counted."""

    @property
    def is_nothing(self) -> bool:
        """Whether the model has neither said nor called anything, and nobody kept it from that."""
        return not self.text.strip() and not self.tool_calls and self.finish == "stop"

    @property
    def is_unreadable(self) -> bool:
        """Whether the arguments of a call are no JSON object, however they are meant."""
        return any(not is_object(as_object(call.arguments)) for call in self.tool_calls)

    @property
    def notice(self) -> str | None:
        """A sentence for the person when this is not all that the model would have said."""
        return NOTHING if self.is_nothing else _NOTICES.get(self.finish)

    def apart_from(self, taken: Collection[str], new_id: Callable[[], str] = new_call_id) -> ModelReply:
        """The reply with another id for each call whose id is taken."""
        ids = {call.id: new_id() if call.id in taken else call.id for call in self.tool_calls}
        calls = tuple(replace(call, id=ids[call.id]) for call in self.tool_calls)
        extra = self.extra and {**self.extra, "calls": {ids[id_]: each for id_, each in self.extra["calls"].items()}}
        return replace(self, tool_calls=calls, extra=extra)

    def message(self) -> dict[str, Any]:
        """The reply as an assistant message, without an id."""
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.tool_calls:
            message["tool_calls"] = [call.message() for call in self.tool_calls]
        if self.extra is not None:
            message["extra"] = self.extra
        return message


class Model(Protocol):
    """A model behind some wire."""

    @property
    def name(self) -> str:
        """Its name, as its provider writes it."""
        ...

    def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """The reply to a completed transcript: TextDeltas, then exactly one ModelReply, whose calls have ids that no
        other call of the transcript has. Its text counts: it is what the pieces were, unless these turned out to be
        the model's thoughts.

        `tools` are function definitions as Chat Completions has them. Raises ModelUnavailable, and TooLong when the
        messages are too many. Close the generator (`contextlib.aclosing`) to stop early; the request is then given up.
        """
        ...

    async def aclose(self) -> None:
        """Give back the connections."""
        ...
