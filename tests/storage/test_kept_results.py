"""Files of results."""

from storage import Storage, kept_results, threads
from storage.ids import ThreadId

T = ThreadId("t1")
FILES = [("a.png", "image/png", b"abc"), ("b.txt", "text/plain", b"")]


async def test_they_are_kept_for_a_call_and_replaced_when_it_runs_again(storage: Storage):
    await storage.write(lambda db: threads.take(db, T, storage.owner, 1.0))
    await storage.write(lambda db: kept_results.keep(db, T, "c1", FILES, 2.0))
    await storage.write(lambda db: kept_results.keep(db, T, "c1", FILES[:1], 3.0))
    (kept,) = await storage.read(lambda db: kept_results.of_thread(db, T))
    assert kept == kept_results.KeptResult("c1", 0, "a.png", "image/png", 3, 3.0, None)
    assert await storage.read(lambda db: kept_results.data(db, T, "c1", 0)) == b"abc"
    assert await storage.read(lambda db: kept_results.data(db, T, "c1", 1)) is None


async def test_it_is_known_where_one_is_shown_and_they_go_with_their_thread(storage: Storage):
    await storage.write(lambda db: threads.take(db, T, storage.owner, 1.0))
    await storage.write(lambda db: kept_results.keep(db, T, "c1", FILES, 2.0))
    await storage.write(lambda db: kept_results.shown(db, T, "c1", 1, "card:x", 3.0))
    assert [each.shown_in for each in await storage.read(lambda db: kept_results.of_thread(db, T))] == [None, "card:x"]
    await storage.delete_thread("t1")
    assert await storage.read(lambda db: kept_results.of_thread(db, T)) == []
    await storage.write(lambda db: kept_results.keep(db, T, "c1", FILES, 4.0))
    assert await storage.read(lambda db: kept_results.of_thread(db, T)) == []
