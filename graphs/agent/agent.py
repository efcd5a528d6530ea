"""The agent: a model that may call tools, as a graph.

START → model ─┬─ one task for each tool call ─┐
          ↑    ├─ go on? (after many calls) ───┤
          │    └─ END                          │
          └────────────────────────────────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from graphs.agent.bounds import Bounds, go_on
from graphs.agent.model_node import ModelNode
from graphs.agent.proposals import ProposedCall
from graphs.agent.tool_node import CallNode, Unreachable
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool
from graphs.models.model import Model
from graphs.models.window import Window
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.graph import StateGraph
from graphs.runtime.messages import add_messages
from graphs.runtime.types import END, START, Send
from storage import Storage

MODEL = "model"
CALL = "call"
GO_ON = "go_on"

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
        *,
        window: Window | None = None,
        bounds: Bounds | None = None,
    ) -> CompiledGraph:
        """The agent as a graph whose threads are conversations: `ainvoke({"messages": [...]}, config, by=author)`.

        `unreachable` says when no people there are could approve a call: then nothing is asked, and the model is told.
        `toolbox` is what it has in the place of its own tools: these under stricter rules, and those of servers.
        `window` is how much the model reads at once, `bounds` how far it goes by itself.
        """
        tools = self.toolbox if toolbox is None else toolbox
        model_node = ModelNode(self.instructions, tools, model, window or Window(), storage.clock, bounds or Bounds())
        graph = StateGraph(AgentState)
        graph.add_node(MODEL, model_node, starts=MODEL_STARTS)
        graph.add_node(CALL, CallNode(tools, storage.clock, unreachable), starts=CALL_STARTS)
        graph.add_node(GO_ON, go_on)
        graph.add_edge(START, MODEL)
        graph.add_conditional_edges(MODEL, _after_model, [CALL, GO_ON, END])
        graph.add_edge(CALL, MODEL)
        graph.add_conditional_edges(GO_ON, _after_question, [MODEL, END])
        return graph.compile(storage, name="agent")


async def _after_model(state: AgentState) -> list[Send] | str:
    last = state["messages"][-1]
    if last["role"] == "tool":
        return GO_ON
    calls: list[dict[str, Any]] = last.get("tool_calls") or []
    if not calls:
        return END
    return [Send(CALL, _proposed(call, last["id"])) for call in calls]


def _proposed(call: Mapping[str, Any], message_id: str) -> ProposedCall:
    function = call["function"]
    return {"id": call["id"], "name": function["name"], "arguments": function["arguments"], "message_id": message_id}


async def _after_question(state: AgentState) -> str:
    return MODEL if state["messages"][-1]["role"] == "tool" else END
