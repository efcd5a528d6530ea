"""A quorum is counted in people, each vote once, and the card can say how far it is."""

import asyncio
from dataclasses import replace

import pytest

from graphs.agent.desk import Decided
from graphs.approvals.decisions import Approve, Edit, Reject
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from storage import Storage, votes
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk
from tests.approvals.till import LEADS, MAX, PAY, TOM, Till, approvals, states
from tests.support.rows import votes_of


async def vote(talk: Talk, who: Actor) -> Decided | Refused:
    return await talk.desk.decide((await talk.waiting()).id, THREAD, who, Approve())


async def test_the_call_runs_with_the_last_vote_that_is_needed_and_not_before(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    first = await vote(talk, LEA)
    assert isinstance(first, Decided)
    assert first.missing == 1
    await talk.go_on()
    assert till.paid == []
    (asked,) = await approvals(storage)
    assert (asked.voters, asked.state) == (["U0LEA"], "waiting")
    second = await vote(talk, MAX)
    assert isinstance(second, Decided)
    assert second.missing == 0
    await talk.go_on()
    assert len(till.paid) == 1
    (asked,) = await approvals(storage)
    assert (asked.voters, asked.state) == (["U0LEA", "U0MAX"], "done")


async def test_one_person_votes_once(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await vote(talk, LEA)
    again = await vote(talk, LEA)
    assert again == Refused("You have approved this already; it waits for 1 more.")
    assert len(await storage.read(lambda db: votes_of(db, THREAD))) == 1
    assert till.paid == []


async def test_one_rejection_ends_it_whatever_the_votes(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=3)
    await vote(talk, LEA)
    await vote(talk, MAX)
    await talk.decide(Reject("no"), TOM)
    assert (till.paid, await states(storage)) == ([], ["rejected"])


async def test_who_somebody_was_when_they_voted_is_kept(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=["S0LEADS"], quorum=2)
    await vote(talk, replace(LEA, groups=frozenset({"S0LEADS"}), in_channel=False))
    (row,) = await storage.read(lambda db: votes_of(db, THREAD))
    assert (row.user, row.team) == ("U0LEA", "T0LOCAL")
    assert row.facts == {"kind": "member", "groups": ["S0LEADS"], "in_channel": False}
    assert row.at == storage.now()


@pytest.mark.parametrize("changes", [{"kind": "guest"}, {"kind": "deactivated"}, {"user": UserId("U0OTHER")}])
async def test_a_vote_that_may_not_be_given_is_not_counted(storage: Storage, till: Till, changes: dict[str, object]):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await vote(talk, MAX)
    assert isinstance(await vote(talk, replace(LEA, **changes)), Refused)  # pyright: ignore[reportArgumentType]
    (asked,) = await approvals(storage)
    assert (asked.voters, asked.state) == (["U0MAX"], "waiting")


async def test_the_requesters_own_vote_does_not_count_where_somebody_else_has_to(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=["requester", *LEADS], quorum=2, self_approval=False)
    assert isinstance(await vote(talk, ANA), Refused)
    await vote(talk, LEA)
    await vote(talk, MAX)
    await talk.go_on()
    assert len(till.paid) == 1


async def test_votes_at_the_same_moment_all_count(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=3)
    outcomes = await asyncio.gather(*(vote(talk, who) for who in (LEA, MAX, TOM)))
    assert sorted(each.missing for each in outcomes if isinstance(each, Decided)) == [0, 1, 2]
    await talk.go_on()
    assert len(till.paid) == 1


async def test_a_vote_changes_what_a_decision_was_judged_on(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    before = await talk.waiting()
    await vote(talk, LEA)
    assert (await talk.waiting()).version == before.version + 1


async def test_votes_do_not_carry_over_to_an_edited_call(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await vote(talk, LEA)
    await talk.decide(Edit("pay", {**PAY, "amount": 90}), MAX)
    first, second = await approvals(storage)
    assert (first.state, first.replaced_by) == ("superseded", second.row.id)
    assert (second.voters, second.state) == (["U0MAX"], "waiting")
    await talk.decide(Approve(), LEA)
    assert [amount for _, amount, _ in till.paid] == [90]


async def test_with_the_thread_its_votes_are_deleted(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    row = await talk.waiting()
    await vote(talk, LEA)
    await storage.delete_thread(THREAD)
    assert await storage.read(lambda db: votes.of(db, [row.id])) == []
    assert (await talk.graph.aget_state(CONFIG)).values == {}
