"""A claim is stored with its result, and for no thread that is gone. What may follow what is in `test_states`."""

import pytest

from storage import Storage, claims, threads
from storage.errors import ClaimMoved
from storage.ids import ThreadId
from tests.storage.support import THREAD, claim, count
from tests.support.rows import claims_of


async def test_a_claim_and_what_became_of_it_are_one_row(storage: Storage) -> None:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))
    await storage.write(lambda db: claims.put(db, claim("claimed")))
    ended = claim("done", result='"sent"')
    await storage.write(lambda db: claims.put(db, ended))
    assert await storage.read(lambda db: claims_of(db, THREAD)) == [ended]


async def test_of_two_that_claim_the_same_effect_one_goes_on(storage: Storage) -> None:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))
    await storage.write(lambda db: claims.put(db, claim("claimed")))
    with pytest.raises(ClaimMoved):
        await storage.write(lambda db: claims.put(db, claim("claimed")))


async def test_nothing_is_claimed_for_a_thread_that_is_gone(storage: Storage) -> None:
    with pytest.raises(ClaimMoved):
        await storage.write(lambda db: claims.put(db, claim("claimed")))
    assert await storage.read(lambda db: count(db, "claims")) == 0


async def test_claims_are_found_by_their_keys_in_one_thread(storage: Storage) -> None:
    other = ThreadId("t2")
    for thread_id in (THREAD, other):
        await storage.write(lambda db, thread_id=thread_id: threads.take(db, thread_id, storage.owner, 1.0))
    mail, post = claim("claimed"), claim("claimed", key="post")
    for row in (mail, post):
        await storage.write(lambda db, row=row: claims.put(db, row))
    assert await storage.read(lambda db: claims.of_keys(db, THREAD, ["mail", "fax"])) == [mail]
    assert await storage.read(lambda db: claims.of_keys(db, other, ["mail"])) == []
