"""What a row of a card says of who decides, how far it is, and what was decided. Slack's mrkdwn, of checked parts."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.shown.calls import Call
from bot.shown.text import escape

REASON_LIMIT = 200


def who_decides(row: Call) -> str:
    """Who asked, whose decision it is, until when; and the votes so far where several are needed."""
    deadline = f" · until {_time(row.expires_at)}" if row.expires_at is not None else ""
    if list(row.approvers) == ["requester"]:
        return f"<@{row.requester}> asked for this, and decides{deadline}"
    names = [_approver(each, row.requester) for each in row.approvers]
    if row.quorum == 1:
        return f"<@{row.requester}> asked for this · {' or '.join(names)} decides{deadline}"
    voted = ", ".join(f"<@{user}>" for user in row.votes)
    progress = f"{len(row.votes)} of {row.quorum}" + (f": {voted}" if voted else "")
    return f"<@{row.requester}> asked for this · {', '.join(names)}: {row.quorum} approve{deadline}\n*{progress}*"


def _approver(name: str, requester: str) -> str:
    if name == "requester":
        return f"<@{requester}>"
    if name == "channel":
        return "anyone here"
    return f"<!subteam^{name}>" if name.startswith("S") else f"<@{name}>"


def before(row: Call) -> list[str]:
    """What happened to the call before the decision that is shown: an edit, an approval that could not be used."""
    lines: list[str] = []
    if row.edited and row.decision != "edit":
        lines.append(_said("✎ Edited", row.edited_by, row.edited_at))
    if row.why:
        lines.append(f"⚠ Asked anew, because {escape(row.why, REASON_LIMIT)}.")
    return lines


def decision(row: Call) -> str:
    """What was decided, by whom, when; why not, if it was not."""
    done = {
        "approve": "✓ Approved",
        "edit": "✎ Edited",
        "reject": "✗ Rejected",
        "respond": "Answered in its place",
    }.get(row.decision or "", _UNDECIDED.get(row.state, f"Not asked any more: {row.state}"))
    reason = f"\nReason: {escape(row.reason, REASON_LIMIT)}" if row.reason else ""
    if row.decision == "approve" and len(row.votes) > 1:
        by = ", ".join(f"<@{user}>" for user in row.votes)
        return f"{done} by {by}{_at(row.decided_at)}{reason}"
    return f"{_said(done, row.decided_by, row.decided_at)}{reason}"


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
