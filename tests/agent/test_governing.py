"""Rules of the configuration beside a tool's own: which one decides, and that none makes a Python tool laxer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.agent.approval import Approval
from graphs.agent.conditions.condition import Condition
from graphs.agent.errors import InvalidPolicy
from graphs.agent.governing import NOTHING, Rule, Said, names_no_others
from graphs.agent.policy import replay_terms, required, settling_terms
from graphs.agent.ruling import impossible, ruled
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import VERBS, Approve
from graphs.approvals.judge import Approved, decide
from graphs.approvals.terms import Actor, GroupId, Terms, UserId

NOW = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)


def payment(approval: Approval | None = None, **options: Any) -> Tool[..., Any]:
    @tool(approval=approval, **options)
    async def pay(amount: Decimal) -> None:
        """Pay."""

    return pay


def from_server(approval: Approval | None = None) -> Tool[..., Any]:
    """A tool whose own policy was derived from what its server says."""
    return replace(payment(), approval=approval or Approval(), own_rule_binds=False, repeatable=False)


def rule(when: str | None = None, ask: bool = True, glob: str = "pay", place: str = "", **said: Any) -> Rule:
    condition = Condition(when) if when is not None else None
    return Rule(tool=glob, when=condition, ask=ask, said=Said(**said), place=place)


def asked(tool: Tool[..., Any], *rules: Rule, amount: Any = 80, defaults: Said = NOTHING) -> Terms | None:
    under = ruled(tool, rules, defaults)
    return required(under, under.validate({"amount": amount}), requester="U0ANA", now=NOW)


def asks(tool: Tool[..., Any], *rules: Rule, amount: Any = 80, defaults: Said = NOTHING) -> Terms:
    terms = asked(tool, *rules, amount=amount, defaults=defaults)
    assert terms is not None
    return terms


def test_a_tool_that_no_rule_is_about_is_the_tool_itself():
    pay = payment(Approval())
    assert ruled(pay, [rule(glob="refund*")]) is pay


def test_the_first_rule_that_fits_decides():
    rules = [rule("args.amount > 100", quorum=2, approvers=["S0BIG"]), rule("args.amount > 50", approvers=["U0LEA"])]
    assert asks(payment(), *rules, amount=101).approvers == ("S0BIG",)
    assert asks(payment(), *rules, amount=51).approvers == ("U0LEA",)
    assert asked(payment(), *rules, amount=50) is None


def test_after_a_rule_that_fits_every_call_none_is_looked_at():
    assert asked(from_server(), rule(ask=False), rule()) is None
    assert ruled(from_server(), [rule(ask=False), rule()]).may_ask is False


@pytest.mark.parametrize(
    ("glob", "fits"), [("pay", True), ("p*", True), ("*", True), ("p?y", True), ("PAY", False), ("pa", False)]
)
def test_a_glob_matches_the_whole_name(glob: str, fits: bool):
    assert (asked(payment(), rule(glob=glob)) is not None) is fits


def test_the_rule_is_said_in_words():
    assert asks(payment(), rule("args.amount > 50")).rule == "amount is over 50"
    assert asks(payment(), rule()).rule == "every call asks"
    odd = rule("args.amount * 2 > 50", place="signoff.toml, line 7")
    assert asks(payment(), odd).rule == "its rule asks for these arguments (signoff.toml, line 7)"
    own = Approval(when=lambda args: args.amount > 50)
    assert asks(payment(own), rule()).rule == "amount is over 50"
    assert asks(payment(own), rule(), amount=50).rule == "every call asks"


@pytest.mark.parametrize("ask", [True, False])
@pytest.mark.parametrize("when", ["args.missing > 5", "args.amount", "args.amount > 'x'"])
def test_a_condition_that_cannot_be_worked_out_asks(when: str, ask: bool, caplog: pytest.LogCaptureFixture):
    terms = asks(from_server(), rule(when, ask, approvers=["U0LEA"], place="signoff.toml, line 3"), rule(ask=False))
    assert (terms.rule, terms.approvers) == ("its rule could not be worked out", ("U0LEA",))
    assert "signoff.toml, line 3" in caplog.text


def test_a_rule_lets_a_servers_tool_run_unasked_and_never_a_python_tool():
    assert asked(from_server(), rule(ask=False)) is None
    assert asked(from_server(), rule("args.amount < 50", ask=False), amount=49) is None
    assert asked(from_server(), rule("args.amount < 50", ask=False), amount=50) is not None
    assert asked(payment(Approval()), rule(ask=False)) is not None
    assert asked(payment(Approval(when=lambda args: args.amount > 50)), rule(ask=False), amount=51) is not None


def test_a_servers_tool_is_asked_about_as_the_rule_says():
    terms = asks(from_server(), rule(approvers=["U0LEA", "U0KIM"], quorum=2, expires_after=HOUR, allow={"approve"}))
    assert (terms.approvers, terms.quorum, terms.allow) == (("U0LEA", "U0KIM"), 2, ("approve",))
    assert terms.expires_at == NOW + HOUR


@pytest.mark.parametrize(
    ("own", "said", "effective"),
    [
        ({"quorum": 2, "approvers": ["S0X"]}, {"quorum": 1}, {"quorum": 2, "approvers": ["S0X"]}),
        ({"approvers": ["S0A"]}, {"quorum": 3}, {"quorum": 3, "approvers": ["S0A"]}),
        (
            {"approvers": ["S0A"], "self_approval": False},
            {"self_approval": True},
            {"approvers": ["S0A"], "self_approval": False},
        ),
        ({"approvers": ["S0A"]}, {"self_approval": False}, {"approvers": ["S0A"], "self_approval": False}),
        ({"allow": {"approve", "reject"}}, {"allow": {"approve", "edit"}}, {"allow": {"approve"}}),
        ({"allow": {"reject"}}, {"allow": {"edit"}}, {"allow": {"reject"}}),
        ({"expires_after": 2 * HOUR}, {"expires_after": HOUR}, {"expires_after": HOUR}),
        ({"expires_after": HOUR}, {"expires_after": 2 * HOUR}, {"expires_after": HOUR}),
        ({"expires_after": None}, {"expires_after": HOUR}, {"expires_after": HOUR}),
        ({"approvers": ["U0A", "U0B"]}, {"approvers": ["U0B"]}, {"approvers": ["U0B"]}),
        ({"approvers": ["U0A"]}, {"approvers": ["U0A", "U0C"]}, {"approvers": ["U0A"]}),
        ({"approvers": ["S0A"]}, {"approvers": ["requester"]}, {"approvers": ["S0A"]}),
        ({"approvers": ["channel"]}, {"approvers": ["U0A", "requester"]}, {"approvers": ["U0A", "requester"]}),
        ({"approvers": ["requester"]}, {"approvers": ["U0A", "S0A"]}, {"approvers": ["U0A", "S0A"]}),
        ({"approvers": ["requester"]}, {"approvers": ["channel"]}, {"approvers": ["requester"]}),
        ({"approvers": ["requester", "U0A"]}, {"approvers": ["U0B"]}, {"approvers": ["requester", "U0A"]}),
    ],
)
def test_of_two_that_ask_the_stricter_counts(own: dict[str, Any], said: dict[str, Any], effective: dict[str, Any]):
    expected = asks(payment(Approval(**effective)))
    found = asks(payment(Approval(**own)), rule(**said))
    assert found.model_copy(update={"policy": expected.policy}) == expected


def test_where_only_the_rule_asks_it_says_who_decides():
    own = Approval(when=lambda args: args.amount > 50, approvers=["S0FINANCE"], quorum=2, expires_after=2 * HOUR)
    small = asks(payment(own), rule(approvers=["requester"], quorum=1), amount=50)
    assert (small.approvers, small.quorum, small.expires_at) == (("requester",), 1, NOW + 2 * HOUR)
    assert asks(payment(own), rule(), amount=50).approvers == ("S0FINANCE",)
    large = asks(payment(own), rule(approvers=["requester"], quorum=1), amount=51)
    assert (large.approvers, large.quorum) == (("S0FINANCE",), 2)


DEFAULTS = Said(approvers=["S0LEADS"], quorum=2, self_approval=False, expires_after=HOUR, allow={"approve", "reject"})


def test_defaults_are_for_what_a_rule_or_a_server_does_not_say():
    for terms in (
        asks(payment(), rule(), defaults=DEFAULTS),
        asks(from_server(), defaults=DEFAULTS),
        asks(from_server(), rule("args.amount > 50"), defaults=DEFAULTS),
    ):
        assert (terms.approvers, terms.quorum, terms.self_approval) == (("S0LEADS",), 2, False)
        assert (terms.allow, terms.expires_at) == (("approve", "reject"), NOW + HOUR)
    assert asks(payment(), rule(approvers=["S0OTHERS"], quorum=1), defaults=DEFAULTS).approvers == ("S0OTHERS",)


def test_defaults_make_a_python_tool_stricter_where_it_says_nothing_itself():
    assert asks(payment(Approval()), defaults=DEFAULTS).approvers == ("S0LEADS",)
    assert asks(payment(Approval()), defaults=Said(expires_after=48 * HOUR)).expires_at == NOW + 24 * HOUR
    assert asks(payment(Approval()), defaults=Said(approvers=["channel"])).approvers == ("requester",)
    own = asks(payment(Approval(approvers=["U0LEA"], expires_after=2 * HOUR)), defaults=DEFAULTS)
    assert (own.approvers, own.quorum, own.self_approval) == (("U0LEA",), 1, True)
    assert own.expires_at == NOW + 2 * HOUR
    assert asked(payment(), defaults=DEFAULTS) is None


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (None, {"quorum": 2}),
        (None, {"self_approval": False}),
        (Approval(approvers=["U0LEA"]), {"quorum": 2}),
        (Approval(approvers=["U0LEA", "U0KIM"], quorum=2), {"approvers": ["U0LEA"]}),
    ],
)
def test_a_rule_that_nobody_could_meet_is_refused(own: Approval | None, said: dict[str, Any]):
    with pytest.raises(InvalidPolicy, match="no call could ever run"):
        ruled(payment(own), [rule(**said)])
    assert [why for _, why in impossible(payment(own), [rule(**said), rule()])] != []
    assert list(impossible(payment(Approval(approvers=["channel"])), [rule(**said)])) == []


def test_the_policy_is_another_one_when_the_deciding_rule_is_and_not_when_it_moves():
    def policy(*rules: Rule, own: Approval | None = None) -> str:
        return asks(payment(own), *rules).policy

    first = policy(rule("args.amount > 50", place="signoff.toml, line 3"))
    assert policy(rule("args.amount > 50", place="signoff.toml, line 9")) == first
    assert policy(rule("args.amount > 90", place="x"), rule("args.amount > 50")) == first
    assert policy(rule("args.amount > 51")) != first
    assert policy(rule("args.amount > 50", approvers=["U0LEA"])) != first
    assert policy(rule("args.amount > 50", expires_after=HOUR)) != first
    assert policy(rule("args.amount > 50", glob="p*")) != first
    assert policy(rule("args.amount > 50"), own=Approval(when=lambda args: args.amount > 5)) != first
    own = Approval()
    assert policy(own=own) == policy(rule("args.amount > 90"), own=own) == own.fingerprint


def test_what_may_ask_is_claimed_before_it_runs():
    assert ruled(payment(), [rule("args.amount > 50")]).repeatable is False
    assert ruled(payment(), [rule("args.amount > 50", ask=False)]).repeatable is False
    assert ruled(payment(), [rule(ask=False)]).repeatable is True
    assert ruled(payment(idempotent=True), [rule()]).repeatable is True
    assert ruled(payment(repeatable=False), [rule(ask=False)]).repeatable is False


def test_a_tool_under_rules_is_still_the_function():
    under = ruled(payment(), [rule()])
    assert (under.__name__, under.__doc__) == ("pay", "Pay.")  # type: ignore[attr-defined]
    assert under.schema_digest == payment().schema_digest


def test_those_who_may_approve_say_what_became_of_a_call():
    under = ruled(payment(), [rule("args.amount > 50", approvers=["S0FINANCE"], quorum=2)])
    large, small = (under.validate({"amount": amount}) for amount in (80, 50))
    terms = settling_terms(under, large, requester="U0ANA")
    assert (terms.approvers, terms.quorum) == (("S0FINANCE",), 1)
    assert terms.policy == asks(payment(), rule("args.amount > 50", approvers=["S0FINANCE"], quorum=2)).policy
    assert settling_terms(under, small, requester="U0ANA").approvers == ("requester",)
    assert replay_terms(under, large, requester="U0ANA").approvers == ("S0FINANCE",)


PEOPLE = ["requester", "channel", "U0ANA", "U0LEA", "U0KIM", "S0LEADS", "S0ALL"]
_approvers = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)
_periods = st.sampled_from([HOUR, 2 * HOUR, 24 * HOUR, 48 * HOUR])
_allow = st.sets(st.sampled_from(sorted(VERBS)), min_size=1)


def _policy(fields: dict[str, Any]) -> Approval | None:
    try:
        return Approval(**fields)
    except InvalidPolicy:
        return None


_WHEN = [None, lambda args: args.amount > 50, lambda args: args.missing]
_policies = (
    st.fixed_dictionaries(
        {
            "when": st.sampled_from(_WHEN),
            "approvers": _approvers,
            "quorum": st.integers(1, 3),
            "self_approval": st.booleans(),
            "allow": _allow,
            "expires_after": st.none() | _periods,
        }
    )
    .map(_policy)
    .filter(lambda each: each is not None)
)
_said = st.builds(
    Said,
    approvers=st.none() | _approvers,
    quorum=st.none() | st.integers(1, 3),
    self_approval=st.none() | st.booleans(),
    allow=st.none() | _allow,
    expires_after=st.none() | _periods,
)
_WHENS = [Condition(each) for each in ("args.amount > 50", "args.amount < 60", "args.missing > 1")]
_rules = st.builds(Rule, tool=st.just("pay"), when=st.none() | st.sampled_from(_WHENS), ask=st.booleans(), said=_said)
_VOTERS = [
    Actor(UserId(user), "T0", "member", frozenset(map(GroupId, groups)), in_channel)
    for user in ("U0ANA", "U0LEA", "U0KIM", "U0OTHER")
    for groups in ((), ("S0LEADS",), ("S0LEADS", "S0ALL"))
    for in_channel in (True, False)
]


@given(_policies, st.lists(_rules, max_size=3), _said, st.sampled_from([40, 55, 80]), st.sampled_from(_VOTERS))
def test_no_rule_makes_a_python_tool_laxer(
    own: Approval, rules: Sequence[Rule], defaults: Said, amount: int, voter: Actor
):
    before = asked(payment(own), amount=amount)
    try:
        after = asked(payment(own), *rules, amount=amount, defaults=defaults)
    except InvalidPolicy:  # which is said when it is read
        return
    if before is None:
        return
    assert after is not None
    assert after.quorum >= before.quorum
    assert after.self_approval <= before.self_approval
    assert set(after.allow) <= set(before.allow)
    assert before.expires_at is None or (after.expires_at is not None and after.expires_at <= before.expires_at)
    assert names_no_others(own, Said(approvers=after.approvers))
    approves = isinstance(decide(after, (), voter, Approve(), NOW), Approved)
    named = set(after.approvers) - set(before.approvers)
    if approves and not named:
        assert isinstance(decide(before, (), voter, Approve(), NOW), Approved)
