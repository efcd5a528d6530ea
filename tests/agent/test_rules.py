"""A rule in words, for the card."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from graphs.agent.policy import Approval
from graphs.agent.rules import UNSAID, in_words

LIMIT = 50
CODE = "opensesame"


def over(args: Any) -> bool:
    return args.amount > LIMIT


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda args: args.amount > 50, "amount is over 50"),
        (lambda args: args.amount >= Decimal("49.50"), "amount is at least 49.50"),
        (lambda a: a.order_id == 7, "order id is 7"),
        (lambda args: args.amount > 50 or args.to != "ana", "amount is over 50 or to is not ana"),
        (lambda args: args.status in ("open", "late"), "status is one of open, late"),
        (lambda args: args.urgent, "urgent is set"),
        (lambda args: not args.urgent, "urgent is not set"),
        (lambda args: args.amount > LIMIT, "amount is over 50"),
        (lambda args: args.to == CODE, UNSAID),
        (lambda args: args.to == "", UNSAID),
        (lambda args: args.to == "a\u202eb", UNSAID),
        (lambda args: args.amount > 50 > 5, UNSAID),
        (lambda args: len(args.body) > 3, UNSAID),
        (over, UNSAID),
        (print, UNSAID),
    ],
)
def test_a_rule_reads_as_a_person_would_say_it(rule: Callable[..., Any], said: str):
    assert in_words(rule) == said


def test_it_is_found_where_a_policy_is_declared():
    policy = Approval(when=lambda args: args.amount > 500, approvers=["requester"], allow={"approve", "reject"})
    assert policy.when is not None
    assert in_words(policy.when) == "amount is over 500"
    other = Approval(
        when=lambda args: args.amount < 5,
        quorum=1,
    )
    assert other.when is not None
    assert in_words(other.when) == "amount is under 5"


def test_two_on_a_line_are_not_told_apart_and_not_mixed_up():
    one, two = (lambda args: args.a > 1), (lambda args: args.b > 2)
    assert in_words(one) == in_words(two) == UNSAID


def test_a_rule_that_goes_on_in_the_next_line_is_not_told_by_half():
    policy = Approval(
        when=lambda args: args.amount > 50
        or args.urgent,
    )  # fmt: skip
    assert policy.when is not None
    assert in_words(policy.when) == UNSAID


def test_what_a_rule_says_of_a_secret_is_kept():
    assert in_words(lambda args: args.password == "hunter2", {"password"}) == UNSAID
    assert in_words(lambda args: args.amount > 5, {"password"}) == "amount is over 5"
