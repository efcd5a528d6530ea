"""Random graphs through random lives: answers, second answers, new input, crashes, edits, time travel.

Whatever happens: one answer stands, no answer reaches another question, no finished task runs again, no claimed effect
runs twice, no thread is lost.
"""

import asyncio
import hashlib
import json
import operator
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from graphs import END, START, Command, StateGraph, interrupt, once
from graphs.errors import AlreadyAnswered, InDoubt, NotWaiting, ThreadBusy, ThreadWaiting
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.effects import idempotency_key
from graphs.runtime.types import Config
from storage import Connection, Storage, open_storage
from storage.interrupts import OPEN, InterruptRow

T = TypeVar("T")
CONFIG: Config = {"configurable": {"thread_id": "t1"}}
POINTS = ("begin", "effect", "answered", "end")


class Life(TypedDict):
    turn: int
    log: Annotated[list[str], operator.add]


@dataclass(frozen=True)
class NodeSpec:
    questions: int
    effect: bool


class BadAnswer(Exception):
    """What a node raises over an answer that it cannot use."""


Layers = list[list[NodeSpec]]
layers = st.lists(
    st.lists(st.builds(NodeSpec, st.integers(0, 2), st.booleans()), min_size=1, max_size=3), min_size=1, max_size=3
)


class Lives(RuleBasedStateMachine):
    """One thread of a random graph. What is in this object survives its crashes, as a person's memory does."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.stack = AsyncExitStack()
        self.turn = 0
        self.tokens = 0
        self.accepted: dict[str, list[Any]] = {}
        self.received: list[tuple[str, Any]] = []
        self.effects: list[str] = []
        self.started: list[str] = []
        self.over: set[str] = set()
        self.hang_at: tuple[str, str] | None = None
        self.hung = asyncio.Event()
        self.release = asyncio.Event()
        self.storage: Storage
        self.graph: CompiledGraph

    # The graph

    @initialize(layers=layers)
    def open(self, layers: Layers) -> None:
        self.layers = layers
        self.names = [f"n{i}_{j}" for i, layer in enumerate(layers) for j in range(len(layer))]
        self.do(self._open())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        async def limited() -> T:
            async with asyncio.timeout(20):
                return await work

        return self.loop.run(limited())

    async def _open(self) -> None:
        self.stack = AsyncExitStack()
        self.storage = await self.stack.enter_async_context(open_storage(f"sqlite:///{self.folder.name}/lives.db"))
        builder = StateGraph(Life)
        previous: list[str] = []
        for i, layer in enumerate(self.layers):
            names = [f"n{i}_{j}" for j in range(len(layer))]
            for name, spec in zip(names, layer, strict=True):
                builder.add_node(name, self._node(name, spec))
                builder.add_edge(previous or START, name)
            previous = names
        self.graph = builder.compile(self.storage)

    def _node(self, name: str, spec: NodeSpec) -> Callable[[Life], Coroutine[Any, Any, dict[str, Any]]]:
        async def effect(me: str) -> str:
            self.effects.append(me)
            await self._point(name, "effect")
            return me

        async def node(state: Life) -> dict[str, Any]:
            me = idempotency_key("ran")
            self.started.append(me)
            await self._point(name, "begin")
            if spec.effect:
                assert await once("effect", effect, me) == me
            for k in range(spec.questions):
                payload = f"{name}.{k} of turn {state['turn']}"
                answer = interrupt(payload)
                self.received.append((payload, answer))
                await self._point(name, "answered")
                if answer["bad"]:
                    raise BadAnswer(payload)
            await self._point(name, "end")
            return {"log": [f"{name} of turn {state['turn']}"]}

        return node

    async def _point(self, name: str, point: str) -> None:
        if self.hang_at == (name, point):
            self.hung.set()
            await self.release.wait()

    # What is on disk

    async def _rows(self) -> list[InterruptRow]:
        return await self.storage.interrupts(status=None, thread_id="t1", limit=10_000)

    async def _open_rows(self) -> list[InterruptRow]:
        return [row for row in await self._rows() if row.status in OPEN]

    async def _run(self, given: Any, config: Config = CONFIG, **options: Any) -> None:
        """Run; what a node raises on purpose, and what cannot go on, is part of life."""
        with suppress(BadAnswer, InDoubt, NotWaiting):
            await self.graph.ainvoke(given, config, **options)

    def _answer(self, row: InterruptRow, *, bad: bool) -> Any:
        self.tokens += 1
        return {"to": row.payload, "token": self.tokens, "bad": bad}

    # What happens

    @rule(cancel=st.booleans())
    def new_input(self, cancel: bool) -> None:
        async def work() -> None:
            rows = await self._rows()
            blocked = any(r.status in OPEN or (r.status == "answered" and not r.consumed) for r in rows)
            given = {"turn": self.turn + 1, "log": []}
            if blocked and not cancel:
                with pytest.raises(ThreadWaiting):
                    await self.graph.ainvoke(given, CONFIG)
                return
            self.turn += 1
            await self._run(given, on_waiting="cancel" if cancel else "reject")

        self.do(work())

    @rule(data=st.data(), run=st.booleans())
    def answer(self, data: st.DataObject, run: bool) -> None:
        async def work() -> None:
            rows = await self._open_rows()
            chosen = data.draw(st.lists(st.sampled_from(rows), unique=True, max_size=3)) if rows else []
            if not chosen:
                return
            given: dict[str, Any] = {row.id: self._answer(row, bad=data.draw(st.booleans())) for row in chosen}
            for interrupt_id, answer in given.items():
                self.accepted.setdefault(interrupt_id, []).append(answer)
            if run:
                await self._run(Command(resume=given))
            else:
                await self.graph.aanswer(CONFIG, given)

        self.do(work())

    @rule(data=st.data())
    def answer_what_is_settled(self, data: st.DataObject) -> None:
        async def work() -> None:
            rows = [row for row in await self._rows() if row.status not in OPEN]
            if not rows:
                return
            row = data.draw(st.sampled_from(rows))
            rows = [*await self._open_rows(), row]
            with pytest.raises(AlreadyAnswered):
                await self.graph.aanswer(CONFIG, {row.id: self._answer(row, bad=False) for row in rows})

        self.do(work())

    @rule()
    def go_on(self) -> None:
        self.do(self._run(None))

    @rule()
    def restart(self) -> None:
        async def work() -> None:
            await self.stack.aclose()
            await self._open()

        self.do(work())

    @rule(data=st.data(), fork=st.booleans())
    def go_back_in_time(self, data: st.DataObject, fork: bool) -> None:
        async def work() -> None:
            history = [snapshot async for snapshot in self.graph.aget_state_history(CONFIG) if snapshot.next]
            if not history:
                return
            old = data.draw(st.sampled_from(history))
            if fork:
                await self.graph.aupdate_state(
                    old.config, {"log": ["edited"]}, as_node=START if not old.values else None
                )
            else:
                await self._run(None, old.config)

        try:
            self.do(work())
        except Exception as error:
            if "several nodes ran last" not in str(error):
                raise

    @precondition(lambda self: self.turn > 0)
    @rule(data=st.data(), crash=st.booleans(), answered=st.booleans())
    def be_interrupted_in_a_run(self, data: st.DataObject, crash: bool, answered: bool) -> None:
        """A run hangs somewhere; meanwhile somebody answers; then the process dies, or the run goes on."""
        name = data.draw(st.sampled_from(self.names))
        point = data.draw(st.sampled_from(POINTS))

        async def work() -> None:
            self.hang_at, self.hung, self.release = (name, point), asyncio.Event(), asyncio.Event()
            run = asyncio.create_task(self._run(None))
            hung = asyncio.create_task(self.hung.wait())
            await asyncio.wait([run, hung], return_when=asyncio.FIRST_COMPLETED)
            if hung.done():
                with pytest.raises(ThreadBusy):
                    await self.graph.ainvoke({"turn": 0, "log": []}, CONFIG, on_waiting="cancel")
                for row in (await self._open_rows())[:1] if answered else []:
                    answer = self._answer(row, bad=False)
                    await self.graph.aanswer(CONFIG, {row.id: answer})
                    self.accepted.setdefault(row.id, []).append(answer)
            hung.cancel()
            self.hang_at = None
            if crash and not run.done():
                await self._crash(run)
            self.release.set()
            await asyncio.wait([run])
            assert run.cancelled() or run.exception() is None, run.exception()

        self.do(work())

    async def _crash(self, run: asyncio.Task[None]) -> None:
        """The process is gone: nothing of it is written any more, and everybody sees that it is gone."""

        def die(db: Connection) -> None:
            db.execute("delete from owners where id = ?", (self.storage.owner,))
            db.execute("update threads set fence = fence + 1")

        await self.storage.write(die)
        run.cancel()
        await asyncio.wait([run])
        await self.stack.aclose()
        await self._open()

    # What always holds

    @invariant()
    def one_answer_stands_for_its_own_question(self) -> None:
        if not hasattr(self, "layers"):
            return

        def given(db: Connection) -> dict[str, list[Any]]:
            cursor = db.execute("select interrupt_id, answer from answers order by rowid")
            found: dict[str, list[Any]] = {}
            for interrupt_id, answer in cursor.fetchall():
                found.setdefault(interrupt_id, []).append(json.loads(answer))
            return found

        assert self.do(self.storage.read(given)) == self.accepted
        known = [answer for answers in self.accepted.values() for answer in answers]
        for payload, answer in self.received:
            assert answer["to"] == payload
            assert answer in known

    @invariant()
    def no_claimed_effect_runs_twice(self) -> None:
        assert [me for me, times in Counter(self.effects).items() if times > 1] == []

    @invariant()
    def no_finished_task_runs_again(self) -> None:
        if not hasattr(self, "layers"):
            return

        async def finished() -> set[str]:
            seen = {task.id async for old in self.graph.aget_state_history(CONFIG) for task in old.tasks}
            head = await self.graph.aget_state(CONFIG)
            unfinished = {task.id for task in head.tasks if task.result is None}
            return {hashlib.sha256(f"{task}\0ran".encode()).hexdigest()[:32] for task in seen - unfinished}

        assert self.over.isdisjoint(self.started)
        self.started.clear()
        self.over |= self.do(finished())

    @invariant()
    def nothing_is_left_open_that_nobody_waits_for(self) -> None:
        if not hasattr(self, "layers"):
            return

        async def work() -> None:
            state = await self.graph.aget_state(CONFIG)
            due = {task.id for task in state.tasks if task.result is None}
            for row in await self._rows():
                news = row.status == "answered" and not row.consumed
                assert row.scope in due or not (news or row.status in OPEN), row

        self.do(work())

    def teardown(self) -> None:
        """No thread is lost: with good answers, and effects in doubt given up, this one comes to its end."""

        async def end() -> None:
            for _ in range(100):
                state = await self.graph.aget_state(CONFIG)
                if not state.next:
                    return
                rows = await self._open_rows()
                given = {row.id: self._answer(row, bad=False) for row in rows}
                try:
                    await self.graph.ainvoke(Command(resume=given) if given else None, CONFIG)
                except BadAnswer:
                    continue  # it was stored before, and can be replaced now
                except InDoubt:
                    await self.graph.aupdate_state(CONFIG, None, as_node=END)
            raise AssertionError("the thread never came to its end")

        try:
            if hasattr(self, "layers"):
                self.do(end())
        finally:
            self.do(self.stack.aclose())
            self.loop.close()
            self.folder.cleanup()
            assert not Path(self.folder.name).exists()


TestLives = Lives.TestCase
TestLives.settings = settings(
    max_examples=settings().max_examples // 4,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
