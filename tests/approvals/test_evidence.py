"""Somebody with the file writes into it: what is not borne out by votes and by the audit's chain does not run.

In each case a call waits, rows are changed by hand, and the thread goes on as if somebody had decided.
"""

import logging
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graphs import Command
from graphs.agent.desk import Decided
from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve
from storage import Storage
from storage.recent import Recent
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, gated, says
from tests.approvals.till import LEADS, MAX, PAY, Till, recorded, states

APPROVED = """update interrupts set status = 'answered', answer = '{"type": "approve"}', answered_by = 'U0LEA',
              answered_at = 1790000000.0, version = version + 1"""
VERSION = "update threads set version = version + 1"
VOTES = "insert into votes select id, ?, 'T0LOCAL', 1790000000.0, '{}' from interrupts"
ANSWERED = """insert into answers select id, answer, answered_by, answered_at from interrupts"""
DECIDED = """insert into audit select seq + 1, 1790000000.0, 'decision', thread_id, interrupt_id, 'T0LOCAL', 'U0LEA',
             json_set(facts, '$.decision', 'approve'), hash, 'made up' from audit where kind = 'proposal'"""


def by_hand(url: str, storage: Storage, *statements: str) -> None:
    with closing(sqlite3.connect(Path(url.removeprefix("sqlite:///")))) as db, db:
        for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger' and tbl_name = 'audit'"):
            db.execute(f"drop trigger {trigger}")
        for statement in statements:
            db.execute(statement)
        db.execute(VERSION)
    storage.recent = Recent()  # as in a process that has not run it


def vote_of(user: str) -> str:
    return VOTES.replace("?", f"'{user}'")


EDIT = '{"type": "edit", "edited_action": {"name": "pay", "args": {"number": 8, "amount": 5}}}'

BY_HAND: dict[str, Sequence[str]] = {
    "the status": [APPROVED],
    "the status, and the answer's own row": [APPROVED, ANSWERED],
    "the status, and enough votes": [APPROVED, ANSWERED, vote_of("U0LEA"), vote_of("U0MAX")],
    "all, and a decision with a made-up hash": [APPROVED, ANSWERED, vote_of("U0LEA"), vote_of("U0MAX"), DECIDED],
    "the status of a question that is about nothing": [APPROVED, "update interrupts set about = null"],
    "an edit": [APPROVED.replace('{"type": "approve"}', EDIT)],
    "a response": [APPROVED.replace('{"type": "approve"}', '{"type": "respond", "message": "It is paid."}')],
}


@pytest.mark.parametrize("how", BY_HAND)
@pytest.mark.parametrize("when", [lambda args: True, lambda args: args.amount > 50])
async def test_what_was_written_by_hand_runs_nothing_and_is_asked_anew(
    storage: Storage, till: Till, url: str, caplog: pytest.LogCaptureFixture, how: str, when: Any
):
    talk = await till.asked(storage, approvers=LEADS, quorum=2, when=when)
    first = await talk.waiting()
    by_hand(url, storage, *BY_HAND[how])
    with caplog.at_level(logging.ERROR):
        await talk.go_on()
    assert till.paid == []
    assert await talk.results() == []
    new = await talk.waiting()
    assert (new.replaces, new.payload["args"]) == (first.id, PAY)
    (record,) = [row for row in caplog.records if row.name.startswith("graphs")]
    assert first.id in record.getMessage()
    assert "signoff audit verify" in record.getMessage()
    proposals = [row for row in await recorded(storage) if row.kind == "proposal"]
    assert (proposals[-1].interrupt_id, "on record" in proposals[-1].facts) == (new.id, True)


async def test_once_asked_anew_it_runs_on_what_people_decide_then(storage: Storage, till: Till, url: str):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    by_hand(url, storage, *BY_HAND["the status, and enough votes"])
    await talk.go_on()
    await talk.decide(Approve(), LEA)
    assert till.paid == []
    await talk.decide(Approve(), MAX)
    assert till.paid == [(7, Decimal(80), "late")]


async def test_a_vote_written_by_hand_is_none(storage: Storage, till: Till, url: str):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    by_hand(url, storage, vote_of("U0MAX"))
    await talk.decide(Approve(), LEA)
    assert till.paid == []
    assert await states(storage) == ["stale", "waiting"]


@pytest.mark.parametrize("removed", ["votes", "audit where kind = 'vote'", "audit where kind = 'decision'"])
async def test_an_approval_whose_votes_or_decision_were_removed_is_none(
    storage: Storage, till: Till, url: str, removed: str
):
    talk = await till.asked(storage, approvers=LEADS, quorum=1)
    outcome = await talk.desk.decide((await talk.waiting()).id, THREAD, LEA, Approve())
    assert isinstance(outcome, Decided)
    by_hand(url, storage, f"delete from {removed}")
    await talk.go_on()
    assert (till.paid, await states(storage)) == ([], ["stale", "waiting"])


@pytest.mark.parametrize(
    "change",
    [
        "facts = json_set(facts, '$.decision', 'approve', '$.took', 7)",
        "user = 'U0MAX'",
        "interrupt_id = 'x'",
        "previous = 'x'",
        "hash = 'x'",
    ],
)
async def test_a_decision_that_does_not_stand_in_the_chain_is_none(storage: Storage, till: Till, url: str, change: str):
    talk = await till.asked(storage, approvers=LEADS, quorum=1)
    await talk.desk.decide((await talk.waiting()).id, THREAD, LEA, Approve())
    by_hand(url, storage, f"update audit set {change} where kind = 'decision'")
    await talk.go_on()
    assert till.paid == []


@pytest.mark.parametrize(
    ("field", "value"), [("quorum", 1), ("approvers", '["U0LEA", "U0ANA"]'), ("self_approval", "true")]
)
async def test_terms_that_were_changed_while_it_waited_run_nothing_whatever_the_rule_says_now(
    storage: Storage, till: Till, url: str, field: str, value: Any
):
    talk = await till.asked(storage, approvers=LEADS, quorum=2, self_approval=False)
    by_hand(url, storage, f"update interrupts set terms = json_set(terms, '$.terms.{field}', json('{value}'))")
    first = await talk.waiting()
    talk.deploy(gated(till.pay(), when=lambda args: False))  # a rule that asks no longer has no terms to compare with
    for who in (LEA, MAX):
        await talk.desk.decide(first.id, THREAD, who, Approve())
    await talk.go_on()
    assert till.paid == []


async def test_a_claim_that_was_removed_does_not_let_a_call_run_twice(storage: Storage, till: Till, url: str):
    talk = Talk(storage, [till.pay()], calls(("pay", PAY), ("pay", {**PAY, "number": 9})), says("Done."))
    await talk.say("pay twice")
    first, second = await talk.all_waiting()
    await talk.decide(Approve(), ANA, first)
    assert len(till.paid) == 1
    by_hand(url, storage, "delete from claims", "delete from tasks", "update interrupts set consumed = 0")
    await talk.desk.decide(second.id, THREAD, ANA, Approve())
    await talk.go_on()
    assert sorted(number for number, _, _ in till.paid) == [7, 9]
    assert "may have run" in (await talk.waiting()).terms["why"]


async def test_a_question_that_was_removed_is_asked_again(storage: Storage, till: Till, url: str):
    talk = await till.asked(storage)
    by_hand(url, storage, "delete from interrupts")
    await talk.go_on()
    assert till.paid == []
    assert (await talk.waiting()).payload["args"] == PAY


@pytest.mark.parametrize("idempotent", [False, True])
async def test_what_nobody_touched_runs_once(storage: Storage, url: str, idempotent: bool):
    ran: list[int] = []

    @tool(approval=True, idempotent=idempotent)
    def pay(number: int) -> str:
        """Pay."""
        ran.append(number)
        return "paid"

    talk = Talk(storage, [pay], calls(("pay", {"number": 7})), says("Done."))
    await talk.say("pay")
    by_hand(url, storage)
    await talk.decide(Approve())
    assert ran == [7]


async def test_what_a_program_answers_needs_no_votes(storage: Storage, till: Till):
    """It has no desk to vote at: whoever writes the program decides."""
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await talk.graph.ainvoke(Command(resume={"type": "approve"}), CONFIG)
    assert len(till.paid) == 1
