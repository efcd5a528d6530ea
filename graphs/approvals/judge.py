"""Who may decide, and what a decision makes of the votes. Pure: no I/O, no clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond, Verb
from graphs.approvals.terms import CHANNEL, REQUESTER, Actor, Terms, Vote


@dataclass(frozen=True)
class Allowed:
    """This person may make this decision."""


@dataclass(frozen=True)
class Refused:
    """It does not count and changes nothing. `reason` is the sentence for the person."""

    reason: str


@dataclass(frozen=True)
class Approved:
    """The quorum is met; `votes` are all that count, the new one last."""

    votes: tuple[Vote, ...]


@dataclass(frozen=True)
class StillWaiting:
    """The vote counts, and `missing` more are needed; `votes` are all that count, the new one last."""

    votes: tuple[Vote, ...]
    missing: int


@dataclass(frozen=True)
class Rejected:
    """The call does not run; `message` is the reason, perhaps empty."""

    message: str


@dataclass(frozen=True)
class Responded:
    """The call does not run; the model gets `message` in its place."""

    message: str


@dataclass(frozen=True)
class Superseded:
    """An approval for `args` takes this one's place: ask the policy about them, then cast the editor's vote there."""

    args: Mapping[str, Any]


Verdict = Approved | StillWaiting | Rejected | Responded | Superseded | Refused

NAMES = 3
"""People who are named in a refusal."""

_NEVER: Mapping[str, str] = {
    "guest": "Guests of this workspace cannot decide about this. Ask a full member to.",
    "bot": "Bots cannot decide about this. Ask a person to.",
    "deactivated": "A deactivated account cannot decide about this. Ask a member to.",
    "stranger": "Only members of this workspace can decide about this. Ask one of them to.",
}

TIMED_OUT = "This question has expired: nobody decided in time, so it was not run. Ask for it anew if it still matters."

_UNCLEAR = Refused(
    "It could not be checked whether you may decide about this, so this did not count. Click again in a minute."
)


def decide(terms: Terms, votes: Collection[Vote], actor: Actor, decision: Decision, now: datetime) -> Verdict:
    """What this decision makes of a waiting approval with these votes. `now` is aware.

    Only an approval needs the quorum: one rejection, response or edit settles the question.
    """
    if terms.expires_at is not None and now >= terms.expires_at:
        return Refused(TIMED_OUT)
    permission = may_decide(terms, actor, decision.verb)
    if isinstance(permission, Refused):
        return permission
    match decision:
        case Approve():
            return _approve(terms, votes, Vote(actor.user, now))
        case Edit(name=name) if name != terms.tool:
            return Refused("An edit cannot turn this call into one of another tool.")
        case Edit(args=args):
            return Superseded(args)
        case Reject(message):
            return Rejected(message)
        case Respond(message):
            return Responded(message)
        case _:
            assert_never(decision)


def may_decide(terms: Terms, actor: Actor, verb: Verb) -> Allowed | Refused:
    """Whether this person may make this decision at all; ask it before a form opens, and again when it is submitted.

    The requester may always reject, whoever the approvers are.
    """
    if actor.kind is None:
        return _UNCLEAR
    if actor.kind != "member":
        return Refused(_NEVER[actor.kind])
    if verb not in terms.allow:
        offered = ", ".join(each.capitalize() for each in terms.allow)
        return Refused(f"This call cannot be answered with {verb.capitalize()}, only with {offered}.")
    if actor.user == terms.requester:
        if verb == "reject":
            return Allowed()
        if not terms.self_approval:
            return Refused("You asked for this call, so somebody else has to approve it. You can still reject it.")
    return _is_approver(terms, actor)


def _is_approver(terms: Terms, actor: Actor) -> Allowed | Refused:
    unresolved = False
    for approver in terms.approvers:
        if approver == REQUESTER:
            is_one = actor.user == terms.requester
        elif approver == CHANNEL:
            is_one = actor.in_channel
        elif approver.startswith("S"):
            is_one = None if actor.groups is None else approver in actor.groups
        else:
            is_one = actor.user == approver
        if is_one:
            return Allowed()
        unresolved = unresolved or is_one is None
    if unresolved:
        return _UNCLEAR
    return Refused(f"You are not among those who decide about this. Ask {_named(terms)}.")


def _named(terms: Terms) -> str:
    """Those who decide, in Slack's tokens."""
    found = [_mentioned(each, terms.requester) for each in terms.approvers[:NAMES]]
    return " or ".join(found if len(terms.approvers) <= NAMES else [*found, "one of the others on its card"])


def _mentioned(approver: str, requester: str) -> str:
    if approver == CHANNEL:
        return "somebody in the conversation"
    if approver.startswith("S"):
        return f"somebody in <!subteam^{approver}>"
    return f"<@{requester if approver == REQUESTER else approver}>"


def _approve(terms: Terms, votes: Collection[Vote], vote: Vote) -> Verdict:
    counted = {each.user: each for each in votes if terms.self_approval or each.user != terms.requester}
    missing = terms.quorum - len(counted)
    if vote.user in counted:
        return Refused(f"You have approved this already; it waits for {max(missing, 0)} more.")
    everybody = (*counted.values(), vote)
    return Approved(everybody) if missing <= 1 else StillWaiting(everybody, missing - 1)
