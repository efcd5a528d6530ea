"""What is due: what the worker finds to do when it looks at the rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from storage import Connection, deadlines, inbox, interrupts, posts, threads
from storage.ids import OwnerId, ThreadId
from storage.inbox import Delivery, Unread
from storage.posts import Conversation
from storage.threads import ThreadRow


@dataclass(frozen=True)
class Work:
    """What is to do in all: whether a deadline has passed, and threads to run, to read for, and to show. `stops` are
    requests to stop, `to_halt` threads for which one was granted.
    """

    is_late: bool
    to_run: Collection[ThreadId]
    unread: Collection[Unread]
    stops: Collection[Delivery]
    to_halt: Collection[ThreadId]
    outdated: Collection[ThreadId]


@dataclass(frozen=True)
class Due:
    """A thread as the worker finds it. It `is_to_go_on` as it stands when it was cut short, or when an answer has not
    reached its task; where it is to stop, nothing else is done.
    """

    thread: ThreadRow | None
    is_to_go_on: bool
    delivery: Delivery | None
    conversation: Conversation | None


def in_all(db: Connection, owner: OwnerId, now: float) -> Work:
    """What `owner` can do. A job."""
    return Work(
        bool(deadlines.due(db, now)),
        [*threads.cut_short(db), *interrupts.threads_with_news(db)],
        inbox.unread(db, owner),
        inbox.stops(db, owner),
        threads.to_halt(db, owner),
        [each.thread_id for each in posts.out_of_date(db, owner)],
    )


def of_thread(db: Connection, thread_id: ThreadId) -> Due:
    """How a thread stands. A job."""
    thread = threads.get(db, thread_id)
    return Due(
        thread,
        thread is not None and (thread.status == "running" or bool(interrupts.newly_answered(db, thread_id))),
        inbox.first_unread(db, thread_id),
        posts.conversation(db, thread_id),
    )
