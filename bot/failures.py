"""What becomes of a turn that failed: it is logged, its person is told, and it is tried again when somebody asks."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.shown import timeline
from bot.telling import Addressee, Telling, slack_thread
from graphs.agent.turns import broken_off, latest, turns
from graphs.errors import CutShort, GraphChanged, GraphError, GraphRecursionError
from graphs.models.errors import ModelUnavailable
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from graphs.runtime.types import PendingTask
from storage import Storage, inbox, threads
from storage.errors import UnreadableRow
from storage.ids import ThreadId
from storage.inbox import Delivery
from storage.recent import Recent
from storage.threads import ThreadRow

logger = logging.getLogger(__name__)

REMEMBERED = 1000
"""Threads that failed, of which that is remembered."""


@dataclass(frozen=True)
class Again:
    """What a thread is to be given so that a turn runs again; `by` is whose turn it is then, None for the same."""

    given: Any = None
    by: str | None = None


class Failures:
    """Knows which threads failed before they could move."""

    def __init__(self, storage: Storage, graph: Threads, telling: Telling) -> None:
        self._storage = storage
        self._graph = graph
        self._telling = telling
        self._stuck = Recent(REMEMBERED)

    def has(self, thread_id: ThreadId) -> bool:
        """Whether it failed before it could move, when it was run last."""
        return self._stuck.look(thread_id) is not None

    def stands(self, thread: ThreadRow | None) -> bool:
        """Whether it failed before it could move, and nothing has changed since."""
        return thread is not None and self._at(thread.thread_id) == thread.version

    def _at(self, thread_id: ThreadId) -> int | None:
        """The version of the thread when it failed before it could move."""
        found: tuple[int, str] | None = self._stuck.look(thread_id)
        return None if found is None else found[0]

    async def note(self, thread_id: ThreadId, error: Exception) -> bool:
        """Log it. True when a task of the thread has failed by it, which is shown there."""
        tasks: Sequence[PendingTask] = ()
        with contextlib.suppress(UnreadableRow, GraphError):  # of which the run has failed
            tasks = (await self._graph.aget_state(config_of(thread_id))).tasks
        references = [timeline.reference(task.id) for task in tasks if task.error is not None]
        said = ", ".join(references) or "none"
        if isinstance(error, CutShort):
            logger.error("thread %s is set aside (reference %s): %s", thread_id, said, error)
        elif isinstance(error, ModelUnavailable | GraphRecursionError):  # how far the code came is not what went wrong
            why = f"{error} ({error.__cause__})" if error.__cause__ is not None else error
            logger.error("thread %s failed (reference %s): %s: %s", thread_id, said, type(error).__name__, why)
        else:
            logger.error("thread %s failed (reference %s)", thread_id, said, exc_info=error)
        thread = await self._storage.read(lambda db: threads.get(db, thread_id))
        if thread is not None and not references:
            said = timeline.REPLACED if isinstance(error, GraphChanged) else timeline.BROKEN
            self._stuck.put(thread_id, (thread.version, said))
        return bool(references)

    async def tell(self, thread_id: ThreadId, person: Addressee | None) -> None:
        """Tell whom the thread is for that it cannot go on, where nothing that is shown of it says so; whoever wrote
        last where that is nobody that is known.
        """
        if person is None and (wrote := await self._storage.read(lambda db: inbox.newest(db, thread_id))) is not None:
            person = slack_thread(wrote), wrote.user
        if person is not None:
            _, said = self._stuck.look(thread_id) or (0, timeline.BROKEN)
            await self._telling.tell(person, said)

    async def again(self, asked_by: Delivery) -> Again | None:
        """How a turn runs again that broke off, as its author's, whoever asks for that: where it stands, or as a new
        turn when somebody else has written since. None when there is no such turn.
        """
        thread_id, asked = asked_by.thread_id, asked_by.text
        snapshot = await self._graph.aget_state(config_of(thread_id))
        messages = snapshot.values.get("messages", ())
        if asked in (latest(messages), thread_id, ""):  # the last two: a button of an older release
            if not timeline.is_without_end(snapshot):
                return Again()
            asked = latest(messages)
        for turn in [*broken_off(messages), *list(turns(messages))[-1:]]:
            if turn.id == asked:
                return Again({"messages": turn.again(asked_by.ts)}, turn.author or asked_by.user)
        return None
