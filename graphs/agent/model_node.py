"""The model node: one reply of the model to the transcript as it may be sent, and what the reply took."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from graphs.agent.bounds import Bounds, end
from graphs.agent.call_record import outcomes_on_record
from graphs.agent.toolbox import Toolbox
from graphs.agent.turns import as_seen
from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.fitting import CUT_AT, RESULTS_NOTICE, Fit, fitting
from graphs.models.model import Model, ModelReply, TextDelta, Usage
from graphs.models.transcript import Message, call_ids, complete
from graphs.models.trimming import BEGINS_AT, NOTICE, still_sent
from graphs.models.window import Window
from graphs.runtime.asking import store_with_end
from graphs.runtime.effects import idempotency_key
from graphs.runtime.types import Runtime
from storage import usage
from storage.ids import ThreadId

MOST_TOKENS = 10**9
"""Of one request: a server that counts more, or less than none, miscounts."""


@dataclass(frozen=True)
class ModelNode:
    """Its text goes to `stream_mode="messages"` as it comes. `clock` gives aware times."""

    instructions: str
    toolbox: Toolbox
    model: Model
    window: Window
    clock: Callable[[], datetime]
    bounds: Bounds

    async def __call__(self, state: dict[str, Any], runtime: Runtime[Any]) -> dict[str, Any]:
        messages: list[dict[str, Any]] = state["messages"]
        if (why := self.bounds.reached(messages)) is not None:
            return {"messages": [end(why)]}
        if self.bounds.asks(messages):
            return {}  # the person is asked first: what comes next is read off the transcript
        await self.toolbox.ready()
        seen = as_seen(await complete(messages, lambda ids: outcomes_on_record(ids, self.toolbox)))
        # The same when the task runs again after a crash: whoever shows the reply goes on in the post that it began.
        asking = _Asking(self, idempotency_key("reply"), runtime)
        try:
            known = still_sent(seen)
            reply, fit = await asking.reply(known)
        finally:
            asking.note_usage()
        message = self._message(reply, messages, asking.message_id)
        is_news = fit.messages is not known and known is seen
        said = [message.pop("notice", None), NOTICE if is_news else None, _said_once(fit, messages)]
        if fit.messages is not known:
            message[BEGINS_AT] = fit.messages[0]["id"]
        if fit.longest is not None and fit.longest != self.window.longest_result:
            message[CUT_AT] = fit.longest
        if any(said):
            message["notice"] = " ".join(filter(None, said))
        return {"messages": [message]}

    def _message(self, reply: ModelReply, messages: Sequence[Message], id_: str) -> dict[str, Any]:
        """The reply as it is kept: without its calls where they are too many."""
        why = self.bounds.too_many(len(reply.tool_calls), messages)
        if why is not None:
            reply = replace(reply, tool_calls=(), extra=None, finish="tool_calls")
        # Of all calls, also of turns that the model was not told of: what was claimed for one is not another's.
        taken = {call_id for each in messages for call_id in call_ids(each)}
        message = {**reply.apart_from(taken).message(), "id": id_}
        if notice := why or reply.notice:
            message["notice"] = notice
        return message


@dataclass
class _Asking:
    """The requests for one reply."""

    node: ModelNode
    message_id: str
    runtime: Runtime[Any]
    used: list[Usage] = field(default_factory=list[Usage])

    async def reply(self, messages: Sequence[Message]) -> tuple[ModelReply, Fit]:
        """The reply, and what of these messages it is to. Where the server finds them too long they are made fewer."""
        node, window = self.node, self.node.window
        beside = len(node.instructions.encode(errors="replace")) + len(json.dumps(node.toolbox.definitions))
        window.begin_to_look()
        fit = fitting(messages, beside, window)
        while True:
            try:
                reply = await self._answer(fit.sent)
                break
            except TooLong as error:
                window.refused(str(error.__cause__))
                again = fitting(messages, beside, window)  # how much it reads may be known by now
                smaller = again if again.length < fit.length else fit.smaller()
                if smaller is None:
                    raise ModelUnavailable(str(error), retryable=False) from error.__cause__
                fit = smaller
        if reply.usage is not None:
            window.counted(beside + fit.length, reply.usage.prompt_tokens)
        return reply, fit

    async def _answer(self, messages: Sequence[Message]) -> ModelReply:
        """One that is nothing at all may be something with the next try."""
        reply = await self._once(messages)
        return await self._once(messages) if reply.is_nothing else reply

    async def _once(self, messages: Sequence[Message]) -> ModelReply:
        transcript = [{"role": "system", "content": self.node.instructions}, *messages]
        reply = ModelReply("")
        try:
            async with aclosing(self.node.model.stream(transcript, self.node.toolbox.definitions)) as parts:
                async for part in parts:
                    if isinstance(part, TextDelta):
                        delta = {"role": "assistant", "id": self.message_id, "content": part.text}
                        self.runtime.message_writer(delta)
                    else:
                        reply = part
        except ModelUnavailable as error:
            self.used.extend(error.tried)
            raise
        self.used.extend(reply.tried)
        if reply.usage is not None:
            self.used.append(reply.usage)
        return reply

    def note_usage(self) -> None:
        """Have what the requests took stored with the end of the task, whatever that is. What no server counted is not
        made up.
        """
        if not self.used:
            return
        day = self.node.clock().astimezone(UTC).date().isoformat()
        thread_id, person = ThreadId(self.runtime.thread_id or ""), self.runtime.by
        prompt, completion = (
            _sum(each.prompt_tokens for each in self.used),
            _sum(each.completion_tokens for each in self.used),
        )
        used = usage.Used(self.message_id, thread_id, person, day, self.node.model.name, prompt, completion)
        store_with_end(lambda db: usage.put(db, used))


def _sum(counts: Iterable[int]) -> int:
    return sum(min(max(count, 0), MOST_TOKENS) for count in counts)


def _said_once(fit: Fit, messages: Sequence[Message]) -> str | None:
    """What a person is told of results that were cut, unless the thread has said it."""
    if not fit.is_cut or any(RESULTS_NOTICE in (message.get("notice") or "") for message in messages):
        return None
    return RESULTS_NOTICE
