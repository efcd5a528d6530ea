"""Three bots on one PostgreSQL: killed at any call of any of them, and whatever else goes wrong, round after round.

A round is known by its number: the same one chooses the same again.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio

from tests.stories.several_bots import Replica, Replicas, replicas
from tests.support.cable import Cable
from tests.support.postgres import Server
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.trial, pytest.mark.asyncio(loop_scope="module")]

REPLICAS = 3
ROUNDS = 24
LASTS = 10.0, 14.0
"""Seconds for which a bot stands still, or is cut off."""

CALLS = {"slack": 12, "model": 3, "ack": 3}
"""Places of each kind that one of the bots may come to in one conversation, about."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office(server: Server, wire: Cable, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replicas]:
    url = server.url(server.create())
    behind = url.replace(f":{server.port}/", f":{wire.port}/")
    async with replicas(tmp_path_factory.mktemp("office"), REPLICAS, url, others={REPLICAS - 1: behind}) as found:
        yield found
        await found.all_there()
        await found.check()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def streaming_office(server: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replicas]:
    """Whose model takes its time, so that the last reply is streamed."""
    folder = tmp_path_factory.mktemp("streaming office")
    async with replicas(folder, REPLICAS, server.url(server.create()), latency=0.06) as found:
        yield found
        await found.all_there()
        await found.check()


@pytest_asyncio.fixture(loop_scope="module")
async def bots(office: Replicas) -> AsyncIterator[Replicas]:
    await office.all_there()
    yield office
    office.disarm()


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("kind", "call"), [(kind, n) for kind, most in CALLS.items() for n in range(1, most + 1)])
async def test_wherever_one_is_killed_all_stands_there_once(bots: Replicas, kind: str, call: int, after: bool):
    bots.at(Replica.kill, at_model=kind == "model", acks=kind == "ack", call=call, after=after)
    errands = [await bots.errand() for _ in range(2)]
    await asyncio.gather(*(each.finish() for each in errands))
    for each in errands:
        await each.is_whole()


@pytest.mark.parametrize("number", range(ROUNDS))
async def test_whatever_goes_wrong_all_stands_there_once(bots: Replicas, server: Server, wire: Cable, number: int):
    chance = random.Random(number)
    errands = [await bots.errand(chance.choice(["book", "book", "slowly"])) for _ in range(chance.randint(2, 8))]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    await asyncio.sleep(chance.uniform(0, 2))
    await chance.choice(TROUBLES)(bots, server, wire, chance)
    await bots.all_there()
    await asyncio.gather(*finishing)
    for each in errands:
        await each.is_whole()


async def _killed(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    for each in chance.sample(bots.all, chance.randint(1, REPLICAS)):
        each.kill()


async def _frozen(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    one = chance.choice(bots.all)
    one.freeze()
    await asyncio.sleep(chance.uniform(*LASTS))
    one.thaw()


async def _cut_off(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    with wire.cut():
        await asyncio.sleep(chance.uniform(*LASTS))


async def _stopped(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    for each in chance.sample(bots.all, chance.randint(1, REPLICAS)):
        assert await each.stop() == 0


async def _restarted(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        await asyncio.to_thread(server.restart, chance.choice(["fast", "immediate"]))
        await asyncio.sleep(chance.uniform(0, 1))


async def _server_frozen(bots: Replicas, server: Server, wire: Cable, chance: random.Random) -> None:
    with contextlib.ExitStack() as stack:
        stack.callback(server.thaw)
        server.freeze()
        await asyncio.sleep(chance.uniform(1, LASTS[1]))


TROUBLES: list[Callable[..., Any]] = [_killed, _frozen, _cut_off, _stopped, _restarted, _server_frozen]


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.stopStream"])
@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize("dies", [False, True])
async def test_one_that_stands_still_or_dies_while_it_streams(
    streaming_office: Replicas, method: str, call: int, *, dies: bool
):
    bots = streaming_office
    await bots.all_there()
    does = Replica.kill if dies else Replica.freeze
    there = bots.at(does, method=method, call=call, after=True, answers=not dies)
    errands = [await bots.errand() for _ in range(2)]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    await until(lambda: there or all(each.done() for each in finishing), "one to be there")
    if there and not dies:
        await asyncio.sleep(LASTS[1])
        there[0].thaw()
    await asyncio.gather(*finishing)
    bots.disarm()
    for each in errands:
        await each.is_whole()
