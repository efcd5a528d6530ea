"""Section D of docs/behaviour.md: questions in nodes; how an answer finds its place when the node runs again."""

import asyncio
from typing import Any

import pytest

from graphs import START, Command, RetryPolicy, StateGraph, interrupt, task
from graphs.errors import InterruptMisused, InvalidUpdateError, QuestionChanged
from graphs.runtime.types import Config
from storage import Storage, interrupts
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.support.waiting import until


async def rows(storage: Storage) -> dict[str, interrupts.InterruptRow]:
    return {row.id: row for row in await storage.interrupts(status=None)}


def one(result: dict[str, Any]) -> Any:
    (question,) = result["__interrupt__"]
    return question


async def test_D1_a_question_pauses_the_thread_and_is_in_the_result(storage: Storage, config: Config):
    graph = chain(storage, ("q", asks("q")), ("after", logs("after")))
    question = one(await graph.ainvoke({"log": []}, config))
    assert question.value == "q"
    assert question.id in await rows(storage)
    assert (await graph.aget_state(config)).next == ("q",)


async def test_D1_a_question_from_a_worker_thread_a_tool_and_a_task(storage: Storage, config: Config):
    def tool() -> Any:
        return interrupt("tool")

    @task
    async def step() -> Any:
        return interrupt("task")

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await asyncio.to_thread(interrupt, "thread"), tool(), await step()]}

    graph = chain(storage, ("n", node))
    assert one(await graph.ainvoke({"log": []}, config)).value == "thread"
    assert one(await graph.ainvoke(Command(resume="first"), config)).value == "tool"
    assert one(await graph.ainvoke(Command(resume="second"), config)).value == "task"
    assert await graph.ainvoke(Command(resume="third"), config) == {"log": ["first", "second", "third"]}


async def test_D2_the_node_runs_again_and_its_kth_question_gets_the_kth_answer(storage: Storage, config: Config):
    runs: list[str] = []

    def node(state: Log) -> dict[str, Any]:
        runs.append("begun")
        return {"log": [interrupt(n) for n in range(3)]}

    graph = chain(storage, ("n", node))
    assert one(await graph.ainvoke({"log": []}, config)).value == 0
    assert one(await graph.ainvoke(Command(resume="a"), config)).value == 1
    assert one(await graph.ainvoke(Command(resume="b"), config)).value == 2
    assert await graph.ainvoke(Command(resume="c"), config) == {"log": ["a", "b", "c"]}
    assert len(runs) == 4


async def test_D3_ids_are_32_hex_digits_and_never_given_twice(storage: Storage):
    graph = chain(storage, ("q", asks("q")))
    seen: list[str] = []
    for n in range(10):
        question = one(await graph.ainvoke({"log": []}, {"configurable": {"thread_id": f"t{n}"}}))
        assert len(question.id) == 32
        assert set(question.id) <= set("0123456789abcdef")
        seen.append(question.id)
    assert len(set(seen)) == 10


def changing(payloads: list[Any]) -> Any:
    """A node whose payload is another on every run."""

    def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt(payloads.pop(0)), interrupt("later")]}

    return node


async def test_D3_a_changed_question_is_asked_anew_and_the_old_answer_does_not_count(storage: Storage, config: Config):
    graph = chain(storage, ("pay", changing([{"amount": 100}, {"amount": 200}, {"amount": 200}, {"amount": 200}])))
    old = one(await graph.ainvoke({"log": []}, config))
    new = one(await graph.ainvoke(Command(resume={old.id: "yes"}), config))
    assert (new.value, new.replaces) == ({"amount": 200}, old.id)
    assert (await rows(storage))[old.id].status == "superseded"
    assert one(await graph.ainvoke(Command(resume={new.id: "yes"}), config)).value == "later"
    assert await graph.ainvoke(Command(resume="ok"), config) == {"log": ["yes", "ok"]}


async def test_D3_the_same_payload_in_another_order_is_the_same_question(storage: Storage, config: Config):
    graph = chain(storage, ("n", changing([{"a": 1, "b": (2,)}, {"b": [2], "a": 1}, {"a": 1, "b": [2]}])))
    await graph.ainvoke({"log": []}, config)
    assert one(await graph.ainvoke(Command(resume="yes"), config)).value == "later"


async def test_D3_later_answers_are_void_when_an_earlier_question_changes(storage: Storage, config: Config):
    @task
    async def inner() -> Any:
        return interrupt("inner")

    payloads = ["p", "p", "p", "p", "p!", "p!", "p!", "p!"]

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt(payloads.pop(0)), interrupt("later"), await inner(), interrupt("last")]}

    graph = chain(storage, ("n", node))
    await graph.ainvoke({"log": []}, config)
    for answer in ("1", "2", "3"):
        await graph.ainvoke(Command(resume=answer), config)
    changed = one(await graph.ainvoke(Command(resume="4"), config))
    assert changed.value == "p!"
    assert one(await graph.ainvoke(Command(resume="new 1"), config)).value == "later"
    assert one(await graph.ainvoke(Command(resume="new 2"), config)).value == "last"
    assert await graph.ainvoke(Command(resume="new 4"), config) == {"log": ["new 1", "new 2", "3", "new 4"]}


async def test_D3_a_question_that_changes_twice_in_a_row_is_an_error_that_names_the_node(
    storage: Storage, config: Config
):
    graph = chain(storage, ("pay", changing([1, 2, 3])))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume="yes"), config)
    with pytest.raises(QuestionChanged, match=r"'pay'.*compute the payload in `once`, or in an earlier node"):
        await graph.ainvoke(Command(resume="yes"), config)


@pytest.mark.parametrize("answer", [False, 0, "", [], {}, None])
async def test_D5_an_empty_answer_is_an_answer(storage: Storage, config: Config, answer: Any):
    graph = chain(storage, ("q", asks("q")))
    question = one(await graph.ainvoke({"log": []}, config))
    assert await graph.ainvoke(Command(resume={question.id: answer}), config) == {"log": [f"q={answer!r}"]}


async def test_D6_parallel_tasks_ask_together_and_one_node_one_after_another(storage: Storage, config: Config):
    def twice(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("first"), interrupt("second")]}

    graph = fan(storage, ("a", asks("a")), ("b", twice))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"a", "first"}
    result = await graph.ainvoke(Command(resume={asked["a"]: 1, asked["first"]: 2}), config)
    assert one(result).value == "second"


async def test_D6_functions_that_run_side_by_side_in_a_node_ask_together(storage: Storage, config: Config):
    @task
    async def ask_for(name: str) -> str:
        await asyncio.sleep(0)
        return f"{name}={interrupt(name)}"

    async def node(state: Log) -> dict[str, Any]:
        return {"log": await asyncio.gather(*(ask_for(name) for name in "abc"))}

    graph = chain(storage, ("n", node))
    asked = ids(await graph.ainvoke({"log": []}, config))
    assert set(asked) == {"a", "b", "c"}
    assert set(ids(await graph.ainvoke(Command(resume={asked["b"]: 2}), config))) == {"a", "c"}
    result = await graph.ainvoke(Command(resume={asked["a"]: 1, asked["c"]: 3}), config)
    assert result == {"log": ["a=1", "b=2", "c=3"]}


async def test_D6_a_task_that_paused_later_is_heard_as_well(storage: Storage, config: Config):
    """While a third one runs, whichever paused task is answered starts at once."""
    answered = asyncio.Event()

    async def later(state: Log) -> dict[str, Any]:
        await until(lambda: waiting(1), "one question left")
        answer = interrupt("later")
        answered.set()
        return {"log": [answer]}

    async def busy(state: Log) -> dict[str, Any]:
        await asyncio.wait_for(answered.wait(), 10)
        return {"log": ["busy"]}

    async def waiting(number: int) -> bool:
        return len(await storage.interrupts()) == number

    graph = fan(storage, ("first", asks("first")), ("later", later), ("busy", busy))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await until(lambda: waiting(2), "both questions")
    asked = {question.value: question.id for question in (await graph.aget_state(config)).interrupts}
    await graph.aanswer(config, {asked["later"]: "now"})
    result = await run
    assert result["log"] == ["now", "busy"]
    assert set(ids(result)) == {"first"}


async def test_D8_a_retry_policy_does_not_see_a_question(storage: Storage, config: Config):
    runs: list[str] = []
    builder = StateGraph(Log).add_edge(START, "q")
    builder.add_node("q", asks("q", runs), retry_policy=RetryPolicy(initial_interval=0, retry_on=lambda error: True))
    graph = builder.compile(storage)
    assert one(await graph.ainvoke({"log": []}, config)).value == "q"
    assert runs == ["q"]


async def test_D8_a_question_does_not_cancel_its_siblings(storage: Storage, config: Config):
    asked = asyncio.Event()

    async def sibling(state: Log) -> dict[str, Any]:
        await asked.wait()
        return {"log": ["sibling"]}

    def q(state: Log) -> dict[str, Any]:
        loop.call_soon_threadsafe(asked.set)
        return {"log": [interrupt("q")]}

    loop = asyncio.get_running_loop()
    graph = fan(storage, ("q", q), ("sibling", sibling))
    result = await graph.ainvoke({"log": []}, config)
    assert result["log"] == ["sibling"]
    assert one(result).value == "q"


async def test_D9_without_a_checkpointer_the_error_says_what_is_missing():
    graph = chain(None, ("q", asks("q")))
    with pytest.raises(InterruptMisused, match=r"compile\(checkpointer=storage\)"):
        await graph.ainvoke({"log": []})


async def test_D9_the_error_cannot_be_swallowed_either():
    def node(state: Log) -> dict[str, Any]:
        try:
            return {"log": [interrupt("may I?")]}
        except Exception:  # noqa: BLE001 - the mistake that must not pass for a yes
            return {"log": ["went on"]}

    with pytest.raises(InterruptMisused, match="node 'n' swallowed the question"):
        await chain(None, ("n", node)).ainvoke({"log": []})


def test_D9_outside_a_node_the_error_says_so():
    with pytest.raises(InterruptMisused, match="outside a node"):
        interrupt("q")


async def test_D9_a_router_cannot_ask(storage: Storage, config: Config):
    builder = StateGraph(Log).add_node("n", logs("n")).add_edge(START, "n")
    graph = builder.add_conditional_edges("n", lambda state: interrupt("where?"), ["n"]).compile(storage)
    with pytest.raises(InterruptMisused, match="outside a node"):
        await graph.ainvoke({"log": []}, config)


async def test_D1_a_payload_that_cannot_be_stored_is_refused_where_it_is_asked(storage: Storage, config: Config):
    def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt({"when": object()})]}

    with pytest.raises(InvalidUpdateError, match="the question's payload: a dict that cannot be stored"):
        await chain(storage, ("n", node)).ainvoke({"log": []}, config)
