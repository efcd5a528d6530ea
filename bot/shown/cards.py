"""Our types → Block Kit: pure functions, one for each thing that the bot shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shown import wording
from bot.shown.arguments import in_line
from bot.shown.markdown import reply_markdown
from bot.shown.shown_calls import LINE_LIMIT, ShownCall
from bot.shown.splitting import parts
from bot.shown.text import (
    Block,
    escape,
    escape_visible,
    fitted,
    mrkdwn,
    one_line,
    person,
    plain_text,
    plain_visible,
    rich,
    section,
    words,
)
from bot.shown.versions import block_id
from graphs.agent.canonical import digest
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

REPLY_PARTS = 50
"""Messages that one reply has at most."""

BESIDE_LIMIT = 1000
"""Characters of what stands below a reply."""

PAGE_LIMIT = 12_000
"""Characters in the blocks of one message: Slack takes about 13,200."""

PAGE_BLOCKS = 46
"""Blocks in one message: Slack takes 50. One is for "Approve All", one for who asked, in a copy, one for where it was
asked, in another place, one for who could not be reached.
"""

RESULT_LIMIT = 200
NOTICE_LIMIT = 200
WORDS_LIMIT = 200
TEXT_LIMIT = 3000
DIGEST_LENGTH = 80

ASKED = 1200
"""Characters of a call that asks or asked, its arguments aside: all that is bounded here, and then some."""

UNASKED = 1200


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
        for part in parts(content, REPLY_LIMIT, REPLY_PARTS)
    ]
    if notice is None:
        return shown
    said = plain_text(f"⚠ {one_line(notice)}", BESIDE_LIMIT)
    last = shown.pop() if shown else Shown(escape_visible(said["text"]), ())
    return [*shown, Shown(last.text, (*last.blocks, _context(said)))]


def pages(proposed: Sequence[ShownCall]) -> list[list[ShownCall]]:
    """The calls of a model message, by card: one card, unless Slack does not take so much in one message."""
    found: list[list[ShownCall]] = []
    room = blocks = 0
    for call in proposed:
        asked = call.asked is not None or call.doubt is not None
        size, height = (ASKED + call.arguments.length, 6) if asked else (UNASKED, 1)
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
    if len(waiting) > 1 and all("approve" in call.allow and call.arguments.is_whole for call in waiting):
        button = _button(
            f"Approve All ({len(waiting)})", APPROVE_ALL, f"{page[0].message_id}:{revision}", style="primary"
        )
        blocks.append({"type": "actions", "block_id": f"all:{revision}", "elements": [button]})
    return Shown(_summary(page), tuple(blocks))


def copy(card: Shown, requester: str, written: str) -> Shown:
    """The card for an approver who cannot see where it was asked: who asked, and in what words."""
    quoted = f" wrote to me, where you cannot see it: “{fitted(one_line(written), WORDS_LIMIT)}”"
    who = person(requester) if requester else words("Somebody")
    return Shown(card.text, (rich(section(who, words(quoted))), *card.blocks))


def moved(shown: Shown, channel: str, link: str | None) -> Shown:
    """A message that its own conversation did not take, for the direct message of who asked there."""
    origin: Block = _context(mrkdwn(wording.origin(channel, link)))
    return Shown(shown.text, (origin, *shown.blocks))


def failure(sentence: str, reference: str | None, *, turn: str) -> Shown:
    """A turn that broke off, with a way to try it again."""
    text = one_line(sentence) + (f" (reference {reference})" if reference is not None else "")
    said: Block = {"type": "section", "text": plain_text(f"⚠ {text}")}
    button = _button("Try Again", RETRY, turn)
    return Shown(escape(text, TEXT_LIMIT), (said, {"type": "actions", "block_id": "retry", "elements": [button]}))


def overcome() -> Shown:
    """In the place of a failure, once the turn has been tried again."""
    text = "This did not work at first, and was tried again."
    return Shown(text, (_context(mrkdwn(text)),))


def _summary(page: Sequence[ShownCall]) -> str:
    """The calls in a few words each; no two of them in the same ones."""
    limit = min(LINE_LIMIT, TEXT_LIMIT // (2 * len(page)))
    waiting = [call.in_line(limit) for call in page if call.waits]
    ended = [
        f"{call.in_line(limit)}: {'not run' if call.state is State.REFUSED else call.state}"
        for call in page
        if not waiting
    ]
    text = f"Waiting for a decision: {'; '.join(waiting)}" if waiting else "; ".join(ended)
    said = escape_visible(text, TEXT_LIMIT - DIGEST_LENGTH)
    return said if said == escape_visible(text) else f"{said} (SHA-256 {digest(text.encode(errors='surrogatepass'))})"


def _call(call: ShownCall) -> list[Block]:
    if call.asked is None and call.doubt is None:
        return [_unasked(call)]
    title = section(words(call.title, "bold"), *_described(call))
    blocks = [{**rich(title, *call.arguments.parts), "block_id": block_id("call", call.asked)}]
    if call.arguments.notes:
        blocks.append(_context(plain_visible("⚠ " + " ".join(call.arguments.notes))))
    if call.doubt is not None and call.waits:
        return blocks + _doubt(call)
    if call.waits:
        return [*blocks, _context(*wording.before(call), mrkdwn(wording.who_decides(call))), *_buttons(call)]
    said = wording.before(call)
    if not said or call.decided_at != call.edited_at:  # an edit that its own vote approved is told once
        said += wording.decision(call)
    return [*blocks, _context(*said), *_outcome(call)]


def _described(call: ShownCall) -> list[Block]:
    return [words(f"\n{fitted(call.description, NOTICE_LIMIT)}")] if call.description else []


def _unasked(call: ShownCall) -> Block:
    """A call that no person was asked about, in one line, with what came of it unless that is a result."""
    values = in_line(call.args, LINE_LIMIT)
    tail = f" — {values}" if values else ""
    why = fitted(one_line(wording.why_nothing(call)), RESULT_LIMIT)
    return _context(plain_visible(f"{wording.unasked(call)}{tail}" + (f"\n{why}" if why else "")))


def _buttons(call: ShownCall) -> list[Block]:
    """What may be decided here, and what may not and why."""
    offered = [
        ("approve", "Approve", APPROVE, "primary"),
        ("edit", "Edit", EDIT, None),
        ("reject", "Reject", REJECT, "danger"),
        ("respond", "Respond", RESPOND, None),
    ]
    cut = not call.arguments.is_whole
    uneditable = call.uneditable if "edit" in call.allow else None
    withheld = ({"approve"} if cut else set()) | ({"edit"} if uneditable else set())
    buttons = [
        _button(label, action, call.interrupt_id, style=style)
        for verb, label, action, style in offered
        if verb in call.allow and verb not in withheld
    ]
    blocks: list[Block] = []
    if buttons:
        blocks.append({"type": "actions", "block_id": block_id("decide", call.question), "elements": buttons})
    if uneditable:
        said = f"It cannot be edited. {uneditable}" if call.args else "It has no arguments to edit."
        blocks.append(_context(plain_text(one_line(said), NOTICE_LIMIT)))
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
        _button("It Ran", IT_RAN, call.interrupt_id),
        _button("Run Again", RUN_AGAIN, call.interrupt_id, style="danger"),
        _button("Give Up", GIVE_UP, call.interrupt_id),
    ]
    return [
        {"type": "section", "text": mrkdwn(said)},
        {"type": "actions", "block_id": block_id("doubt", call.question), "elements": buttons},
    ]


def _outcome(call: ShownCall) -> list[Block]:
    if call.decision not in ("approve", "edit"):
        return []
    glyph, word = _ENDS.get(call.state, ("·", call.state.capitalize()))
    result = call.refusal.why if call.refusal is not None else call.result
    first = one_line(result.strip().partition("\n")[0].removeprefix(f"{word}: "))
    said = f"{glyph} {word}" + (f": {fitted(first, RESULT_LIMIT)}" if first else "")
    return [_context(plain_visible(said))]


_ENDS = {
    State.APPROVED: ("…", "Running"),  # the line above says "Approved"; this one, what comes of that
    State.RUNNING: ("…", "Running"),
    State.DONE: ("✓", "Done"),
    State.FAILED: ("⚠", "Failed"),
    State.IN_DOUBT: ("⚠", "In doubt"),
    State.REFUSED: ("✗", "Not run"),
}


def _button(label: str, action: str, value: str, *, style: str | None = None) -> Block:
    button: Block = {"type": "button", "text": plain_text(label), "action_id": action, "value": value}
    return button if style is None else {**button, "style": style}


def _context(*elements: Block) -> Block:
    return {"type": "context", "elements": list(elements)}
