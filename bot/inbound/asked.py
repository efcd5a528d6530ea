"""What a click or a form is about: read in one go, so that it is judged as it was at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from bot.inbound.payloads import Click, SlackThread, Submission
from bot.shown import naming, timeline, versions
from bot.shown.arguments import written
from bot.shown.shown_calls import ARGUMENTS_LIMIT
from bot.shown.text import escape_visible, fitted, one_line
from graphs.agent.desk import Decided, Poll, read_poll
from graphs.agent.proposals import APPROVAL, terms_of
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Terms
from storage import Connection, attachments, audit, interrupts, posts
from storage.ids import ThreadId
from storage.interrupts import InterruptRow
from storage.posts import Post

NOT_STORED = "This cannot be stored right now, so it does not count. Try again in a minute."


class RecordWentBack(Exception):
    """Slack shows a later version of the card than our record has."""


@dataclass(frozen=True)
class Asked:
    """What a click or a form is about, as it was read in one go: the question with its votes, the thread that the
    click speaks for, and the channel that the question's own conversation is held in.
    """

    thread_id: ThreadId
    channel: str | None
    poll: Poll
    is_attached: bool = False
    """Whether a file of all that would run is up beside the card that was clicked."""

    @property
    def id(self) -> str:
        return self.poll.row.id if self.poll.row is not None else ""

    @property
    def name(self) -> str:
        """The tool's."""
        return self.poll.row.payload["name"] if self.poll.row is not None else ""

    @property
    def title(self) -> str:
        """The call, as people name it."""
        return title(self.poll.row) if self.poll.row is not None else ""

    @property
    def terms(self) -> Terms | None:
        row = self.poll.row
        return terms_of(row) if row is not None and row.terms else None


def title(row: InterruptRow) -> str:
    """The call that a question is about, as people name it."""
    said = row.payload.get("title")
    return (
        fitted(one_line(said), naming.LINE_LIMIT)
        if said
        else naming.title(row.payload["name"], row.payload.get("args") or {})
    )


def about(asked: Asked, result: Decided | Refused) -> Decided | Refused:
    """A refusal with the call that it is about: there may be several on a card, and a form covers it."""
    if isinstance(result, Refused) and asked.title:
        return Refused(f"{escape_visible(asked.title)}: {result.reason}")
    return result


def asked_by(db: Connection, click: Click) -> Asked:
    """What a button is about. A job. Raises `RecordWentBack`."""
    _compare(db, click)
    poll = read_poll(db, click.value)
    message_id = poll.row.terms.get("message_id", "") if poll.row is not None and poll.row.terms else ""
    thread_id = _thread_of(db, click, message_id)
    channel = posts.channel_of(db, poll.row.thread_id if poll.row is not None else thread_id)
    return Asked(thread_id, channel, poll, is_attached(db, click, poll.row))


def is_attached(db: Connection, click: Click, row: InterruptRow | None) -> bool:
    """Whether the file is up beside the clicked card. A job."""
    if row is None or row.kind != APPROVAL:
        return False
    post = posts.at(db, click.thread.channel, click.message_ts)
    up = {each.subject for each in attachments.of(db, [row.id]) if each.refused is None}
    return post is not None and post.subject in up


UNSEEN = Refused("All that would run is not to be seen here yet. Wait for the attached file, then approve again.")


def unseen(asked: Asked) -> Refused | None:
    """Why a call cannot be approved where it was clicked: not all of what would run is to be seen there."""
    row = asked.poll.row
    if row is None or row.kind != APPROVAL or asked.is_attached:
        return None
    return None if written(row.payload["args"], {}, ARGUMENTS_LIMIT).is_whole else UNSEEN


def asked_in(db: Connection, form: Submission) -> Asked | None:
    """What a form is about; None when there is no such question. A job."""
    poll = read_poll(db, form.metadata)
    if poll.row is None:
        return None
    return Asked(poll.row.thread_id, posts.channel_of(db, poll.row.thread_id), poll)


def card_of(db: Connection, click: Click, message_id: str) -> tuple[ThreadId, str | None]:
    """The thread whose card a button of all rows is on, and the channel that it is held in. A job. Raises
    `RecordWentBack`.
    """
    _compare(db, click)
    thread_id = _thread_of(db, click, message_id)
    return thread_id, posts.channel_of(db, thread_id)


def failed_thread(db: Connection, click: Click) -> ThreadId:
    """The thread of a turn that broke off: the click's own, unless we told of it elsewhere. A job."""
    post = posts.at(db, click.thread.channel, click.message_ts) or _just_posted(db, click)
    return post.thread_id if post is not None and timeline.is_failure(post.subject) else click.thread.thread_id


def _just_posted(db: Connection, click: Click) -> Post | None:
    """What tells of the turn that the button names, and has arrived before we know its ts. A job."""
    told = (each for each in posts.beginning(db, timeline.FAILURE) if each.ts is None)
    here = (each for each in told if each.channel == click.thread.channel)
    return next((each for each in here if each.subject.endswith(f":{click.value}")), None)


def spoken_in(db: Connection, thread: SlackThread) -> ThreadId:
    """The thread that what is said or done there is about: another one for a reply to what we could not post in its own
    conversation. A job.
    """
    about = posts.at(db, thread.channel, thread.thread_ts)
    is_moved = about is not None and not about.thread_ts and not timeline.is_a_copy(about.subject)
    return about.thread_id if about is not None and is_moved else thread.thread_id


def _thread_of(db: Connection, click: Click, message_id: str) -> ThreadId:
    """The click's own thread; for a card that we posted elsewhere, the thread that it was asked in. A job."""
    posted = posts.beginning(db, timeline.calls_subject(message_id)) if message_id else []
    for post in posted:
        here = post.channel == click.thread.channel
        known = post.ts in (click.message_ts, None)  # None: it has arrived before we know its ts
        if here and known and timeline.message_of(post.subject) == message_id:
            return post.thread_id
    return click.thread.thread_id


def ask_again(db: Connection, click: Click, now: float) -> None:
    """Put on record that what waits on the clicked card was decided before, and that this click did not count. A
    job.
    """
    row = interrupts.get(db, click.value)
    message_id = (row.terms or {}).get("message_id", "") if row is not None else click.value.rpartition(":")[0]
    thread_id = _thread_of(db, click, message_id)
    waiting = interrupts.waiting_about(db, thread_id, message_id)
    versions.put_on_record(db, versions.shown_in(click.block_ids), waiting, now)
    audit.append_refusal(
        db,
        at=now,
        thread_id=thread_id,
        interrupt_id=click.value,
        team=click.person.team,
        user=click.person.user,
        reason=versions.WHY,
    )


def _compare(db: Connection, click: Click) -> None:
    if versions.is_later(db, versions.shown_in(click.block_ids), [click.value]):
        raise RecordWentBack
