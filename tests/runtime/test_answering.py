"""Section A of docs/behaviour.md: whose answer counts, when, and for which question."""

import asyncio
import json
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graphs import END, START, Command, StateGraph, entrypoint, interrupt, task
from graphs.errors import (
    AlreadyAnswered,
    AmbiguousResume,
    AnswerError,
    GraphError,
    InvalidAnswer,
    NotWaiting,
    ThreadBusy,
    ThreadWaiting,
    UnknownInterrupt,
)
from graphs.runtime.asking import Question, ask
from graphs.runtime.types import Config
from storage import Storage, interrupts, open_storage, threads
from storage.ids import InterruptId, ThreadId
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.support.clock import Clock
from tests.support.waiting import until

CHILD = Path(__file__).with_name("answering_child.py")


async def row_of(storage: Storage, interrupt_id: str) -> interrupts.InterruptRow:
    row = await storage.read(lambda db: interrupts.get(db, interrupt_id))
    assert row is not None
    return row


async def status_of(storage: Storage, thread_id: str = "t1") -> str:
    row = await storage.read(lambda db: threads.get(db, ThreadId(thread_id)))
    assert row is not None
    return row.status


async def test_A1_one_bare_answer_goes_to_the_one_question_that_waits(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(Command(resume="yes"), config) == {"log": ["q='yes'"]}


async def test_A1_one_bare_answer_for_two_questions_is_refused_and_nothing_is_consumed(
    storage: Storage, config: Config
) -> None:
    runs: list[str] = []
    graph = fan(storage, ("a", asks("a", runs)), ("b", asks("b", runs)))
    asked = ids(await graph.ainvoke({"log": []}, config))
    with pytest.raises(AmbiguousResume) as refused:
        await graph.ainvoke(Command(resume="yes"), config)
    assert set(refused.value.ids) == set(asked.values())
    assert all(interrupt_id in str(refused.value) for interrupt_id in asked.values())
    assert len(runs) == 2
    assert ids(await graph.ainvoke(None, config)) == asked


async def test_A2_a_map_may_be_partial_and_the_others_stay_under_the_same_id(storage: Storage, config: Config) -> None:
    graph = fan(storage, ("a", asks("a")), ("b", asks("b")), then=logs("then"))
    asked = ids(await graph.ainvoke({"log": []}, config))
    partly = await graph.ainvoke(Command(resume={asked["b"]: 2}), config)
    assert partly["log"] == ["b=2"]
    assert ids(partly) == {"a": asked["a"]}
    assert (await graph.ainvoke(Command(resume={asked["a"]: 1}), config))["log"] == ["a=1", "b=2", "then"]


@pytest.mark.parametrize("answer", [{"ok": True}, {"A" * 32: 1}, {"a" * 31: 1}, {"a" * 32: 1, "note": 2}])
async def test_A2_a_dict_with_other_keys_is_one_answer(storage: Storage, config: Config, answer: Any) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    assert (await graph.ainvoke(Command(resume=answer), config))["log"] == [f"q={answer!r}"]


async def test_A2_one_bad_id_refuses_the_whole_map(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = fan(storage, ("a", asks("a", runs)), ("b", asks("b", runs)))
    asked = ids(await graph.ainvoke({"log": []}, config))
    for bad in ({uuid.uuid4().hex: 2}, {asked["b"]: object()}):
        with pytest.raises(GraphError):
            await graph.ainvoke(Command(resume={asked["a"]: 1} | bad), config)
        with pytest.raises(GraphError):
            await graph.aanswer(config, {asked["a"]: 1} | bad)
    assert len(runs) == 2
    assert (await row_of(storage, asked["a"])).status == "waiting"


async def test_A2_an_empty_map_is_an_error(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(AnswerError, match="name the id"):
        await graph.ainvoke(Command(resume={}), config)
    with pytest.raises(AnswerError, match="answers nothing"):
        await graph.aanswer(config, {})


async def test_A3_an_unknown_id_is_said_to_be_unknown(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    unknown = uuid.uuid4().hex
    for attempt in (graph.ainvoke(Command(resume={unknown: 1}), config), graph.aanswer(config, {unknown: 1})):
        with pytest.raises(UnknownInterrupt, match=unknown):
            await attempt


async def test_A3_another_threads_question_is_unknown_here(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    await graph.ainvoke({"log": []}, config)
    other = ids(await graph.ainvoke({"log": []}, {"configurable": {"thread_id": "t2"}}))["q"]
    with pytest.raises(UnknownInterrupt):
        await graph.aanswer(config, {other: 1})
    assert (await row_of(storage, other)).status == "waiting"


async def test_A3_an_answered_one_says_by_whom_and_when(url: str, config: Config) -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)
    runs: list[str] = []
    async with open_storage(url, clock=lambda: moment) as storage:
        graph = chain(storage, ("q", asks("q", runs)), ("r", asks("r", runs)))
        first = ids(await graph.ainvoke({"log": []}, config))["q"]
        await graph.ainvoke(Command(resume="yes"), config, by="U123")
        for attempt in (
            graph.ainvoke(Command(resume={first: "no"}), config, by="U9"),
            graph.aanswer(config, {first: "no"}, by="U9"),
        ):
            with pytest.raises(AlreadyAnswered, match=r"by 'U123' at 2026-05-04T03:02:01"):
                await attempt
        assert runs == ["q", "q", "r"]
        await graph.ainvoke(Command(resume="yes"), config)
        with pytest.raises(AlreadyAnswered, match="by 'U123'"):
            await graph.ainvoke(Command(resume={first: "no"}), config)


async def test_A3_a_cancelled_one_says_so(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.aupdate_state(config, None, as_node=END)
    with pytest.raises(AlreadyAnswered, match="cancelled"):
        await graph.ainvoke(Command(resume={first: 1}), config)
    with pytest.raises(AlreadyAnswered, match="cancelled"):
        await graph.aanswer(config, {first: 1})


async def test_A3_a_superseded_one_says_so(storage: Storage, config: Config) -> None:
    payloads = iter(["draft 1", "draft 2", "draft 2"])

    def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt(next(payloads))]}

    graph = chain(storage, ("q", node))
    first = ids(await graph.ainvoke({"log": []}, config))["draft 1"]
    second = (await graph.ainvoke(Command(resume="fine"), config))["__interrupt__"][0]
    assert second.replaces == first
    with pytest.raises(AlreadyAnswered, match="superseded"):
        await graph.ainvoke(Command(resume={first: 1}), config)
    assert (await graph.ainvoke(Command(resume={second.id: "ok"}), config))["log"] == ["ok"]


async def test_A3_an_expired_one_says_so(url: str, config: Config) -> None:
    clock = Clock(datetime(2026, 5, 4, tzinfo=UTC))
    runs: list[str] = []

    def node(state: Log) -> dict[str, Any]:
        runs.append("q")
        return {"log": [ask(Question("q", expires_at=datetime(2026, 5, 4, 1, tzinfo=UTC).timestamp())).value]}

    async with open_storage(url, clock=clock) as storage:
        graph = chain(storage, ("q", node))
        first = ids(await graph.ainvoke({"log": []}, config))["q"]
        clock.forward(hours=2)
        for attempt in (graph.ainvoke(Command(resume="yes"), config), graph.aanswer(config, {first: "yes"})):
            with pytest.raises(AlreadyAnswered, match="expired at 2026-05-04T01:00"):
                await attempt
    assert runs == ["q"]


async def test_A4_a_refused_answer_changes_nothing(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q", response_schema=int)))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    with pytest.raises(InvalidAnswer):
        await graph.ainvoke(Command(resume="many"), config)
    row = await row_of(storage, first)
    assert (row.status, row.version, row.answer) == ("waiting", 1, None)
    assert (await graph.ainvoke(Command(resume=3), config))["log"] == ["q=3"]


async def test_A4_of_many_simultaneous_answers_one_wins(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    outcomes = await asyncio.gather(
        *(graph.aanswer(config, {first: n}, by=f"U{n}") for n in range(20)), return_exceptions=True
    )
    winner = outcomes.index(None)
    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == 19
    assert all(isinstance(refusal, AlreadyAnswered) and f"'U{winner}'" in str(refusal) for refusal in refusals)
    assert (await graph.ainvoke(None, config))["log"] == [f"q={winner}"]


async def _children(url: str, tmp_path: Path, what: str, count: int, interrupt_id: str) -> list[dict[str, Any]]:
    """Start processes that all open the database, let them go at one moment, and read how each ended."""
    children = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, str(CHILD), what, url, interrupt_id, f"U{number}"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        for number in range(count)
    ]
    async with asyncio.timeout(30):
        for child in children:
            assert child.stdout
            assert await child.stdout.readline() == b"ready\n"

        for child in children:
            assert child.stdin
            child.stdin.write(b"go\n")
        outputs = [await child.communicate() for child in children]
    return [json.loads(output) for output, _ in outputs]


@pytest.mark.slow
async def test_A4_across_processes_one_answer_wins(url: str, tmp_path: Path, config: Config) -> None:
    async with open_storage(url) as storage:
        graph = chain(storage, ("q", asks("q")))
        first = ids(await graph.ainvoke({"log": []}, config))["q"]
        outcomes = await _children(url, tmp_path, "answer", 4, first)
        winners = [outcome["by"] for outcome in outcomes if outcome["outcome"] == "stored"]
        assert len(winners) == 1
        losers = [outcome for outcome in outcomes if outcome["outcome"] != "stored"]
        assert {outcome["outcome"] for outcome in losers} == {"AlreadyAnswered"}
        assert all(f"'{winners[0]}'" in outcome["message"] for outcome in losers)
        assert (await graph.ainvoke(None, config))["log"] == [f"q='{winners[0]}'"]


async def test_A5_an_answer_is_never_the_answer_to_the_next_question(storage: Storage, config: Config) -> None:
    def node(state: Log) -> dict[str, Any]:
        return {"log": [interrupt("one"), interrupt("two")]}

    graph = chain(storage, ("n", node), ("m", asks("m")))
    one = ids(await graph.ainvoke({"log": []}, config))["one"]
    two = ids(await graph.ainvoke(Command(resume={one: 1}), config))["two"]
    assert one != two
    assert ids(await graph.ainvoke(None, config)) == {"two": two}
    with pytest.raises(AlreadyAnswered):
        await graph.ainvoke(Command(resume={one: 1}), config)
    later = await graph.ainvoke(Command(resume={two: 2}), config)
    assert later["log"] == [1, 2]
    assert list(ids(later)) == ["m"]


async def test_A5_an_answer_is_not_there_for_a_later_run_of_the_same_node(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.ainvoke(Command(resume={first: 1}), config)
    again = await graph.ainvoke({"log": []}, config)
    assert ids(again)["q"] != first
    with pytest.raises(AlreadyAnswered):
        await graph.aanswer(config, {first: 2})
    assert (await graph.ainvoke(Command(resume=3), config))["log"] == ["q=1", "q=3"]


async def test_A6_a_failed_tasks_answer_stays_for_the_retry_and_its_question_is_settled_then(
    storage: Storage, config: Config
) -> None:
    down = [True]

    def node(state: Log) -> dict[str, Any]:
        answer = interrupt("q")
        if down[0]:
            raise ConnectionError("the shop is down")
        return {"log": [answer]}

    graph = chain(storage, ("q", node))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    with pytest.raises(ConnectionError):
        await graph.ainvoke(Command(resume="go"), config)
    assert (await row_of(storage, first)).status == "reopened"
    assert [question.id for question in (await graph.aget_state(config)).interrupts] == [first]
    down[0] = False
    assert await graph.ainvoke(None, config) == {"log": ["go"]}
    assert (await row_of(storage, first)).status == "answered"
    with pytest.raises(AlreadyAnswered):
        await graph.aanswer(config, {first: "other"})


async def test_A6_a_reopened_question_takes_one_new_answer_and_the_old_one_stays_on_record(
    storage: Storage, config: Config
) -> None:
    graph = chain(storage, ("q", lambda state: {"log": [100 // interrupt("q")]}))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke(Command(resume=0), config, by="U1")
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke(None, config)
    assert await graph.ainvoke(Command(resume={first: 4}), config, by="U2") == {"log": [25]}

    def given(db: Any) -> list[Any]:
        cursor = db.execute("select answer, answered_by from answers where interrupt_id = ?", (first,))
        return [tuple(row) for row in cursor.fetchall()]

    assert await storage.read(given) == [("0", "U1"), ("4", "U2")]
    assert (await row_of(storage, first)).answered_by == "U2"


async def test_A6_only_the_last_answer_is_reopened(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", lambda state: {"log": [interrupt("a") // interrupt("b")]}))
    a = ids(await graph.ainvoke({"log": []}, config))["a"]
    b = ids(await graph.ainvoke(Command(resume=8), config))["b"]
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke(Command(resume=0), config)
    assert (await row_of(storage, a)).status == "answered"
    assert (await row_of(storage, b)).status == "reopened"
    assert await graph.ainvoke(Command(resume=2), config) == {"log": [4]}


async def test_A6_a_router_that_raised_over_an_answer_sees_the_new_one(storage: Storage, config: Config) -> None:
    def route(state: Log) -> str:
        if state["log"] == ["q='left'"]:
            raise ValueError("no way left")
        return END

    builder = StateGraph(Log).add_node("q", asks("q")).add_edge(START, "q").add_conditional_edges("q", route, [END])
    graph = builder.compile(storage)
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    with pytest.raises(ValueError, match="no way left"):
        await graph.ainvoke(Command(resume="left"), config)
    assert await graph.ainvoke(Command(resume={first: "right"}), config) == {"log": ["q='right'"]}


async def test_A6_a_question_in_a_task_of_a_flow_is_reopened_when_that_task_failed(
    storage: Storage, config: Config
) -> None:
    @task
    async def share(n: int) -> int:
        return n // interrupt("how many?")

    @entrypoint(storage)
    async def flow(n: int) -> int:
        return await share(n)

    first = ids(await flow.ainvoke(12, config))["how many?"]
    with pytest.raises(ZeroDivisionError):
        await flow.ainvoke(Command(resume=0), config)
    assert await flow.ainvoke(Command(resume={first: 4}), config) == 3


async def test_A6_a_tool_approval_is_never_reopened(storage: Storage, config: Config) -> None:
    def node(state: Log) -> dict[str, Any]:
        ask(Question("refund?", kind="tool_approval"))
        raise RuntimeError("the tool failed")

    graph = chain(storage, ("q", node))
    first = ids(await graph.ainvoke({"log": []}, config))["refund?"]
    with pytest.raises(RuntimeError):
        await graph.ainvoke(Command(resume="approve"), config)
    assert (await row_of(storage, first)).status == "answered"
    with pytest.raises(AlreadyAnswered):
        await graph.ainvoke(Command(resume={first: "approve"}), config)


async def test_A7_resuming_what_does_not_wait_is_an_error(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)))
    for nothing in (Command(resume=1), Command(resume={uuid.uuid4().hex: 1}), Command(update={"log": []}), None):
        with pytest.raises(NotWaiting):
            await graph.ainvoke(nothing, config)
    assert await storage.read(lambda db: threads.get(db, ThreadId("t1"))) is None
    await graph.ainvoke({"log": []}, config)
    for nothing in (Command(resume=1), Command(resume={uuid.uuid4().hex: 1}), None):
        with pytest.raises(NotWaiting):
            await graph.ainvoke(nothing, config)
    await storage.delete_thread("t1")
    with pytest.raises(NotWaiting):
        await graph.ainvoke(Command(resume=1), config)
    assert runs == ["a"]


async def test_A8_an_answer_an_update_and_a_goto_combine(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    builder = StateGraph(Log)
    for name, node in (("a", asks("a", runs)), ("b", logs("b", runs)), ("extra", logs("extra", runs))):
        builder.add_node(name, node)
    builder.add_edge(START, "a").add_edge(START, "b").add_conditional_edges("a", lambda state: END, ["extra", END])
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    result = await graph.ainvoke(Command(resume=1, update={"log": ["u"]}, goto="extra"), config)
    assert sorted(result["log"]) == ["a=1", "b", "extra", "u"]
    assert sorted(runs) == ["a", "a", "b", "extra"]


async def test_A8_with_breakpoints_an_update_does_not_stop_what_was_let_pass(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", asks("a")), interrupt_before="*")
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(None, config)
    assert await graph.ainvoke(Command(resume=1, update={"log": ["u"]}), config) == {"log": ["u", "a=1"]}


async def test_A8_a_goto_on_a_finished_thread_stops_before_a_node_with_a_breakpoint(
    storage: Storage, config: Config
) -> None:
    runs: list[str] = []
    builder = StateGraph(Log).add_node("a", asks("a")).add_node("deploy", logs("deploy", runs))
    builder.add_edge(START, "a").add_conditional_edges("a", lambda state: END, ["deploy", END])
    graph = builder.compile(storage, interrupt_before=["deploy"])
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume=1), config)
    await graph.ainvoke(Command(goto="deploy"), config)
    assert runs == []
    assert len((await graph.aget_state(config)).breakpoints) == 1
    assert await graph.ainvoke(None, config) == {"log": ["a=1", "deploy"]}


async def test_A9_new_input_while_waiting_is_refused_and_changes_nothing(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": ["first"]}, config))
    with pytest.raises(ThreadWaiting, match="on_waiting='cancel'"):
        await graph.ainvoke({"log": ["second"]}, config)
    assert ids(await graph.ainvoke(None, config)) == asked
    assert (await graph.ainvoke(Command(resume=1), config))["log"] == ["first", "q=1"]


async def test_A9_new_input_does_not_lose_an_answer_that_was_stored(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.aanswer(config, {first: "yes"})
    with pytest.raises(ThreadWaiting):
        await graph.ainvoke({"log": ["second"]}, config)
    assert (await graph.ainvoke(None, config))["log"] == ["q='yes'"]


async def test_A9_cancel_keeps_what_siblings_wrote_and_then_runs_the_input(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = fan(
        storage, ("a", asks("a", runs)), ("b", asks("b", runs)), ("c", logs("c", runs)), then=logs("then", runs)
    )
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.ainvoke(Command(resume={asked["b"]: 1}), config, by="U1")
    again = await graph.ainvoke({"log": ["new"]}, config, on_waiting="cancel")
    assert again["log"] == ["b=1", "c", "new", "c"]
    assert (await row_of(storage, asked["a"])).status == "cancelled"
    assert (await row_of(storage, asked["b"])).status == "answered"
    asked = ids(again)
    done = await graph.ainvoke(Command(resume={asked["a"]: 2, asked["b"]: 3}), config)
    assert done["log"] == ["b=1", "c", "new", "a=2", "b=3", "c", "then"]


async def test_A9_cancel_passes_over_a_stored_answer_too(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("q", asks("q")))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.aanswer(config, {first: "yes"})
    second = ids(await graph.ainvoke({"log": ["new"]}, config, on_waiting="cancel"))["q"]
    assert (await row_of(storage, first)).status == "cancelled"
    assert (await graph.ainvoke(Command(resume={second: "no"}), config))["log"] == ["new", "q='no'"]


async def test_A10_waiting_questions_are_found_across_threads(url: str) -> None:
    clock = Clock(datetime(2026, 5, 4, tzinfo=UTC))

    def node(state: Log) -> dict[str, Any]:
        deadline = clock.now + timedelta(hours=1)
        return {"log": [ask(Question("approve?", kind="tool_approval", expires_at=deadline.timestamp())).value]}

    async with open_storage(url, clock=clock) as storage:
        plain, gated = chain(storage, ("q", asks("q"))), chain(storage, ("q", node))
        configs: list[Config] = [{"configurable": {"thread_id": f"t{number}"}} for number in range(4)]
        first = ids(await plain.ainvoke({"log": []}, configs[0]))["q"]
        clock.forward(hours=2)
        second = ids(await gated.ainvoke({"log": []}, configs[1]))["approve?"]
        third = ids(await plain.ainvoke({"log": []}, configs[2]))["q"]
        await plain.ainvoke(Command(resume=1), configs[2])

        async def found(**criteria: Any) -> list[str]:
            return [row.id for row in await storage.interrupts(**criteria)]

        assert await found() == [first, second]
        assert await found(limit=1) == [first]
        assert await found(kind="tool_approval") == [second]
        assert await found(thread_id="t0") == [first]
        assert await found(status="answered") == [third]
        assert await found(status=None) == [first, second, third]
        assert await found(asked_before=clock.now - timedelta(hours=1)) == [first]
        assert await found(expires_before=clock.now + timedelta(hours=1, seconds=1)) == [second]
        assert await found(expires_before=clock.now) == []


async def test_A11_answering_stores_and_runs_nothing(storage: Storage, config: Config) -> None:
    runs: list[str] = []
    graph = chain(storage, ("q", asks("q", runs)))
    first = ids(await graph.ainvoke({"log": []}, config))["q"]
    await graph.aanswer(config, {first: "yes"}, by="U1")
    assert runs == ["q"]
    assert (await graph.aget_state(config)).next == ("q",)
    row = await row_of(storage, first)
    assert (row.status, row.answered_by) == ("answered", "U1")
    assert await graph.ainvoke(None, config) == {"log": ["q='yes'"]}


async def test_A11_on_a_running_thread_answer_and_run_is_busy_and_stores_nothing(
    storage: Storage, config: Config
) -> None:
    gate = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await gate.wait()
        return {"log": ["slow"]}

    graph = fan(storage, ("q", asks("q")), ("slow", slow))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await until(lambda: _asked(storage), "a question")
    (row,) = await storage.interrupts()
    with pytest.raises(ThreadBusy):
        await graph.ainvoke(Command(resume=1), config)
    with pytest.raises(ThreadBusy):
        await graph.ainvoke({"log": []}, config, on_waiting="cancel")
    with pytest.raises(ThreadBusy):
        await graph.aupdate_state(config, {"log": []}, as_node="q")
    assert (await row_of(storage, row.id)).status == "waiting"
    gate.set()
    assert ids(await run) == {"q": row.id}


async def _asked(storage: Storage) -> bool:
    return bool(await storage.interrupts())


async def test_A11_a_question_answered_while_its_step_runs_starts_its_task_at_once(
    storage: Storage, config: Config
) -> None:
    answered = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await answered.wait()  # never ends unless the answered task runs beside it
        return {"log": ["slow"]}

    async def quick(state: Log) -> dict[str, Any]:
        answer = interrupt("q")
        answered.set()
        return {"log": [answer]}

    graph = fan(storage, ("q", quick), ("slow", slow))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await until(lambda: _asked(storage), "a question")
    await graph.aanswer(config, {InterruptId((await storage.interrupts())[0].id): "yes"})
    async with asyncio.timeout(5):
        assert await run == {"log": ["yes", "slow"]}


async def test_A11_a_failed_task_answered_anew_while_its_step_runs_runs_again(storage: Storage, config: Config) -> None:
    answered = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await answered.wait()
        return {"log": ["slow"]}

    async def quick(state: Log) -> dict[str, Any]:
        share = 12 // interrupt("q")
        answered.set()
        return {"log": [share]}

    graph = fan(storage, ("q", quick), ("slow", slow))
    run = asyncio.create_task(graph.ainvoke({"log": []}, config))
    await until(lambda: _asked(storage), "a question")
    first = (await storage.interrupts())[0].id
    await graph.aanswer(config, {first: 0})

    async def reopened() -> bool:
        return (await row_of(storage, first)).status == "reopened"

    await until(reopened, "the question to be reopened")
    await graph.aanswer(config, {first: 3})
    async with asyncio.timeout(5):
        assert await run == {"log": [4, "slow"]}


@pytest.mark.slow
async def test_A11_an_answer_from_another_process_is_seen_within_half_a_second(
    url: str, tmp_path: Path, config: Config
) -> None:
    seen = asyncio.Event()

    async def slow(state: Log) -> dict[str, Any]:
        await seen.wait()
        return {"log": ["slow"]}

    async def quick(state: Log) -> dict[str, Any]:
        answer = interrupt("q")
        seen.set()
        return {"log": [answer]}

    async with open_storage(url) as storage:
        graph = fan(storage, ("q", quick), ("slow", slow))
        run = asyncio.create_task(graph.ainvoke({"log": []}, config))
        await until(lambda: _asked(storage), "a question")
        first = (await storage.interrupts())[0].id
        (outcome,) = await _children(url, tmp_path, "answer", 1, first)
        assert outcome["outcome"] == "stored"
        assert await run == {"log": ["U0", "slow"]}
        delay = datetime.now(UTC).timestamp() - outcome["at"]
        assert delay < 2, "half a second, and what this machine takes to start"


async def test_A11_a_run_does_not_give_its_thread_back_over_an_answer(storage: Storage, config: Config) -> None:
    """The answer comes in the very moment in which the task that asked ends: the same run goes on with it."""
    pending: list[asyncio.Task[None]] = []

    def answer_at_once() -> None:
        async def give() -> None:
            await until(lambda: _asked(storage), "a question")
            await graph.aanswer(config, {(await storage.interrupts())[0].id: "yes"})

        pending.append(asyncio.create_task(give()))

    async def node(state: Log) -> dict[str, Any]:
        if not pending:
            answer_at_once()
        return {"log": [interrupt("q")]}

    graph = chain(storage, ("q", node))
    result = await graph.ainvoke({"log": []}, config)
    await pending[0]
    if "__interrupt__" in result:  # it was given back before the answer came: then the thread says that there is news
        assert await status_of(storage) == "waiting"
        result = await graph.ainvoke(None, config)
    assert result["log"] == ["yes"]
    assert await status_of(storage) == "done"
