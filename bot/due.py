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
    """What is to do in all: whether a deadline has passed, and threads to run, to read for, and to show."""

    is_late: bool
    to_run: Collection[ThreadId]
    unread: Collection[Unread]
    outdated: Collection[ThreadId]


@dataclass(frozen=True)
class Due:
    """A thread as the worker finds it: `has_news` when an answer has not reached its task."""

    thread: ThreadRow | None
    has_news: bool
    delivery: Delivery | None
    conversation: Conversation | None


def in_all(db: Connection, owner: OwnerId, now: float) -> Work:
    """What `owner` can do. A job."""
    return Work(
        bool(deadlines.due(db, now)),
        [*threads.cut_short(db), *interrupts.threads_with_news(db)],
        inbox.unread(db, owner),
        [each.thread_id for each in posts.out_of_date(db, owner)],
    )


def of_thread(db: Connection, thread_id: ThreadId) -> Due:
    """How a thread stands. A job."""
    return Due(
        threads.get(db, thread_id),
        bool(interrupts.newly_answered(db, thread_id)),
        inbox.first_unread(db, thread_id),
        posts.conversation(db, thread_id),
    )
