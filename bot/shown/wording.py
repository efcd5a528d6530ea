"""What a row of a card says of who decides, how far it is, and what was decided. Slack's mrkdwn, of checked parts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.shown.shown_calls import ShownCall
from bot.shown.text import escape

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


def before(call: ShownCall) -> list[str]:
    """What happened to the call before the decision that is shown: an edit, an approval that could not be used."""
    lines: list[str] = []
    if call.edited and call.decision != "edit":
        lines.append(_said("✎ Edited", call.edited_by, call.edited_at))
    if call.why:
        lines.append(f"⚠ Asked anew, because {escape(call.why, REASON_LIMIT)}.")
    return lines


def decision(call: ShownCall) -> str:
    """What was decided, by whom, when; why not, if it was not."""
    done = {
        "approve": "✓ Approved",
        "edit": "✎ Edited",
        "reject": "✗ Rejected",
        "respond": "Answered in its place",
        "unreachable": "⚠ Not run: nobody who may decide could be reached",
    }.get(call.decision or "", _UNDECIDED.get(call.state, f"Not asked any more: {call.state}"))
    reason = f"\nReason: {escape(call.reason, REASON_LIMIT)}" if call.reason else ""
    if call.decision == "approve" and len(call.votes) > 1:
        by = ", ".join(f"<@{user}>" for user in call.votes)
        return f"{done} by {by}{_at(call.decided_at)}{reason}"
    return f"{_said(done, call.decided_by, call.decided_at)}{reason}"


_UNDECIDED = {
    "expired": "⌛ Expired: nobody decided in time",
    "superseded": "Superseded: another question took the place of this one",
    "cancelled": "Cancelled: the question was withdrawn before anybody decided",
}


def _said(what: str, by: str | None, at: float | None) -> str:
    return what + (f" by <@{by}>" if by else "") + _at(at)


def _at(seconds: float | None) -> str:
    return f" · {_time(seconds)}" if seconds is not None else ""


def _time(seconds: float) -> str:
    """A moment, in the reader's own time zone."""
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{fallback}>"
