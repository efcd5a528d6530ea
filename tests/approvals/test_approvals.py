"""Who may decide, and what a decision makes of the votes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from graphs.approvals.decisions import VERBS, Approve, Decision, Edit, Reject, Respond, Verb
from graphs.approvals.judge import (
    Allowed,
    Approved,
    Refused,
    Rejected,
    Responded,
    StillWaiting,
    Superseded,
    decide,
    may_decide,
)
from graphs.approvals.terms import Actor, GroupId, Terms, UserId, Vote

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
DEADLINE = NOW + timedelta(hours=1)
ANA, LEA, MAX, TOM = map(UserId, ("U0ANA", "U0LEA", "U0MAX", "U0TOM"))
LEADS = GroupId("S0LEADS")
DECISIONS: list[Decision] = [Approve(), Edit("pay", {"amount": 30}), Reject("no"), Respond("by hand")]


def terms(**changes: Any) -> Terms:
    fields: dict[str, Any] = {
        "tool": "pay",
        "args_digest": "a" * 64,
        "schema_digest": "b" * 64,
        "policy": "c" * 64,
        "rule": "every call asks",
        "requester": ANA,
        "approvers": ("requester",),
        "quorum": 1,
        "self_approval": True,
        "allow": ("approve", "edit", "reject", "respond"),
        "expires_at": DEADLINE,
    }
    return Terms.model_validate(fields | changes)


def actor(user: UserId, **changes: Any) -> Actor:
    return replace(Actor(user, "T0LOCAL", "member", groups=frozenset(), in_channel=True), **changes)


def test_terms_take_only_what_they_know_and_a_deadline_with_a_zone():
    with pytest.raises(ValidationError):
        terms(expires_at=datetime(2026, 1, 2))  # noqa: DTZ001 that is the point
    with pytest.raises(ValidationError):
        terms(allow=("approve", "maybe"))
    with pytest.raises(ValidationError):
        terms(colour="red")
    with pytest.raises(ValidationError):
        terms().quorum = 2


@pytest.mark.parametrize("kind", ["guest", "bot", "deactivated", "stranger"])
@pytest.mark.parametrize("approvers", [("requester",), ("channel",), (LEADS,), (ANA,)])
@pytest.mark.parametrize("verb", sorted(VERBS))
def test_nobody_but_members_decides(kind: str, approvers: tuple[str, ...], verb: Verb):
    person = actor(ANA, kind=kind, groups=frozenset({LEADS}))
    assert isinstance(may_decide(terms(approvers=approvers), person, verb), Refused)
    assert may_decide(terms(approvers=approvers), replace(person, kind="member"), verb) == Allowed()


@pytest.mark.parametrize(
    ("approvers", "person", "allowed"),
    [
        (("requester",), actor(ANA), True),
        (("requester",), actor(LEA), False),
        ((LEA,), actor(LEA), True),
        ((LEA,), actor(ANA), False),
        ((LEA, MAX), actor(MAX), True),
        (("channel",), actor(LEA), True),
        (("channel",), actor(LEA, in_channel=False), False),
        (("channel",), actor(LEA, in_channel=None), False),
        ((LEADS,), actor(LEA, groups=frozenset({LEADS})), True),
        ((LEADS,), actor(LEA, groups=frozenset({GroupId("S0OTHER")})), False),
        ((LEADS,), actor(LEA, groups=None), False),
        ((LEADS, LEA), actor(LEA, groups=None), True),
        (("requester", LEADS), actor(ANA, groups=None), True),
        ((), actor(ANA), False),
    ],
)
def test_who_may_approve(approvers: tuple[str, ...], person: Actor, allowed: bool):
    assert (may_decide(terms(approvers=approvers), person, "approve") == Allowed()) is allowed


@pytest.mark.parametrize("person", [actor(LEA, groups=None), actor(LEA, in_channel=None)])
def test_who_could_not_be_resolved_is_told_to_try_again(person: Actor):
    refusal = may_decide(terms(approvers=("channel",) if person.in_channel is None else (LEADS,)), person, "approve")
    assert isinstance(refusal, Refused)
    assert "could not be checked" in refusal.reason


@pytest.mark.parametrize("decision", DECISIONS)
def test_only_decisions_that_are_offered_count(decision: Decision):
    others = tuple(sorted(VERBS - {decision.verb}))
    refusal = decide(terms(allow=others), (), actor(ANA), decision, NOW)
    assert isinstance(refusal, Refused)
    assert decision.verb in refusal.reason.lower()
    assert not isinstance(decide(terms(allow=(decision.verb,)), (), actor(ANA), decision, NOW), Refused)


@pytest.mark.parametrize("decision", DECISIONS)
def test_nothing_counts_from_the_deadline_on(decision: Decision):
    before = DEADLINE - timedelta(microseconds=1)
    assert not isinstance(decide(terms(), (), actor(ANA), decision, before), Refused)
    for now in (DEADLINE, DEADLINE + timedelta(days=1)):
        refusal = decide(terms(), (), actor(ANA), decision, now)
        assert isinstance(refusal, Refused)
        assert "expired" in refusal.reason
    assert not isinstance(decide(terms(expires_at=None), (), actor(ANA), decision, DEADLINE), Refused)


@pytest.mark.parametrize("decision", [Approve(), Edit("pay", {}), Respond("x")])
def test_ones_own_call_needs_somebody_else_without_self_approval(decision: Decision):
    alone = terms(approvers=("requester", LEA), self_approval=False)
    refusal = decide(alone, (), actor(ANA), decision, NOW)
    assert isinstance(refusal, Refused)
    assert "somebody else" in refusal.reason
    assert not isinstance(decide(alone, (), actor(LEA), decision, NOW), Refused)


@pytest.mark.parametrize("approvers", [("requester",), (LEA,), (LEADS,)])
@pytest.mark.parametrize("self_approval", [True, False])
def test_refusing_ones_own_call_is_always_allowed(approvers: tuple[str, ...], self_approval: bool):
    mine = terms(approvers=approvers, self_approval=self_approval)
    assert decide(mine, (), actor(ANA, groups=None), Reject("never mind"), NOW) == Rejected("never mind")


def test_each_decision_has_its_outcome():
    assert decide(terms(), (), actor(ANA), Approve(), NOW) == Approved((Vote(ANA, NOW),))
    assert decide(terms(), (), actor(ANA), Edit("pay", {"amount": 30}), NOW) == Superseded({"amount": 30})
    assert decide(terms(), (), actor(ANA), Reject("too much"), NOW) == Rejected("too much")
    assert decide(terms(), (), actor(ANA), Respond("by hand"), NOW) == Responded("by hand")


def test_c3_an_edit_cannot_change_the_tool():
    refusal = decide(terms(), (), actor(ANA), Edit("refund", {}), NOW)
    assert refusal == Refused("An edit cannot turn this call into one of another tool.")


def test_a_quorum_is_counted_in_people():
    two = terms(approvers=(LEA, MAX, TOM), quorum=2)
    first = decide(two, (), actor(LEA), Approve(), NOW)
    assert isinstance(first, StillWaiting)
    assert first == StillWaiting((Vote(LEA, NOW),), missing=1)
    again = decide(two, first.votes, actor(LEA), Approve(), NOW)
    assert again == Refused("You have approved this already; it waits for 1 more.")
    second = decide(two, first.votes, actor(MAX), Approve(), NOW)
    assert second == Approved((Vote(LEA, NOW), Vote(MAX, NOW)))
    assert decide(two, first.votes, actor(MAX), Reject("no"), NOW) == Rejected("no")


def test_a_stored_vote_of_the_requester_does_not_count_without_self_approval():
    two = terms(approvers=("requester", LEA, MAX), quorum=2, self_approval=False)
    assert decide(two, (Vote(ANA, NOW),), actor(LEA), Approve(), NOW) == StillWaiting((Vote(LEA, NOW),), missing=1)


people = st.sampled_from([ANA, LEA, MAX, TOM])
actors = st.builds(
    Actor,
    people,
    st.just("T0LOCAL"),
    st.sampled_from(["member", "guest", "bot", "deactivated", "stranger"]),
    st.none() | st.sampled_from([frozenset[GroupId](), frozenset({LEADS})]),
    st.sampled_from([None, False, True]),
)
anyones_terms = st.builds(
    terms,
    approvers=st.lists(st.sampled_from(["requester", "channel", LEADS, LEA, MAX]), unique=True).map(tuple),
    quorum=st.integers(1, 4),
    self_approval=st.booleans(),
    allow=st.sets(st.sampled_from(sorted(VERBS))).map(tuple),
    expires_at=st.sampled_from([None, NOW, DEADLINE]),
)


@given(anyones_terms, st.lists(actors, max_size=8), st.booleans())
def test_a_call_is_never_approved_without_its_quorum(bound: Terms, clickers: list[Actor], repeat: bool):
    votes: tuple[Vote, ...] = ()
    for person in clickers * (2 if repeat else 1):
        outcome = decide(bound, votes, person, Approve(), NOW)
        match outcome:
            case StillWaiting():
                votes = outcome.votes
                assert outcome.missing == bound.quorum - len(votes) > 0
            case Approved():
                voters = {vote.user for vote in outcome.votes}
                assert len(voters) == bound.quorum
                assert bound.self_approval or ANA not in voters
                members = {each.user for each in clickers if may_decide(bound, each, "approve") == Allowed()}
                assert voters <= members
                return
            case _:
                assert isinstance(outcome, Refused)


@given(anyones_terms, actors, st.sampled_from([Edit("pay", {}), Reject(), Respond("x")]))
def test_only_an_approval_approves(bound: Terms, person: Actor, decision: Decision):
    outcome = decide(bound, (), person, decision, NOW)
    assert not isinstance(outcome, Approved | StillWaiting)
