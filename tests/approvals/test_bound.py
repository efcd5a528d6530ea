"""An approval holds for the very call that was approved: if anything changed before it runs, it is asked anew.

From one valid approval, one thing at a time is changed; the unchanged one runs.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from graphs.agent.desk import Decided
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Reject, Respond
from graphs.approvals.judge import Refused
from storage import Storage
from tests.agent.conversing import ANA, LEA, THREAD, Talk, gated
from tests.approvals.till import PAY, Till, approvals, hours, states
from tests.support.clock import Clock

Change = Callable[[Tool[..., Any]], Tool[..., Any]]


async def approved(storage: Storage, till: Till, **policy: Any) -> Talk:
    """Approved, and not yet run."""
    talk = await till.asked(storage, **policy)
    outcome = await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Approve())
    assert isinstance(outcome, Decided)
    assert await states(storage) == ["approved"]
    return talk


def another_schema(_: Tool[..., Any]) -> Tool[..., Any]:
    @tool(approval=Approval())
    def pay(number: int, amount: Decimal, note: str = "", fee: int = 0) -> str:
        """Pay an amount.

        Args:
            number: the order's number
        """
        raise AssertionError("not approved like this")

    return pay


def another_hint(_: Tool[..., Any]) -> Tool[..., Any]:
    @tool(approval=Approval())
    def pay(number: int, amount: Decimal, note: str = "") -> str:
        """Pay an amount.

        Args:
            number: the number of cents
        """
        raise AssertionError("not approved like this")

    return pay


async def test_C2_what_did_not_change_runs(storage: Storage, till: Till):
    talk = await approved(storage, till)
    talk.deploy(till.pay())
    await talk.go_on()
    assert till.paid == [(7, Decimal(80), "late")]
    assert await states(storage) == ["done"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (another_schema, "the tool's schema changed while this waited"),
        (another_hint, "the tool's schema changed while this waited"),
        (lambda pay: gated(pay, approvers=["U0LEA"]), "the rule for this call changed while it waited"),
        (lambda pay: gated(pay, approvers=["requester", "U0LEA"], quorum=2), "the rule for this call changed"),
        (lambda pay: gated(pay, self_approval=False, approvers=["U0LEA"]), "the rule for this call changed"),
        (lambda pay: gated(pay, allow={"approve"}), "the rule for this call changed"),
        (lambda pay: gated(pay, expires_after=hours(1)), "the rule for this call changed"),
        (lambda pay: gated(pay, when=lambda args: True), "the rule for this call changed"),
        (lambda pay: replace(pay, description="Pay twice."), "the tool's description changed while this waited"),
    ],
)
async def test_C2_a_change_before_it_runs_is_asked_anew_and_says_why(
    storage: Storage, till: Till, change: Change, why: str
):
    talk = await approved(storage, till)
    talk.deploy(change(till.pay()))
    await talk.go_on()
    assert till.paid == []
    first, second = await approvals(storage)
    assert (first.state, second.state) == ("stale", "waiting")
    assert why in second.row.terms["why"]
    assert (first.replaced_by, second.row.replaces) == (second.row.id, first.row.id)
    assert "already approved" in await talk.refused(Approve(), ANA, first.row)


async def test_C2_a_new_approval_runs_what_it_was_given_for(storage: Storage, till: Till):
    talk = await approved(storage, till)
    talk.deploy(gated(till.pay(), approvers=["U0LEA"]))
    await talk.go_on()
    await talk.decide(Approve(), LEA)
    assert till.paid == [(7, Decimal(80), "late")]
    assert await states(storage) == ["stale", "done"]


async def test_C2_a_change_that_is_taken_back_does_not_revive_what_was_stale(storage: Storage, till: Till):
    talk = await approved(storage, till)
    talk.deploy(gated(till.pay(), approvers=["U0LEA"]))
    await talk.go_on()
    new = await talk.waiting()
    await talk.desk.decide(new.id, THREAD, LEA, Reject("no"))
    talk.deploy(till.pay())
    await talk.go_on()
    assert till.paid == []
    assert await states(storage) == ["stale", "rejected"]


async def test_C2_any_number_of_releases_may_come_while_it_waits(storage: Storage, till: Till):
    talk = await approved(storage, till)
    for description in ("Pay once.", "Pay twice.", "Pay thrice."):
        talk.deploy(replace(till.pay(), description=description))
        await talk.go_on()
        assert till.paid == []
        await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Approve())
    await talk.go_on()
    assert len(till.paid) == 1
    assert await states(storage) == ["stale", "stale", "stale", "done"]


async def test_C2_a_rule_that_asks_no_longer_takes_nothing_from_an_approval(storage: Storage, till: Till):
    talk = await approved(storage, till)
    talk.deploy(gated(till.pay(), when=lambda args: False))
    await talk.go_on()
    assert len(till.paid) == 1


async def test_C2_a_rule_that_asks_no_longer_frees_no_call_whose_schema_changed(storage: Storage, till: Till):
    talk = await approved(storage, till)
    talk.deploy(gated(another_schema(till.pay()), when=lambda args: False))
    await talk.go_on()
    assert till.paid == []
    assert await states(storage) == ["stale", "waiting"]
    assert (await talk.waiting()).terms["terms"]["approvers"] == ["requester"]


@pytest.mark.parametrize("decision", [Reject("no"), Respond("by hand")])
async def test_C2_what_is_no_approval_stands_after_any_change(storage: Storage, till: Till, decision: Reject | Respond):
    talk = await till.asked(storage)
    await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, decision)
    talk.deploy(another_schema(till.pay()))
    await talk.go_on()
    assert (till.paid, await talk.all_waiting()) == ([], [])


def rename(pay: Tool[..., Any]) -> list[Tool[..., Any]]:
    return [replace(pay, name="send")]


@pytest.mark.parametrize("release", [rename, lambda pay: []])
async def test_C7_a_tool_that_is_renamed_or_gone_never_runs(storage: Storage, till: Till, release: Any):
    talk = await approved(storage, till)
    talk.deploy(*release(till.pay()))
    await talk.go_on()
    assert till.paid == []
    assert await talk.results() == [str(message) for message in await talk.results() if "no tool 'pay'" in message]
    assert await states(storage) == ["stale"]


TAMPERED = [
    ("data", '{"amount":800,"note":"late","number":7}'),
    ("data", '{"amount":80,"note":"late","number":8}'),
    ("data", '{"amount":80,"note":"soon","number":7}'),
    ("data", '{"amount":80,"fee":1,"note":"late","number":7}'),
    ("data", '{"amount":80,"number":7}'),
    ("data", '{"amount":80.0,"note":"late","number":7}'),
    ("data", '{"amount":"80","note":"late","number":7}'),
    ("data", '{"amount": 80, "note": "late", "number": 7}'),
    ("terms.tool", "send"),
    ("terms.args_digest", "0" * 64),
    ("terms.schema_digest", "0" * 64),
    ("terms.policy", "0" * 64),
    ("terms.requester", "U0LEA"),
    ("terms.quorum", 0),
    ("terms.approvers", ["U0ANA"]),
    ("terms.self_approval", False),
    ("terms.allow", ["approve"]),
]


@pytest.mark.sqlite
@pytest.mark.parametrize(("field", "value"), TAMPERED)
async def test_C2_an_approval_whose_record_was_changed_does_not_run(
    storage: Storage, till: Till, url: str, field: str, value: Any
):
    talk = await approved(storage, till)
    change_terms(url, field, value)
    await talk.go_on()
    assert till.paid == []
    assert await states(storage) == ["stale", "waiting"]


@pytest.mark.sqlite
@pytest.mark.parametrize("value", [81, 80.5, "80", None])
async def test_C2_a_payload_that_was_changed_does_not_run(storage: Storage, till: Till, url: str, value: Any):
    talk = await approved(storage, till)
    with sqlite3.connect(path_of(url)) as db:
        db.execute("update interrupts set payload = json_set(payload, '$.args.amount', ?)", (value,))
    db.close()
    await talk.go_on()
    assert till.paid == []
    assert (await talk.waiting()).payload["args"] == PAY


async def test_A5_an_approval_is_used_once(storage: Storage, till: Till):
    """Handing it in again, as a second click or a copied request does, changes nothing."""
    talk = await approved(storage, till)
    (asked,) = await approvals(storage)
    for _ in range(3):
        assert isinstance(await talk.desk.decide(asked.row.id, THREAD, ANA, Approve()), Refused)
        if not till.paid:
            await talk.go_on()
    assert len(till.paid) == 1


async def test_an_approval_past_its_deadline_is_refused_and_one_in_time_runs_late(
    storage: Storage, till: Till, clock: Clock
):
    talk = await approved(storage, till, expires_after=hours(1))
    clock.forward(hours=5)
    await talk.go_on()
    assert len(till.paid) == 1


def change_terms(url: str, field: str, value: Any) -> None:
    """Change one thing that is stored beside the question, as somebody with the file could."""
    text = value if isinstance(value, str) else None
    with sqlite3.connect(path_of(url)) as db:
        if text is not None:
            db.execute(f"update interrupts set terms = json_set(terms, '$.{field}', ?)", (text,))
        else:
            encoded = "true" if value is True else "false" if value is False else str(value).replace("'", '"')
            db.execute(f"update interrupts set terms = json_set(terms, '$.{field}', json(?))", (encoded,))
    db.close()


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
