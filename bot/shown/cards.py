"""Our types → Block Kit: pure functions, one for each thing that the bot shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shown import buttons, records, wording
from bot.shown.arguments import in_line
from bot.shown.buttons import APPROVE, APPROVE_ALL, EDIT, GIVE_UP, IT_RAN, REJECT, RESPOND, RETRY, RUN_AGAIN
from bot.shown.markdown import reply_markdown
from bot.shown.pieces import Moment, in_mrkdwn
from bot.shown.shown_calls import LINE_LIMIT, ShownCall
from bot.shown.splitting import parts
from bot.shown.text import (
    Block,
    context,
    entities,
    escape,
    escape_visible,
    fitted,
    mrkdwn,
    one_line,
    plain_text,
    plain_visible,
    rich,
    section,
    words,
)
from bot.shown.versions import block_id

__all__ = ["APPROVE", "APPROVE_ALL", "EDIT", "GIVE_UP", "IT_RAN", "REJECT", "RESPOND", "RETRY", "RUN_AGAIN"]

REPLY_LIMIT = 11_000
"""Characters of a reply in one message: Slack takes 12,000 of Markdown."""

REPLY_PARTS = 50
"""Messages that one reply has at most."""

BESIDE_LIMIT = 1000
"""Characters of what stands below a reply."""

CARD_LIMIT = 10_000
"""Characters in the blocks of one card: Slack takes about 13,200, by a count of its own."""

PAGE_LIMIT = 8_500
"""Characters of the rows of one card. What stands beside them has the rest."""

PAGE_BLOCKS = 42
"""Blocks of the rows of one card: Slack takes 50. The others are for what stands beside them: what the model says, who
asked where and in what words, who could not be reached, "Approve All".
"""

RESULT_LIMIT = 200
NOTICE_LIMIT = 200
PREVIEW_LIMIT = 1000
NOTES_LIMIT = 400
TEXT_LIMIT = 3000

ASKED = 1400
"""Characters of a call that asks or asked, as a rule, its arguments and its preview aside."""

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


@dataclass(frozen=True)
class Request:
    """What a card answers: the address of the message that asked; who wrote it and in what words, where the reader of
    the card cannot see it.
    """

    link: str | None = None
    by: str = ""
    words: str | None = None


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
    return [*shown, Shown(last.text, (*last.blocks, context(said)))]


def pages(proposed: Sequence[ShownCall]) -> list[list[ShownCall]]:
    """The calls of a model message, by card: one card, unless Slack does not take so much in one message."""
    found: list[list[ShownCall]] = []
    room = blocks = 0
    for call in proposed:
        asked = call.asked is not None or call.doubt is not None
        size = ASKED + call.arguments.length + min(len(call.preview), PREVIEW_LIMIT) if asked else UNASKED
        height = 7 if asked else 1
        if not found or size > room or height > blocks:
            found.append([])
            room, blocks = PAGE_LIMIT, PAGE_BLOCKS
        found[-1].append(call)
        room -= size
        blocks -= height
    return found


def calls(
    page: Sequence[ShownCall], revision: str, unreached: Sequence[str] = (), request: Request | None = None
) -> Shown:
    """The calls of one page: a card with buttons where one waits, else a line for each that ran. `unreached` are those
    who could decide, and could not be asked.
    """
    request = request or Request()
    shown = _Card(page, revision, unreached, request).shown()
    return (
        shown if _length(shown.blocks) <= CARD_LIMIT else _Card(page, revision, unreached, request, brief=True).shown()
    )


def _length(blocks: Sequence[Block]) -> int:
    return sum(_texts(block) for block in blocks)


def _texts(node: object) -> int:
    match node:
        case {"text": str(text)}:
            return len(text)
        case dict():
            return sum(map(_texts, node.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
        case list() | tuple():
            return sum(map(_texts, node))  # pyright: ignore[reportUnknownArgumentType]
        case _:
            return 0


@dataclass(frozen=True)
class _Card:
    """One card. `brief`: what is said beside the calls has less room."""

    page: Sequence[ShownCall]
    revision: str
    unreached: Sequence[str]
    request: Request
    brief: bool = False

    def shown(self) -> Shown:
        waiting = self.waiting
        if len(waiting) == 1:
            blocks = [block for call in self.page for block in self._row(call, self._beside())]
        else:
            blocks = [block for call in self.page for block in self._row(call, [])]
            blocks += self._beside() if self._has_asked else []
            if len(waiting) > 1 and all("approve" in call.allow and call.arguments.is_whole for call in waiting):
                blocks.append(buttons.approve_all(waiting, self.revision))
        return Shown(_summary(self.page), tuple(blocks))

    @property
    def waiting(self) -> list[ShownCall]:
        return [call for call in self.page if call.waits]

    @property
    def _has_asked(self) -> bool:
        return any(call.asked is not None or call.doubt is not None for call in self.page)

    def _row(self, call: ShownCall, beside: list[Block]) -> list[Block]:
        if call.asked is None and call.doubt is None:
            return [_unasked(call)]
        if not call.waits:
            return records.record(call)
        is_doubt = call.doubt is not None and call.doubt.status == "waiting"
        id_ = block_id(call.state.replace(" ", "-"), call.question)
        blocks: list[Block] = [{**rich(*self._described(call), *call.arguments.parts), "block_id": id_}]
        if call.arguments.notes:
            blocks.append(context(plain_visible("⚠ " + " ".join(call.arguments.notes), NOTES_LIMIT)))
        if warned := wording.warnings(call):
            blocks.append(context(*warned))
        if is_doubt:
            return [*blocks, *beside, *_doubt(call, self._where()), buttons.settle_doubt(call)]
        blocks += beside
        blocks.append(context(*wording.terms(call), *self._where(), wording.function(call), *wording.votes(call)))
        return blocks + buttons.decide(call, is_alone=len(self.waiting) == 1)

    def _described(self, call: ShownCall) -> list[Block]:
        """What it would do, and what whoever decides needs to know."""
        said = [section(words(call.first_line, "bold"))]
        if call.description:
            said.append(section(words(fitted(one_line(call.description), NOTICE_LIMIT))))
        if call.preview:
            preview = fitted(call.preview.strip(), PREVIEW_LIMIT // (4 if self.brief else 1))
            said += [section(words(line)) for line in preview.splitlines() if line.strip()]
        return said

    def _where(self) -> list[Block]:
        """The way to the message that asked."""
        return [wording.link(self.request.link)] if self.request.link is not None else []

    def _beside(self) -> list[Block]:
        """Why, in the model's words; who asked, and in which; who could not be asked."""
        limit = wording.BRIEFLY if self.brief else wording.SAID_LIMIT
        blocks: list[Block] = []
        if self.waiting and (said := self.page[0].beside.strip()):
            blocks.append(context(wording.beside(said, limit)))
        if self.request.words is not None:
            blocks.append(context(*wording.request(self.request.by, self.request.words, limit)))
        if self.waiting and self.unreached:
            blocks.append(context(mrkdwn(wording.unreached(self.unreached))))
        return blocks


def moved(shown: Shown, channel: str, link: str | None) -> Shown:
    """A message that its own conversation did not take, for the direct message of who asked there."""
    return Shown(shown.text, (*shown.blocks, context(mrkdwn(wording.origin(channel, link)))))


def failure(sentence: str, reference: str | None, *, turn: str) -> Shown:
    """A turn that broke off, with a way to try it again."""
    text = f"⚠ {one_line(sentence)}" + (f" (reference {reference})" if reference is not None else "")
    said: Block = {"type": "section", "text": plain_text(text)}
    return Shown(escape(text, TEXT_LIMIT), (said, buttons.try_again(turn)))


def overcome() -> Shown:
    """In the place of a failure, once the turn has been tried again."""
    text = "This did not work at first, and was tried again."
    return Shown(text, (context(mrkdwn(text)),))


def _summary(page: Sequence[ShownCall]) -> str:
    """What a notification says: that a decision is needed, on what, who asked, until when; later, what was decided."""
    waiting = [call for call in page if call.waits]
    if not waiting:
        said = [_in_words(call) for call in page]
        told = next((n for n in range(len(said), 1, -1) if len("; ".join(said[:n])) <= TEXT_LIMIT), 1)
        return "; ".join(said[:told]) + (f"; and {len(said) - told} more" if told < len(said) else "")
    first = waiting[0]
    line = entities(first.first_line)
    said = f"Decision needed: {line}" if len(waiting) == 1 else f"{len(waiting)} decisions needed. The first: {line}"
    if first.doubt is not None:
        said = f"{said}{_stop(said)} This call may already have run."
    until = f", until {in_mrkdwn([Moment(first.expires_at)])}" if first.expires_at is not None else ""
    asked = f"Asked by <@{first.requester}>{until}." if first.requester else ""
    return f"{said}{_stop(said)} {asked}".strip()


def _stop(sentence: str) -> str:
    return "" if sentence[-1] in ".?!…" else "."


def _in_words(call: ShownCall) -> str:
    if call.asked is not None or call.doubt is not None:
        return records.in_words(call)
    return escape_visible(_what_ran(call))


def _unasked(call: ShownCall) -> Block:
    """A call that no person was asked about, in one line, with what came of it unless that is a result."""
    why = fitted(one_line(wording.why_nothing(call)), RESULT_LIMIT)
    return context(plain_visible(_what_ran(call) + (f"\n{why}" if why else "")))


def _what_ran(call: ShownCall) -> str:
    values = in_line(call.args, LINE_LIMIT, call.labels)
    return wording.unasked(call) + (f" — {values}" if values else "")


def _doubt(call: ShownCall, where: list[Block]) -> list[Block]:
    said = "⚠ *This call may already have run.* It was begun, and its end was never recorded."
    look = f"Look for it at the other side, then say what you found. Its key there: `{escape(call.idempotency_key)}`"
    return [
        {"type": "section", "text": mrkdwn(said)},
        context(mrkdwn(look), wording.settled_by(call), *where, wording.function(call)),
    ]
