"""Checkpoints: values put together from what was appended, kept readable by `prune`; damage names where it is."""

import json

import pytest

from storage import Storage, checkpoints, open_storage
from storage.checkpoints import FORMAT, ValueChange
from storage.errors import UnreadableRow
from storage.ids import Namespace, ThreadId
from tests.storage.support import THREAD, checkpoint, count

ROOT = Namespace("")


async def grow(storage: Storage, turns: int, thread_id: ThreadId = THREAD) -> None:
    """A list that grows by one item a checkpoint, and a number that is written anew."""
    for n in range(turns):
        row = checkpoint(f"{thread_id}-{n}", {"list": f"{thread_id}-{n}", "number": f"{thread_id}-{n}"}, thread_id)
        base = f"{thread_id}-{n - 1}" if n else None
        changes = [ValueChange("list", json.dumps([n]), base), ValueChange("number", json.dumps(n))]
        await storage.write(lambda db, r=row, c=changes: checkpoints.save(db, r, c))


async def history(storage: Storage, thread_id: ThreadId = THREAD) -> dict[str, dict]:
    rows = await storage.read(lambda db: checkpoints.history(db, thread_id, ROOT, limit=100))
    return {row.checkpoint_id: await storage.read(lambda db, r=row: checkpoints.values(db, r)) for row in rows}


async def test_a_value_is_put_together_from_its_parts(storage: Storage):
    await grow(storage, 4)
    assert await history(storage) == {f"t1-{n}": {"list": list(range(n + 1)), "number": n} for n in (3, 2, 1, 0)}


async def test_P10_prune_leaves_the_newest_and_what_they_are_made_of(storage: Storage):
    await grow(storage, 6)
    await grow(storage, 6, ThreadId("t2"))
    await storage.prune("t1", keep=2)
    assert await history(storage) == {f"t1-{n}": {"list": list(range(n + 1)), "number": n} for n in (5, 4)}
    assert await storage.read(lambda db: count(db, "state_values where thread_id = 't1' and key = 'list'")) == 6
    assert await storage.read(lambda db: count(db, "state_values where thread_id = 't1' and key = 'number'")) == 2
    assert len(await history(storage, ThreadId("t2"))) == 6


async def test_P10_a_pruned_thread_goes_on_and_is_pruned_again(storage: Storage):
    await grow(storage, 3)
    await storage.prune("t1", keep=1)
    row = checkpoint("next", {"list": "next", "number": "t1-2"})
    await storage.write(lambda db: checkpoints.save(db, row, [ValueChange("list", "[9]", "t1-2")]))
    await storage.prune("t1", keep=1)
    assert await history(storage) == {"next": {"list": [0, 1, 2, 9], "number": 2}}


async def test_P10_of_called_graphs_what_is_in_flight_stays(storage: Storage):
    rows = [
        checkpoint("root", {}, tasks='[{"id": "due", "node": "n"}]'),
        checkpoint("old 1", {}, ns="ended/graph g:0"),
        checkpoint("new 1", {}, ns="due/graph g:0"),
        checkpoint("new 2", {}, ns="due/graph g:0"),
    ]
    for row in rows:
        await storage.write(lambda db, r=row: checkpoints.save(db, r, []))
    await storage.prune("t1", keep=1)

    def left(db) -> set[str]:
        cursor = db.execute("select checkpoint_id from checkpoints")
        return {row[0] for row in cursor.fetchall()}

    assert await storage.read(left) == {"root", "new 2"}


async def test_P10_delete_removes_every_row_of_a_pruned_thread(storage: Storage):
    await grow(storage, 5)
    await storage.prune("t1", keep=1)
    await storage.delete_thread("t1")
    for table in ("checkpoints", "state_values", "threads"):
        assert await storage.read(lambda db, t=table: count(db, t)) == 0


async def test_P10_a_thread_that_is_not_there_is_no_error(storage: Storage):
    await storage.prune("nobody", keep=3)
    await storage.delete_thread("nobody")


async def test_P10_something_has_to_stay(storage: Storage):
    with pytest.raises(ValueError, match="keep=0"):
        await storage.prune("t1", keep=0)


async def test_P10_the_file_can_be_shrunk(file_url: str, tmp_path):
    async with open_storage(file_url) as storage:
        row = checkpoint("big", {"text": "big"})
        await storage.write(lambda db: checkpoints.save(db, row, [ValueChange("text", json.dumps("x" * 500_000))]))
        await storage.shrink()
        full = (tmp_path / "storage.db").stat().st_size
        await storage.delete_thread("t1")
        await storage.shrink()
        assert full > 500_000
        assert (tmp_path / "storage.db").stat().st_size < full - 450_000
        assert await history(storage) == {}


async def test_shrinking_in_memory_does_no_harm(storage: Storage):
    await grow(storage, 2)
    await storage.shrink()
    assert len(await history(storage)) == 2


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("update state_values set data = '{' where key = 'number'", "a value is damaged"),
        ("delete from state_values where key = 'number'", "the values of ['number'] are gone"),
        ("delete from state_values where key = 'list' and base is null", "a value is damaged"),
        ("update checkpoints set versions = '{'", "it is damaged"),
    ],
)
async def test_damage_names_thread_and_checkpoint_and_harms_no_other(storage: Storage, damage: str, message: str):
    await grow(storage, 2)
    await storage.write(lambda db: db.execute(damage))
    await grow(storage, 2, ThreadId("t2"))
    with pytest.raises(UnreadableRow) as error:
        await history(storage)
    assert "checkpoint 't1-1' of thread 't1' cannot be read" in str(error.value)
    assert message in str(error.value)
    assert len(await history(storage, ThreadId("t2"))) == 2


async def test_P8_a_row_of_a_newer_format_is_refused_with_the_remedy(storage: Storage):
    await grow(storage, 1)
    await storage.write(lambda db: db.execute(f"update checkpoints set format = {FORMAT + 1}"))
    with pytest.raises(UnreadableRow, match=rf"'t1-0' of thread 't1' .* format {FORMAT + 1}.* install the newer"):
        await history(storage)
