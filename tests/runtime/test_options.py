"""What a call is told by name has its effect, or is refused before anything begins (rows P4, A9, G5, L5, L7, L14)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import Any, cast

import pytest
from typing_extensions import TypedDict

from graphs import START, Command, Runtime, StateGraph, StateUpdate, entrypoint, get_runtime, interrupt, task
from graphs.errors import AnswerError, GraphMisused, InvalidUpdateError, LeftOut
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config, Interrupt
from storage import Storage
from tests.runtime.asking import Log, logs


def graph(node: Any = None, storage: Storage | None = None, **declared: Any) -> CompiledGraph:
    return StateGraph(Log, **declared).add_node("n", node or logs("n")).add_edge(START, "n").compile(storage)


@dataclass
class User:
    name: str


def tells(state: Log, runtime: Runtime[Any]) -> Log:
    return {"log": [repr(runtime.context), repr(get_runtime().context)]}


# the context of a graph that is called in a node


async def test_L7_a_nested_call_has_the_context_that_it_is_given(storage: Storage, config: Config) -> None:
    inner = graph(tells, context_schema=User)
    inherits = graph(tells)

    async def outer(state: Log, runtime: Runtime[Any]) -> Log:
        given = await inner.ainvoke({"log": []}, context={"name": "inner"})
        inherited = await inherits.ainvoke({"log": []})
        return {"log": [*given["log"], *inherited["log"], repr(runtime.context)]}

    result = await graph(outer, storage).ainvoke({"log": []}, config, context=User("outer"))
    assert result["log"] == [repr(User("inner"))] * 2 + [repr(User("outer"))] * 3


async def test_L7_the_context_of_a_call_holds_for_what_is_called_in_it_and_for_its_routers() -> None:
    seen: list[Any] = []

    def router(state: Log, runtime: Runtime[Any]) -> str:
        seen.append(runtime.context)
        return "n"

    leaf = StateGraph(Log).add_node("n", tells).add_conditional_edges(START, router, ["n"]).compile()
    middle = graph(leaf)

    async def outer(state: Log) -> Log:
        return await middle.ainvoke({"log": []}, context={"of": "middle"})

    result = await graph(outer).ainvoke({"log": []}, context={"of": "outer"})
    assert (result["log"], seen) == ([repr({"of": "middle"})] * 2, [{"of": "middle"}])


async def test_L7_a_nested_context_is_given_again_when_its_node_runs_again(storage: Storage, config: Config) -> None:
    def asks(state: Log, runtime: Runtime[Any]) -> Log:
        return {"log": [interrupt("?"), runtime.context]}

    inner = graph(asks)

    async def outer(state: Log) -> Log:
        return await inner.ainvoke({"log": []}, context="inner")

    compiled = graph(outer, storage)
    await compiled.ainvoke({"log": []}, config, context="outer")
    assert (await compiled.ainvoke(Command(resume="yes"), config, context="outer"))["log"] == ["yes", "inner"]


async def test_L7_a_flow_called_in_a_flow_has_its_context_in_its_tasks() -> None:
    @task
    def told() -> Any:
        return get_runtime().context

    @entrypoint()
    async def inner(given: int) -> Any:
        return await told()

    @entrypoint()
    async def outer(given: int, *, runtime: Runtime[Any]) -> Any:
        return [await inner.ainvoke(1, context="inner"), await inner.ainvoke(1), runtime.context]

    assert await outer.ainvoke(1, context="outer") == ["inner", "outer", "outer"]


async def test_L7_a_nested_context_that_does_not_fit_is_refused() -> None:
    inner = graph(tells, context_schema=User)

    async def outer(state: Log) -> Log:
        return await inner.ainvoke({"log": []}, context=3)

    with pytest.raises(TypeError, match="a dict or a User, not int"):
        await graph(outer).ainvoke({"log": []})


# what is said for the whole run


OF_RUN: list[dict[str, Any]] = [
    {"durability": "exit"},
    {"by": "U1"},
    {"on_waiting": "cancel"},
    {"stop": lambda: False},
    {"halt": asyncio.Event()},
    {"also": print},
]


@pytest.mark.parametrize("option", OF_RUN, ids=lambda option: next(iter(option)))
async def test_L4_what_holds_for_the_whole_run_is_not_said_to_a_graph_within(
    option: dict[str, Any], storage: Storage, config: Config
) -> None:
    inner = graph()

    async def outer(state: Log) -> Log:
        return await inner.ainvoke({"log": []}, **option)

    with pytest.raises(
        GraphMisused, match=f"^{next(iter(option))}= cannot count for a graph .* said for the whole run"
    ):
        await graph(outer, storage).ainvoke({"log": []}, config)


@pytest.mark.parametrize("said", ["sync", "async", "exit"])
async def test_L4_the_durability_of_the_run_may_be_said_again(said: Any, storage: Storage, config: Config) -> None:
    inner = graph()

    async def outer(state: Log) -> Log:
        return await inner.ainvoke({"log": []}, durability=said)

    result = await graph(outer, storage).ainvoke({"log": []}, config, durability=said)
    assert result["log"] == ["n"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"durability": "lazy"}, r"durability='lazy': it is one of \['sync', 'async', 'exit'\]"),
    ({"on_waiting": "wait"}, r"on_waiting='wait': it is one of \['reject', 'cancel'\]"),
    ({"stop": True}, "stop= is a function, not True"),
    ({"also": 3}, "also= is a function, not 3"),
    ({"halt": True}, "halt= is an asyncio.Event, not True"),
    ({"by": 3}, "by= is the text that says who gave the input, not 3"),
    ({"stream_mode": 3}, "a stream mode is one of .*; not 3"),
    ({"interrupt_before": True}, "interrupt at a list of nodes, or at every one, .*; not at True"),
    ({"checkpoint_during": True}, r"checkpoint_during=\) is left out: it is an old name. Use durability="),
]


@pytest.mark.parametrize(("option", "says"), WRONG, ids=[next(iter(option)) for option, _ in WRONG])
async def test_L14_an_option_of_another_kind_is_refused_and_nothing_begins(
    option: dict[str, Any], says: str, storage: Storage, config: Config
) -> None:
    compiled = graph(storage=storage)
    with pytest.raises((ValueError, TypeError, LeftOut), match=says):
        await compiled.ainvoke({"log": []}, config, **option)
    with pytest.raises((ValueError, TypeError, LeftOut), match=says):
        [chunk async for chunk in compiled.astream({"log": []}, config, **option)]
    assert (await compiled.aget_state(config)).metadata is None


async def test_L5_a_stream_of_no_mode_has_no_chunks(storage: Storage, config: Config) -> None:
    compiled = graph(storage=storage)
    assert [chunk async for chunk in compiled.astream({"log": []}, config, stream_mode=[])] == []
    assert (await compiled.aget_state(config)).values == {"log": ["n"]}


async def test_L5_there_is_no_state_to_show_before_a_selected_key_is_written() -> None:
    class Pair(TypedDict, total=False):
        given: int
        made: int

    compiled = StateGraph(Pair).add_node("n", lambda state: {"made": 1}).add_edge(START, "n").compile()
    shown = [chunk async for chunk in compiled.astream({"given": 0}, stream_mode="values", output_keys=["made"])]
    assert shown == [{"made": 1}]


async def test_L6_a_flow_is_told_to_begin_with_what_it_was_given(storage: Storage, config: Config) -> None:
    @entrypoint(storage)
    async def flow(given: int) -> int:
        return given + 1

    told = [chunk async for chunk in flow.astream(1, config, stream_mode="tasks")]
    assert [chunk["input"] for chunk in told if "input" in chunk] == [1]
    assert [chunk["result"] for chunk in told if "result" in chunk] == [2]


# configs


WRONG_CONFIGS: list[tuple[Any, str]] = [
    ("t1", "a config is a dict, .*thread_id.*, not 't1'"),
    ({"thread_id": "t1"}, r"a config has no key 'thread_id': .*\(thread_id\).* config\[\"configurable\"\]"),
    ({"recursion_limt": 3}, "a config has no key 'recursion_limt'.*'recursion_limit'"),
    ({"recursion_limit": 0}, "recursion_limit'. is how many steps an input may take, 1 or more; not 0"),
    ({"recursion_limit": "5"}, "not '5'"),
    ({"recursion_limit": True}, "not True"),
    ({"configurable": "t1"}, r"config\['configurable'\] is a dict, not 't1'"),
    ({"metadata": 3}, r"config\['metadata'\] is a dict, not 3"),
    ({"tags": "a"}, r"config\['tags'\] is a list of texts, not 'a'"),
    ({"max_concurrency": 1}, r"config\['max_concurrency'\] is left out: every task that is due is begun at once"),
    ({"callbacks": [print]}, r"config\['callbacks'\] is left out: "),
]


@pytest.mark.parametrize(("wrong", "says"), WRONG_CONFIGS, ids=[str(wrong) for wrong, _ in WRONG_CONFIGS])
async def test_L14_a_config_that_is_none_is_refused(wrong: Any, says: str, storage: Storage) -> None:
    for compiled in (graph(), graph(storage=storage)):
        with pytest.raises((ValueError, TypeError, LeftOut), match=says):
            await compiled.ainvoke({"log": []}, wrong)
        with pytest.raises((ValueError, TypeError, LeftOut), match=says):
            compiled.with_config(wrong)
    with pytest.raises((ValueError, TypeError, LeftOut), match=says):
        await graph(storage=storage).aget_state(wrong)


async def test_L14_what_a_config_leaves_open_does_no_harm() -> None:
    given: Any = {"tags": None, "metadata": None, "callbacks": None, "max_concurrency": None, "run_name": "a run"}
    assert (await graph().ainvoke({"log": []}, given))["log"] == ["n"]


async def test_P4_an_empty_thread_id_is_told_as_empty(storage: Storage) -> None:
    with pytest.raises(ValueError, match=r"needs a thread_id: .* not an empty one$"):
        await graph(storage=storage).ainvoke({"log": []}, {"configurable": {"thread_id": ""}})


# what is declared


@pytest.mark.parametrize("name", ["store", "previous"])
def test_L14_a_node_that_takes_what_is_left_out_is_refused(name: str) -> None:
    scope: dict[str, Any] = {}
    exec(f"def node(state, *, {name}): ...\ndef open(state, *, {name}=None): ...", scope)
    with pytest.raises(LeftOut, match=rf"^n\({name}=\) is left out: .+\. .+"):
        StateGraph(Log).add_node("n", scope["node"])
    StateGraph(Log).add_node("n", scope["open"])


def test_L14_retries_and_timeouts_are_what_they_are() -> None:
    with pytest.raises(TypeError, match="retry_policy is a RetryPolicy or several, not 3"):
        StateGraph(Log).add_node("n", logs("n"), retry_policy=cast("Any", 3))
    with pytest.raises(TypeError, match="a timeout is in seconds, a timedelta or a TimeoutPolicy; not '1'"):
        StateGraph(Log).add_node("n", logs("n"), timeout=cast("Any", "1"))


def test_L6_an_entrypoint_without_brackets_says_so() -> None:
    def flow(given: int) -> int:
        return given

    with pytest.raises(TypeError, match=r"@entrypoint is written with brackets, .*'flow' is the function"):
        entrypoint(cast("Any", flow))


# what leads nowhere, and what an input says


@pytest.mark.parametrize("target", ["nowhere", None, 3])
async def test_G2_a_router_that_leads_nowhere_is_named(target: Any) -> None:
    def router(state: Log) -> Any:
        return target

    compiled = (
        StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n").add_conditional_edges("n", router).compile()
    )
    says = rf"^the router after 'n' returned {re.escape(repr(target))}, which leads to no node; the nodes are \['n'\]"
    with pytest.raises(InvalidUpdateError, match=says):
        await compiled.ainvoke({"log": []})


async def test_G2_a_command_that_leads_nowhere_is_named() -> None:
    with pytest.raises(InvalidUpdateError, match=r"^node 'n' commanded goto= 'nowhere', which leads to no node"):
        await graph(lambda state: Command(goto="nowhere")).ainvoke({"log": []})


@pytest.mark.parametrize(
    ("given", "says"),
    [([("log", [])], "^the input is a list; expected a dict"), ({"lg": []}, "^the input wrote the key 'lg', which")],
)
async def test_G4_an_input_that_the_state_does_not_take_is_named_as_the_input(given: Any, says: str) -> None:
    with pytest.raises(InvalidUpdateError, match=says):
        await graph().ainvoke(given)


async def test_L8_a_command_is_no_input_of_a_thread_that_begins() -> None:
    inner = graph()

    async def outer(state: Log) -> Log:
        return await inner.ainvoke(Command(goto="n"))

    for compiled in (graph(), graph(outer)):
        given: Any = Command(update={"log": ["a"]}, goto="n") if compiled.nodes["n"].fn is not outer else {"log": []}
        with pytest.raises(AnswerError, match=r"moves a thread on that stands somewhere, .* give the update itself as"):
            await compiled.ainvoke(given)
    with pytest.raises(AnswerError, match="nothing to resume without a checkpointer"):
        await graph().ainvoke(Command(resume=1))


async def test_L14_the_result_of_v2_says_how_it_is_read() -> None:
    output = await graph().ainvoke({"log": []}, version="v2")
    with pytest.raises(LeftOut, match=r"GraphOutput\['log'\] is left out: .*Use \.value\[key\] and \.interrupts"):
        output["log"]


def test_D4_the_schema_of_a_question_has_the_name_of_the_option() -> None:
    question = Interrupt("?", "0" * 32, schema={"type": "boolean"})
    assert question.response_schema == {"type": "boolean"}


async def test_L10_supersteps_that_are_none_are_refused(storage: Storage, config: Config) -> None:
    flat: Any = [StateUpdate({"log": ["a"]}, "n")]
    with pytest.raises(TypeError, match=r"a superstep is a list of StateUpdate: \[\[StateUpdate"):
        await graph(storage=storage).abulk_update_state(config, flat)
    plain: Any = [[{"log": ["a"]}]]
    with pytest.raises(TypeError, match=r"a superstep is a list of StateUpdate"):
        await graph(storage=storage).abulk_update_state(config, plain)
