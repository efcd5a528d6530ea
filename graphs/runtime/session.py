"""One run of a thread, as all its graphs and tasks share it: the lease, what was asked and claimed before, the
streams.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from graphs.errors import InterruptMisused, ThreadBusy
from graphs.runtime.calling import Paused
from graphs.runtime.configs import noted
from graphs.runtime.ledger import Ledger
from graphs.runtime.streams import Stream
from graphs.runtime.types import Config
from storage import Connection, Storage, checkpoints, claims, interrupts, tasks, threads
from storage.checkpoints import CheckpointRow, ValueChange
from storage.claims import ClaimRow
from storage.errors import ClaimMoved, LeaseLost, ThreadHalted
from storage.ids import InterruptId, Namespace, Scope, TaskId, ThreadId
from storage.interrupts import InterruptRow, NewInterrupt
from storage.scopes import is_within
from storage.tasks import TaskRow
from storage.threads import Lease, ThreadStatus

Durability = Literal["sync", "async", "exit"]
"""When a run's positions are stored: each before the next step begins ("async" promises less, and is the same here), or
when the run returns, raises or pauses.
"""
Job = Callable[[Connection], object]


@dataclass
class Commit:
    """What one transaction of a run stores. With `release` it gives the thread back in that status."""

    checkpoint: tuple[CheckpointRow, list[ValueChange]] | None = None
    tasks: list[TaskRow] = field(default_factory=list[TaskRow])
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])
    consumed: list[InterruptId] = field(default_factory=list[InterruptId])
    reopened: list[InterruptId] = field(default_factory=list[InterruptId])
    cancelled: list[InterruptId] = field(default_factory=list[InterruptId])
    passed: list[Scope] = field(default_factory=list[Scope])
    """Tasks that paused: the answers they had until here are closed."""
    closed: list[Scope] = field(default_factory=list[Scope])
    """Tasks that finished: none of their questions takes an answer any more."""
    ended: list[Scope] = field(default_factory=list[Scope])
    resumed: list[Scope] = field(default_factory=list[Scope])
    """Tasks that run again: they no longer wait."""
    jobs: list[Job] = field(default_factory=list[Job])
    """What tasks that ended want stored beside their ends."""
    release: ThreadStatus | None = None

    @property
    def only_adds(self) -> bool:
        """Whether what was asked, answered and finished before stays as it is."""
        return not (
            self.consumed or self.reopened or self.cancelled or self.passed or self.closed or self.ended or self.resumed
        )

    def store(self, db: Connection, thread_id: ThreadId, now: float) -> list[InterruptRow]:
        """What was asked, as it is stored."""
        if self.checkpoint is not None:
            checkpoints.save(db, *self.checkpoint)
        if self.ended:
            tasks.clear(db, self.ended)
        if self.resumed:
            tasks.resume(db, self.resumed)
        for row in self.tasks:
            tasks.save(db, thread_id, row, now)
        for job in self.jobs:
            job(db)
        if self.consumed:
            interrupts.consume(db, self.consumed)
        interrupts.close(db, self.passed, now)
        interrupts.close(db, self.closed, now, finished=True)
        asked = [interrupts.ask(db, question, now) for question in self.questions]
        if self.reopened:
            interrupts.reopen(db, self.reopened)
        if self.cancelled:
            interrupts.cancel(db, thread_id, self.cancelled, now)
        return asked


@dataclass
class Session:
    """Everything a run shares. Without a checkpointer `storage` is None and nothing is stored."""

    thread_id: ThreadId
    storage: Storage | None
    lease: Lease | None
    new_id: Callable[[], str]
    config: Config
    context: Any
    by: str | None
    """Who gave the input that this run works on."""
    answered_by: str | None
    """Who resumed it."""
    stream: Stream
    stop: Callable[[], bool]
    durability: Durability
    halt: asyncio.Event | None = None
    """Set when the thread is to stop at once, which its row says too."""
    released: bool = False
    version: int = 0
    """The thread's, after this run's last commit."""
    roots: tuple[TaskId, ...] = ()
    kept: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the root graph's position: where the last calls ended of graphs that keep their state, by place."""
    in_use: dict[str, Namespace] = field(default_factory=dict[str, Namespace])
    """The places at which such graphs run or wait."""
    given_up: frozenset[Scope] = frozenset()
    """Tasks that are not begun in this run, because too many runs were cut short in them."""
    ledger: Ledger = field(default_factory=Ledger)
    _own_claims: dict[tuple[Scope, str], ClaimRow] = field(default_factory=dict[tuple[Scope, str], ClaimRow])
    _in_use: set[tuple[Scope, str]] = field(default_factory=set[tuple[Scope, str]])
    _about: dict[tuple[Scope, str], Mapping[str, Any]] = field(
        default_factory=dict[tuple[Scope, str], Mapping[str, Any]]
    )
    _beside: dict[tuple[Scope, str], Callable[[Connection], None]] = field(
        default_factory=dict[tuple[Scope, str], Callable[[Connection], None]]
    )
    _claimed: dict[tuple[Scope, str], asyncio.Future[None]] = field(
        default_factory=dict[tuple[Scope, str], "asyncio.Future[None]"]
    )
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    """In which it runs."""
    _commits: int = 0
    _refreshing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def commit(self, commit: Commit) -> None:
        """Store it, fenced. A thread that was to wait is not given back, so not `released`, when an answer came in.

        Raises `ThreadBusy` when another owner has taken the thread over.
        """
        assert self.storage is not None
        assert self.lease is not None
        storage, lease, now = self.storage, self.lease, self.storage.now()
        known, version = self.ledger, self.version
        try:
            self.released, ledger, self.version = await storage.write(
                lambda db: _store(db, commit, lease, now, known, version, self.roots), self.thread_id
            )
        except LeaseLost as error:
            raise ThreadBusy(f"{error}: what this run had not stored yet is void") from error
        self._commits += 1
        if ledger is not known:
            self.take_up(ledger)

    @cached_property
    def noted(self) -> dict[str, Any]:
        """What the config says for the record of each checkpoint."""
        return noted(self.config)

    @property
    def is_halted(self) -> bool:
        return self.halt is not None and self.halt.is_set()

    async def claim(self, row: ClaimRow) -> None:
        """Store a claim before its effect begins. Raises `ThreadBusy` when the lease is lost, and `Paused` when the
        thread is to stop: nothing has begun then.
        """
        if self.storage is not None and self.lease is not None:
            lease, now = self.lease, self.storage.now()

            def allowed(db: Connection) -> None:
                threads.hold(db, lease, now)
                threads.unless_halted(db, lease.thread_id)

            try:
                await self._put(row, allowed)
            except ThreadHalted:
                if self.halt is not None:
                    self.halt.set()
                raise Paused from None
            except LeaseLost as error:
                raise ThreadBusy(f"{error}: nothing more is begun in this run") from error
        self._keep(row)

    async def settle(self, row: ClaimRow) -> None:
        """Store what became of a claim, also when the lease is lost: the effect has happened all the same."""
        with suppress(ClaimMoved):  # somebody settled it meanwhile, or the thread is gone
            await self._put(row)
        self._keep(row)

    async def _put(self, row: ClaimRow, first: Callable[[Connection], object] = lambda db: None) -> None:
        if self.storage is None:
            return

        beside = self._beside.pop((row.scope, row.key), None) if row.status == "done" else None

        def job(db: Connection) -> None:
            first(db)
            claims.put(db, row, self._about.get((row.scope, row.key)))
            if beside is not None:
                beside(db)

        try:
            await self.storage.write(job, row.thread_id)
        except asyncio.CancelledError:  # the node's time is up, and it is stored all the same
            self._keep(row)
            raise

    def note(self, scope: Scope, key: str, about: Mapping[str, Any]) -> None:
        """Audit this claim, and what becomes of it, as being about this (see `claims.put`)."""
        self._about[scope, key] = about

    def beside(self, scope: Scope, key: str, job: Callable[[Connection], None]) -> None:
        """Have `job` done in the transaction that stores the result of this effect."""
        self._beside[scope, key] = job

    def _keep(self, row: ClaimRow) -> None:
        self._own_claims[row.scope, row.key] = self.ledger.claims[row.scope, row.key] = row

    @contextmanager
    def alone(self, scope: Scope, key: str) -> Generator[None]:
        """Around an effect. Raises `InterruptMisused` for a second one of the same name at the same time."""
        if (scope, key) in self._in_use:
            raise InterruptMisused(f"once({key!r}) is at work already: give each effect of a task a key of its own")
        self._in_use.add((scope, key))
        try:
            yield
        finally:
            self._in_use.discard((scope, key))

    @contextmanager
    def claiming(self, scope: Scope, key: str) -> Generator[None]:
        """Around an effect, from before its claim to its end: whoever stops the thread waits for that."""
        over = self._claimed[scope, key] = asyncio.get_running_loop().create_future()
        try:
            yield
        finally:
            del self._claimed[scope, key]
            over.set_result(None)

    def claimed_within(self, scope: Scope) -> list[asyncio.Future[None]]:
        """The ends of the claimed effects that are at work in a task."""
        return [over for (path, _), over in self._claimed.items() if is_within(path, scope)]

    async def refresh(self) -> None:
        """Read again what the tasks in flight were answered."""
        if self.storage is None:
            return
        async with self._refreshing:
            while True:
                commits = self._commits
                ledger = await self.storage.read(lambda db: Ledger.load(db, self.roots))
                if commits == self._commits:  # else it may be older than what a commit has brought meanwhile
                    break
            self.take_up(ledger)

    def take_up(self, ledger: Ledger) -> None:
        """Go on from what is stored as this says."""
        ledger.claims |= self._own_claims  # one of them may have been stored after this was read
        self.ledger = ledger

    async def news(self, scopes: Callable[[], Iterable[Scope]]) -> None:
        """Take up an answer that has come in for a task of these, as they are then, or for something in it."""
        assert self.storage is not None
        while True:
            mark = await self.storage.changes.mark()
            rows = await self.storage.read(lambda db: interrupts.newly_answered(db, self.thread_id))
            if any(is_within(row.scope, scope) for row in rows for scope in scopes()):
                return await self.refresh()
            await self.storage.changes.wait(mark, timeout=60)

    def unstored(self) -> Session:
        """The same run, for a graph in it of which nothing is stored."""
        other = Session(
            self.thread_id,
            None,
            None,
            self.new_id,
            self.config,
            self.context,
            self.by,
            self.answered_by,
            self.stream,
            self.stop,
            self.durability,
            self.halt,
        )
        other._claimed = self._claimed  # whoever stops the thread waits for what was begun in it too
        return other

    def now(self) -> float:
        return self.storage.now() if self.storage is not None else 0.0


def _store(
    db: Connection, commit: Commit, lease: Lease, now: float, known: Ledger, version: int, roots: Sequence[TaskId]
) -> tuple[bool, Ledger, int]:
    """Whether the thread was given back, how the tasks in flight stand then, and the thread's version. Read is only
    what does not follow from what is `known` of the thread at `version`.
    """
    # A version that moved: somebody answered, or an effect was claimed.
    quiet = threads.version(db, lease.thread_id) == version and not known.has_news()
    asked = commit.store(db, lease.thread_id, now)
    release = commit.release
    if release in ("waiting", "failed") and not quiet and interrupts.newly_answered(db, lease.thread_id):
        release = None
    reached = threads.hold(db, lease, now, release=release)
    if not (commit.tasks or commit.questions) and release == commit.release:
        return release is not None, known, reached
    follows = quiet and commit.only_adds and not any(row.replaces for row in asked)
    ledger = known.plus(roots, commit.tasks, asked) if follows else Ledger.load(db, roots)
    return release is not None, ledger, reached
