"""Events: told once what they tell of is committed, by who stored it, and never of what was undone."""

import asyncio
from contextvars import ContextVar

import pytest

from storage import Connection, Storage, events
from storage.events import Event, WaitBegun
from tests.support.waiting import until

HERE = ContextVar("HERE", default="nowhere")


class Refused(Exception):
    pass


@pytest.fixture
def told(storage: Storage) -> list[tuple[str, str]]:
    """The kinds that were told, and in whose context."""
    found: list[tuple[str, str]] = []

    def observe(event: Event) -> None:
        assert isinstance(event, WaitBegun)
        found.append((event.kind, HERE.get()))

    storage.observer = observe
    return found


def says(*kinds: str, fails: bool = False):
    def job(db: Connection) -> None:
        for kind in kinds:
            events.note(WaitBegun(kind))
        if fails:
            raise Refused

    return job


async def test_a_job_tells_before_its_caller_goes_on(storage: Storage, told: list[tuple[str, str]]):
    HERE.set("here")
    await storage.write(says("a", "b"))
    assert told == [("a", "here"), ("b", "here")]


async def test_a_job_that_is_undone_tells_of_nothing(storage: Storage, told: list[tuple[str, str]]):
    kept, undone, also = await asyncio.gather(
        storage.write(says("kept")), storage.write(says("undone", fails=True)), storage.write(says("also kept")),
        return_exceptions=True,
    )  # fmt: skip
    assert (kept, also) == (None, None)
    assert isinstance(undone, Refused)
    assert [kind for kind, _ in told] == ["kept", "also kept"]


async def test_a_job_that_runs_again_tells_once(storage: Storage, told: list[tuple[str, str]]):
    job = events.Watched(says("a"), lambda event: told.append((str(event), "")))
    await storage.write(lambda db: job(db))
    await storage.write(lambda db: job(db))
    events.tell(job, storage.loop)
    await asyncio.sleep(0)
    assert len(told) == 1


async def test_what_a_caller_who_left_had_stored_is_told_all_the_same(storage: Storage, told: list[tuple[str, str]]):
    writing = asyncio.create_task(storage.write(says("a")))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.gather(writing, return_exceptions=True)
    assert await until(lambda: [kind for kind, _ in told], "what was stored") == ["a"]


async def test_nothing_is_noted_where_nobody_watches(storage: Storage):
    heard: list[bool] = []
    await storage.write(lambda db: heard.append(events.is_heard()))
    storage.observer = lambda event: None
    await storage.write(lambda db: heard.append(events.is_heard()))
    await storage.write(lambda db: heard.append(events.is_heard()))
    assert heard == [False, True, True]


async def test_an_observer_that_raises_harms_nobody(storage: Storage):
    reported: list[object] = []
    storage.loop.set_exception_handler(lambda loop, context: reported.append(context["exception"]))

    def observe(event: Event) -> None:
        raise LookupError("no such figure")

    storage.observer = observe
    await storage.write(says("a"))
    await storage.write(says("b"))
    assert [type(each) for each in reported] == [LookupError, LookupError]
