"""Threads for functions that block: each call has one of its own, and there are only so many at a time.

A conversation has few of them, so that it cannot take those of all others. Nothing else runs in these threads, and the
process does not wait for them when it ends. A thread cannot be stopped: a call that nobody waits for any more holds its
place until it ends by itself, and where only such calls are left a new one is refused. While a call waits for what the
runtime does for it (it runs a graph), its place is free for others: that may have functions that block.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Generator, Hashable, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from queue import SimpleQueue
from typing import TypeVar
from weakref import WeakValueDictionary

from graphs.errors import NoPlace

T = TypeVar("T")

OF_A_CONVERSATION = 4
IN_ALL = 32

KEPT = 8
"""Threads that are kept for the next call when they have nothing to do."""

PATIENCE = 60.0
"""Seconds that a call waits for other conversations to leave it a place. It waits for those of its own without a limit,
as its step does.
"""

conversation: ContextVar[Hashable] = ContextVar("conversation", default=None)
"""Whose places the calls made here take; None takes of all only."""


class Places:
    """So many at a time: taken in any event loop, given back from any thread. Who waits longest is first."""

    def __init__(self, limit: int, whose: str) -> None:
        self._limit = limit
        self._whose = whose
        self._taken = 0
        self._lost = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._lock = threading.Lock()

    async def take(self, patience: float | None) -> None:
        """Raises `NoPlace` when no place becomes free in so many seconds, or none can."""
        with self._lock:
            if self._taken < self._limit:
                self._taken += 1
                return
            if self._lost == self._taken:
                raise self._refusal()
            granted = asyncio.get_running_loop().create_future()
            self._waiting.append(granted)
        try:
            async with asyncio.timeout(patience):
                await granted
        except (TimeoutError, asyncio.CancelledError) as error:
            self._withdraw(granted)
            if isinstance(error, TimeoutError):
                raise self._refusal() from None
            raise

    def take_again(self) -> None:
        """For a call that has begun: it does not wait, also where others have its place by now."""
        with self._lock:
            self._taken += 1

    def give_back(self, *, was_lost: bool = False) -> None:
        with self._lock:
            self._lost -= was_lost
            while self._waiting and self._taken <= self._limit:
                granted = self._waiting.popleft()
                with suppress(RuntimeError):  # its loop is closed: the next one
                    granted.get_loop().call_soon_threadsafe(self._grant, granted)
                    return
            self._taken -= 1
            self._refuse_where_none_ends()

    def lose(self) -> None:
        """Nobody waits any more for a call that has a place."""
        with self._lock:
            self._lost += 1
            self._refuse_where_none_ends()

    def _refuse_where_none_ends(self) -> None:
        """Whoever waits, where only lost calls are left."""
        while self._waiting and self._lost == self._taken:
            refused = self._waiting.popleft()
            with suppress(RuntimeError):
                refused.get_loop().call_soon_threadsafe(self._refuse, refused)

    def _grant(self, granted: asyncio.Future[None]) -> None:
        if granted.done():  # who waited was cancelled
            self.give_back()
        else:
            granted.set_result(None)

    def _refuse(self, refused: asyncio.Future[None]) -> None:
        if not refused.done():
            refused.set_exception(self._refusal())

    def _withdraw(self, granted: asyncio.Future[None]) -> None:
        with self._lock, suppress(ValueError):
            self._waiting.remove(granted)
        if granted.done() and not granted.cancelled() and granted.exception() is None:
            self.give_back()  # it was granted in the moment in which it was cancelled

    def _refusal(self) -> NoPlace:
        return NoPlace(
            f"All {self._limit} places {self._whose} for functions that block are held by calls that do not end. "
            "This call was not begun; it may be made again later."
        )


_ALL = Places(IN_ALL, "there are")
_OF: WeakValueDictionary[Hashable, Places] = WeakValueDictionary()


class Place:
    """What one call holds until its thread ends. Made by `take`, and used once."""

    def __init__(self, held: Sequence[Places]) -> None:
        self._held = held
        self._lock = threading.Lock()
        self._has_ended = False
        self._is_lost = False
        self._is_lent = False
        self._waited_for: list[Callable[[], None]] = []

    async def run(self, call: Callable[[], T]) -> T:
        """What `call()`, which must not raise, returns in a thread of its own. Cancelled, it is left to itself."""
        loop, context = asyncio.get_running_loop(), copy_context()
        done: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            _HERE.place = self
            result = context.run(call)
            self._end()
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(lambda: done.done() or done.set_result(result))

        try:
            _begin(work)
        except RuntimeError:  # the system gives no more threads
            self._end()
            raise
        try:
            return await done
        except asyncio.CancelledError:
            self._lose()
            raise

    @contextmanager
    def lent(self) -> Generator[None]:
        """Around waiting, in the call: others have the place meanwhile."""
        self._lend()
        try:
            yield
        finally:
            self._take_back()

    @contextmanager
    def attending(self, cancel: Callable[[], None]) -> Generator[None]:
        """Around what the call waits for, in the call: that is cancelled when nobody waits for the call any more."""
        with self._lock:
            self._waited_for.append(cancel)
            if self._is_lost:
                cancel()
        try:
            yield
        finally:
            with self._lock:
                self._waited_for.remove(cancel)

    def _lend(self) -> None:
        with self._lock:
            self._is_lent = True
            for places in self._held:
                places.give_back(was_lost=self._is_lost)

    def _take_back(self) -> None:
        with self._lock:
            self._is_lent = False
            for places in self._held:
                places.take_again()
                if self._is_lost:
                    places.lose()

    def _end(self) -> None:
        with self._lock:
            self._has_ended = True
            for places in self._held:
                places.give_back(was_lost=self._is_lost)

    def _lose(self) -> None:
        with self._lock:
            if self._has_ended:
                return
            self._is_lost = True
            if not self._is_lent:
                for places in self._held:
                    places.lose()
            for cancel in self._waited_for:
                cancel()


class _Here(threading.local):
    place: Place | None = None
    """Of the call that this thread makes."""


_HERE = _Here()


def here() -> Place | None:
    """The place of the call that is made in this thread; None where it is no thread of such calls."""
    return _HERE.place


class _Thread(threading.Thread):
    """Does one piece of work after the other, and ends when enough others are idle."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(name="blocking call", daemon=True)
        self.is_busy = True
        self.next: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self.next.put(work)

    def run(self) -> None:
        while True:
            self.next.get()()
            self.is_busy = False
            if len(_IDLE) >= KEPT:
                return
            _IDLE.append(self)


_IDLE: deque[_Thread] = deque()


def _begin(work: Callable[[], None]) -> None:
    try:
        thread = _IDLE.pop()
    except IndexError:
        _Thread(work).start()
    else:
        thread.is_busy = True
        thread.next.put(work)


def are_busy() -> bool:
    """Whether a call has not ended, whoever waits for it."""
    return any(isinstance(thread, _Thread) and thread.is_busy for thread in threading.enumerate())


async def take(*, bounded: bool = True) -> Place:
    """A place for a call, in the conversation that this is in and among all; not `bounded`, one beside all others.

    Raises `NoPlace`.
    """
    if not bounded:
        return Place(())
    whose = conversation.get()
    held: list[Places] = []
    if whose is not None:
        own = _OF.setdefault(whose, Places(OF_A_CONVERSATION, "of this conversation"))
        await own.take(None)
        held.append(own)
    try:
        await _ALL.take(PATIENCE)
    except (NoPlace, asyncio.CancelledError):
        for places in held:
            places.give_back()
        raise
    return Place((*held, _ALL))
