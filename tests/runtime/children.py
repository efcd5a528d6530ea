"""A graph in a process of its own: `children.py URL WHAT BOOK`. What it does is written to the file BOOK.

It says "effect" in the middle of the effect and then waits for a line; a test that wants a crash kills it there.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from graphs import START, Command, StateGraph, interrupt, once
from graphs.errors import GraphError
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log

CONFIG: Config = {"configurable": {"thread_id": "t1"}}


def say(word: str) -> None:
    sys.stdout.write(word + "\n")
    sys.stdout.flush()


async def heard() -> str:
    return (await asyncio.to_thread(sys.stdin.readline)).strip()


def build(storage: Storage, book: Path, *, stops: bool = False) -> CompiledGraph:
    """Ask, pay once, thank. `book` has a line for everything that was done; with `stops`, it is done in the child."""

    async def pay(amount: int) -> str:
        with book.open("a") as file:
            file.write(f"paid {amount}\n")
        if stops:
            say("effect")
            await heard()
        return f"receipt {amount}"

    def ask(state: Log) -> dict[str, Any]:
        with book.open("a") as file:
            file.write("asked\n")
        return {"log": [interrupt("pay 100?")]}

    async def effect(state: Log) -> dict[str, Any]:
        return {"log": [await once("payment", pay, 100)]}

    builder = StateGraph(Log).add_sequence([ask, effect]).add_edge(START, "ask")
    return builder.compile(storage)


async def main(url: str, what: str, book: str) -> None:
    async with open_storage(url) as storage:
        graph = build(storage, Path(book), stops=True)
        given: Any = {"log": []} if what == "start" else None if what == "continue" else Command(resume="yes")
        try:
            say(json.dumps(_plain(await graph.ainvoke(given, CONFIG))))
        except GraphError as error:
            say(json.dumps({"error": type(error).__name__, "message": str(error)}))


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    waiting = [question.value for question in result.pop("__interrupt__", [])]
    return result | ({"waits": waiting} if waiting else {})


class Child:
    """This module in a process of its own."""

    def __init__(self, url: str, what: str, book: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.runtime.children", url, what, str(book)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def result(self) -> dict[str, Any]:
        return json.loads(self.line())

    def go_on(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go on\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(30)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
