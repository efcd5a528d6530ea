"""The two runtimes by one set of names, so that the same code builds and runs the same graph on both."""
# pyright: reportMissingImports=false
# LangGraph is there for benchmarks only (`benchmarks/requirements.lock`).

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Contender:
    """What a graph is built and run with. `open` gives the checkpointer on a file."""

    name: str
    graph: Callable[[type], Any]
    start: str
    end: str
    command: Callable[..., Any]
    interrupt: Callable[[Any], Any]
    add_messages: Callable[..., Any]
    open: Callable[[Path], AbstractAsyncContextManager[Any]]


def signoff() -> Contender:
    import graphs
    from storage import open_storage

    return Contender(
        name="signoff",
        graph=graphs.StateGraph,
        start=graphs.START,
        end=graphs.END,
        command=graphs.Command,
        interrupt=graphs.interrupt,
        add_messages=graphs.add_messages,
        open=lambda path: open_storage(f"sqlite:///{path}"),
    )


def langgraph() -> Contender:
    """With the pragmas that its saver sets by itself: WAL, and SQLite's own `synchronous=FULL`."""
    from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
    from langgraph.graph import END, START, StateGraph, add_messages
    from langgraph.types import Command, interrupt

    @asynccontextmanager
    async def open_saver(path: Path) -> AsyncGenerator[Any]:
        async with AsyncSqliteSaver.from_conn_string(str(path)) as saver:
            await saver.setup()
            yield saver

    return Contender(
        name="langgraph",
        graph=StateGraph,
        start=START,
        end=END,
        command=Command,
        interrupt=interrupt,
        add_messages=add_messages,
        open=open_saver,
    )
