"""Our types → Block Kit: pure functions, one for each thing that the bot shows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from bot.shown import buttons, records, summary, tasks, wording
from bot.shown import feedback as helped
from bot.shown.buttons import APPROVE, APPROVE_ALL, EDIT, GIVE_UP, IT_RAN, REJECT, RESPOND, RETRY, RUN_AGAIN
from bot.shown.markdown import reply_markdown
from bot.shown.shown_calls import ShownCall
from bot.shown.splitting import parts
from bot.shown.text import (
    Block,
    context,
    escape,
    escape_visible,
    fitted,
    length,
    mrkdwn,
    one_line,
    plain_text,
    plain_visible,
    quote,
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

PAGE_LIMIT = 8_800
"""Characters of the rows of one card. What stands beside them has the rest."""

CARD_BLOCKS = 49
"""Blocks of one card: Slack takes 50. One is for where it was asked, in another place."""

MOST_ELEMENTS = 10
"""Of a context block."""

PAGE_BLOCKS = 43
"""Blocks of the rows of one card, where they are brief. The others are for what stands beside them: what the model
says, who asked where and in what words, who could not be reached, "Approve All".
"""

RESULT_LIMIT = 200
NOTICE_LIMIT = 200
PREVIEW_LIMIT = 1000
NOTES_LIMIT = 400
TEXT_LIMIT = 3000

ASKED, ASKED_BLOCKS = 1150, 6
"""Characters of a call that asks or asked, as a rule, its arguments and its preview aside; and blocks at most, where it
is brief.
"""

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


def reply(content: str, notice: str | None = None, *, feedback: str | None = None) -> list[Shown]:
    """What the agent says: one message, and several where one does not take it. Nothing when there is nothing. Below
    the answer that the message `feedback` is, people say whether it helped.
    """
    shown = [
        Shown(escape(part, TEXT_LIMIT), ({"type": "markdown", "text": reply_markdown(part)},))
        for part in parts(content, REPLY_LIMIT, REPLY_PARTS)
    ]
    if notice is not None:
        said = plain_text(f"⚠ {one_line(notice)}", BESIDE_LIMIT)
        last = shown.pop() if shown else Shown(escape_visible(said["text"]), ())
        shown.append(Shown(last.text, (*last.blocks, context(said))))
    if shown and feedback is not None:
        last = shown.pop()
        shown.append(Shown(last.text, (*last.blocks, *helped.blocks(feedback))))
    return shown


def pages(proposed: Sequence[ShownCall]) -> list[list[ShownCall]]:
    """The calls of a model message, by card: one card, unless Slack does not take so much in one message."""
    found: list[list[ShownCall]] = []
    room = blocks = 0
    for call in proposed:
        asked = call.asked is not None or call.doubt is not None
        size = ASKED + call.arguments.length + min(len(call.preview), PREVIEW_LIMIT) if asked else UNASKED
        height = ASKED_BLOCKS if asked else 1
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
    shown = _Card(page, revision, unreached, request or Request()).shown()
    if length(shown.blocks) <= CARD_LIMIT and len(shown.blocks) <= CARD_BLOCKS:
        return shown
    return _Card(page, revision, unreached, request or Request(), brief=True).shown()


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
        blocks: list[Block] = []
        for call in self.page:
            is_asked = call.asked is not None or call.doubt is not None
            blocks += [{"type": "divider"}] if blocks and is_asked and not self.brief else []
            blocks += self._row(call) if is_asked else [_unasked(call)]
        if not self.is_alone:
            blocks += self._beside() if self._has_asked else []
            blocks += [context(*where)] if waiting and (where := self._where()) else []
            if len(waiting) > 1 and all("approve" in call.allow and call.arguments.is_whole for call in waiting):
                blocks.append(buttons.approve_all(waiting, self.revision))
        return Shown(summary.of(self.page), tuple(blocks))

    @property
    def waiting(self) -> list[ShownCall]:
        return [call for call in self.page if call.waits]

    @property
    def is_alone(self) -> bool:
        """Whether one call waits, and what is said beside the calls is about that."""
        return len(self.waiting) == 1

    @property
    def _has_asked(self) -> bool:
        return any(call.asked is not None or call.doubt is not None for call in self.page)

    def _row(self, call: ShownCall) -> list[Block]:
        """A call that is asked about, or was."""
        if not call.waits:
            return records.record(call)
        is_doubt = call.doubt is not None and call.doubt.status == "waiting"
        id_ = block_id(call.state.replace(" ", "-"), call.question)
        notes = " ".join(call.arguments.notes)
        groups = [
            [plain_visible(f"⚠ {notes}", NOTES_LIMIT // self.parts)] if notes else [],
            wording.warnings(call, wording.REASON_LIMIT // self.parts),
            [] if is_doubt else wording.votes(call),
            [*wording.terms(call), *(self._where() if self.is_alone else []), wording.function(call)],
        ]
        if is_doubt:
            groups = [*groups[:2], _doubt(call), groups[-1]]
        if self.brief:
            groups = [[element for group in groups for element in group][:MOST_ELEMENTS]]
        small = [context(*group) for group in groups if group]
        said: list[Block] = [{**rich(*self._described(call), *call.arguments.parts), "block_id": id_}]
        said += small[:-1] + (self._beside() if self.is_alone else []) + small[-1:]
        if is_doubt:
            return [*said, buttons.settle_doubt(call)]
        return said + buttons.decide(call, is_alone=self.is_alone)

    def _described(self, call: ShownCall) -> list[Block]:
        """What it would do, and what whoever decides needs to know."""
        said = [section(words(call.first_line, "bold"))]
        if call.description:
            said.append(section(words(fitted(one_line(call.description), NOTICE_LIMIT))))
        if call.preview.strip():
            preview = words(fitted(call.preview.strip(), PREVIEW_LIMIT // self.parts))
            said.append(quote(preview) if "\n" in preview["text"] else section(preview))
        return said

    @property
    def parts(self) -> int:
        """What is said beside the arguments has so small a part of its room."""
        return 4 if self.brief else 1

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


def _doubt(call: ShownCall) -> list[Block]:
    key = escape(call.idempotency_key)
    return [
        mrkdwn("⚠ *This call may already have run.* It was begun, and its end was never recorded."),
        mrkdwn(f"Look for it at the other side, then say what you found. Its key there: `{key}`"),
    ]


def _unasked(call: ShownCall) -> Block:
    """A call that no person was asked about: a task while it runs; then one line, with what came of it unless that is a
    result.
    """
    if tasks.is_at_work(call):
        return tasks.card(call)
    why = fitted(one_line(wording.why_nothing(call)), RESULT_LIMIT)
    return context(plain_visible(summary.what_ran(call) + (f"\n{why}" if why else "")))
