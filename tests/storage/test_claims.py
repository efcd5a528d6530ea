"""What a claim may become: each step of the table, and each that is not in it."""

import itertools
from typing import get_args

import pytest

from storage import Storage, claims, threads
from storage.claims import BEFORE, ClaimStatus
from storage.errors import ClaimMoved
from tests.storage.support import THREAD, claim, count

STATUSES: tuple[ClaimStatus, ...] = get_args(ClaimStatus)
ALL = list(itertools.product([None, *STATUSES], STATUSES))
STEPS = [(before, after) for before, after in ALL if before in BEFORE[after]]
"""All that may happen; the way to each status is found from here too."""


def way_to(status: ClaimStatus | None) -> list[ClaimStatus]:
    """From no claim to this one."""
    if status is None:
        return []
    return ["claimed"] if status == "claimed" else ["claimed", status]


@pytest.fixture
async def thread(storage: Storage) -> Storage:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))
    return storage


async def become(storage: Storage, status: str) -> None:
    await storage.write(lambda db: claims.put(db, claim(status, result=f'"{status}"')))


async def now(storage: Storage) -> claims.ClaimRow | None:
    rows = await storage.read(lambda db: claims.of_thread(db, THREAD))
    return rows[0] if rows else None


@pytest.mark.parametrize(("before", "after"), STEPS)
async def test_what_may_happen_is_stored(thread: Storage, before: ClaimStatus | None, after: ClaimStatus):
    for status in way_to(before):
        await become(thread, status)
    await become(thread, after)
    assert await now(thread) == claim(after, result=f'"{after}"')


@pytest.mark.parametrize(("before", "after"), [step for step in ALL if step not in STEPS])
async def test_what_may_not_happen_raises_and_changes_nothing(
    thread: Storage, before: ClaimStatus | None, after: ClaimStatus
):
    for status in way_to(before):
        await become(thread, status)
    row = await now(thread)
    with pytest.raises(ClaimMoved, match=f"cannot become '{after}'"):
        await become(thread, after)
    assert await now(thread) == row


async def test_nothing_is_claimed_for_a_thread_that_is_gone(storage: Storage):
    with pytest.raises(ClaimMoved):
        await become(storage, "claimed")
    assert await storage.read(lambda db: count(db, "claims")) == 0
