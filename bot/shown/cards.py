"""Our types → Block Kit: pure functions, one for each thing that the bot shows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.shown import wording
from bot.shown.shown_calls import ShownCall
from bot.shown.text import Block, escape, mrkdwn, plain_text, preformatted, reply_markdown, visible
from graphs.approvals.states import State

APPROVE = "approve"
EDIT = "edit"
REJECT = "reject"
RESPOND = "respond"
APPROVE_ALL = "approve_all"
IT_RAN = "it_ran"
RUN_AGAIN = "run_again"
GIVE_UP = "give_up"
RETRY = "retry"

REPLY_LIMIT = 11_000
"""Characters of a reply in one message: Slack takes 12,000 of Markdown."""

BESIDE_LIMIT = 1000
"""Characters of what stands below a reply."""

PAGE_LIMIT = 12_000
"""Characters in the blocks of one message: Slack takes about 13,200."""

PAGE_BLOCKS = 46
"""Blocks in one message: Slack takes 50. One is for "Approve all", one for who asked, in a copy, one for where it was
asked, in another place, one for who could not be reached.
"""

ARGUMENTS_LIMIT = 9000
RESULT_LIMIT = 200
NOTICE_LIMIT = 200
NAME_LIMIT = 200
WORDS_LIMIT = 200
TEXT_LIMIT = 3000

ASKED = 1200
"""Characters of a call that asks or asked, its arguments aside: all that is bounded here, and then some."""

UNASKED = 900


@dataclass(frozen=True)
class Shown:
    """A message as Slack is to show it. `text` is what notifications and screen readers say."""

    text: str
    blocks: tuple[Block, ...]

    @property
    def digest(self) -> str:
        """Tells one version of a message from another."""
        return hashlib.sha256(repr((self.text, self.blocks)).encode()).hexdigest()


def reply(content: str, notice: str | None = None) -> list[Shown]:
    """What the agent says: one message, and several where one does not take it. Nothing when there is nothing."""
    shown = [
        Shown(escape(part, TEXT_LIMIT), ({"type": "markdown", "text": reply_markdown(part)},))
        for part in _parts(content)
    ]
    if notice is None:
        return shown
    said = f"⚠ {escape(notice, BESIDE_LIMIT)}"
    last = shown.pop() if shown else Shown(said, ())
    return [*shown, Shown(last.text, (*last.blocks, _context(mrkdwn(said))))]


def _parts(content: str) -> Iterator[str]:
    """The text in parts that fit into a message each, cut at the end of a line or word where there is one."""
    while content.strip():
        end = min(len(content), REPLY_LIMIT)
        while len(reply_markdown(content[:end])) > REPLY_LIMIT:
            end = end * 2 // 3
        if end < len(content):
            end = content.rfind("\n", end // 2, end) + 1 or content.rfind(" ", end // 2, end) + 1 or end
        yield content[:end]
        content = content[end:]


def pages(proposed: Sequence[ShownCall]) -> list[list[ShownCall]]:
    """The calls of a model message, by card: one card, unless Slack does not take so much in one message."""
    found: list[list[ShownCall]] = []
    room = blocks = 0
    for call in proposed:
        asked = call.asked is not None or call.doubt is not None
        size, height = (
            (ASKED + min(len(visible(_shown_arguments(call))[0]), ARGUMENTS_LIMIT), 5) if asked else (UNASKED, 1)
        )
        if not found or size > room or height > blocks:
            found.append([])
            room, blocks = PAGE_LIMIT, PAGE_BLOCKS
        found[-1].append(call)
        room -= size
        blocks -= height
    return found


def calls(page: Sequence[ShownCall], revision: str, unreached: Sequence[str] = ()) -> Shown:
    """The calls of one page: a card with buttons where one waits, else a line for each that ran. `unreached` are those
    who could decide, and could not be asked.
    """
    blocks = [block for call in page for block in _call(call)]
    waiting = [call for call in page if call.waits]
    if waiting and unreached:
        blocks.append(_context(mrkdwn(wording.unreached(unreached))))
    if len(waiting) > 1 and all("approve" in call.allow and not _is_cut(call) for call in waiting):
        button = _button("Approve all", APPROVE_ALL, f"{page[0].message_id}:{revision}", style="primary")
        blocks.append({"type": "actions", "block_id": "all", "elements": [button]})
    return Shown(escape(_summary(page), TEXT_LIMIT), tuple(blocks))


def copy(card: Shown, requester: str, words: str) -> Shown:
    """The card for an approver who cannot see where it was asked: who asked, and in what words."""
    said = f"<@{requester}> wrote to me, where you cannot see it: “{escape(' '.join(words.split()), WORDS_LIMIT)}”"
    return Shown(card.text, ({"type": "section", "text": mrkdwn(said)}, *card.blocks))


def moved(shown: Shown, channel: str, link: str | None) -> Shown:
    """A message that its own conversation did not take, for the direct message of who asked there."""
    origin: Block = _context(mrkdwn(wording.origin(channel, link)))
    return Shown(shown.text, (origin, *shown.blocks))


def failure(sentence: str, reference: str, *, thread: str) -> Shown:
    """A turn that broke off, with a way to try again."""
    text = f"{sentence} (reference {reference})"
    said: Block = {"type": "section", "text": mrkdwn(f"⚠ {escape(text, TEXT_LIMIT - 2)}")}
    button = _button("Try again", RETRY, thread)
    return Shown(escape(text, TEXT_LIMIT), (said, {"type": "actions", "block_id": "retry", "elements": [button]}))


def overcome() -> Shown:
    """In the place of a failure, once the turn has been tried again."""
    text = "This did not work at first, and was tried again."
    return Shown(text, (_context(mrkdwn(text)),))


def _summary(page: Sequence[ShownCall]) -> str:
    waiting = [call.name for call in page if call.waits]
    if waiting:
        return f"Waiting for a decision: {', '.join(waiting)}"
    return "; ".join(f"{call.name}: {call.state}" for call in page)


def _call(call: ShownCall) -> list[Block]:
    if call.asked is None and call.doubt is None:
        return [_unasked(call)]
    title = f"*{escape(call.name, NAME_LIMIT)}*\n{escape(call.description, NOTICE_LIMIT)}"
    blocks: list[Block] = [{"type": "section", "text": mrkdwn(title)}]
    if text := _shown_arguments(call):
        blocks.append(preformatted(text, ARGUMENTS_LIMIT))
    if call.doubt is not None and call.waits:
        return blocks + _doubt(call)
    if call.waits:
        return [
            *blocks,
            _context(mrkdwn("\n".join([*wording.before(call), wording.who_decides(call)]))),
            *_buttons(call),
        ]
    said = wording.before(call)
    if not said or call.decided_at != call.edited_at:  # an edit that its own vote approved is told once
        said.append(wording.decision(call))
    return [*blocks, _context(mrkdwn("\n".join(said))), *_outcome(call)]


def _unasked(call: ShownCall) -> Block:
    """A call that no person was asked about, in one line. A gated one says so."""
    name = escape(call.name, NAME_LIMIT)
    values = ", ".join(f"{key} {value}" for key, value in call.args.items())
    how = " without asking: its rule lets this one pass" if call.gated else ""
    head = {State.DONE: f"Ran *{name}*{how}", State.RUNNING: f"Running *{name}*{how}"}
    line = head.get(call.state, f"*{name}* {escape(call.state)}{how}")
    tail = f" — {escape(values, NOTICE_LIMIT)}" if values else ""
    failed = f"\n{escape(call.result, RESULT_LIMIT)}" if call.state is not State.DONE and call.result else ""
    return _context(mrkdwn(f"{line}{tail}{failed}"))


def _shown_arguments(call: ShownCall) -> str:
    """What would run; for an edited call what was proposed and what took its place."""
    if not call.edited:
        return _lines(call.args)
    lines: list[str] = []
    for key in dict.fromkeys([*call.args, *call.edited]):
        before, after = call.args.get(key), call.edited.get(key)
        lines.append(f"{key}: {_value(before)}" if before == after else f"{key}: {_value(before)} → {_value(after)}")
    return "\n".join(lines)


def _is_cut(call: ShownCall) -> bool:
    """Whether the card cannot show all that would run: then nobody can approve it here."""
    return len(visible(_shown_arguments(call))[0]) > ARGUMENTS_LIMIT


def _lines(args: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}: {_value(value)}" for key, value in args.items())


def _value(value: Any) -> str:
    return "—" if value is None else value if isinstance(value, str) else str(value)


def _buttons(call: ShownCall) -> list[Block]:
    """What may be decided here, and what may not and why."""
    offered = [
        ("approve", "Approve", APPROVE, "primary"),
        ("edit", "Edit", EDIT, None),
        ("reject", "Reject", REJECT, "danger"),
        ("respond", "Respond", RESPOND, None),
    ]
    cut = _is_cut(call)
    withheld = ({"approve"} if cut else set()) | ({"edit"} if call.uneditable else set())
    buttons = [
        _button(label, action, call.interrupt_id, style=style)
        for verb, label, action, style in offered
        if verb in call.allow and verb not in withheld
    ]
    blocks: list[Block] = []
    if buttons:
        blocks.append({"type": "actions", "block_id": f"decide:{call.interrupt_id}", "elements": buttons})
    if cut:
        blocks.insert(
            0, _context(mrkdwn("⚠ The arguments are too long to be shown whole, so this cannot be approved."))
        )
    return blocks


def _doubt(call: ShownCall) -> list[Block]:
    said = (
        "⚠ *This call may already have run.* It was begun, and its end was never recorded. "
        f"Look for `{escape(call.idempotency_key)}` at the other side, then say what you found."
    )
    buttons = [
        _button("It ran", IT_RAN, call.interrupt_id),
        _button("Run again", RUN_AGAIN, call.interrupt_id, style="danger"),
        _button("Give up", GIVE_UP, call.interrupt_id),
    ]
    return [
        {"type": "section", "text": mrkdwn(said)},
        {"type": "actions", "block_id": f"doubt:{call.interrupt_id}", "elements": buttons},
    ]


def _outcome(call: ShownCall) -> list[Block]:
    if call.decision not in ("approve", "edit"):
        return []
    glyph, word = _ENDS.get(call.state, ("·", call.state.capitalize()))
    first = call.result.splitlines()[0].removeprefix(f"{word}: ") if call.result else ""
    said = f"{glyph} {word}" + (f": {escape(first, RESULT_LIMIT)}" if first else "")
    return [_context(mrkdwn(said))]


_ENDS = {
    State.APPROVED: ("…", "Running"),  # the line above says "Approved"; this one, what comes of that
    State.RUNNING: ("…", "Running"),
    State.DONE: ("✓", "Done"),
    State.FAILED: ("⚠", "Failed"),
    State.IN_DOUBT: ("⚠", "In doubt"),
}


def _button(label: str, action: str, value: str, *, style: str | None = None) -> Block:
    button: Block = {"type": "button", "text": plain_text(label), "action_id": action, "value": value}
    return button if style is None else {**button, "style": style}


def _context(element: Block) -> Block:
    return {"type": "context", "elements": [element]}
