"""Row L14 of docs/behaviour.md: what of LangGraph is left out raises an error that says why, and names what to use."""

import asyncio
import copy
import re
from collections.abc import Callable
from typing import Any, cast

import pytest

import graphs
from graphs import START, Runtime, Send, StateGraph, entrypoint, errors, task
from graphs.errors import LeftOut
from graphs.runtime import left_out
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, logs

SAYS = re.compile(r".+ is left out: .+\. .+", re.DOTALL)
"""What it is, why, and what to use."""


def graph(storage: Storage | None = None, **options: Any) -> CompiledGraph:
    return StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n").compile(storage, **options)


@pytest.mark.parametrize("name", left_out.NAMES)
def test_L14_a_name_that_is_left_out_cannot_be_imported(name: str) -> None:
    assert not name.startswith("_")
    with pytest.raises(LeftOut, match=SAYS) as error:
        getattr(graphs, name)
    assert str(error.value).startswith(f"graphs.{name} is left out: ")


@pytest.mark.parametrize("name", errors.LEFT_OUT)
def test_L14_an_error_that_is_left_out_cannot_be_imported(name: str) -> None:
    with pytest.raises(LeftOut, match=SAYS) as error:
        getattr(errors, name)
    assert str(error.value).startswith(f"graphs.errors.{name} is left out: ")


def test_L14_a_name_that_nobody_knows_is_no_name() -> None:
    for module in (graphs, errors):
        with pytest.raises(AttributeError, match="has no attribute 'Nowhere'"):
            module.Nowhere  # noqa: B018


@pytest.mark.parametrize("name", left_out.METHODS)
def test_L14_a_method_that_is_left_out_is_no_attribute(name: str) -> None:
    compiled = graph()
    with pytest.raises(LeftOut, match=SAYS) as error:
        getattr(compiled, name)
    assert str(error.value).startswith(f"CompiledGraph.{name} is left out: ")
    assert not hasattr(compiled, name)


def test_L14_what_is_no_attribute_at_all_is_told_as_such() -> None:
    with pytest.raises(AttributeError, match="'CompiledGraph' object has no attribute 'nowhere'") as error:
        cast("Any", graph()).nowhere  # noqa: B018
    assert not isinstance(error.value, LeftOut)
    assert copy.copy(graph()).name == "graph"


def test_L14_a_graph_is_not_piped() -> None:
    for piped in (lambda: graph() | str, lambda: str | graph()):
        with pytest.raises(LeftOut, match=r"graph\.ainvoke in a function of your own"):
            piped()


@pytest.mark.parametrize("name", left_out.OF_RUNTIME)
async def test_L14_what_a_runtime_does_not_have(name: str) -> None:
    def node(state: Log, runtime: Runtime[Any]) -> None:
        getattr(runtime, name)

    compiled = StateGraph(Log).add_node("n", node).add_edge(START, "n").compile()
    with pytest.raises(LeftOut, match=SAYS) as error:
        await compiled.ainvoke({"log": []})
    assert str(error.value).startswith(f"Runtime.{name} is left out: ")


def declared(**options: Any) -> Any:
    return StateGraph(Log).add_node("n", logs("n"), **options)


@pytest.mark.parametrize("option", ["cache_policy", "trace_policy", "retry", "input"])
def test_L14_options_of_a_node(option: str) -> None:
    with pytest.raises(LeftOut, match=rf"add_node\({option}=\) is left out: "):
        declared(**{option: object()})
    assert declared(**{option: None})


@pytest.mark.parametrize("option", ["cache", "store", "transformers", "debug"])
def test_L14_options_of_compile(option: str) -> None:
    with pytest.raises(LeftOut, match=rf"compile\({option}=\) is left out: "):
        graph(**cast("Any", {option: True}))
    assert graph(**cast("Any", {option: None}))
    assert graph(debug=False)


@pytest.mark.parametrize("option", ["input", "output", "config_schema"])
def test_L14_options_of_a_builder(option: str) -> None:
    with pytest.raises(LeftOut, match=rf"StateGraph\({option}=\) is left out: it is an old name\. Use input_schema="):
        StateGraph(Log, **{option: Log})
    with pytest.raises(LeftOut, match=r"set_node_defaults\(cache_policy=\) is left out"):
        StateGraph(Log).set_node_defaults(cache_policy=object())


async def test_L14_options_of_a_run_and_nothing_begins(storage: Storage, config: Config) -> None:
    compiled = graph(storage)
    with pytest.raises(
        LeftOut, match=r"ainvoke\(control=\) is left out: .*Pass stop= \(asked between steps\) or halt="
    ):
        await compiled.ainvoke({"log": []}, config, control=object())
    with pytest.raises(LeftOut, match=r"\(control=\) is left out"):
        async for _ in compiled.astream({"log": []}, config, control=object()):
            pass
    with pytest.raises(ValueError, match=r"'events' is no stream mode"):
        async for _ in compiled.astream({"log": []}, config, stream_mode="events"):
            pass
    assert (await compiled.aget_state(config)).metadata is None


@pytest.mark.parametrize(
    "call",
    [
        lambda **options: StateGraph(Log, **options),
        declared,
        graph,
        StateGraph(Log).set_node_defaults,
        lambda **options: asyncio.run(graph().ainvoke({"log": []}, **options)),
    ],
)
def test_L14_an_option_that_nobody_knows_is_a_type_error(call: Callable[..., Any]) -> None:
    with pytest.raises(TypeError, match=r"unexpected keyword argument 'nowhere'") as error:
        call(nowhere=1)
    assert not isinstance(error.value, LeftOut)


@pytest.mark.parametrize("option", ["store", "cache", "cache_policy"])
def test_L14_options_of_flows(option: str) -> None:
    with pytest.raises(LeftOut, match=option):
        entrypoint(**{option: cast("Any", object())})
    if option == "cache_policy":
        with pytest.raises(LeftOut, match=option):
            cast("Any", task)(cache_policy=object())


def test_L14_what_is_sent_has_no_timeout_of_its_own() -> None:
    with pytest.raises(LeftOut, match=r"Send\(timeout=\) is left out: .*add_node\(timeout=\)"):
        Send("n", {}, timeout=cast("Any", 1))
    assert Send("n", {}, timeout=None) == Send("n", {})


class InMemorySaver:
    """By the name of one that others have."""


@pytest.mark.parametrize("checkpointer", [InMemorySaver(), "sqlite://", open_storage])
def test_L14_a_checkpointer_is_a_storage(checkpointer: Any) -> None:
    with pytest.raises(TypeError, match=r"a checkpointer is a storage, not \w+: `async with open_storage\(url\)"):
        graph(checkpointer)


def test_L14_an_error_that_is_looked_for_beside_the_names_is_shown_where_it_is() -> None:
    with pytest.raises(AttributeError, match=r"'GraphRecursionError': it is in graphs\.errors"):
        graphs.GraphRecursionError  # noqa: B018
