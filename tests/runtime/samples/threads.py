"""The graph of the sample, and the threads in it."""

from typing import Any

from graphs import START, StateGraph, interrupt, once, task
from graphs.runtime.compiled import CompiledGraph
from storage import Storage
from tests.runtime.asking import Log, chain


@task
async def look_up(order: str) -> dict[str, Any]:
    return {"order": order, "paid": [1, 2]}


def receipt() -> str:
    return "receipt 7"


async def work(state: Log) -> dict[str, Any]:
    found = await look_up("A-1")
    paid = await once("pay", receipt)
    answer = interrupt({"refund": found["order"]}, response_schema={"type": "string"})
    return {"log": [f"{paid}: {answer}"]}


def note(state: Log) -> dict[str, Any]:
    return {"log": ["noted"]}


def build(storage: Storage) -> CompiledGraph:
    inner = chain(None, ("inner", lambda state: {"log": [interrupt("inner?")]}))

    async def outer(state: Log) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"log": []}))["log"]}

    builder = StateGraph(Log).add_node("work", work).add_node("note", note).add_node("outer", outer)
    builder.add_edge(START, "work").add_edge(START, "note").add_edge(["work", "note"], "outer")
    return builder.compile(storage)


async def fill(storage: Storage) -> None:
    """One thread for each place that a thread can be in."""
    graph = build(storage)
    for thread, answers in (("asked", 0), ("answered", 1), ("inside", 1), ("done", 2)):
        config: Any = {"configurable": {"thread_id": thread}}
        result = await graph.ainvoke({"log": ["hello"]}, config, by="U0ANA")
        for _ in range(answers):
            await graph.aanswer(config, {result["__interrupt__"][0].id: "yes"}, by="U0LEA")
            if thread != "answered":
                result = await graph.ainvoke(None, config)
