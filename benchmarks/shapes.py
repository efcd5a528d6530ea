"""The graphs that are measured, each built by the same code on both runtimes."""

import uuid
from typing import (
    Annotated,
    Any,
    TypedDict,
)  # no postponed annotations: the state of a conversation names a local reducer

from benchmarks.contenders import Contender

STEPS = 10


class Counter(TypedDict):
    count: int


class Asked(TypedDict):
    answer: str


async def add_one(state: Counter) -> dict[str, Any]:
    return {"count": state["count"] + 1}


def chain(with_: Contender, checkpointer: Any = None) -> Any:
    """`STEPS` nodes in a row that do next to nothing."""
    builder = with_.graph(Counter)
    names = [f"step_{number}" for number in range(STEPS)]
    for name in names:
        builder.add_node(name, add_one)
    for source, target in zip([with_.start, *names], [*names, with_.end], strict=True):
        builder.add_edge(source, target)
    return builder.compile(checkpointer=checkpointer)


def asking(with_: Contender, checkpointer: Any) -> Any:
    """One node that asks a person."""

    async def ask(state: Asked) -> dict[str, Any]:
        return {"answer": with_.interrupt("Shall I?")}

    builder = with_.graph(Asked).add_node("ask", ask)
    return builder.add_edge(with_.start, "ask").add_edge("ask", with_.end).compile(checkpointer=checkpointer)


def conversation(with_: Contender, checkpointer: Any, reply: str) -> Any:
    """One node that appends a reply to a list of messages."""

    class Conversation(TypedDict):
        messages: Annotated[list[Any], with_.add_messages]

    async def answer(state: Conversation) -> dict[str, Any]:
        return {"messages": [{"role": "assistant", "content": reply}]}

    builder = with_.graph(Conversation).add_node("answer", answer)
    return builder.add_edge(with_.start, "answer").add_edge("answer", with_.end).compile(checkpointer=checkpointer)


def thread() -> dict[str, Any]:
    """The config of a new thread."""
    return {"configurable": {"thread_id": str(uuid.uuid4())}}
