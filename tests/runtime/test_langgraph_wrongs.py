"""Section W of docs/behaviour.md: what LangGraph 1.2.22 gets wrong, and what happens here."""

import asyncio
import operator
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from graphs import END, START, Command, Send, StateGraph, interrupt, once
from graphs.errors import (
    AlreadyAnswered,
    AnswerError,
    GraphChanged,
    InDoubt,
    InterruptMisused,
    NotWaiting,
    QuestionChanged,
    ThreadBusy,
    ThreadWaiting,
    UnknownInterrupt,
)
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks, chain, fan, ids, logs
from tests.runtime.children import CONFIG, Child, build


def two_questions(state: Log) -> dict[str, Any]:
    return {"log": [interrupt("q1"), interrupt("q2")]}


async def test_W1_going_on_does_not_answer_the_next_question_with_the_old_answer(storage: Storage, config: Config):
    graph = chain(storage, ("n", two_questions))
    await graph.ainvoke({"log": []}, config)
    asked = ids(await graph.ainvoke(Command(resume=True), config))
    assert set(asked) == {"q2"}
    assert ids(await graph.ainvoke(None, config)) == asked
    assert await graph.ainvoke(Command(resume=False), config) == {"log": [True, False]}


async def test_W2_an_id_that_is_sent_twice_does_not_answer_the_next_question(storage: Storage, config: Config):
    graph = chain(storage, ("n", two_questions))
    asked = ids(await graph.ainvoke({"log": []}, config))
    await graph.ainvoke(Command(resume={asked["q1"]: "yes"}), config)
    with pytest.raises(AlreadyAnswered):
        await graph.ainvoke(Command(resume={asked["q1"]: "yes"}), config)
    assert [question.value for question in (await graph.aget_state(config)).interrupts] == ["q2"]


async def test_W2_of_concurrent_scalars_one_is_accepted(storage: Storage, config: Config):
    runs: list[str] = []
    refused: list[Exception] = []
    others_ended = asyncio.Event()

    async def held(state: Log) -> dict[str, Any]:
        """What is sent after the next question is asked would answer that."""
        await others_ended.wait()
        return {"log": []}

    graph = chain(storage, ("q", asks("q", runs)), ("held", held), ("later", asks("later")))
    await graph.ainvoke({"log": []}, config)

    async def answer(number: int) -> dict[str, Any] | None:
        try:
            return await graph.ainvoke(Command(resume=number), config)
        except (ThreadBusy, AlreadyAnswered) as error:
            refused.append(error)
            if len(refused) == 4:
                others_ended.set()
            return None

    (stands,) = filter(None, await asyncio.gather(*map(answer, range(5))))
    assert set(ids(stands)) == {"later"}
    assert runs == ["q", "q"]
    assert (await graph.ainvoke(Command(resume="now"), config))["log"] == [*stands["log"], "later='now'"]


async def test_W2_a_scalar_that_was_overtaken_does_not_answer_the_next_question(
    storage: Storage, config: Config, monkeypatch: pytest.MonkeyPatch
):
    graph, other = (chain(storage, ("q", asks("q")), ("later", asks("later"))) for _ in range(2))
    await graph.ainvoke({"log": []}, config)
    read = storage.read

    async def overtaken(job: Any) -> Any:
        """What was read is old by the time it is used: somebody else has answered."""
        found = await read(job)
        monkeypatch.setattr(storage, "read", read)
        await graph.ainvoke(Command(resume="first"), config)
        return found

    monkeypatch.setattr(storage, "read", overtaken)
    with pytest.raises(AlreadyAnswered):
        await other.ainvoke(Command(resume="second"), config)
    assert [question.value for question in (await graph.aget_state(config)).interrupts] == ["later"]


async def test_W3_an_answer_that_makes_the_node_raise_can_be_replaced(storage: Storage, config: Config):
    def node(state: Log) -> dict[str, Any]:
        return {"log": [100 // interrupt("by?")]}

    graph = chain(storage, ("n", node))
    asked = ids(await graph.ainvoke({"log": []}, config))
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke(Command(resume={asked["by?"]: 0}), config)
    assert await graph.ainvoke(Command(resume={asked["by?"]: 4}), config) == {"log": [25]}


async def test_W3_also_when_it_was_asked_deep_inside(storage: Storage, config: Config):
    async def divide() -> int:
        return 100 // interrupt("by?")

    async def node(state: Log) -> dict[str, Any]:
        return {"log": [await once("divide", divide)]}

    inner = chain(None, ("inner", node))

    async def outer(state: Log) -> dict[str, Any]:
        return {"log": (await inner.ainvoke({"log": []}))["log"]}

    graph = chain(storage, ("outer", outer))
    asked = ids(await graph.ainvoke({"log": []}, config))
    with pytest.raises(ZeroDivisionError):
        await graph.ainvoke(Command(resume={asked["by?"]: 0}), config)
    assert await graph.ainvoke(Command(resume={asked["by?"]: 4}), config) == {"log": [25]}


async def test_W4_two_concurrent_resumes_are_one_execution_and_one_error(url: str, config: Config):
    runs: list[str] = []
    async with open_storage(url) as one, open_storage(url) as two:
        graphs = [chain(storage, ("q", asks("q", runs))) for storage in (one, two)]
        asked = ids(await graphs[0].ainvoke({"log": []}, config))
        results = await asyncio.gather(
            *(graph.ainvoke(Command(resume={asked["q"]: "yes"}), config) for graph in graphs), return_exceptions=True
        )
        (error,) = [result for result in results if isinstance(result, Exception)]
    assert {"log": ["q='yes'"]} in results
    assert isinstance(error, ThreadBusy | AlreadyAnswered | NotWaiting)
    assert runs == ["q", "q"]


class Calls(TypedDict):
    calls: list[str]
    done: Annotated[list[str], operator.add]


async def test_W5_two_gated_calls_are_each_asked_once_and_run_with_their_own_answer(storage: Storage, config: Config):
    ran: list[str] = []

    async def tool(call: str) -> dict[str, Any]:
        decision = interrupt({"call": call})
        if decision == "approve":
            await once("run", ran.append, call)
        return {"done": [f"{call}: {decision}"]}

    def fan_out(state: Calls) -> list[Send]:
        return [Send("tool", call) for call in state["calls"]]

    builder = StateGraph(Calls).add_node("tool", tool).add_conditional_edges(START, fan_out, ["tool"])
    graph = builder.compile(storage)
    result = await graph.ainvoke({"calls": ["refund", "cancel"]}, config)
    asked = {question.value["call"]: question.id for question in result["__interrupt__"]}
    assert set(asked) == {"refund", "cancel"}
    result = await graph.ainvoke(Command(resume={asked["cancel"]: "approve"}), config)
    assert [question.id for question in result["__interrupt__"]] == [asked["refund"]]
    assert ran == ["cancel"]
    result = await graph.ainvoke(Command(resume={asked["refund"]: "reject"}), config)
    assert result["done"] == ["refund: reject", "cancel: approve"]
    assert ran == ["cancel"]
    assert len(await storage.interrupts(status=None)) == 2


async def test_W6_an_edit_keeps_what_a_finished_sibling_wrote_and_the_join_fires(storage: Storage, config: Config):
    runs: list[str] = []
    graph = fan(storage, ("q", asks("q", runs)), ("a", logs("a", runs)), then=logs("then", runs))
    await graph.ainvoke({"log": []}, config)
    await graph.aupdate_state(config, {"log": ["edited"]}, as_node="q")
    assert sorted((await graph.ainvoke(None, config))["log"]) == ["a", "edited", "then"]
    assert sorted(runs) == ["a", "q", "then"]


async def test_W7_a_router_that_raised_after_its_node_wrote_is_run_again(storage: Storage, config: Config):
    runs: list[str] = []
    failing = [True]

    def router(state: Log) -> str:
        if failing:
            raise LookupError("not now")
        return "b"

    builder = StateGraph(Log).add_node("a", asks("a", runs)).add_node("b", logs("b", runs)).add_edge(START, "a")
    graph = builder.add_conditional_edges("a", router, ["b", END]).compile(storage)
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(LookupError):
        await graph.ainvoke(Command(resume=1), config)
    failing.clear()
    assert await graph.ainvoke(None, config) == {"log": ["a=1", "b"]}
    assert runs == ["a", "a", "b"]


@pytest.mark.parametrize("state", ["fresh", "deleted", "finished"])
async def test_W8_a_thread_that_waits_for_nothing_cannot_be_resumed(storage: Storage, config: Config, state: str):
    runs: list[str] = []
    graph = chain(storage, ("a", logs("a", runs)))
    if state != "fresh":
        await graph.ainvoke({"log": []}, config)
    if state == "deleted":
        await storage.delete_thread("t1")
    before = list(runs)
    for given in (Command(resume="yes"), Command(resume={"0" * 32: "yes"}), None):
        with pytest.raises(NotWaiting):
            await graph.ainvoke(given, config)
    assert runs == before


async def test_W9_new_input_does_not_make_an_approval_vanish(storage: Storage, config: Config):
    graph = fan(storage, ("q", asks("q")), ("a", logs("a")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    with pytest.raises(ThreadWaiting):
        await graph.ainvoke({"log": ["more"]}, config)
    assert ids(await graph.ainvoke(None, config)) == asked
    result = await graph.ainvoke({"log": ["more"]}, config, on_waiting="cancel")
    assert result["log"] == ["a", "more", "a"]
    assert (await storage.interrupts(status="cancelled"))[0].id == asked["q"]
    with pytest.raises(AlreadyAnswered, match="was cancelled"):
        await graph.aanswer(config, {asked["q"]: 1})


async def test_W10_a_node_that_was_renamed_while_waiting_is_an_error(storage: Storage, config: Config):
    asked = ids(await chain(storage, ("old", asks("q"))).ainvoke({"log": []}, config))
    renamed = chain(storage, ("new", asks("q")))
    with pytest.raises(GraphChanged, match="'old'"):
        await renamed.ainvoke(Command(resume=1), config)
    assert {row.id for row in await storage.interrupts()} == set(asked.values())


async def test_W11_what_was_approved_is_not_exchanged_for_what_is_computed_now(storage: Storage, config: Config):
    amounts = iter([100, 200, 200])
    paid: list[int] = []

    def pay(state: Log) -> dict[str, Any]:
        amount = next(amounts)
        if interrupt({"pay": amount}) == "approve":
            paid.append(amount)
        return {}

    graph = chain(storage, ("pay", pay))
    await graph.ainvoke({"log": []}, config)
    result = await graph.ainvoke(Command(resume="approve"), config)
    assert result["__interrupt__"][0].value == {"pay": 200}
    assert paid == []
    await graph.ainvoke(Command(resume="approve"), config)
    assert paid == [200]


async def test_W11_one_that_is_another_on_every_run_is_an_error(storage: Storage, config: Config):
    amounts = iter(range(10))
    graph = chain(storage, ("pay", lambda state: {"log": [interrupt(next(amounts))]}))
    await graph.ainvoke({"log": []}, config)
    await graph.ainvoke(Command(resume="approve"), config)
    with pytest.raises(QuestionChanged):
        await graph.ainvoke(Command(resume="approve"), config)


async def test_W12_commands_that_say_nothing_and_unknown_ids_are_clear_errors(storage: Storage, config: Config):
    graph = chain(storage, ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": []}, config))
    with pytest.raises(AnswerError, match=r"Command\(\) says nothing"):
        await graph.ainvoke(Command(), config)
    with pytest.raises(AnswerError, match=r"resume={}\) answers nothing"):
        await graph.ainvoke(Command(resume={}), config)
    with pytest.raises(UnknownInterrupt, match="0" * 32):
        await graph.ainvoke(Command(resume={"0" * 32: "yes"}), config)
    assert ids(await graph.ainvoke(None, config)) == asked


def careless(state: Log) -> dict[str, Any]:
    try:
        return {"log": [interrupt("q")]}
    except Exception:  # noqa: BLE001 - the mistake that must do no harm
        return {"log": ["swallowed"]}


async def test_W13_except_exception_round_the_question_does_no_harm(storage: Storage, config: Config):
    graph = chain(storage, ("n", careless))
    assert set(ids(await graph.ainvoke({"log": []}, config))) == {"q"}


async def test_W13_a_missing_checkpointer_or_thread_id_is_named(storage: Storage):
    with pytest.raises(InterruptMisused, match="checkpointer"):
        await chain(None, ("q", asks("q"))).ainvoke({"log": []})
    nothing: list[Config | None] = [None, {}, {"configurable": {}}]
    for config in nothing:
        with pytest.raises(ValueError, match="thread_id"):
            await chain(storage, ("q", asks("q"))).ainvoke({"log": []}, config)


@pytest.mark.slow
async def test_W14_an_effect_before_the_crash_is_not_run_again_without_a_word(url: str, tmp_path: Path):
    book = tmp_path / "book"
    async with open_storage(url) as storage:
        await build(storage, book).ainvoke({"log": []}, CONFIG)
        child = Child(url, "answer", book)
        try:
            assert await asyncio.to_thread(child.line) == "effect"
        finally:
            child.kill()
        for _ in range(2):
            with pytest.raises(InDoubt, match="'payment' was begun and its end was never recorded"):
                await build(storage, book).ainvoke(None, CONFIG)
    assert (await asyncio.to_thread(book.read_text)).count("paid") == 1
