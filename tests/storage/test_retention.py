"""Which threads need not be kept, and that what began meanwhile stays."""

from typing import Any

import pytest

from storage import Connection, Storage, audit, checkpoints, claims, inbox, interrupts, posts, retention
from storage.audit import Entry
from storage.ids import CheckpointId, Namespace, ThreadId
from storage.inbox import Delivery
from storage.posts import Place
from storage.threads import ThreadStatus
from tests.storage.support import checkpoint, claim, count, question

OLD, BEFORE, NEW = 100.0, 1000.0, 2000.0


def thread(db: Connection, name: str, status: ThreadStatus = "done", at: float = OLD, **more: Any) -> ThreadId:
    """A thread that was shown, with two snapshots, a message that was read, and a record."""
    thread_id = ThreadId(name)
    values = {"thread_id": name, "status": status, "version": 1, "created_at": OLD, "updated_at": at, **more}
    places = ", ".join("?" * len(values))
    db.execute(f"insert into threads ({', '.join(values)}) values ({places})", tuple(values.values()))
    delivery = Delivery(f"e {name}", "message", thread_id, "T", "C", name, name, "U0ANA", "hi")
    inbox.receive(db, delivery, OLD)
    inbox.mark_done(db, delivery.event_id)
    db.execute("update conversations set shown_version = 1, outdated = 0 where thread_id = ?", (name,))
    for number in range(2):
        checkpoints.save(db, checkpoint(f"{name} {number}", {}, thread_id), [])
    audit.append(db, Entry("run", OLD, name))
    return thread_id


@pytest.fixture
async def finished(storage: Storage) -> Storage:
    """Three that are, of three kinds."""

    def job(db: Connection) -> None:
        thread(db, "done")
        thread(db, "failed", "failed", 200.0)
        thread(db, "idle", "idle", 300.0)

    await storage.write(job)
    return storage


async def found(storage: Storage, before: float = BEFORE) -> list[str]:
    return await storage.read(lambda db: list(retention.finished(db, before, 10)))


async def test_finished_threads_are_found_the_oldest_first(finished: Storage):
    assert await found(finished) == ["done", "failed", "idle"]
    assert await found(finished, before=200.0) == ["done"]
    assert await finished.read(lambda db: list(retention.finished(db, BEFORE, 2))) == ["done", "failed"]


@pytest.mark.parametrize(
    "busy",
    [
        pytest.param(lambda db: thread(db, "t", at=NEW), id="touched lately"),
        pytest.param(lambda db: thread(db, "t", "running"), id="cut short"),
        pytest.param(lambda db: thread(db, "t", "waiting"), id="waiting"),
        pytest.param(lambda db: thread(db, "t", owner="somebody"), id="held"),
        pytest.param(lambda db: thread(db, "t", halted="stop"), id="to be stopped"),
    ],
)
async def test_others_stay(storage: Storage, busy: Any):
    await storage.write(busy)
    assert await found(storage) == []
    assert not await storage.write(lambda db: retention.delete(db, ThreadId("t"), BEFORE), "t")
    assert not await storage.write(lambda db: retention.prune(db, ThreadId("t"), BEFORE, 1), "t")
    assert await storage.read(lambda db: (count(db, "threads"), count(db, "checkpoints"))) == (1, 2)


def asked(db: Connection) -> None:
    interrupts.ask(db, question("q", ThreadId("t")), OLD)


def answered(db: Connection) -> None:
    asked(db)
    db.execute("update interrupts set status = 'answered'")


def in_doubt(db: Connection) -> None:
    claims.put(db, claim("claimed", ThreadId("t")))
    db.execute("update claims set status = 'in doubt'")


def unread(db: Connection) -> None:
    inbox.receive(db, Delivery("e9", "message", ThreadId("t"), "T", "C", "9", "t", "U0ANA", "hi"), OLD)


def written_lately(db: Connection) -> None:
    inbox.receive(db, Delivery("e9", "message", ThreadId("t"), "T", "C", "9", "t", "U0MAX", "hi"), NEW)
    inbox.mark_done(db, "e9")


def not_shown(db: Connection) -> None:
    db.execute("update conversations set outdated = 1")


@pytest.mark.parametrize("busy", [asked, answered, in_doubt, unread, written_lately, not_shown])
async def test_one_in_which_something_is_left_to_do_stays(storage: Storage, busy: Any):
    await storage.write(lambda db: thread(db, "t"))
    assert await found(storage) == ["t"]
    await storage.write(busy)
    assert await found(storage) == []
    assert not await storage.write(lambda db: retention.delete(db, ThreadId("t"), BEFORE), "t")
    assert await storage.read(lambda db: count(db, "threads")) == 1


async def test_what_slack_does_not_take_keeps_no_thread(storage: Storage):
    await storage.write(lambda db: thread(db, "t"))
    await storage.write(lambda db: db.execute("update conversations set outdated = 1, refused = 'is_archived'"))
    assert await found(storage) == ["t"]


async def test_what_is_deleted_is_gone_but_for_its_record(finished: Storage):
    for each in await found(finished):
        assert await finished.write(lambda db, each=each: retention.delete(db, ThreadId(each), BEFORE), each)
        assert not await finished.write(lambda db, each=each: retention.delete(db, ThreadId(each), BEFORE), each)
    left = ("threads", "checkpoints", "inbox", "conversations", "audit")
    assert await finished.read(lambda db: [count(db, table) for table in left]) == [0, 0, 0, 0, 3]
    assert isinstance(await audit.verify(finished.read), audit.Verified)


async def test_a_conversation_with_somebody_who_may_not_talk_to_it_is_found_too(storage: Storage):
    def refused(db: Connection, name: str, at: float) -> None:
        inbox.receive(db, Delivery(f"e {name}", "message", ThreadId(name), "T", "C", name, name, "U0MAX", "hi"), at)

    await storage.write(lambda db: refused(db, "old", OLD))
    assert await found(storage) == []  # nobody has read it
    await storage.write(lambda db: inbox.mark_done(db, "e old"))
    await storage.write(lambda db: refused(db, "new", NEW))
    await storage.write(lambda db: inbox.mark_done(db, "e new"))
    assert await found(storage) == ["old"]
    assert await storage.write(lambda db: retention.delete(db, ThreadId("old"), BEFORE), "old")
    assert await storage.read(lambda db: (count(db, "inbox"), count(db, "conversations"))) == (1, 1)


async def test_snapshots_are_pruned_where_there_are_more(finished: Storage):
    def job(db: Connection) -> None:
        posts.begin(db, ThreadId("x"), "T", Place("C", "1"))
        checkpoints.save(db, checkpoint("done 2", {}, ThreadId("done")), [])

    await finished.write(job)
    more = await finished.read(lambda db: retention.finished_with_more(db, BEFORE, 10, 2))
    assert more == ["done"]
    assert await finished.write(lambda db: retention.prune(db, ThreadId("done"), BEFORE, 2), "done")
    left = await finished.read(lambda db: checkpoints.newest(db, ThreadId("done"), Namespace("")))
    assert left is not None
    assert left.checkpoint_id == CheckpointId("done 2")
    assert await finished.read(lambda db: retention.finished_with_more(db, BEFORE, 10, 2)) == []
    assert await finished.read(lambda db: count(db, "checkpoints")) == 6
