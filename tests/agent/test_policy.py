"""`Approval`: what it takes, when a call asks, and what changes its fingerprint."""

import functools
import logging
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from graphs.agent.errors import InvalidPolicy
from graphs.agent.policy import Approval, required
from graphs.agent.tools import Tool, tool
from graphs.approvals.terms import Terms

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)


def payment(approval: Approval | bool | None) -> Tool[..., Any]:
    @tool(approval=approval)
    async def pay(amount: Decimal) -> None:
        """Pay."""

    return pay


def asks(approval: Approval | bool | None, amount: Any = 80) -> Terms | None:
    pay = payment(approval)
    return required(pay, pay.validate({"amount": amount}), requester="U0ANA", now=NOW)


def test_the_defaults():
    assert Approval().approvers == ("requester",)
    assert Approval().quorum == 1
    assert Approval().self_approval is True
    assert Approval().allow == {"approve", "edit", "reject", "respond"}
    assert Approval().expires_after == timedelta(hours=24)
    assert Approval().valid_for is None


def test_no_approver_means_the_requester():
    assert Approval(approvers=[]).approvers == ("requester",)


def test_approvers_keep_their_order_and_count_once():
    assert Approval(approvers=["U0LEA", "requester", "U0LEA"]).approvers == ("U0LEA", "requester")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"when": "amount > 50"}, "when='amount > 50'"),
        ({"approvers": "requester"}, r"give a list, \['requester'\]"),
        ({"approvers": ["lea"]}, "'lea' is neither"),
        ({"approvers": ["@lea"]}, "'@lea' is neither"),
        ({"approvers": ["u0lea"]}, "'u0lea' is neither"),
        ({"approvers": ["C0LEADS"]}, "'C0LEADS' is neither"),
        ({"approvers": [None]}, "None is neither"),
        ({"approvers": ["U0LEA\n"]}, "is neither"),
        ({"quorum": 0}, "quorum=0"),
        ({"quorum": -1}, "quorum=-1"),
        ({"quorum": True}, "quorum=True"),
        ({"quorum": 1.0}, "quorum=1.0"),
        ({"quorum": 2}, "only 1 of the approvers"),
        ({"quorum": 3, "approvers": ["U0LEA", "U0ANA"]}, "only 2 of the approvers"),
        ({"self_approval": False}, "only 0 of the approvers"),
        ({"self_approval": "no"}, "self_approval='no'"),
        ({"allow": "approve"}, "give a set"),
        ({"allow": {"approve", "maybe"}}, "there is no decision 'maybe'"),
        ({"allow": set()}, "no decision is allowed"),
        ({"expires_after": timedelta(0)}, "expires_after"),
        ({"expires_after": 3600}, "expires_after=3600"),
        ({"valid_for": timedelta(hours=1)}, "valid_for=.* is not built yet"),
    ],
)
def test_a_policy_that_means_nothing_is_refused_where_it_is_declared(fields: dict[str, Any], says: str):
    with pytest.raises(InvalidPolicy, match=says):
        Approval(**fields)


def test_an_async_when_is_refused():
    async def when(args: Any) -> bool:
        return False

    with pytest.raises(InvalidPolicy, match="async def"):
        Approval(when=when)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("approvers", [["channel"], ["S0LEADS"], ["requester", "S0LEADS"], ["U0LEA", "W0ANA"]])
def test_a_quorum_that_people_could_reach_is_taken(approvers: list[str]):
    assert Approval(approvers=approvers, quorum=2).quorum == 2


def test_without_a_policy_nothing_asks():
    assert asks(None) is None
    assert asks(False) is None


def test_the_terms_say_what_the_approval_is_bound_to():
    approval = Approval(
        when=lambda args: args.amount > 50,
        approvers=["U0LEA", "S0LEADS"],
        quorum=2,
        self_approval=False,
        allow={"reject", "approve"},
    )
    pay = payment(approval)
    arguments = pay.validate({"amount": 80})
    terms = required(pay, arguments, requester="U0ANA", now=NOW)
    assert terms == Terms.model_validate(
        {
            "tool": "pay",
            "args_digest": arguments.digest,
            "schema_digest": pay.schema_digest,
            "policy": approval.fingerprint,
            "rule": "amount is over 50",
            "requester": "U0ANA",
            "approvers": ["U0LEA", "S0LEADS"],
            "quorum": 2,
            "self_approval": False,
            "allow": ["approve", "reject"],
            "expires_at": NOW + timedelta(hours=24),
        }
    )
    assert terms is not None
    assert Terms.model_validate_json(terms.model_dump_json()) == terms


def test_a_call_that_the_policy_lets_pass_does_not_ask():
    approval = Approval(when=lambda args: args.amount > 50)
    assert asks(approval, 50) is None
    assert asks(approval, "50.01") is not None


def test_without_a_when_every_call_asks_and_without_a_deadline_it_waits_for_ever():
    terms = asks(Approval(expires_after=None))
    assert terms is not None
    assert terms.rule == "every call asks"
    assert terms.expires_at is None


def test_c7_a_policy_that_raises_asks(caplog: pytest.LogCaptureFixture):
    terms = asks(Approval(when=lambda args: args.total > 50))
    assert terms is not None
    assert terms.rule == "its rule could not be worked out"
    assert "the policy of tool 'pay' raised; the call asks" in caplog.text
    assert caplog.records[0].exc_info


@pytest.mark.parametrize("answer", [None, 0, "", [], 1, "no", 0.0])
def test_c7_a_policy_without_a_clear_answer_asks(answer: Any, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING):
        terms = asks(Approval(when=lambda args: answer))
    assert terms is not None
    assert terms.rule == "its rule gave no clear answer"
    assert "instead of a bool" in caplog.text


def test_a_policy_cannot_change_the_arguments():
    def when(args: Any) -> bool:
        args.amount = Decimal(1)
        return False

    assert asks(Approval(when=when)) is not None


def above(limit: int) -> Callable[[Any], bool]:
    return lambda args: args.amount > limit


class Limit:
    def __call__(self, args: Any) -> bool:
        return args.amount > 50


def compare(args: Any, limit: int) -> bool:
    return args.amount > limit


def test_the_fingerprint_changes_with_each_field():
    approvals = [
        Approval(),
        Approval(approvers=["U0LEA"]),
        Approval(approvers=["U0LEA", "U0ANA"]),
        Approval(approvers=["U0LEA", "U0ANA"], quorum=2),
        Approval(approvers=["U0LEA"], self_approval=False),
        Approval(allow={"approve"}),
        Approval(expires_after=None),
        Approval(expires_after=timedelta(hours=1)),
        Approval(when=lambda args: args.amount > 50),
        Approval(when=lambda args: args.amount > 60),
        Approval(when=lambda args: args.amount >= 50),
        Approval(when=lambda args: args.total > 50),
        Approval(when=above(50)),
        Approval(when=above(60)),
        Approval(when=Limit()),
        Approval(when=functools.partial(compare, limit=50)),
        Approval(when=functools.partial(compare, limit=60)),
    ]
    assert len({each.fingerprint for each in approvals}) == len(approvals)


def test_a_limit_that_changes_while_the_program_runs_changes_the_fingerprint():
    limits = [50]
    closed_over = Approval(when=lambda args: args.amount > limits[0])
    default = Approval(when=lambda args, limits=limits: args.amount > limits[0])
    before = closed_over.fingerprint, default.fingerprint
    assert (closed_over.fingerprint, default.fingerprint) == before
    limits[0] = 500
    assert closed_over.fingerprint != before[0]
    assert default.fingerprint != before[1]


def test_equal_policies_have_equal_fingerprints():
    assert Approval(when=above(50)).fingerprint == Approval(when=above(50)).fingerprint
    assert Approval(allow=["edit", "approve"]).fingerprint == Approval(allow={"approve", "edit"}).fingerprint
    assert replace(Approval(quorum=1)).fingerprint == Approval().fingerprint


def test_a_policy_that_refers_to_itself_has_a_fingerprint():
    def when(args: Any) -> bool:
        return args.amount > 50 or when(args)

    assert Approval(when=when).fingerprint == Approval(when=when).fingerprint


def test_the_fingerprint_is_the_same_in_every_process():
    program = (
        "from graphs.agent.policy import Approval\n"
        "limits = {'a': 1, 'b': 2}\n"
        "def near(places):\n"
        "    return lambda args: args.place in {'here', 'there', 'home'} or args.place in places\n"
        "print(Approval(when=near(frozenset({'x', 'y', 'z'}))).fingerprint)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(printed) == 1
