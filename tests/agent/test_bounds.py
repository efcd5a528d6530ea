"""How far a model goes by itself: calls of a reply, of a turn, replies of a turn, and calls in a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from graphs import Command
from graphs.agent.agent import Agent
from graphs.agent.bounds import Bounds, in_a_row
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve
from graphs.errors import AlreadyAnswered
from storage import Storage, deadlines
from storage.interrupts import InterruptRow
from tests.agent.conversing import CONFIG, Line, Talk, calls, says
from tests.support.clock import Clock

RAN: list[str] = []


@tool
def look(what: str) -> str:
    """Look something up."""
    RAN.append(what)
    return f"{what} is there"


@tool(approval=Approval())
def write(what: str) -> str:
    """Write something."""
    return f"wrote {what}"


@pytest.fixture(autouse=True)
def ran() -> list[str]:
    RAN.clear()
    return RAN


class Bounded(Talk):
    def __init__(self, storage: Storage, bounds: Bounds, *lines: Line) -> None:
        self.bounds = bounds
        super().__init__(storage, [look, write], *lines)

    def deploy(self, *tools: Tool[..., Any]) -> None:
        super().deploy(*tools)
        self.graph = Agent("Be brief.", tools).compile(self.model, self.storage, bounds=self.bounds)

    async def answered(self, row: InterruptRow, answer: Any) -> dict[str, Any]:
        return await self.graph.ainvoke(Command(resume={row.id: answer}), CONFIG, by="U0ANA")

    async def notice(self) -> str | None:
        return (await self.messages())[-1].get("notice")


def looks(*names: Any) -> Any:
    return calls(*[("look", {"what": str(name)}) for name in names])


async def test_a_reply_with_too_many_calls_runs_none_of_them_and_says_so(storage: Storage, ran: list[str]):
    talk = Bounded(storage, Bounds(calls_of_reply=3), looks(1, 2, 3, 4), says("One at a time, then."))
    await talk.say("look everywhere")
    notice = "The model wanted 4 calls at once; one reply may have 3. None was run. Ask for less at a time."
    assert await talk.notice() == notice
    assert ran == []
    assert "tool_calls" not in (await talk.messages())[-1]
    assert (await talk.say("then?"))["messages"][-1]["content"] == "One at a time, then."


async def test_a_turn_has_so_many_calls(storage: Storage, ran: list[str]):
    talk = Bounded(storage, Bounds(calls=4), looks(1, 2), looks(3, 4), says("never asked for"))
    await talk.say("look everywhere")
    said = "This request has taken 4 calls, the most that one may take, so it ends here."
    assert await talk.notice() == f"{said} What was done is done. Write again to go on."
    assert sorted(ran) == ["1", "2", "3", "4"]
    assert len(talk.model.asked) == 2


async def test_a_reply_that_goes_beyond_what_is_left_of_a_turn_is_not_begun(storage: Storage, ran: list[str]):
    talk = Bounded(storage, Bounds(calls=4), looks(1, 2, 3), looks(4, 5))
    await talk.say("look everywhere")
    assert (await talk.notice() or "").startswith("The model wanted 2 calls more after 3; one request may have 4.")
    assert sorted(ran) == ["1", "2", "3"]


async def test_a_turn_has_so_many_replies_and_the_next_begins_anew(storage: Storage):
    lines = [looks(1), looks(2), says("not said"), says("Hello.")]
    talk = Bounded(storage, Bounds(replies=2), *lines)
    await talk.say("look everywhere")
    assert (await talk.notice() or "").startswith("This request has taken 2 replies, the most that one may take")
    assert (await talk.say("hello"))["messages"][-1]["content"] == "Hello."


async def test_after_so_many_calls_in_a_row_the_person_is_asked_before_the_model_is(storage: Storage):
    talk = Bounded(storage, Bounds(in_a_row=3), looks(1, 2), looks(3), looks(4), says("That is all."))
    await talk.say("look everywhere")
    row = await talk.waiting()
    assert (row.kind, row.requester, row.terms) == ("question", "U0ANA", None)
    assert row.payload == {"question": "3 calls in a row for this request. Go on?"}
    assert row.expires_at == pytest.approx(row.created_at + timedelta(hours=24).total_seconds(), abs=5)
    assert len(talk.model.asked) == 2
    result = await talk.answered(row, True)
    assert result["messages"][-1]["content"] == "That is all."
    assert await talk.all_waiting() == []


async def test_after_yes_as_many_follow_before_it_is_asked_again(storage: Storage):
    talk = Bounded(storage, Bounds(in_a_row=2), looks(1, 2), looks(3), looks(4), says("Done."))
    await talk.say("look everywhere")
    await talk.answered(await talk.waiting(), True)
    second = await talk.waiting()
    assert second.payload == {"question": "2 calls in a row for this request. Go on?"}
    assert (await talk.answered(second, True))["messages"][-1]["content"] == "Done."


async def test_no_ends_the_turn_with_every_call_answered(storage: Storage):
    talk = Bounded(storage, Bounds(in_a_row=2), looks(1, 2), says("not said"), says("Hello."))
    await talk.say("look everywhere")
    row = await talk.waiting()
    await talk.answered(row, False)
    assert (
        await talk.notice()
        == "Ended after 2 calls in a row, as asked for. What was done is done. Write again to go on."
    )
    assert await talk.results() == ["1 is there", "2 is there"]
    assert len(talk.model.asked) == 1
    with pytest.raises(AlreadyAnswered):
        await talk.answered(row, True)
    assert (await talk.say("hello"))["messages"][-1]["content"] == "Hello."


async def test_a_question_that_nobody_answers_ends_the_turn(storage: Storage, clock: Clock):
    talk = Bounded(storage, Bounds(in_a_row=1), looks(1))
    await talk.say("look")
    late = (await talk.waiting()).expires_at or 0.0
    await storage.write(lambda db: deadlines.expire(db, late + 1))
    await talk.go_on()
    assert (await talk.notice() or "").startswith("Nobody said whether to go on after 1 call in a row.")


async def test_a_call_that_a_person_decided_begins_the_count_anew(storage: Storage):
    lines = [looks(1), calls(("write", {"what": "it"})), looks(2), says("Done.")]
    talk = Bounded(storage, Bounds(in_a_row=3), *lines)
    await talk.say("write it")
    await talk.decide(Approve())
    assert (await talk.messages())[-1]["content"] == "Done."
    assert in_a_row(await talk.messages()) == 1


async def test_a_failure_after_yes_is_not_asked_about_again(storage: Storage):
    def away(messages: Sequence[Any]) -> Any:
        raise OSError("the model is away")

    talk = Bounded(storage, Bounds(in_a_row=1), looks(1), away)
    await talk.say("look")
    row = await talk.waiting()
    with pytest.raises(OSError, match="away"):
        await talk.answered(row, True)
    assert await talk.all_waiting() == []
    assert [each.status for each in await talk.questions()] == ["answered"]
    talk.model.lines = [looks(1), says("Here again.")]
    assert (await talk.go_on())["messages"][-1]["content"] == "Here again."


def test_what_was_said_before_the_last_message_of_a_person_does_not_count():
    def call(id_: str) -> dict[str, Any]:
        return {"role": "assistant", "content": "", "tool_calls": [{"id": id_, "function": {}}]}

    def result(id_: str, **more: Any) -> dict[str, Any]:
        return {"role": "tool", "tool_call_id": id_, "content": "", **more}

    user = {"role": "user", "content": "look"}
    assert in_a_row([]) == 0
    assert in_a_row([user]) == 0
    assert in_a_row([user, call("a"), result("a"), user]) == 0
    assert in_a_row([user, call("a"), result("a"), call("b"), result("b")]) == 2
    assert in_a_row([user, call("a"), result("a", answered=True), call("b"), result("b")]) == 1
    assert in_a_row([user, call("a"), result("a", answered=True)]) == 0
