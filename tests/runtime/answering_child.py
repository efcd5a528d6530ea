"""A process of its own that answers a question: `answering_child.py answer URL INTERRUPT_ID BY`.

Says "ready" when the database is open, waits for a line, and prints how it went as JSON.
"""

import asyncio
import json
import operator
import sys
import time
from typing import Annotated, Any, TypedDict

from graphs import START, Command, StateGraph, interrupt
from graphs.errors import GraphError
from storage import open_storage


class Log(TypedDict):
    log: Annotated[list[Any], operator.add]


def question(state: Log) -> dict[str, Any]:
    return {"log": [interrupt("q")]}


async def main(what: str, url: str, interrupt_id: str, by: str) -> dict[str, Any]:
    async with open_storage(url) as storage:
        graph = StateGraph(Log).add_node("q", question).add_edge(START, "q").compile(storage)
        config: Any = {"configurable": {"thread_id": "t1"}}
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)
        try:
            if what == "answer":
                await graph.aanswer(config, {interrupt_id: by}, by=by)
            else:
                await graph.ainvoke(Command(resume={interrupt_id: by}), config, by=by)
        except GraphError as error:
            return {"outcome": type(error).__name__, "message": str(error), "by": by, "at": time.time()}
        return {"outcome": "stored", "by": by, "at": time.time()}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(*sys.argv[1:]))))
