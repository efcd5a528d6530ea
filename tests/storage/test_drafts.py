"""What the earlier views of a form held: kept in order, written over, forgotten when done with, or after a day."""

from storage import Storage, drafts


async def kept(storage: Storage, form: str, page: int) -> list[str]:
    return await storage.read(lambda db: drafts.before(db, form, page))


async def test_each_view_has_its_own_and_the_last_of_it_counts(storage: Storage):
    for form, page, held in [("V1", 1, "b"), ("V1", 0, "a"), ("V2", 0, "x"), ("V1", 0, "A")]:
        await storage.write(lambda db, row=(form, page, held): drafts.keep(db, *row, 0.0))
    assert await kept(storage, "V1", 2) == ["A", "b"]
    assert await kept(storage, "V1", 1) == ["A"]
    assert await kept(storage, "V1", 0) == []
    await storage.write(lambda db: drafts.drop(db, "V1"))
    assert (await kept(storage, "V1", 2), await kept(storage, "V2", 2)) == ([], ["x"])


async def test_what_nobody_submitted_is_forgotten_after_a_day(storage: Storage):
    await storage.write(lambda db: drafts.keep(db, "V1", 0, "a", 0.0))
    await storage.write(lambda db: drafts.keep(db, "V2", 0, "x", drafts.KEPT))
    assert await kept(storage, "V1", 1) == ["a"]
    await storage.write(lambda db: drafts.keep(db, "V3", 0, "y", drafts.KEPT + 1))
    assert (await kept(storage, "V1", 1), await kept(storage, "V2", 1)) == ([], ["x"])
