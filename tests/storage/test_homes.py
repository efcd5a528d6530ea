"""Whose Home is kept up to date, and what it shows."""

from storage import Connection, Storage, homes
from storage.homes import Home


async def test_who_opened_it_is_known_from_then_on_and_what_was_shown_is_kept(storage: Storage) -> None:
    def job(db: Connection) -> list[list[Home]]:
        homes.opened(db, "U1", "D1", 10.0)
        homes.opened(db, "U2", "D2", 20.0)
        (newest, oldest) = before = homes.every(db)
        homes.published(db, newest, "digest", 21.0)
        between = homes.every(db)
        homes.opened(db, "U2", "D9", 30.0)
        homes.published(db, oldest, "other", 31.0)
        return [before, between, homes.every(db)]

    before, between, after = await storage.write(job)
    assert before == [Home("U2", "D2", 20.0), Home("U1", "D1", 10.0)]
    assert between == [Home("U1", "D1", 10.0), Home("U2", "D2", 20.0, "digest", 21.0)]  # who waits comes first
    assert [each.is_waited_for for each in between] == [True, False]
    assert after == [Home("U2", "D9", 30.0, "digest", 21.0), Home("U1", "D1", 10.0, "other", 31.0)]
    assert [each.is_waited_for for each in after] == [True, False]
