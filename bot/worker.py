"""The worker: it runs threads. It looks at the rows: who wrote, what was answered, what was cut short; and runs it.

A click, a message, a start-up and a timer all do the same: wake the worker, which looks. So start-up is recovery.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot import due
from bot.due import Due
from bot.failures import Failures
from bot.halting import Halting
from bot.inbound.payloads import UNREAD, SlackThread
from bot.observing.turns import Watched, unwatched
from bot.people.directory import CannotTell
from bot.people.people import People
from bot.runs import MOVED_ON, AlreadyRead, Runs
from bot.shown import timeline
from bot.shown.posting import Poster
from bot.shown.shower import Display
from bot.telling import Addressee, Telling, slack_thread
from bot.thread_tasks import CUT_OFF, ThreadTasks
from bot.withdrawing import Withdrawing
from graphs.agent.halting import Halts
from graphs.errors import GraphError, NotWaiting, ThreadWaiting
from graphs.runtime.compiled import Threads
from graphs.texts.log_ids import LogId, known
from storage import Connection, Storage, deadlines, inbox, threads
from storage.errors import DatabaseGone, StorageError, StorageUnavailable
from storage.ids import ThreadId
from storage.inbox import Delivery, Unread
from storage.jobs import Job
from storage.posts import Conversation
from storage.recent import Recent

logger = logging.getLogger(__name__)

REST, LONGEST_REST = 0.02, 0.1
"""Seconds from one look to the next, at least: what is committed meanwhile, by however many threads, is found by that.
Three times as long as the look took, so that looking stays a quarter of the work.
"""

BEGUN_AT_ONCE = 6
"""Messages that a look begins to read. In a rush the others wait in the inbox, and not in the event loop, where each
click would wait behind all of them; the looks follow each other as fast as the loop lets them.
"""

LOOK_EVERY = 2.0
"""Seconds after which the worker looks even when nothing was committed: at deadlines, and at owners that died."""

SHOW_AGAIN_AFTER = 2.0
"""Seconds, at least, before a conversation that Slack did not take is shown again."""

FINISH = 10.0
"""Seconds that the steps in flight have to end when the worker is stopped."""

REMEMBERED = 1000
"""Messages that were begun to read, of which that is remembered."""

FORGOTTEN = "This conversation is not kept any more. Write again what is to be done."

FILES = "Files cannot be read here: what you attached was not read."


class Worker:
    """Runs threads and keeps their conversations up to date, until it is stopped."""

    def __init__(
        self,
        storage: Storage,
        graph: Threads,
        display: Display,
        poster: Poster,
        people: People,
        withdrawing: Withdrawing,
        halting: Halting,
        halts: Halts,
        watched: Watched = unwatched,
    ) -> None:
        self._storage = storage
        self._graph = graph
        self._display = display
        self._people = people
        self._withdrawing = withdrawing
        self._halting = halting
        self._halts = halts
        self._telling = Telling(poster, storage.outage)
        self._failures = Failures(storage, graph, self._telling)
        self._running = ThreadTasks(storage.changes.commit_happened)
        self._showing = ThreadTasks(storage.changes.commit_happened)
        self._beside = ThreadTasks(storage.changes.commit_happened)
        self._begun = Recent(REMEMBERED)
        self._stopping = asyncio.Event()
        self._runs = Runs(storage, graph, display, self._failures, halts, self._stopping, watched)

    async def run(self) -> None:
        """Work until `stop`; then finish the steps in flight. Raises `DatabaseGone`, with nothing left at work."""
        telling = asyncio.create_task(self._telling.of_outages(), name="telling of outages")
        try:
            await self._work_until_stopped()
        except StorageUnavailable as error:  # it was to stop, and did not wait
            logger.warning("stopped while the database cannot be used: %s", error)
        finally:
            telling.cancel()
            await asyncio.gather(
                *(each.end(0) for each in (self._beside, self._running, self._showing))
            )  # where it ended by an error

    async def _work_until_stopped(self) -> None:
        while not self._stopping.is_set():
            mark = await self._storage.changes.mark()
            began = time.monotonic()
            more_is_due = await self._look()
            await asyncio.sleep(min(max(REST, 3 * (time.monotonic() - began)), LONGEST_REST))
            if not more_is_due:
                await self._storage.changes.wait(mark, LOOK_EVERY)
        for thread_id in await self._running.end(FINISH):
            logger.warning(
                "thread %s did not come to the end of its step within %d s and was left; a call that was begun in it "
                "is in doubt after the next start",
                thread_id,
                FINISH,
            )
        await self._showing.end(CUT_OFF)

    def stop(self) -> None:
        """Ask `run` to end: threads are given back at the border of a step."""
        self._stopping.set()
        self._storage.changes.commit_happened()

    async def _look(self) -> bool:
        """Begin what is due. True when more is to be read than is begun at once."""
        now = self._storage.now()
        work = await self._storage.read(lambda db: due.in_all(db, self._storage.owner, now))
        if work.is_late:
            await self._storage.write(lambda db: deadlines.expire(db, now))  # and look again: it was a commit
        for stop in work.stops:
            self._beside.start(stop.thread_id, lambda stop=stop: self._halting.asked(stop, self._telling))
        for thread_id in work.to_halt:
            self._runs.halt(thread_id)
            self._begin(thread_id)
        asked = {stop.thread_id for stop in work.stops}  # nothing is begun there before that is judged
        for thread_id in work.to_run:
            if thread_id not in asked:
                self._begin(thread_id)
        more_is_due = self._begin_to_read([each for each in work.unread if not self._telling.can_wait(each)])
        for thread_id in work.outdated:
            if (run := self._runs.of(thread_id)) is not None:
                run.changed()
            elif thread_id not in work.to_run or self._failures.has(thread_id):
                self._showing.start(thread_id, lambda thread_id=thread_id: self._show(thread_id))
        return more_is_due

    def _begin_to_read(self, unread: Sequence[Unread]) -> bool:
        """Begin to read the first of these; True when some are left. What was begun before, and could not be read then,
        takes nobody's place.
        """
        left, more_is_due = BEGUN_AT_ONCE, False
        for each in unread:
            if each.waits and each.thread_id in self._running:  # a call runs there beside one that waits
                self._beside.start(each.thread_id, lambda thread_id=each.thread_id: self._queue(thread_id))
            is_new = each.thread_id not in self._running and self._begun.look(each.event_id) is None
            if is_new and not left:
                more_is_due = True
            elif self._begin(each.thread_id):
                self._begun.put(each.event_id, True)
                left -= is_new
        return more_is_due

    def _begin(self, thread_id: ThreadId) -> bool:
        return self._running.start(thread_id, lambda: self._work(thread_id))

    async def _work(self, thread_id: ThreadId) -> None:
        """Do what is due in a thread first. What is due after that is found by the next look."""
        found = await self._storage.read(lambda db: due.of_thread(db, thread_id))
        if found.thread is not None and found.thread.halted is not None:
            with contextlib.suppress(*MOVED_ON):
                await self._halts.finish(thread_id)
            return
        is_stuck = self._failures.stands(found.thread)
        if is_stuck:  # it failed before it could move, and nothing has changed since; what was written now may move it
            found = replace(found, is_to_go_on=False)
        if self._stopping.is_set() or (is_stuck and found.delivery is None):
            return
        with self._telling.serving(thread_id, lambda: self._who_waits(thread_id, found)):
            await self._do(thread_id, found)

    async def _who_waits(self, thread_id: ThreadId, found: Due) -> Addressee | None:
        """Whom what is done in the thread is for, as far as that can be found out now."""
        if found.delivery is not None:
            return slack_thread(found.delivery), found.delivery.user
        held = found.conversation
        try:
            async with asyncio.timeout(1):
                asker = await self._runs.asker(thread_id, None)
        except (TimeoutError, StorageError, GraphError):
            return None
        return (SlackThread(held.team, held.channel, held.thread_ts), asker) if held is not None and asker else None

    async def _do(self, thread_id: ThreadId, found: Due) -> None:
        thread, delivery = found.thread, found.delivery
        with contextlib.suppress(*MOVED_ON):
            if found.is_to_go_on:
                if not await self._runs.drive(thread_id, found.conversation, None, None):
                    await self._failures.tell(thread_id, await self._who_waits(thread_id, found))
            elif delivery is None or (thread is not None and thread.status == "waiting"):
                await self._queue(thread_id)
            else:
                try:
                    with known(_ids_of(delivery)):
                        await self._take_up(delivery, found.conversation)
                except ThreadWaiting:  # perhaps because another process has read the delivery: it is looked for again
                    await self._queue(thread_id)
                except (*MOVED_ON, DatabaseGone, StorageUnavailable):
                    raise
                except Exception as error:  # noqa: BLE001 - what comes after it in the thread is read all the same
                    await self._failures.note(thread_id, error)
                    await self._failures.tell(thread_id, await self._who_waits(thread_id, found))
                    await self._storage.write(lambda db: inbox.mark_done(db, delivery.event_id), delivery.thread_id)

    async def _queue(self, thread_id: ThreadId) -> None:
        """Leave what came while a question waits for later, unless it takes back what it waits for."""
        is_news = False
        for delivery in await self._storage.read(lambda db: inbox.queued(db, thread_id)):
            if self._telling.knows(delivery):
                continue
            if await self._withdrawing.by_word(delivery):
                return  # and look again: it was a commit
            asks = await self._withdrawing.asks(delivery)
            if not self._telling.knows(delivery):
                await self._telling.is_queued(delivery, asks=asks)
                is_news = True
        if is_news and not self._display.has_shown(thread_id):  # the card there may not be what is on record
            self._showing.start(thread_id, lambda: self._show(thread_id))

    async def _take_up(self, delivery: Delivery, conversation: Conversation | None) -> None:
        """Read one delivery: it is done in the transaction in which the thread has it."""
        was_read = False

        def read(db: Connection) -> None:
            nonlocal was_read
            if not inbox.mark_done(db, delivery.event_id):
                raise AlreadyRead
            was_read = True

        try:
            why = await self._people.refusal(delivery.user)
        except CannotTell:
            await self._telling.is_unknown(delivery)
            return
        if why is not None:
            await self._telling.say(delivery, why)
        elif delivery.kind == "retry":
            await self._try_again(delivery, conversation, read)
        else:
            message = await self._written(delivery)
            if UNREAD in delivery.text:
                await self._telling.say(delivery, FILES)
            is_told = await self._runs.drive(
                delivery.thread_id, conversation, {"messages": [message]}, delivery.user, read, delivery.ts
            )
            if not (was_read and is_told):
                await self._telling.say(delivery, timeline.BROKEN)
        if not was_read:
            await self._storage.write(lambda db: inbox.mark_done(db, delivery.event_id), delivery.thread_id)

    async def _try_again(self, delivery: Delivery, conversation: Conversation | None, read: Job[None]) -> None:
        thread_id = delivery.thread_id
        with contextlib.suppress(NotWaiting):  # it had been tried again already
            if (again := await self._failures.again(delivery)) is not None:
                await self._runs.drive(thread_id, conversation, again.given, again.by, read, delivery.ts)
            elif await self._storage.read(lambda db: threads.get(db, thread_id)) is None:
                await self._telling.say(delivery, FORGOTTEN)

    async def _written(self, delivery: Delivery) -> dict[str, Any]:
        """The message as the thread keeps it: who wrote it, and what."""
        said = await self._people.read(delivery.text)
        message = {"role": "user", "content": said.to_model, "id": delivery.ts, "by": delivery.user}
        if said.to_people != said.to_model:
            message["said"] = said.to_people
        name = await self._people.name(delivery.user)
        return message if name is None else {**message, "name": name}

    async def _show(self, thread_id: ThreadId) -> None:
        """Bring a conversation up to date; when that cannot be now, wait a little before the next look."""
        if not await self._display.show(thread_id):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(SHOW_AGAIN_AFTER, self._display.rest(thread_id))):
                    await self._stopping.wait()


def _ids_of(delivery: Delivery) -> dict[LogId, str | None]:
    return {
        "team": delivery.team,
        "channel": delivery.channel,
        "person": delivery.user,
        "event": delivery.event_id,
        "ts": delivery.ts,
    }
