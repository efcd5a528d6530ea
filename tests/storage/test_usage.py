"""What replies took, summed up; and what stays of a thread that is deleted."""

from dataclasses import replace

from storage import Storage, usage
from storage.ids import ThreadId
from storage.usage import Sum, Used

ONE = Used("m1", ThreadId("t1"), "U0ANA", "2026-09-20", "small", 100, 10)
TWO = Used("m2", ThreadId("t1"), "U0ANA", "2026-09-21", "small", 200, 20)
THREE = Used("m3", ThreadId("t2"), "U0LEA", "2026-09-21", "large", 1000, 1)
FOUR = Used("m4", ThreadId("t2"), None, "2026-09-21", "large", 1, 1)


async def kept(storage: Storage, *used: Used) -> None:
    for each in used:
        await storage.write(lambda db, each=each: usage.put(db, each))


async def sums(storage: Storage, by: usage.By, since: str = "") -> list[Sum]:
    return await storage.read(lambda db: usage.sums(db, by, since))


async def test_sums_by_day_person_and_thread(storage: Storage):
    await kept(storage, TWO, ONE, THREE, FOUR)
    assert await sums(storage, "day") == [Sum("2026-09-20", 1, 100, 10), Sum("2026-09-21", 3, 1201, 22)]
    assert await sums(storage, "person") == [Sum("U0LEA", 1, 1000, 1), Sum("U0ANA", 2, 300, 30), Sum("", 1, 1, 1)]
    assert await sums(storage, "thread") == [Sum("t2", 2, 1001, 2), Sum("t1", 2, 300, 30)]


async def test_only_days_from_the_given_one_on_count(storage: Storage):
    await kept(storage, ONE, TWO)
    assert await sums(storage, "person", "2026-09-21") == [Sum("U0ANA", 1, 200, 20)]


async def test_a_reply_that_was_asked_for_twice_took_both(storage: Storage):
    await kept(storage, ONE, replace(ONE, prompt_tokens=5, completion_tokens=5))
    assert await sums(storage, "day") == [Sum("2026-09-20", 1, 105, 15)]


async def test_P10_of_a_deleted_thread_the_sums_stay_and_nothing_names_it(storage: Storage):
    await kept(storage, ONE, TWO, THREE)
    await storage.delete_thread("t1")
    assert await sums(storage, "thread") == [Sum("t2", 1, 1000, 1), Sum("", 2, 300, 30)]
    assert await sums(storage, "person") == [Sum("U0LEA", 1, 1000, 1), Sum("U0ANA", 2, 300, 30)]
    assert [each.replies for each in await sums(storage, "day")] == [1, 2]
    ids = await storage.read(lambda db: [row[0] for row in db.execute("select message_id from usage")])
    assert not {"m1", "m2"} & set(ids)
