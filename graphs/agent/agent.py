"""The agent: a model that may call tools, as a graph of two nodes.

START → model ─┬─ one task for each tool call ─┐
          ↑    └─ END                          │
          └────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from graphs.agent.call_record import outcomes_on_record
from graphs.agent.proposals import ProposedCall
from graphs.agent.tool_node import CallNode, Unreachable
from graphs.agent.tools import Tool, Toolbox
from graphs.agent.turns import as_seen
from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.model import Model, ModelReply, TextDelta
from graphs.models.transcript import Message, call_ids, complete
from graphs.models.trimming import BEGINS_AT, NOTICE, shorter, still_sent
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.effects import idempotency_key
from graphs.runtime.graph import StateGraph
from graphs.runtime.messages import add_messages
from graphs.runtime.types import END, START, Runtime, Send
from storage import Storage

MODEL = "model"
CALL = "call"

CALL_STARTS, MODEL_STARTS = 2, 5
"""How often calls, or the model, are begun in one place when the process ends there each time. A tool may be what ends
it; a model's reply hardly, but it may be on its way each time when somebody else's tool does.
"""


class AgentState(TypedDict):
    """The conversation. A user's message may carry `by`, who wrote it (an id), `name`, that person's, and `said`: its
    words as people may read them, where the content has ids for the tools.
    """

    messages: Annotated[list[dict[str, Any]], add_messages]


@dataclass(frozen=True)
class Agent:
    """Instructions and tools. `prepare` is called once before the first run: it makes what the tools need. `examples`
    are offered to whoever has not said anything yet."""

    instructions: str
    tools: Iterable[Tool[..., Any]]
    examples: Sequence[str] = ()
    prepare: Callable[[], None] | None = None
    toolbox: Toolbox = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "toolbox", Toolbox(self.tools))

    def compile(
        self,
        model: Model,
        storage: Storage,
        unreachable: Unreachable | None = None,
        toolbox: Toolbox | None = None,
    ) -> CompiledGraph:
        """The agent as a graph whose threads are conversations: `ainvoke({"messages": [...]}, config, by=author)`.

        `unreachable` says when no people there are could approve a call: then nothing is asked, and the model is told.
        `toolbox` is what it has in the place of its own tools: these under stricter rules, and those of servers.
        """
        tools = self.toolbox if toolbox is None else toolbox
        graph = StateGraph(AgentState)
        graph.add_node(MODEL, _ModelNode(self.instructions, tools, model), starts=MODEL_STARTS)
        graph.add_node(CALL, CallNode(tools, storage.clock, unreachable), starts=CALL_STARTS)
        graph.add_edge(START, MODEL)
        graph.add_conditional_edges(MODEL, _calls_or_end, [CALL, END])
        graph.add_edge(CALL, MODEL)
        return graph.compile(storage, name="agent")


@dataclass(frozen=True)
class _ModelNode:
    """One reply of the model to the completed transcript; its text goes to `stream_mode="messages"` as it comes."""

    instructions: str
    toolbox: Toolbox
    model: Model

    async def __call__(self, state: AgentState, runtime: Runtime[Any]) -> dict[str, Any]:
        await self.toolbox.ready()
        seen = as_seen(await complete(state["messages"], lambda ids: outcomes_on_record(ids, self.toolbox)))
        # The same when the task runs again after a crash: whoever shows the reply goes on in the post that it began.
        message_id = idempotency_key("reply")
        known = sent = still_sent(seen)
        reply: ModelReply | None = None
        while reply is None:
            try:
                reply = await self._answer(sent, message_id, runtime)
            except TooLong as error:
                fewer = shorter(sent)
                if fewer is None:
                    raise ModelUnavailable(str(error), retryable=False) from error.__cause__
                sent = fewer
        # Of all calls, also of turns that the model was not told of: what was claimed for one is not another's.
        taken = {call_id for each in state["messages"] for call_id in call_ids(each)}
        message = {**reply.apart_from(taken).message(), "id": message_id}
        is_news = sent is not known and known is seen
        notices = [reply.notice, NOTICE if is_news else None]
        if sent is not known:
            message[BEGINS_AT] = sent[0]["id"]
        if any(notices):
            message["notice"] = " ".join(filter(None, notices))
        return {"messages": [message]}

    async def _answer(self, messages: Sequence[Message], message_id: str, runtime: Runtime[Any]) -> ModelReply:
        """The model's reply. One that is nothing at all may be something with the next try."""
        reply = await self._reply(messages, message_id, runtime)
        return await self._reply(messages, message_id, runtime) if reply.is_nothing else reply

    async def _reply(self, messages: Sequence[Message], message_id: str, runtime: Runtime[Any]) -> ModelReply:
        transcript = [{"role": "system", "content": self.instructions}, *messages]
        reply = ModelReply("")
        async with aclosing(self.model.stream(transcript, self.toolbox.definitions)) as parts:
            async for part in parts:
                if isinstance(part, TextDelta):
                    runtime.message_writer({"role": "assistant", "id": message_id, "content": part.text})
                else:
                    reply = part
        return reply


async def _calls_or_end(state: AgentState) -> list[Send] | str:
    last = state["messages"][-1]
    calls: list[dict[str, Any]] = last.get("tool_calls") or []
    if not calls:
        return END
    return [Send(CALL, _proposed(call, last["id"])) for call in calls]


def _proposed(call: Mapping[str, Any], message_id: str) -> ProposedCall:
    function = call["function"]
    return {"id": call["id"], "name": function["name"], "arguments": function["arguments"], "message_id": message_id}
