"""Whose Home is kept up to date, and what it shows."""

from storage import Connection, Storage, homes, owners
from storage.homes import Home
from storage.ids import OwnerId
from storage.owners import ProcessIdentity


async def test_who_opened_it_is_known_from_then_on_and_what_was_shown_is_kept(storage: Storage) -> None:
    def job(db: Connection) -> list[list[Home]]:
        homes.opened(db, "U1", "D1", 10.0)
        homes.opened(db, "U2", "D2", 20.0)
        (newest, oldest) = before = homes.every(db)
        assert homes.take(db, "U2", storage.owner) == newest
        homes.published(db, newest, storage.owner, "digest", 21.0)
        between = homes.every(db)
        homes.opened(db, "U2", "D9", 30.0)
        assert homes.take(db, "U1", storage.owner) == oldest
        homes.published(db, oldest, storage.owner, "other", 31.0)
        return [before, between, homes.every(db)]

    before, between, after = await storage.write(job)
    assert before == [Home("U2", "D2", 20.0), Home("U1", "D1", 10.0)]
    assert between == [Home("U1", "D1", 10.0), Home("U2", "D2", 20.0, "digest", 21.0)]  # who waits comes first
    assert [each.is_waited_for for each in between] == [True, False]
    assert after == [Home("U2", "D9", 30.0, "digest", 21.0), Home("U1", "D1", 10.0, "other", 31.0)]
    assert [each.is_waited_for for each in after] == [True, False]


async def test_one_bot_at_a_time_publishes_it(storage: Storage) -> None:
    other = OwnerId("another")

    def begin(db: Connection) -> tuple[Home | None, Home | None]:
        owners.renew(db, other, ProcessIdentity("elsewhere", 1, None))
        homes.opened(db, "U1", "D1", 10.0)
        return homes.take(db, "U1", other), homes.take(db, "U1", storage.owner)

    ours, refused = await storage.write(begin)
    assert (ours, refused) == (Home("U1", "D1", 10.0), None)

    def give_back(db: Connection) -> Home | None:
        homes.give_back(db, "U1", storage.owner)  # which is not ours to give
        assert homes.take(db, "U1", storage.owner) is None
        homes.give_back(db, "U1", other)
        return homes.take(db, "U1", storage.owner)

    assert await storage.write(give_back) == Home("U1", "D1", 10.0)


async def test_what_a_bot_publishes_that_was_taken_for_gone_is_published_anew(storage: Storage) -> None:
    """It stood still in the middle; what it published may stand in Slack over what another did meanwhile."""
    gone = OwnerId("gone")

    def job(db: Connection) -> Home:
        homes.opened(db, "U1", "D1", 10.0)
        late = homes.take(db, "U1", gone)  # without a row of its own: nobody who is alive
        mine = homes.take(db, "U1", storage.owner)
        assert late is not None
        assert mine is not None
        homes.published(db, mine, storage.owner, "new", 20.0)
        homes.published(db, late, gone, "old", 21.0)
        return homes.every(db)[0]

    found = await storage.write(job)
    assert found.shown == "new"
    assert found.is_waited_for
