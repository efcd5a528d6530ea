"""Our types → Block Kit: pure functions, one for each thing that the bot shows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.calls import Call
from bot.text import Block, escape, mrkdwn, plain_text, preformatted, reply_markdown, shorten

APPROVE = "approve"
EDIT = "edit"
REJECT = "reject"
RESPOND = "respond"
APPROVE_ALL = "approve_all"
IT_RAN = "it_ran"
RUN_AGAIN = "run_again"
GIVE_UP = "give_up"
RETRY = "retry"

ARGUMENTS_LIMIT = 2400
RESULT_LIMIT = 300
NOTICE_LIMIT = 150


@dataclass(frozen=True)
class Shown:
    """A message as Slack is to show it. `text` is what notifications and screen readers say."""

    text: str
    blocks: tuple[Block, ...]

    @property
    def digest(self) -> str:
        """Tells one version of a message from another."""
        return hashlib.sha256(repr((self.text, self.blocks)).encode()).hexdigest()


def reply(content: str, notice: str | None = None) -> Shown:
    """What the agent says. A reply longer than a block takes several."""
    markdown = reply_markdown(content)
    parts = [markdown[start : start + 3000] for start in range(0, len(markdown), 3000)]
    blocks: list[Block] = [{"type": "markdown", "text": part} for part in parts]
    if notice is not None:
        blocks.append(_context(mrkdwn(f"⚠ {escape(notice)}")))
    return Shown(shorten(content or notice or "", 3000), tuple(blocks))


def calls(rows: Sequence[Call], revision: str) -> Shown:
    """The calls of one model message: a card with buttons where one waits, else a line for each that ran."""
    blocks = [block for row in rows for block in _row(row)]
    waiting = [row for row in rows if row.waits]
    if len(waiting) > 1 and all("approve" in row.allow for row in waiting):
        button = _button("Approve all", APPROVE_ALL, f"{rows[0].message_id}:{revision}", style="primary")
        blocks.append({"type": "actions", "block_id": "all", "elements": [button]})
    return Shown(_summary(rows), tuple(blocks))


def failure(sentence: str, reference: str, *, thread: str) -> Shown:
    """A turn that broke off, with a way to try again."""
    text = f"{sentence} (reference {reference})"
    said: Block = {"type": "section", "text": mrkdwn(f"⚠ {escape(text)}")}
    button = _button("Try again", RETRY, thread)
    return Shown(text, (said, {"type": "actions", "block_id": "retry", "elements": [button]}))


def overcome() -> Shown:
    """In the place of a failure, once the turn has been tried again."""
    text = "This did not work at first, and was tried again."
    return Shown(text, (_context(mrkdwn(text)),))


def _summary(rows: Sequence[Call]) -> str:
    waiting = [row.name for row in rows if row.waits]
    if waiting:
        return f"Waiting for a decision: {', '.join(waiting)}"
    return "; ".join(f"{row.name}: {row.state}" for row in rows)


def _row(row: Call) -> list[Block]:
    if row.asked is None and row.doubt is None:
        return [_unasked(row)]
    blocks: list[Block] = [{"type": "section", "text": mrkdwn(f"*{escape(row.name)}*\n{escape(row.description)}")}]
    blocks += _arguments(row)
    if row.doubt is not None and row.waits:
        return blocks + _doubt(row)
    if row.waits:
        return [*blocks, _context(mrkdwn(_who_decides(row))), _buttons(row)]
    return [*blocks, _context(mrkdwn(_decision(row))), *_outcome(row)]


def _unasked(row: Call) -> Block:
    """A call that no person was asked about, in one line. A gated one says so."""
    values = ", ".join(f"{key} {value}" for key, value in row.args.items())
    how = " without asking: its rule lets this one pass" if row.gated else ""
    head = {"done": f"Ran *{escape(row.name)}*{how}", "running": f"Running *{escape(row.name)}*{how}"}
    line = head.get(row.state, f"*{escape(row.name)}* {escape(row.state)}{how}")
    tail = f" — {escape(shorten(values, NOTICE_LIMIT))}" if values else ""
    failed = f"\n{escape(shorten(row.result, RESULT_LIMIT))}" if row.state != "done" and row.result else ""
    return _context(mrkdwn(f"{line}{tail}{failed}"))


def _arguments(row: Call) -> list[Block]:
    """What would run; for an edited call what was proposed and what took its place."""
    if not row.edited:
        return [preformatted(shorten(_lines(row.args), ARGUMENTS_LIMIT))] if row.args else []
    lines: list[str] = []
    for key in dict.fromkeys([*row.args, *row.edited]):
        before, after = row.args.get(key), row.edited.get(key)
        lines.append(f"{key}: {_value(before)}" if before == after else f"{key}: {_value(before)} → {_value(after)}")
    return [preformatted(shorten("\n".join(lines), ARGUMENTS_LIMIT))]


def _lines(args: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {_value(value)}" for key, value in args.items())


def _value(value: Any) -> str:
    return "—" if value is None else value if isinstance(value, str) else str(value)


def _who_decides(row: Call) -> str:
    deadline = f" · until {_time(row.expires_at)}" if row.expires_at is not None else ""
    if list(row.approvers) == ["requester"]:
        return f"<@{row.requester}> asked for this, and decides{deadline}"
    who = " or ".join(_approver(each, row.requester) for each in row.approvers)
    return f"<@{row.requester}> asked for this · {who} decides{deadline}"


def _approver(name: str, requester: str) -> str:
    if name == "requester":
        return f"<@{requester}>"
    if name == "channel":
        return "anyone here"
    return f"<!subteam^{name}>" if name.startswith("S") else f"<@{name}>"


def _buttons(row: Call) -> Block:
    offered = [
        ("approve", "Approve", APPROVE, "primary"),
        ("edit", "Edit", EDIT, None),
        ("reject", "Reject", REJECT, "danger"),
        ("respond", "Respond", RESPOND, None),
    ]
    buttons = [
        _button(label, action, row.interrupt_id, style=style)
        for verb, label, action, style in offered
        if verb in row.allow and not (verb == "edit" and row.uneditable)
    ]
    return {"type": "actions", "block_id": f"decide:{row.interrupt_id}", "elements": buttons}


def _doubt(row: Call) -> list[Block]:
    said = (
        "⚠ *This call may already have run.* It was begun, and its end was never recorded. "
        f"Look for `{escape(row.idempotency_key)}` at the other side, then say what you found."
    )
    buttons = [
        _button("It ran", IT_RAN, row.interrupt_id),
        _button("Run again", RUN_AGAIN, row.interrupt_id, style="danger"),
        _button("Give up", GIVE_UP, row.interrupt_id),
    ]
    return [
        {"type": "section", "text": mrkdwn(said)},
        {"type": "actions", "block_id": f"doubt:{row.interrupt_id}", "elements": buttons},
    ]


def _decision(row: Call) -> str:
    """What was decided, by whom, when."""
    done = {
        "approve": "✓ Approved",
        "edit": "✎ Edited",
        "reject": "✗ Rejected",
        "respond": "Answered in its place",
    }.get(row.decision or "", f"Not asked any more: {row.state}")
    by = f" by <@{row.decided_by}>" if row.decided_by else ""
    at = f" · {_time(row.decided_at)}" if row.decided_at is not None else ""
    reason = f"\nReason: {escape(shorten(row.reason, RESULT_LIMIT))}" if row.reason else ""
    return f"{done}{by}{at}{reason}"


def _outcome(row: Call) -> list[Block]:
    if row.decision not in ("approve", "edit"):
        return []
    glyph = {"running": "…", "done": "✓", "failed": "⚠", "in doubt": "⚠"}.get(row.state, "·")
    first = row.result.splitlines()[0] if row.result else ""
    said = f"{glyph} {row.state.capitalize()}" + (f": {escape(shorten(first, RESULT_LIMIT))}" if first else "")
    return [_context(mrkdwn(said))]


def _button(label: str, action: str, value: str, *, style: str | None = None) -> Block:
    button: Block = {"type": "button", "text": plain_text(label), "action_id": action, "value": value}
    return button if style is None else {**button, "style": style}


def _context(element: Block) -> Block:
    return {"type": "context", "elements": [element]}


def _time(seconds: float) -> str:
    """A moment, in the reader's own time zone."""
    fallback = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(seconds)}^{{date_short_pretty}} {{time}}|{fallback}>"
