"""Pins of servers' tools."""

from storage import Storage, pins
from storage.pins import Seen

ONE, TWO, THREE = Seen("d1", "{}"), Seen("d2", "[]"), Seen("d3", "1")


async def see(storage: Storage, seen: Seen, at: float = 1.0) -> pins.Pin:
    (pin,) = await storage.write(lambda db: pins.see(db, "git", {"add": seen}, at))
    return pin


async def test_the_first_sight_is_pinned_and_stays(storage: Storage):
    assert await see(storage, ONE) == pins.Pin("git", "add", "d1", "{}", 1.0)
    assert await see(storage, ONE, 2.0) == pins.Pin("git", "add", "d1", "{}", 1.0)


async def test_a_change_is_kept_beside_it_until_it_is_allowed(storage: Storage):
    await see(storage, ONE)
    changed = await see(storage, TWO, 2.0)
    assert (changed.digest, changed.changed_digest, changed.changed, changed.changed_at) == ("d1", "d2", "[]", 2.0)
    assert not await storage.write(lambda db: pins.allow(db, "git", "add", "d3", "U1", 3.0))
    assert await storage.write(lambda db: pins.allow(db, "git", "add", "d2", "U1", 3.0))
    allowed = await see(storage, TWO, 4.0)
    assert (allowed.digest, allowed.changed, allowed.decided_by, allowed.decided_at) == ("d2", None, "U1", 3.0)


async def test_what_is_kept_blocked_is_asked_about_when_it_changes_again(storage: Storage):
    await see(storage, ONE)
    await see(storage, TWO)
    assert await storage.write(lambda db: pins.keep_blocked(db, "git", "add", "d2", "U1", 3.0))
    assert (await see(storage, TWO, 4.0)).decided_by == "U1"
    assert (await see(storage, THREE, 5.0)).decided_by is None
    assert (await see(storage, ONE, 6.0)).changed is None


async def test_one_server_has_no_more_than_so_many(storage: Storage):
    many = {f"t{n}": ONE for n in range(pins.MOST + 10)}
    assert len(await storage.write(lambda db: pins.see(db, "git", many, 1.0))) == pins.MOST
    assert await storage.read(lambda db: pins.of_servers(db, ["other"])) == []
