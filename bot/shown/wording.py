"""What a row of a card says of who decides, how far it is, and what was decided.

Ours is Slack's mrkdwn, of checked parts; what a model, a tool or a person wrote is an element of its own, never parsed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.shown.shown_calls import ShownCall
from bot.shown.text import Block, mrkdwn, one_line, plain_text
from graphs.approvals.states import State

REASON_LIMIT = 200

NAMES = 10
"""People who are named in one line."""


def who_decides(call: ShownCall) -> str:
    """Who asked, whose decision it is, until when; and the votes so far where several are needed."""
    deadline = f" · until {_time(call.expires_at)}" if call.expires_at is not None else ""
    if list(call.approvers) == ["requester"]:
        return f"<@{call.requester}> asked for this, and decides{deadline}"
    names = [_approver(each, call.requester) for each in call.approvers]
    if call.quorum == 1:
        return f"<@{call.requester}> asked for this · {' or '.join(names)} decides{deadline}"
    voted = ", ".join(f"<@{user}>" for user in call.votes)
    progress = f"{len(call.votes)} of {call.quorum}" + (f": {voted}" if voted else "")
    return f"<@{call.requester}> asked for this · {', '.join(names)}: {call.quorum} approve{deadline}\n*{progress}*"


def unreached(users: Sequence[str]) -> str:
    """Who could decide, and takes no direct message."""
    names = ", ".join(f"<@{user}>" for user in users[:NAMES])
    more = f" and {len(users) - NAMES} more" if len(users) > NAMES else ""
    return f"⚠ {names}{more} could not be reached: Slack takes no direct message from me to them."


def origin(channel: str, link: str | None) -> str:
    """Where something was asked that does not take the answer; `channel` is Slack's id."""
    where = "another thread here" if channel.startswith("D") else f"<#{channel}>"
    linked = f" (<{link}|the message>)" if link else ""
    return f"Asked in {where}{linked}. Slack does not take this message there, so it is here."


def _approver(name: str, requester: str) -> str:
    if name == "requester":
        return f"<@{requester}>"
    if name == "channel":
        return "anyone here"
    return f"<!subteam^{name}>" if name.startswith("S") else f"<@{name}>"


def unasked(call: ShownCall) -> str:
    """What became of a call that no person was asked about. Plain text."""
    name = call.title
    if call.state is State.REFUSED:
        kind = call.refusal.kind if call.refusal is not None else "passed over" if call.passed_over else "refused"
        return _NOT_RUN[kind].format(name=name)
    # That its rule asks nobody is known once it was begun: until then somebody may still be asked.
    passed = call.gated and call.record.claim is not None
    return _UNASKED[call.state].format(name=name) + (", without asking: its rule lets this one pass" if passed else "")


def why_nothing(call: ShownCall) -> str:
    """Why there is no result of a call that no person was asked about; empty where there is one, or may be."""
    if call.refusal is not None:
        return call.refusal.why
    return call.result if call.state is not State.DONE else ""


_UNASKED = {
    State.RUNNING: "Running {name}",
    State.DONE: "Ran {name}",
    State.FAILED: "{name} failed",
    State.IN_DOUBT: "Began {name}, and nobody knows whether it took effect",
}
"""Where a call can stand that was not asked about and can run."""

_NOT_RUN: dict[str, str] = {
    "unknown tool": "Not run: there is no tool {name}",
    "invalid arguments": "{name} was not run: its arguments are not valid",
    "unstorable arguments": "{name} was not run: its arguments cannot be shown as they would run",
    "impossible": "{name} was not run: it cannot work",
    "unreachable": "{name} was not run, and nobody was asked",
    "stopped": "{name}: cancelled, the request was stopped",
    "refused": "{name} was not run",
    "passed over": "{name} was given up: the conversation went on without it",
}


def before(call: ShownCall) -> list[Block]:
    """What happened to the call before the decision that is shown: an edit, an approval that could not be used."""
    said: list[Block] = []
    if call.edited and call.decision != "edit":
        said.append(mrkdwn(_said("✎ Edited", call.edited_by, call.edited_at)))
    if call.why:
        said.append(plain_text(f"⚠ Asked anew, because {one_line(call.why)}.", REASON_LIMIT))
    return said


def decision(call: ShownCall) -> list[Block]:
    """What was decided, by whom, when; why not, if it was not."""
    done = {
        "approve": "✓ Approved",
        "edit": "✎ Edited",
        "reject": "✗ Rejected",
        "respond": "Answered in its place",
        "unreachable": "⚠ Not run: nobody who may decide could be reached",
    }.get(call.decision or "", _UNDECIDED.get(call.state, f"Not asked any more: {call.state}"))
    if call.decision == "approve" and len(call.votes) > 1:
        by = ", ".join(f"<@{user}>" for user in call.votes)
        said = mrkdwn(f"{done} by {by}{_at(call.decided_at)}")
    else:
        said = mrkdwn(_said(done, call.decided_by, call.decided_at))
    if not call.reason:
        return [said]
    label = "Answer" if call.decision == "respond" else "Reason"
    return [said, plain_text(f"{label}: “{one_line(call.reason)}”", REASON_LIMIT)]


_UNDECIDED = {
    "expired": "⌛ Expired: nobody decided in time",
    "superseded": "Superseded: another question took the place of this one",
    "cancelled": "Cancelled, the request was stopped.",
}


def _said(what: str, by: str | None, at: float | None) -> str:
    return what + (f" by <@{by}>" if by else "") + _at(at)


def _at(seconds: float | None) -> str:
    return f" · {_time(seconds)}" if seconds is not None else ""


def _time(seconds: float) -> str:
    """A moment, in the reader's own time zone."""
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{fallback}>"
