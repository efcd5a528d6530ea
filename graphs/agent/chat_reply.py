"""A Chat Completions reply, put together from the chunks that it comes in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from graphs.agent.errors import ModelUnavailable
from graphs.agent.model import Finish, ModelReply, ToolCall, Usage
from graphs.agent.transcript import Message, call_ids

_FINISHES: Mapping[str, Finish] = {"length": "length", "content_filter": "content_filter"}


class _Function(BaseModel):
    name: str | None = None
    arguments: str | None = None


class _CallPiece(BaseModel):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(BaseModel):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_CallPiece] | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Tokens(BaseModel):
    prompt_tokens: int
    completion_tokens: int


class Chunk(BaseModel):
    """What is read of a chunk. Servers leave out, or send as null, nearly everything in it."""

    choices: list[_Choice]
    usage: _Tokens | None = None


@dataclass
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])


class Reply:
    """A reply that grows by chunks."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._calls: list[_Call] = []
        self._open: dict[int | None, _Call] = {}
        self._finish: str | None = None
        self._usage: Usage | None = None

    def add(self, chunk: Chunk) -> str:
        """Take a chunk; returns the text it brought."""
        if chunk.usage is not None:
            self._usage = Usage(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        if not chunk.choices:
            return ""
        choice = chunk.choices[0]
        self._finish = choice.finish_reason or self._finish
        delta = choice.delta
        if delta is None:
            return ""
        self._add_calls(delta)
        text = delta.content or delta.refusal or ""
        self._text.append(text)
        return text

    def _add_calls(self, delta: _Delta) -> None:
        for piece in delta.tool_calls or ():
            call = self._open.get(piece.index)
            # Some servers number all calls 0; another id is another call.
            if call is None or (piece.id and call.id and piece.id != call.id):
                call = self._open[piece.index] = _Call()
                self._calls.append(call)
            call.id = call.id or piece.id or ""
            if piece.function is not None:
                call.name = call.name or piece.function.name or ""
                call.arguments.append(piece.function.arguments or "")

    def whole(self, transcript: Sequence[Message], new_id: Callable[[], str]) -> ModelReply:
        """The finished reply. A call whose id is missing, or taken by a call of the transcript, gets a new one.

        Calls in a reply that a filter cut are dropped: nobody knows what was left out of them. Those cut at the length
        limit stay, since arguments cut short are no valid JSON. Raises ModelUnavailable if the stream broke off.
        """
        if self._finish is None:
            sentence = "The model's reply broke off in the middle. Please try again in a moment."
            raise ModelUnavailable(sentence, retryable=True)
        calls: list[ToolCall] = []
        taken = {call_id for message in transcript for call_id in call_ids(message)} if self._calls else set[str]()
        for call in self._calls if self._finish != "content_filter" else ():
            call_id = call.id if call.id and call.id not in taken else new_id()
            taken.add(call_id)
            calls.append(ToolCall(call_id, call.name, "".join(call.arguments)))
        finish = _FINISHES.get(self._finish, "tool_calls" if calls else "stop")
        return ModelReply("".join(self._text), tuple(calls), finish, self._usage)
