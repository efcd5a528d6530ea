"""Bots on one PostgreSQL: one stands still, loses the server, or has a clock of its own, and the others go on; and the
server goes away under all of them.
"""

import asyncio
import itertools
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.stories.several_bots import Replica, Replicas, replicas
from tests.support.cable import Cable
from tests.support.postgres import Server
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.asyncio(loop_scope="module")]

REPLICAS = 3

STANDS_STILL = 12.0
"""Seconds for which a bot stands still or is cut off: longer than its lease."""

SKEWED = ["tests.support.skewed", "60", "run"], ["tests.support.skewed", "-60", "run"]
"""The clocks of two of the bots: a minute fast, a minute slow."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(server: Server, wire: Cable, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replicas]:
    url = server.url(server.create())
    behind = url.replace(f":{server.port}/", f":{wire.port}/")
    async with replicas(
        tmp_path_factory.mktemp("office"), REPLICAS, url, programs=SKEWED, others={REPLICAS - 1: behind}
    ) as found:
        yield found
        await found.all_there()
        await found.check()


@pytest_asyncio.fixture(loop_scope="module")
async def bots(office: Replicas) -> AsyncIterator[Replicas]:
    await office.all_there()
    yield office
    office.disarm()
    for each in office:
        if each.lives:
            each.thaw()


async def test_clocks_two_minutes_apart_change_nothing(bots: Replicas):
    errands = [await bots.errand() for _ in range(6)]
    await asyncio.gather(*(each.finish() for each in errands))
    for each in errands:
        await each.is_whole()
    rows = await bots.audited()
    times = [row["at"] for row in rows]
    assert all(later > earlier - 1 for earlier, later in itertools.pairwise(times)), "in the order in which it happened"


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_the_server_is_restarted_while_everybody_is_at_work(bots: Replicas, server: Server, mode: str):
    errands = [await bots.errand() for _ in range(10)]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    await until(lambda: any(each.booked for each in errands), "the work to be under way")
    await asyncio.to_thread(server.restart, mode)
    errands += [await bots.errand() for _ in range(5)]
    finishing += [asyncio.create_task(each.finish()) for each in errands[10:]]
    await asyncio.gather(*finishing)
    for each in errands:
        await each.is_whole()
    assert all(each.lives for each in bots)


async def test_two_that_stand_still_write_nothing_when_they_wake(bots: Replicas):
    """One while it waits for the model, one while it waits for Slack to take a post."""
    asks = bots.at(Replica.freeze, at_model=True, method="completions", after=True, answers=True)
    first = await bots.errand()
    frozen = await until(lambda: asks, "a bot that asks the model to stand still")
    posts = bots.at(Replica.freeze, but=frozen, method="chat.postMessage", after=True, answers=True)
    second = await bots.errand()
    frozen = frozen + await until(lambda: posts, "a bot that posts to stand still")
    began = asyncio.get_running_loop().time()
    for each in (first, second):
        await each.card()  # another goes on
    left = STANDS_STILL - (asyncio.get_running_loop().time() - began)
    await asyncio.sleep(max(0.0, left))  # the time itself is what this is about
    for each in frozen:
        each.thaw()
    errands = [first, second, *[await bots.errand() for _ in range(REPLICAS)]]  # each of them is at work again
    await asyncio.gather(*(each.finish() for each in errands))
    for each in errands:
        await each.is_whole()


async def test_one_that_is_cut_off_from_the_server_leaves_its_work_to_the_others(bots: Replicas, wire: Cable):
    errands = [await bots.errand() for _ in range(6)]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    await until(lambda: any(each.booked for each in errands), "the work to be under way")
    with wire.cut():
        await asyncio.sleep(STANDS_STILL)
        later = await bots.errand()
        await later.finish()
    errands.append(later)
    await asyncio.gather(*finishing)
    for each in errands:
        await each.is_whole()
    assert all(each.lives for each in bots)
