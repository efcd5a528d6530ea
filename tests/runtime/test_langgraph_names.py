"""Row L14 of docs/behaviour.md: each public name of LangGraph is here, or raises an error that says it is left out."""

import asyncio
import inspect
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any, cast

import pytest

import graphs
from graphs import (
    START,
    Command,
    Interrupt,
    Overwrite,
    RetryPolicy,
    Runtime,
    Send,
    StateGraph,
    TimeoutPolicy,
    add_messages,
    entrypoint,
    task,
)
from graphs.errors import LeftOut
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import PendingTask, StateSnapshot
from tests.runtime import langgraph_names as names
from tests.runtime.asking import Log, logs
from tests.runtime.langgraph_names import Here, Known

EMPTY: Any = {"log": []}


def graph(**options: Any) -> CompiledGraph:
    return StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n").compile(**options)


async def streamed(**options: Any) -> None:
    async for _ in graph().astream(EMPTY, **options):
        pass


OURS: Mapping[str, type[Any]] = {
    "langgraph.graph.state:StateGraph": StateGraph,
    "langgraph.graph.state:CompiledStateGraph": CompiledGraph,
    "langgraph.func:entrypoint": entrypoint,
    "langgraph.runtime:Runtime": Runtime,
    "langgraph.types:Command": Command,
    "langgraph.types:Send": Send,
    "langgraph.types:Interrupt": Interrupt,
    "langgraph.types:RetryPolicy": RetryPolicy,
    "langgraph.types:TimeoutPolicy": TimeoutPolicy,
    "langgraph.types:Overwrite": Overwrite,
    "langgraph.types:StateSnapshot": StateSnapshot,
    "langgraph.types:PregelTask": PendingTask,
}

INSTANCES: Mapping[type[Any], Any] = {
    StateGraph: StateGraph(Log),
    CompiledGraph: graph(),
    entrypoint: entrypoint(),
    Runtime: Runtime(None, None, None, print, print),
    Command: Command(),
    Send: Send("n", {}),
    Interrupt: Interrupt("?", "1"),
    RetryPolicy: RetryPolicy(),
    TimeoutPolicy: TimeoutPolicy(),
    Overwrite: Overwrite(1),
    StateSnapshot: StateSnapshot({}, (), {}),
    PendingTask: PendingTask("1", "n"),
}

CALLS: Mapping[str, Callable[..., Any]] = {
    "StateGraph.__init__": lambda **options: StateGraph(Log, **options),
    "StateGraph.add_node": lambda **options: StateGraph(Log).add_node("n", logs("n"), **options),
    "StateGraph.set_node_defaults": lambda **options: StateGraph(Log).set_node_defaults(**options),
    "StateGraph.compile": graph,
    "CompiledStateGraph.ainvoke": lambda **options: asyncio.run(graph().ainvoke(EMPTY, **options)),
    "CompiledStateGraph.invoke": lambda **options: graph().invoke(EMPTY, **options),
    "CompiledStateGraph.astream": lambda **options: asyncio.run(streamed(**options)),
    "CompiledStateGraph.stream": lambda **options: list(graph().stream(EMPTY, **options)),
    "entrypoint.__init__": lambda **options: entrypoint(**options),
    "task": lambda **options: cast("Any", task)(**options),
    "Send.__init__": lambda **options: Send("n", {}, **options),
    "TimeoutPolicy.__init__": lambda **options: TimeoutPolicy(**options),
    "add_messages": lambda **options: add_messages(**options),
}
"""Calls that are right without the options that they are given."""

OPTIONS: Mapping[str, Any] = {
    "context": {"a": 1},
    "stream_mode": "updates",
    "print_mode": (),
    "output_keys": ["log"],
    "interrupt_before": [],
    "interrupt_after": [],
    "durability": "sync",
    "version": "v2",
    "subgraphs": True,
    "debug": False,
}
"""Options of a run that its signature does not name, as they may be given."""


def cases(known: type[Known]) -> Iterator[Any]:
    """(module of ours, name) of what is imported."""
    for module, table in names.MODULES.items():
        ours = "graphs.errors" if module == "langgraph.errors" else "graphs"
        for name, status in table.items():
            if isinstance(status, known):
                yield pytest.param(ours, name, status, id=f"{module}.{name}")


@pytest.mark.parametrize(("module", "name", "status"), [*cases(Here)])
def test_L14_a_name_is_there(module: str, name: str, status: Here) -> None:
    home, _, ours = status.where.partition(":")
    assert getattr(import_module(home), ours) is not None
    if ours != name:
        with pytest.raises(LeftOut, match=rf"{name} is left out: it has another name here\. Use .*{ours}"):
            getattr(import_module(module), name)


@pytest.mark.parametrize(("module", "name", "status"), [*cases(names.LeftOut)])
def test_L14_a_name_is_left_out(module: str, name: str, status: names.LeftOut) -> None:
    with pytest.raises(LeftOut, match=rf"{name} is left out: "):
        getattr(import_module(module), name)


def attributes(known: type[Known]) -> Iterator[Any]:
    """(class of ours, name) of methods and other attributes."""
    for path, table in names.CLASSES.items():
        for name, status in table.items():
            is_here = not isinstance(status, names.LeftOut)
            if name != "__init__" and is_here == (known is Here):
                yield pytest.param(OURS[path], name, id=f"{path}.{name}")


@pytest.mark.parametrize(("ours", "name"), [*attributes(Here)])
def test_L14_an_attribute_is_there(ours: type[Any], name: str) -> None:
    assert hasattr(INSTANCES[ours], name)


@pytest.mark.parametrize(("ours", "name"), [*attributes(names.LeftOut)])
def test_L14_an_attribute_is_left_out(ours: type[Any], name: str) -> None:
    with pytest.raises(LeftOut, match=rf"\.{name} is left out: "):
        getattr(INSTANCES[ours], name)


def taken(known: type[Known]) -> Iterator[Any]:
    """(call, function of ours, parameter) of methods and functions."""
    for path, table in names.CLASSES.items():
        for method, parameters in table.items():
            for name, status in parameters.items() if isinstance(parameters, Mapping) else ():
                if isinstance(status, known):
                    call = f"{path.partition(':')[2]}.{method}"
                    yield pytest.param(call, getattr(OURS[path], method), name, id=f"{call}({name})")
    for path, parameters in names.FUNCTIONS.items():
        call = path.partition(":")[2]
        for name, status in parameters.items():
            if isinstance(status, known):
                yield pytest.param(call, getattr(graphs, call), name, id=f"{call}({name})")


@pytest.mark.parametrize(("call", "ours", "name"), [*taken(Here)])
def test_L14_a_parameter_is_taken(call: str, ours: Callable[..., Any], name: str) -> None:
    if name not in inspect.signature(ours).parameters:
        assert CALLS[call](**{name: OPTIONS[name]}) is not Ellipsis


@pytest.mark.parametrize(("call", "ours", "name"), [*taken(names.LeftOut)])
def test_L14_a_parameter_is_left_out(call: str, ours: Callable[..., Any], name: str) -> None:
    with pytest.raises(LeftOut, match=name):
        CALLS[call](**{name: "something"})


def test_L14_an_option_that_nobody_has_is_no_option() -> None:
    """So that what is taken above is taken because it is known."""
    for call in CALLS.values():
        with pytest.raises(TypeError):
            call(nowhere=1)


@pytest.mark.skipif(find_spec("langgraph") is None, reason="LangGraph is installed for the benchmarks alone")
def test_L14_the_tables_are_complete() -> None:
    assert list(names.differences()) == []
