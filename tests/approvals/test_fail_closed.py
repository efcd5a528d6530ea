"""Whatever is not exactly a decision by somebody who may make it, on this question, now: nothing runs."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graphs.agent.desk import Decided, Desk
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond, UnknownDecision, parse_decision
from graphs.approvals.judge import Refused
from graphs.approvals.terms import CHANNEL, Actor, GroupId, UserId
from graphs.errors import AnswerError, GraphError
from storage import Storage, open_storage
from storage.ids import ThreadId
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, says
from tests.approvals.till import LEADS, PAY, Till, hours, recorded, states
from tests.support.clock import Clock

LEADERS = GroupId("S0LEADS")
IN_GROUP = replace(LEA, groups=frozenset({LEADERS}), in_channel=True)


async def unmoved(talk: Talk, till: Till) -> None:
    """Nothing ran, and the question waits as it did."""
    await talk.go_on()
    assert (till.paid, await states(talk.storage)) == ([], ["waiting"])


@pytest.mark.parametrize("approved", [None, "", 0, 1, "yes", {}, "APPROVE", True, [], ["approve"], "approve"])
async def test_C7_only_the_exact_decision_approves(storage: Storage, till: Till, approved: object):
    talk = await till.asked(storage)
    row = await talk.waiting()
    for answer in (approved, {"type": approved}, {"approved": approved}, {"type": "approve", "approved": approved}):
        if answer == {"type": "approve"}:
            continue
        with pytest.raises(UnknownDecision):
            parse_decision(answer)
        with pytest.raises(AnswerError):
            await talk.graph.aanswer(CONFIG, {row.id: answer}, by="U0ANA")
    await unmoved(talk, till)
    await talk.decide(Approve())
    assert len(till.paid) == 1


CHANGES: list[Callable[[Actor], Actor]] = [
    lambda who: replace(who, kind="guest"),
    lambda who: replace(who, kind="bot"),
    lambda who: replace(who, kind="deactivated"),
    lambda who: replace(who, kind="stranger", team="T0OTHER"),
    lambda who: replace(who, groups=frozenset()),
    lambda who: replace(who, groups=frozenset({GroupId("S0OTHER")})),
    lambda who: replace(who, groups=None),
    lambda who: replace(who, user=UserId("U0OTHER"), groups=None),
    lambda who: replace(who, user=UserId(""), groups=frozenset()),
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("decision", [Approve(), Edit("pay", PAY), Reject("no"), Respond("by hand")])
async def test_one_change_of_who_decides_and_it_is_refused(
    storage: Storage, till: Till, change: Callable[[Actor], Actor], decision: Decision
):
    talk = await till.asked(storage, approvers=[LEADERS])
    reason = await talk.refused(decision, change(IN_GROUP))
    assert reason
    await unmoved(talk, till)
    assert (await recorded(storage))[-1].kind == "refusal"
    assert isinstance(await talk.desk.decide((await talk.waiting()).id, THREAD, IN_GROUP, decision), Decided)


@pytest.mark.parametrize("in_channel", [None, False])
async def test_who_is_not_in_the_conversation_or_may_not_be_is_refused(
    storage: Storage, till: Till, in_channel: bool | None
):
    talk = await till.asked(storage, approvers=[CHANNEL])
    await talk.refused(Approve(), replace(LEA, in_channel=in_channel))
    await unmoved(talk, till)
    await talk.decide(Approve(), replace(LEA, in_channel=True))
    assert len(till.paid) == 1


@pytest.mark.parametrize(
    "decision",
    [
        Edit("refund", PAY),
        Edit("", PAY),
        Edit("PAY", PAY),
        Edit("pay ", PAY),
    ],
)
async def test_C3_an_edit_changes_no_tool(storage: Storage, till: Till, decision: Edit):
    talk = await till.asked(storage)
    assert "another tool" in await talk.refused(decision)
    await unmoved(talk, till)


@pytest.mark.parametrize(
    "forged",
    ["", "0" * 32, "x", "' or 1=1 --", "0" * 10_000, "\x00", "call_1"],
)
async def test_an_id_of_nothing_or_of_another_database_is_refused(storage: Storage, till: Till, forged: str):
    talk = await till.asked(storage)
    outcome = await talk.desk.decide(forged, THREAD, ANA, Approve())
    assert outcome == Refused("This button belongs to no question of this conversation. Look for the newest card.")
    await unmoved(talk, till)


async def test_another_databases_question_is_none_of_this_one(storage: Storage, till: Till, tmp_path: Path):
    talk = await till.asked(storage)
    async with open_storage(f"sqlite:///{tmp_path / 'other.db'}") as other:
        copy = await till.asked(other)
        row = await copy.waiting()
    assert isinstance(await talk.desk.decide(row.id, THREAD, ANA, Approve()), Refused)
    await unmoved(talk, till)


@pytest.mark.parametrize("thread", ["T0LOCAL/D0ANA/2.0", "", "t0local/d0ana/1.0", THREAD + " "])
async def test_another_threads_question_is_refused(storage: Storage, till: Till, thread: str):
    talk = await till.asked(storage)
    row = await talk.waiting()
    assert isinstance(await talk.desk.decide(row.id, ThreadId(thread), ANA, Approve()), Refused)
    assert isinstance(await talk.desk.waiting(row.id, ThreadId(thread), ANA, "edit"), Refused)
    await unmoved(talk, till)


@pytest.mark.parametrize("again", [Approve(), Edit("pay", PAY), Reject("no"), Respond("x")])
@pytest.mark.parametrize("first", [Approve(), Edit("pay", {**PAY, "amount": 1}), Reject("no"), Respond("x")])
async def test_A5_a_payload_sent_again_is_refused(storage: Storage, till: Till, first: Decision, again: Decision):
    talk = await till.asked(storage)
    row = await talk.decide(first)
    paid = list(till.paid)
    assert "already" in await talk.refused(again, ANA, row)
    with pytest.raises(GraphError):
        await talk.graph.aanswer(CONFIG, {row.id: {"type": "approve"}}, by="U0ANA")
    with pytest.raises(GraphError):
        await talk.go_on()
    assert till.paid == paid
    assert len(paid) == isinstance(first, Approve | Edit)


async def test_the_answer_to_one_question_is_not_the_answer_to_its_sibling(storage: Storage, till: Till):
    talk = Talk(storage, [till.pay()], calls(("pay", PAY), ("pay", PAY)), says("Done."))
    await talk.say("pay")
    first, second = await talk.all_waiting()
    await talk.decide(Approve(), row=first)
    assert len(till.paid) == 1
    assert (await talk.waiting()).id == second.id


@pytest.mark.parametrize("moment", [0.0, 1.0, 86_400.0])
async def test_from_the_deadline_on_nothing_counts(storage: Storage, till: Till, clock: Clock, moment: float):
    talk = await till.asked(storage, expires_after=hours(1))
    clock.forward(hours=1, seconds=moment)
    assert "expired" in await talk.refused(Approve())
    assert till.paid == []


def raises(args: Any) -> bool:
    raise RuntimeError("no")


@pytest.mark.parametrize(
    "when", [raises, lambda args: None, lambda args: 0, lambda args: "", lambda args: args.nothing]
)
async def test_C7_a_policy_that_does_not_say_no_asks(storage: Storage, till: Till, when: Any):
    talk = await till.asked(storage, when=when)
    await unmoved(talk, till)


async def test_no_approver_is_the_requester_and_nobody_else(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=[])
    await talk.refused(Approve(), IN_GROUP)
    await unmoved(talk, till)
    await talk.decide(Approve(), ANA)
    assert len(till.paid) == 1


async def test_a_group_that_cannot_be_resolved_approves_nothing(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=[LEADERS, CHANNEL])
    assert "could not be checked" in await talk.refused(Approve(), replace(LEA, groups=None, in_channel=None))
    await unmoved(talk, till)


async def test_C7_an_unknown_tool_never_runs_and_is_named(storage: Storage, till: Till):
    talk = Talk(storage, [till.pay()], calls(("pay_", PAY)), says("I see."))
    await talk.say("pay")
    (result,) = await talk.results()
    assert "'pay_'" in result
    assert (till.paid, await talk.all_waiting()) == ([], [])


async def test_a_decision_for_a_doubt_is_none_for_an_approval(storage: Storage, till: Till):
    talk = await till.asked(storage)
    row = await talk.waiting()
    for choice in ("it_ran", "run_again", "give_up"):
        outcome = await talk.desk.settle_doubt(row.id, THREAD, ANA, choice)
        assert outcome == Refused("That button does not belong to this question. Look at the card as it is now.")
    await unmoved(talk, till)


async def test_a_desk_of_another_agent_decides_only_what_is_asked(storage: Storage, till: Till):
    """The desk needs the tool for an edit alone; what may be decided stands with the question."""
    talk = await till.asked(storage, approvers=LEADS)
    desk = Desk(storage, Talk(storage, [], says("x")).agent.toolbox)
    row = await talk.waiting()
    assert isinstance(await desk.decide(row.id, THREAD, LEA, Edit("pay", PAY)), Refused)
    assert isinstance(await desk.decide(row.id, THREAD, ANA, Approve()), Refused)
    await unmoved(talk, till)
