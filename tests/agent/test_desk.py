"""A decision is judged by the question's own terms and stored once; nothing runs by it."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest

from graphs.agent.desk import Decided
from graphs.agent.errors import InvalidArguments
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond
from graphs.approvals.judge import TIMED_OUT, Refused
from graphs.approvals.terms import Actor, UserId
from storage import Storage
from storage.ids import ThreadId
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, says
from tests.support.clock import Clock

ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@tool(approval=Approval(approvers=["U0LEA"], expires_after=timedelta(hours=1)))
def write(text: str) -> str:
    """Write it."""
    ran.append(text)
    return f"wrote {text}"


@tool(approval=Approval(allow={"approve", "reject"}))
def shout(text: str) -> str:
    """Shout it."""
    ran.append(text)
    return "shouted"


async def asked(storage: Storage, name: str = "write") -> Talk:
    talk = Talk(storage, [write, shout], calls((name, {"text": "a"})), says("Done."))
    await talk.say("write a")
    return talk


async def test_a_decision_is_stored_with_who_made_it_and_runs_nothing(storage: Storage, clock: Clock):
    talk = await asked(storage)
    row = await talk.waiting()
    outcome = await talk.desk.decide(row.id, THREAD, LEA, Approve())
    assert outcome == Decided(row)
    (stored,) = await talk.questions()
    assert (stored.status, stored.answered_by, stored.answered_at) == ("answered", "U0LEA", clock.now.timestamp())
    assert ran == []
    await talk.go_on()
    assert ran == ["a"]


@pytest.mark.parametrize(
    ("who", "said"),
    [
        (ANA, "You are not among those who decide about this. Ask <@U0LEA>."),
        (Actor(UserId("U0LEA"), "T0LOCAL", "guest"), "Guests"),
        (Actor(UserId("U0LEA"), "T0ELSE", "stranger"), "Only members of this workspace"),
        (Actor(UserId("U0LEA"), "T0LOCAL", "bot"), "Bots"),
        (Actor(UserId("U0LEA"), "T0LOCAL", "deactivated"), "deactivated"),
    ],
)
async def test_whoever_may_not_decide_changes_nothing(storage: Storage, who: Actor, said: str):
    talk = await asked(storage)
    row = await talk.waiting()
    assert said in await talk.refused(Approve(), who)
    assert await talk.waiting() == row


async def test_the_requester_may_always_reject(storage: Storage):
    talk = await asked(storage)
    await talk.decide(Reject("changed my mind"), ANA)
    assert (await talk.results())[0].startswith("Rejected by the person who asked: changed my mind.")


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Edit("shout", {"text": "b"}), "cannot be answered with Edit"),
        (Respond("b"), "cannot be answered with Respond"),
    ],
)
async def test_what_a_policy_does_not_allow_is_refused(storage: Storage, decision: Decision, said: str):
    talk = await asked(storage, "shout")
    assert said in await talk.refused(decision)


async def test_C3_an_edit_into_another_tool_is_refused(storage: Storage):
    talk = await asked(storage)
    assert "another tool" in await talk.refused(Edit("shout", {"text": "b"}), LEA)


@pytest.mark.parametrize("args", [{"text": 7}, {}])
async def test_C3_an_edit_that_is_not_valid_is_refused_before_it_is_stored(storage: Storage, args: dict[str, Any]):
    talk = await asked(storage)
    row = await talk.waiting()
    with pytest.raises(InvalidArguments):
        await talk.desk.decide(row.id, THREAD, LEA, Edit("write", args))
    assert await talk.waiting() == row


@pytest.mark.parametrize(
    ("decision", "word"),
    [
        (Approve(), "approved"),
        (Edit("write", {"text": "b"}), "edited"),
        (Reject(), "rejected"),
        (Respond("b"), "answered"),
    ],
)
async def test_who_comes_second_hears_who_came_first_and_when(storage: Storage, decision: Decision, word: str):
    talk = await asked(storage)
    row = await talk.decide(decision, LEA)
    said = await talk.refused(Approve(), LEA, row)
    assert re.search(rf"already {word} by <@U0LEA> at <!date\^\d+\^\{{time\}}\|12:00 UTC>", said)


async def test_of_many_at_once_one_stands(storage: Storage):
    talk = await asked(storage)
    row = await talk.waiting()
    decisions: list[Decision] = [Approve(), Reject("no"), Respond("b"), Approve(), Edit("write", {"text": "c"})]
    outcomes = await asyncio.gather(*(talk.desk.decide(row.id, THREAD, LEA, each) for each in decisions))
    assert [isinstance(outcome, Decided) for outcome in outcomes].count(True) == 1
    assert all("already" in outcome.reason for outcome in outcomes if isinstance(outcome, Refused))
    await talk.go_on()
    assert len(ran) <= 1


async def test_a_question_past_its_deadline_takes_nothing(storage: Storage, clock: Clock):
    talk = await asked(storage)
    row = await talk.waiting()
    clock.forward(hours=1)
    assert await talk.refused(Approve(), LEA) == TIMED_OUT
    assert isinstance(await talk.desk.waiting(row.id, THREAD, LEA, "edit"), Refused)


async def test_an_id_of_another_conversation_or_of_none_is_refused(storage: Storage):
    talk = await asked(storage)
    row = await talk.waiting()
    for interrupt_id, thread_id in [(row.id, "T0LOCAL/C0ELSE/1.0"), ("f" * 32, THREAD), ("", THREAD)]:
        outcome = await talk.desk.decide(interrupt_id, ThreadId(thread_id), LEA, Approve())
        assert outcome == Refused("This button belongs to no question of this conversation. Look for the newest card.")


async def test_a_withdrawn_question_says_so(storage: Storage):
    talk = await asked(storage)
    row = await talk.waiting()
    message: dict[str, Any] = {"role": "user", "content": "never mind", "id": "m-other"}
    await talk.graph.ainvoke({"messages": [message]}, CONFIG, on_waiting="cancel")
    assert await talk.refused(Approve(), LEA, row) == "This question was cancelled; it takes no answer any more."


async def test_before_a_form_opens_the_same_is_asked(storage: Storage):
    talk = await asked(storage)
    row = await talk.waiting()
    assert await talk.desk.waiting(row.id, THREAD, LEA, "edit") == row
    assert isinstance(await talk.desk.waiting(row.id, THREAD, ANA, "edit"), Refused)
    assert await talk.desk.waiting(row.id, THREAD, ANA, "reject") == row
    assert isinstance(await talk.desk.settle_doubt(row.id, THREAD, LEA, "it_ran"), Refused)


async def test_a_quorum_of_more_than_one_is_not_met_by_one(storage: Storage):
    @tool(approval=Approval(approvers=["U0LEA", "U0ANA"], quorum=2))
    def launch() -> str:
        """Launch it."""
        ran.append("launch")
        return "gone"

    talk = Talk(storage, [launch], calls(("launch", {})), says("Done."))
    await talk.say("launch")
    await talk.decide(Approve(), LEA)
    assert "approved this already" in await talk.refused(Approve(), LEA)
    assert (ran, len(await talk.all_waiting())) == ([], 1)
    await talk.decide(Approve(), ANA)
    assert ran == ["launch"]
