"""Rows L9 and D8 of docs/behaviour.md: what runs in the place of a node that failed."""

import asyncio
import contextlib
import operator
from collections.abc import Callable
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, Command, RetryPolicy, Send, StateGraph, interrupt, once
from graphs.errors import (
    CutOff,
    EarlierError,
    InDoubt,
    InterruptMisused,
    InvalidAnswer,
    InvalidGraph,
    NodeError,
    NodeTimeoutError,
)
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, ids, logs

EMPTY: Any = {"log": []}


class Boom(Exception):
    pass


def failing(runs: list[str] | None = None) -> Callable[[Log], dict[str, Any]]:
    def node(state: Log) -> dict[str, Any]:
        if runs is not None:
            runs.append("node")
        raise Boom("it broke")

    return node


def handler(runs: list[Any] | None = None) -> Callable[..., dict[str, Any]]:
    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        if runs is not None:
            runs.append(error)
        return {"log": [f"handled {error.node}: {error.error}"]}

    return handle


def one(storage: Storage | None, node: Any, handle: Any, **options: Any) -> CompiledGraph:
    return StateGraph(Log).add_node("n", node, error_handler=handle, **options).add_edge(START, "n").compile(storage)


@pytest.mark.parametrize("durable", [True, False])
async def test_L9_a_handler_runs_when_the_retries_are_used_up(storage: Storage, config: Config, durable: bool) -> None:
    runs: list[str] = []
    told: list[Any] = []
    policy = RetryPolicy(initial_interval=0, max_attempts=3)
    graph = one(storage if durable else None, failing(runs), handler(told), retry_policy=policy)
    assert await graph.ainvoke(EMPTY, config) == {"log": ["handled n: it broke"]}
    assert runs == ["node"] * 3
    assert len(told) == 1
    assert isinstance(told[0].error, Boom)


async def test_L9_what_the_handler_takes_of_the_error_is_told_by_annotation_or_by_name() -> None:
    def by_another_name(state: Log, why: NodeError) -> dict[str, Any]:
        return {"log": [why.node]}

    async def by_name(state: Log, error: Any = None) -> dict[str, Any]:
        return {"log": [error]}

    def bare(state: Log, error) -> dict[str, Any]:  # type: ignore[no-untyped-def]
        return {"log": [error.node]}

    del bare.__annotations__["state"], bare.__annotations__["return"]
    nothing = logs("handled")
    results = [
        (await one(None, failing(), each).ainvoke(EMPTY))["log"] for each in (by_another_name, by_name, bare, nothing)
    ]
    assert results == [["n"], [None], ["n"], ["handled"]]


@pytest.mark.parametrize("durable", [True, False])
async def test_L9_the_nodes_edges_are_not_followed_the_handler_says_where_to_go(
    storage: Storage, config: Config, durable: bool
) -> None:
    def goes_on(state: Log) -> Command[Any]:
        return Command(update={"log": ["handled"]}, goto=["after", Send("sent", {"log": ["private"]})])

    for handle, expected in ((logs("handled"), ["handled"]), (goes_on, ["handled", "after", "sent"])):
        builder = StateGraph(Log).add_node("n", failing(), error_handler=handle).add_edge(START, "n")
        builder.add_node("next", logs("next")).add_node("after", logs("after")).add_node("sent", logs("sent"))
        builder.add_edge("n", "next").add_edge(["n", "other"], "next").add_node("other", logs("other"))
        builder.add_conditional_edges("n", lambda state: "next", ["next", "other", "after", "sent"])
        config = {"configurable": {"thread_id": f"t{len(expected)}"}}
        assert (await builder.compile(storage if durable else None).ainvoke(EMPTY, config))["log"] == expected


async def test_L9_where_only_a_handler_leads_is_no_lost_node() -> None:
    def goes_on(state: Log) -> Command[Any]:
        return Command(goto="after")

    builder = StateGraph(Log).add_node("n", failing(), error_handler=goes_on).add_edge(START, "n")
    assert await builder.add_node("after", logs("after")).compile().ainvoke(EMPTY) == {"log": ["after"]}
    lost = StateGraph(Log).add_node("n", failing(), error_handler=logs("handled")).add_edge(START, "n")
    with pytest.raises(InvalidGraph, match="nothing leads to node 'after'"):
        lost.add_node("after", logs("after")).compile()


async def test_L9_what_a_handler_raises_fails_the_run_and_no_handler_sees_it(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    def broken(state: Log, error: NodeError) -> None:
        raise ValueError(f"no help for {error.node}")

    builder = StateGraph(Log).set_node_defaults(error_handler=handler(seen))
    graph = builder.add_node("n", failing(), error_handler=broken).add_edge(START, "n").compile(storage)
    with pytest.raises(ValueError, match="no help for n"):
        await graph.ainvoke(EMPTY, config)
    assert seen == []
    assert (await graph.aget_state(config)).tasks[0].error == "ValueError: no help for n"


async def test_L9_after_a_restart_the_handler_is_begun_again_and_not_the_node(url: str, config: Config) -> None:
    runs: list[str] = []
    told: list[Any] = []
    works = False

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        told.append(error)
        if not works:
            raise ValueError("not yet")
        return {"log": ["handled"]}

    async with open_storage(url) as storage:
        with pytest.raises(ValueError, match="not yet"):
            await one(storage, failing(runs), handle).ainvoke(EMPTY, config)
    works = True
    async with open_storage(url) as storage:
        assert await one(storage, failing(runs), handle).ainvoke(None, config) == {"log": ["handled"]}
    assert runs == ["node"]
    assert [each.node for each in told] == ["n", "n"]
    assert isinstance(told[0].error, Boom)
    assert isinstance(told[1].error, EarlierError)
    assert (str(told[1].error), repr(told[1].error)) == ("it broke", repr(told[0].error))


@pytest.mark.parametrize("words", ["{0}", "{0!r}", "{0.__class__.__name__}: {0}"])
@pytest.mark.parametrize("text", ["it broke", "", "no: it: broke", "two\nlines"])
async def test_L9_a_question_that_quotes_the_error_is_the_same_when_it_is_answered(
    url: str, config: Config, words: str, text: str
) -> None:
    raised = Boom(*[text] if text else [])

    def node(state: Log) -> dict[str, Any]:
        raise raised

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        return {"log": [interrupt(words.format(error.error))]}

    async with open_storage(url) as storage:
        (question,) = (await one(storage, node, handle).ainvoke(EMPTY, config))["__interrupt__"]
    assert question.value == words.format(raised)
    async with open_storage(url) as storage:
        resumed = await one(storage, node, handle).ainvoke(Command(resume={question.id: "go on"}), config)
    assert resumed == {"log": ["go on"]}


async def test_L9_an_error_that_a_handler_passes_on_is_on_record_as_it_was_after_a_restart(
    url: str, config: Config
) -> None:
    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        interrupt("go on?")
        raise error.error

    async with open_storage(url) as storage:
        await one(storage, failing(), handle).ainvoke(EMPTY, config)
    async with open_storage(url) as storage:
        graph = one(storage, failing(), handle)
        with pytest.raises(EarlierError, match="it broke"):
            await graph.ainvoke(Command(resume=1), config)
        assert (await graph.aget_state(config)).tasks[0].error == "Boom: it broke"


async def test_L9_a_handler_that_finished_is_not_run_again_while_a_sibling_waits(url: str, config: Config) -> None:
    runs: list[str] = []
    told: list[Any] = []

    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Log).add_node("n", failing(runs), error_handler=handler(told)).add_edge(START, "n")
        builder.add_node("after", logs("after")).add_edge("n", "after").add_node("q", asks("q")).add_edge(START, "q")
        return builder.compile(storage)

    async with open_storage(url) as storage:
        result = await build(storage).ainvoke(EMPTY, config)
        assert result["log"] == ["handled n: it broke"]
        assert (await build(storage).aget_state(config)).next == ("q",)
    async with open_storage(url) as storage:
        result = await build(storage).ainvoke(Command(resume=1), config)
    assert result == {"log": ["handled n: it broke", "q=1"]}
    assert (len(runs), len(told)) == (1, 1)


async def test_L9_a_handler_begins_while_siblings_run_and_they_are_not_disturbed(
    storage: Storage, config: Config
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await begun.wait()
        ended.set()
        return {"log": ["slow"]}

    async def handle(state: Log) -> dict[str, Any]:
        begun.set()
        await ended.wait()
        return {"log": ["handled"]}

    builder = StateGraph(Log).add_node("n", failing(), error_handler=handle).add_edge(START, "n")
    graph = builder.add_node("slow", slow).add_edge(START, "slow").compile(storage)
    assert await graph.ainvoke(EMPTY, config) == {"log": ["handled", "slow"]}


async def test_L9_updates_tell_who_wrote(storage: Storage, config: Config) -> None:
    graph = one(storage, failing(), logs("handled"))
    assert [chunk async for chunk in graph.astream(EMPTY, config)] == [{"__error_handler__n": {"log": ["handled"]}}]
    defaults = StateGraph(Log).set_node_defaults(error_handler=logs("handled")).add_node("n", failing())
    chunks = [chunk async for chunk in defaults.add_edge(START, "n").compile().astream(EMPTY)]
    assert chunks == [{"__default_error_handler__": {"log": ["handled"]}}]


async def test_L9_tasks_tell_of_the_failure_and_of_what_the_handler_came_to(storage: Storage, config: Config) -> None:
    graph = one(storage, failing(), asks("q"))
    chunks = [chunk async for chunk in graph.astream(EMPTY, config, stream_mode="tasks")]
    chunks += [chunk async for chunk in graph.astream(Command(resume=1), config, stream_mode="tasks")]
    told = [(chunk["name"], chunk["error"], chunk["result"]) for chunk in chunks if "result" in chunk]
    assert told == [
        ("n", "Boom: it broke", {}),
        ("__error_handler__n", None, {}),
        ("__error_handler__n", None, {"log": ["q=1"]}),
    ]
    assert [chunk["name"] for chunk in chunks if "input" in chunk] == ["n", "__error_handler__n", "__error_handler__n"]


async def test_L9_history_keeps_what_the_node_failed_with(storage: Storage, config: Config) -> None:
    graph = one(storage, failing(), logs("handled"))
    await graph.ainvoke(EMPTY, config)
    due = [each async for each in graph.aget_state_history(config) if each.next == ("n",)]
    assert [(task.name, task.error) for each in due for task in each.tasks] == [("n", "Boom: it broke")]


# questions


async def test_D8_a_handler_never_sees_a_question(storage: Storage, config: Config) -> None:
    told: list[Any] = []
    graph = one(storage, asks("q"), handler(told))
    assert "__interrupt__" in await graph.ainvoke(EMPTY, config)
    assert await graph.ainvoke(Command(resume=1), config) == {"log": ["q=1"]}
    assert told == []


async def test_D8_what_is_wrong_with_a_question_or_its_answer_is_no_failure_to_handle(
    storage: Storage, config: Config
) -> None:
    class Odd(int):
        @classmethod
        def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
            from pydantic_core import core_schema

            def check(value: int) -> int:
                if value % 2 == 0:
                    raise ValueError("it is even")
                return value

            return core_schema.no_info_after_validator_function(check, core_schema.int_schema())

    told: list[Any] = []
    graph = one(storage, asks("q", response_schema=Odd), handler(told))
    question = ids(await graph.ainvoke(EMPTY, config))["q"]
    with pytest.raises(InvalidAnswer, match="it is even"):
        await graph.ainvoke(Command(resume={question: 2}), config)
    assert await graph.ainvoke(Command(resume={question: 3}), config) == {"log": ["q=3"]}

    def swallows(state: Log) -> None:
        with contextlib.suppress(BaseException):  # what it must not do
            interrupt("?")

    with pytest.raises(InterruptMisused, match="swallowed"):
        await one(storage, swallows, handler(told)).ainvoke(EMPTY, {"configurable": {"thread_id": "t2"}})
    assert told == []


async def test_L9_a_handler_may_ask(url: str, config: Config) -> None:
    runs: list[str] = []

    def node(state: Log) -> None:
        runs.append(interrupt("go on?"))
        raise Boom("it broke")

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        return {"log": [error.node, interrupt("what now?")]}

    async with open_storage(url) as storage:
        graph = one(storage, node, handle)
        assert list(ids(await graph.ainvoke(EMPTY, config))) == ["go on?"]
        assert list(ids(await graph.ainvoke(Command(resume="yes"), config))) == ["what now?"]
        snapshot = await graph.aget_state(config)
        assert snapshot.next == ("n",)
        assert [question.value for question in snapshot.interrupts] == ["what now?"]
    async with open_storage(url) as storage:
        graph = one(storage, node, handle)
        assert await graph.ainvoke(Command(resume="stop"), config) == {"log": ["n", "stop"]}
        assert (await graph.aget_state(config)).next == ()
    assert runs == ["yes"]


async def test_L9_a_handler_that_fails_on_an_answer_has_its_own_question_reopened(
    storage: Storage, config: Config
) -> None:
    runs: list[Any] = []

    def node(state: Log) -> None:
        runs.append(interrupt("go on?"))
        raise Boom("it broke")

    def handle(state: Log) -> dict[str, Any]:
        answer = interrupt("what now?")
        if answer == "bad":
            raise ValueError("a bad answer")
        return {"log": [answer]}

    graph = one(storage, node, handle)
    await graph.ainvoke(EMPTY, config)
    question = ids(await graph.ainvoke(Command(resume="yes"), config))["what now?"]
    with pytest.raises(ValueError, match="a bad answer"):
        await graph.ainvoke(Command(resume="bad"), config)
    assert [each.id for each in (await graph.aget_state(config)).interrupts] == [question]
    assert await graph.ainvoke(Command(resume={question: "good"}), config) == {"log": ["good"]}
    assert runs == ["yes"]


async def test_L9_effects_of_node_and_handler_are_counted_apart(storage: Storage, config: Config) -> None:
    begun: list[str] = []

    async def node(state: Log) -> None:
        await once("mail", begun.append, "node")
        raise Boom("it broke")

    async def handle(state: Log) -> dict[str, Any]:
        await once("mail", begun.append, "handler")
        return {"log": [interrupt("?")]}

    graph = one(storage, node, handle)
    await graph.ainvoke(EMPTY, config)
    assert await graph.ainvoke(Command(resume="done"), config) == {"log": ["done"]}
    assert begun == ["node", "handler"]


async def test_L9_a_router_that_raises_is_handled_and_what_its_node_wrote_stands(
    storage: Storage, config: Config
) -> None:
    def route(state: Log) -> str:
        raise Boom("no way")

    for name, at in (("t1", storage), ("t2", None)):
        builder = StateGraph(Log).add_node("n", logs("n"), error_handler=handler()).add_edge(START, "n")
        graph = builder.add_conditional_edges("n", route, [END]).compile(at)
        config = {"configurable": {"thread_id": name}}
        chunks = [chunk async for chunk in graph.astream(EMPTY, config, stream_mode=["updates", "values"])]
        assert chunks[1:] == [
            ("updates", {"__error_handler__n": {"log": ["handled n: no way"]}}),
            ("values", {"log": ["n", "handled n: no way"]}),
        ]


async def test_L9_an_update_that_the_state_does_not_take_is_handled() -> None:
    def node(state: Log) -> Any:
        return {"nowhere": 1}

    assert (await one(None, node, handler()).ainvoke(EMPTY))["log"][0].startswith(
        "handled n: node 'n' wrote the key 'n"
    )


async def test_L9_a_handler_of_a_node_that_is_a_graph_hears_of_what_fails_in_it(
    storage: Storage, config: Config
) -> None:
    inner = StateGraph(Log).add_node("inner", failing()).add_edge(START, "inner").compile()
    assert await one(storage, inner, handler()).ainvoke(EMPTY, config) == {"log": ["handled n: it broke"]}


async def test_L9_a_handler_within_a_graph_within_handles_there(url: str, config: Config) -> None:
    runs: list[str] = []

    def handle(state: Log, error: NodeError) -> dict[str, Any]:
        return {"log": [f"{error.node}: {interrupt('?')}"]}

    def build(storage: Storage) -> CompiledGraph:
        builder = StateGraph(Log).add_node("inner", failing(runs), error_handler=handle).add_edge(START, "inner")
        outer = StateGraph(Log).add_node("outer", builder.compile()).add_edge(START, "outer")
        return outer.compile(storage)

    async with open_storage(url) as storage:
        assert "__interrupt__" in await build(storage).ainvoke(EMPTY, config)
    async with open_storage(url) as storage:
        assert await build(storage).ainvoke(Command(resume="yes"), config) == {"log": ["inner: yes"]}
    assert runs == ["node"]


async def test_L9_a_handler_gets_what_its_node_was_given(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    def handle(state: Any, error: NodeError) -> None:
        seen.append(state)

    builder = StateGraph(Log).add_node("n", failing(), error_handler=handle)
    builder.add_conditional_edges(START, lambda state: [Send("n", {"private": 1}), "n"], ["n"])
    await builder.compile(storage).ainvoke({"log": ["given"]}, config)
    assert sorted(seen, key=str) == [{"log": ["given"]}, {"private": 1}]


# defaults


class Counted(TypedDict):
    log: Annotated[list[str], operator.add]


async def test_L9_defaults_hold_for_every_node_that_says_nothing_and_for_handlers() -> None:
    runs: list[str] = []

    def fails(name: str) -> Callable[[Any], None]:
        def node(state: Any) -> None:
            runs.append(name)
            raise Boom(name)

        return node

    def shaky(state: Any, error: NodeError) -> dict[str, Any]:
        runs.append("handler")
        if runs.count("handler") == 1:
            raise Boom("the handler too")
        return {"log": [error.node]}

    builder = StateGraph(Counted).add_node("early", fails("early")).add_edge(START, "early")
    builder.set_node_defaults(retry_policy=RetryPolicy(initial_interval=0, max_attempts=2), error_handler=shaky)
    builder.add_node("own", fails("own"), retry_policy=RetryPolicy(max_attempts=1), error_handler=handler())
    result = await builder.add_edge(START, "own").compile().ainvoke({"log": []})
    assert result["log"] == ["early", "handled own: own"]
    assert (runs.count("early"), runs.count("own"), runs.count("handler")) == (2, 1, 2)


async def test_L9_a_default_timeout_holds_for_nodes_and_handlers() -> None:
    async def slow(state: Any) -> None:
        await asyncio.Event().wait()

    async def quick(state: Any, error: NodeError) -> dict[str, Any]:
        return {"log": [type(error.error).__name__]}

    def timed(default: float, handle: Any, **options: Any) -> CompiledGraph:
        builder = StateGraph(Log).set_node_defaults(timeout=default).add_edge(START, "n")
        return builder.add_node("n", slow, error_handler=handle, **options).compile()

    assert await timed(0.01, quick).ainvoke(EMPTY) == {"log": ["NodeTimeoutError"]}
    assert await timed(60, quick, timeout=0.01).ainvoke(EMPTY) == {"log": ["NodeTimeoutError"]}
    with pytest.raises(NodeTimeoutError, match="'__error_handler__n' was still at work"):
        await timed(0.01, slow).ainvoke(EMPTY)


async def test_L9_defaults_are_not_for_graphs_within() -> None:
    inner = StateGraph(Log).add_node("inner", failing()).add_edge(START, "inner").compile()
    outer = StateGraph(Log).set_node_defaults(error_handler=handler()).add_node("outer", inner).add_edge(START, "outer")
    assert await outer.compile().ainvoke(EMPTY) == {"log": ["handled outer: it broke"]}


async def test_L9_what_a_handled_run_saves_at_its_exit_is_its_end(storage: Storage, config: Config) -> None:
    graph = one(storage, failing(), logs("handled"))
    assert await graph.ainvoke(EMPTY, config, durability="exit") == {"log": ["handled"]}
    assert len([each async for each in graph.aget_state_history(config)]) == 1


async def test_D10_an_effect_in_doubt_is_a_persons_and_no_handlers(storage: Storage, config: Config) -> None:
    def cut_off() -> None:
        raise CutOff("the line went dead")

    async def pays(state: Log) -> dict[str, Any]:
        await once("pay", cut_off)
        return {"log": ["paid"]}

    graph = one(storage, pays, logs("handled"))
    with pytest.raises(InDoubt):
        await graph.ainvoke(EMPTY, config)
    assert (await graph.aget_state(config)).next == ("n",)
