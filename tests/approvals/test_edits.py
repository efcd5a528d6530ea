"""C3: an edit asks about the edited call under its own rule, in the transaction that answers the original."""

from decimal import Decimal

from graphs.agent.desk import Decided
from graphs.approvals.decisions import Approve, Edit, Reject
from graphs.approvals.judge import Refused
from storage import Storage
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, gated, says
from tests.approvals.till import LEADS, MAX, PAY, Till, approvals, states


def to(amount: int) -> Edit:
    return Edit("pay", {**PAY, "amount": amount})


async def test_C3_the_edited_call_is_asked_for_in_the_submissions_own_transaction(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    original = await talk.waiting()
    outcome = await talk.desk.decide(original.id, THREAD, LEA, to(90))
    assert isinstance(outcome, Decided)
    new = await talk.waiting()  # nothing has run since
    assert (outcome.replaced_by, outcome.missing) == (new.id, 1)
    assert (new.replaces, new.ordinal, new.scope) == (original.id, original.ordinal + 1, original.scope)
    assert new.payload == {**original.payload, "args": {"number": 7, "amount": 90, "note": "late"}}
    await talk.go_on()
    assert (await talk.waiting()).id == new.id


async def test_C3_links_go_both_ways_and_the_original_reads_superseded(storage: Storage, till: Till):
    talk = await till.asked(storage)
    await talk.decide(to(90))
    first, second = await approvals(storage)
    assert (first.replaced_by, second.row.replaces) == (second.row.id, first.row.id)
    assert await states(storage) == ["superseded", "done"]
    assert till.paid == [(7, Decimal(90), "late")]


async def test_C3_the_editors_vote_runs_it_when_that_is_enough(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS)
    await talk.decide(to(90), LEA)
    assert (till.paid, await talk.all_waiting()) == ([(7, Decimal(90), "late")], [])
    _, second = await approvals(storage)
    assert second.voters == ["U0LEA"]


async def test_C3_an_edit_that_needs_other_approvers_asks_them(storage: Storage, till: Till):
    """The rule of a tool may name others for other arguments only through its approvers; here the rule changed."""
    talk = await till.asked(storage)
    talk.deploy(till.pay(approvers=["U0LEA"]))
    row = await talk.waiting()
    outcome = await talk.desk.decide(row.id, THREAD, ANA, to(500))
    assert isinstance(outcome, Decided)
    assert outcome.missing == 1
    await talk.go_on()
    assert till.paid == []
    assert "not among those who decide" in await talk.refused(Approve(), ANA)
    await talk.decide(Approve(), LEA)
    assert till.paid == [(7, Decimal(500), "late")]


async def test_C3_an_edit_to_what_nobody_has_to_approve_runs(storage: Storage, till: Till):
    talk = await till.asked(storage, when=lambda args: args.amount > 50, approvers=LEADS, quorum=2)
    await talk.decide(to(50), LEA)
    assert (till.paid, await states(storage)) == ([(7, Decimal(50), "late")], ["superseded"])


async def test_C3_an_edit_that_nobody_had_to_approve_asks_when_the_rule_became_stricter_before_it_ran(
    storage: Storage, till: Till
):
    talk = await till.asked(storage, when=lambda args: args.amount > 50)
    row = await talk.waiting()
    await talk.desk.decide(row.id, THREAD, ANA, to(50))
    talk.deploy(till.pay(approvers=["U0LEA"]))
    await talk.go_on()
    assert till.paid == []
    assert (await talk.waiting()).replaces == row.id
    await talk.decide(Approve(), LEA)
    assert till.paid == [(7, Decimal(50), "late")]


async def test_C3_an_edit_may_be_edited_back(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await talk.decide(to(90), LEA)
    await talk.decide(to(80), MAX)
    await talk.decide(Approve(), LEA)
    assert till.paid == [(7, Decimal(80), "late")]
    assert await states(storage) == ["superseded", "superseded", "done"]
    first, second, third = await approvals(storage)
    assert [first.replaced_by, second.replaced_by] == [second.row.id, third.row.id]


async def test_C3_an_edit_that_changes_nothing_is_one_vote_like_another(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await talk.decide(Edit("pay", PAY), LEA)
    assert till.paid == []
    await talk.decide(Approve(), MAX)
    assert till.paid == [(7, Decimal(80), "late")]


async def test_C3_the_edited_call_can_be_rejected(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    await talk.decide(to(90), LEA)
    await talk.decide(Reject("still too much"), MAX)
    assert (till.paid, await states(storage)) == ([], ["superseded", "rejected"])
    assert "Rejected by an approver: still too much" in (await talk.results())[0]


async def test_C3_the_original_takes_no_decision_any_more(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    original = await talk.decide(to(90), LEA)
    for decision in (Approve(), to(20), Reject()):
        assert "already edited by <@U0LEA>" in await talk.refused(decision, MAX, original)
    assert till.paid == []


async def test_C3_an_edit_of_a_tool_that_is_gone_is_refused(storage: Storage, till: Till):
    talk = await till.asked(storage)
    talk.deploy()
    outcome = await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, to(10))
    assert isinstance(outcome, Refused)
    assert "not there any more" in outcome.reason


async def test_C3_an_edit_that_came_without_the_desk_is_asked_about(storage: Storage, till: Till):
    """Whoever answers through the graph says nothing of who they are: nobody's vote is cast."""
    talk = await till.asked(storage)
    original = await talk.waiting()
    edit = {"type": "edit", "edited_action": {"name": "pay", "args": {**PAY, "amount": 90}}}
    await talk.graph.aanswer(CONFIG, {original.id: edit}, by="U0ANA")
    await talk.go_on()
    assert till.paid == []
    assert (await talk.waiting()).replaces == original.id
    await talk.decide(Approve())
    assert till.paid == [(7, Decimal(90), "late")]


async def test_C3_an_edit_in_one_call_leaves_its_sibling_as_it_is(storage: Storage, till: Till):
    talk = Talk(storage, [till.pay()], calls(("pay", PAY), ("pay", {**PAY, "number": 8})), says("Done."))
    await talk.say("pay")
    first, second = sorted(await talk.all_waiting(), key=lambda row: row.payload["args"]["number"])
    await talk.decide(to(90), row=first)
    assert till.paid == [(7, Decimal(90), "late")]
    assert (await talk.waiting()).id == second.id


async def test_C3_an_approved_edit_does_not_run_under_a_rule_that_became_stricter(storage: Storage, till: Till):
    talk = await till.asked(storage)
    row = await talk.waiting()
    await talk.desk.decide(row.id, THREAD, ANA, to(90))
    talk.deploy(gated(till.pay(), approvers=["U0LEA"]))
    await talk.go_on()
    assert till.paid == []
    first, second, third = await approvals(storage)
    assert [first.state, second.state, third.state] == ["superseded", "stale", "waiting"]
    assert third.row.terms["why"] == "the rule for this call changed while it waited"
    assert third.row.payload["args"]["amount"] == 90
