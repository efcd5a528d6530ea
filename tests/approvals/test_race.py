"""Exactly one decision, at most one run: many people click in two processes on one file, at once."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest

from graphs.agent.desk import Decided
from graphs.approvals.decisions import Approve, Edit, Reject
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from storage import audit, open_storage
from storage.audit import Verified
from tests.agent.conversing import ANA, LEA, THREAD
from tests.approvals.till import PAY, Till, recorded, states
from tests.support.rows import claims_of, votes_of

ROOT = Path(__file__).parents[2]
CLICKS = 20


def clickers(url: str, interrupt_id: str, decision: str) -> dict[str, str]:
    """What each of twenty people is told, of whom ten click in either of two processes."""
    command = [sys.executable, "-m", "tests.approvals.clicking_child", url, interrupt_id, decision]
    children = [
        subprocess.Popen([*command, str(first), str(last)], cwd=ROOT, stdin=-1, stdout=-1, text=True)
        for first, last in ((0, CLICKS // 2), (CLICKS // 2, CLICKS))
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    told: dict[str, str] = {}
    for child in children:
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0
        told |= json.loads(said)
    assert len(told) == CLICKS
    return told


@pytest.mark.slow
@pytest.mark.parametrize("decision", ["approve", "either"])
async def test_of_twenty_clicks_in_two_processes_one_wins_and_the_others_are_told_who(
    url: str, till: Till, decision: str
):
    people = [f"U0P{number}" for number in range(CLICKS)]
    async with open_storage(url) as storage:
        talk = await till.asked(storage, approvers=people)
        row = await talk.waiting()
    told = await asyncio.to_thread(clickers, url, row.id, decision)
    (winner,) = [user for user, said in told.items() if said == "counts, 0 missing"]
    async with open_storage(url) as storage:
        talk.storage = storage
        talk.deploy(till.pay(approvers=people))
        (asked,) = await talk.questions()
        assert asked.answered_by == winner
        verb = "approved" if json.loads(asked.answer or "")["type"] == "approve" else "rejected"
        assert {said.rpartition(" at ")[0] for user, said in told.items() if user != winner} == {
            f"This call was already {verb} by <@{winner}>"
        }
        await asyncio.gather(talk.go_on(), return_exceptions=True)
        assert len(till.paid) == (verb == "approved")
        assert len(await storage.read(lambda db: claims_of(db, THREAD))) == len(till.paid)
        kinds = [each.kind for each in await recorded(storage)]
        assert (kinds.count("decision"), kinds.count("refusal")) == (1, CLICKS - 1)
        assert isinstance(await audit.verify(storage.read), Verified)


@pytest.mark.slow
async def test_of_twenty_votes_in_two_processes_none_is_lost_and_the_quorum_ends_it(url: str, till: Till):
    """The version moves with every vote, so some are judged again, and who was too often too late is told so."""
    people = [f"U0P{number}" for number in range(CLICKS)]
    async with open_storage(url) as storage:
        talk = await till.asked(storage, approvers=people, quorum=15)
        row = await talk.waiting()
    told = await asyncio.to_thread(clickers, url, row.id, "approve")
    counted = [user for user, said in told.items() if said.startswith("counts")]
    assert all("already approved" in said or "try again" in said for said in told.values() if "counts" not in said)
    async with open_storage(url) as storage:
        cast = await storage.read(lambda db: votes_of(db, THREAD))
        assert sorted(vote.user for vote in cast) == sorted(counted)
        (asked,) = await storage.interrupts(status=None)
        assert (asked.status == "answered") is (len(cast) == 15)
        assert len(cast) <= 15
        assert asked.version == 1 + len(cast)


async def test_of_different_decisions_at_once_one_stands(url: str, till: Till):
    async with open_storage(url) as one, open_storage(url) as other:
        talk = await till.asked(one)
        row = await talk.waiting()
        desks = [talk.desk, type(talk.desk)(other, talk.agent.toolbox)]
        decisions = [Approve(), Reject("no"), Edit("pay", {**PAY, "amount": 10})] * 4
        outcomes = await asyncio.gather(
            *(desks[n % 2].decide(row.id, THREAD, ANA, decision) for n, decision in enumerate(decisions))
        )
        (won,) = [decisions[n] for n, outcome in enumerate(outcomes) if isinstance(outcome, Decided)]
        await talk.go_on()
        assert len(till.paid) == (not isinstance(won, Reject))
        assert len(await talk.questions()) == 1 + isinstance(won, Edit)
        assert await talk.all_waiting() == []


async def test_a_question_that_moves_at_each_look_is_given_up_after_three(url: str, till: Till):
    """Whoever decides is told to look again, and nothing of it is stored."""
    people = [f"U0P{number}" for number in range(40)]
    async with open_storage(url) as storage:
        talk = await till.asked(storage, approvers=[*people, "U0LEA"], quorum=41)
        row = await talk.waiting()
        clicks = [
            talk.desk.decide(row.id, THREAD, Actor(UserId(user), "T0LOCAL", "member"), Approve()) for user in people
        ]
        outcomes = await asyncio.gather(*clicks)
        counted = [outcome for outcome in outcomes if isinstance(outcome, Decided)]
        assert {outcome.reason.split(".")[0] for outcome in outcomes if isinstance(outcome, Refused)} == {
            "Others are deciding about this call at this very moment"
        }
        assert len(await storage.read(lambda db: votes_of(db, THREAD))) == len(counted) >= 3
        assert not isinstance(await talk.desk.decide(row.id, THREAD, LEA, Approve()), Refused)
        assert (till.paid, await states(storage)) == ([], ["waiting"])
