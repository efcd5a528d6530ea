"""Three bots on one database: whichever takes a message or a click, and whichever dies, all is done once.

Here on PostgreSQL, and in `make trials` on SQLite's file; `test_several_bots_cut_off.py` is about what only a server
has.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.stories.people import words
from tests.stories.programs import Program
from tests.stories.several_bots import Errand, Replica, Replicas, replicas
from tests.support.waiting import until

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

REPLICAS = 3
NEWER = ["tests.support.newer", "run"]
CLICKS = 20


@pytest_asyncio.fixture(
    scope="module",
    loop_scope="module",
    params=[pytest.param("sqlite", marks=pytest.mark.trial), pytest.param("postgres", marks=pytest.mark.postgres)],
)
async def office(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Replicas]:
    folder = tmp_path_factory.mktemp("office")
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        url = server.url(server.create())
    else:
        url = f"sqlite:///{folder / 'signoff.db'}"
    async with replicas(folder, REPLICAS, url) as found:
        yield found
        await found.all_there()
        await found.check()


@pytest_asyncio.fixture(loop_scope="module")
async def bots(office: Replicas) -> AsyncIterator[Replicas]:
    """With all bots there, and nothing armed."""
    await office.all_there()
    for each in office:
        each.slack.received.clear()
    yield office
    office.disarm()


async def test_of_twenty_people_who_click_at_once_one_approves_and_the_others_are_told_who(bots: Replicas):
    errand = await bots.in_support()
    people = [bots.person(number) for number in range(1, CLICKS + 1)]
    await errand.approve(*people)
    await errand.is_whole()
    card = next(text for text in await errand.thread.texts() if errand.entry in text and "pproved by" in text)
    found = re.search(r"pproved by <@(\w+)>", card)
    assert found is not None
    for each in people:
        if each.id != found[1]:
            assert await each.at(errand.thread).whisper(f"already approved by <@{found[1]}>")
    assert all(each.took("interactive") for each in bots), "each bot had its share of the clicks"


async def test_two_votes_that_arrive_at_different_bots_are_a_quorum(bots: Replicas):
    errand = await bots.in_support("share")
    for number in (1, 2):
        assert errand.booked == 0
        card = await errand.card()
        await errand.approve(bots.person(number))
        await errand.thread.becomes(card, f"<@{bots.person(number).id}>")  # what is shown of it
    await errand.is_whole()
    takers = [each.number for each in bots if each.took("interactive")]
    assert len(takers) == 2


async def test_two_votes_at_once_at_different_bots_are_a_quorum(bots: Replicas):
    errand = await bots.in_support("share")
    await errand.approve(bots.person(3), bots.person(4))
    await errand.is_whole()


async def test_a_delivery_that_two_bots_are_handed_at_once_is_one(bots: Replicas):
    await bots.page.slack_fails(redeliver=2)
    errand = await bots.errand()
    await errand.finish()
    await errand.is_whole()
    takers = [each.number for each in bots if any(_is_about(each, errand))]
    assert takers == [0, 1, 2]


def _is_about(replica: Replica, errand: Errand) -> list[bool]:
    return [each["event"].get("ts") == errand.thread.ts for each in replica.took("events_api")]


@pytest.mark.parametrize("after", [False, True])
async def test_the_bot_that_asks_the_model_is_killed(bots: Replicas, after: bool):
    there = bots.at(Replica.kill, at_model=True, after=after)
    errand = await bots.errand()
    await errand.finish()
    assert there
    await errand.is_whole()


@pytest.mark.parametrize("after", [False, True])
async def test_the_bot_that_posts_is_killed(bots: Replicas, after: bool):
    there = bots.at(Replica.kill, method="chat.postMessage", after=after)
    errand = await bots.errand()
    await errand.finish()
    assert there
    await errand.is_whole()


@pytest.mark.parametrize("after", [False, True])
async def test_the_bot_that_was_clicked_is_killed_as_it_acknowledges(bots: Replicas, after: bool):
    errand = await bots.errand()
    await errand.card()
    there = bots.at(Replica.kill, acks=True, after=after)
    await errand.finish()
    assert there
    await errand.is_whole()


async def test_the_bot_that_runs_a_tool_is_killed_and_a_person_says_whether_it_ran(bots: Replicas):
    errand = await bots.errand("endlessly")
    await errand.approve()
    runs = await until(lambda: bots.booker(errand.entry), "the effect")
    runs.kill()
    doubt = await errand.thread.card("It Ran")
    assert "may already have run" in words(doubt)
    await errand.finish()
    await errand.is_whole()


async def test_bots_that_are_stopped_one_after_the_other_lose_nothing(bots: Replicas):
    errands = [await bots.errand() for _ in range(30)]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    for each in bots:
        assert await each.stop() == 0
        each.start()
        await each.connected()
    await asyncio.gather(*finishing)
    for each in errands:
        await each.is_whole()


async def test_a_newer_version_takes_over_one_by_one_and_the_older_one_refuses_to_come_back(bots: Replicas):
    """Last here: what it leaves is for nobody else."""
    errands = [await bots.errand() for _ in range(6)]
    finishing = [asyncio.create_task(each.finish()) for each in errands]
    older = bots.all[0].program
    for each in bots:
        assert await each.stop() == 0
        each.program = NEWER
        each.start()
        await each.connected()
    await asyncio.gather(*finishing)
    for each in errands:
        await each.is_whole()
    first = bots.all[0]
    log = bots.stage.folder / "older.log"
    refused = Program(older, bots.stage.folder, log, first.environment)
    code, _, said = await asyncio.to_thread(refused.outcome)
    assert code == 2
    assert re.fullmatch(r"DATABASE_URL cannot be used: .* newer Signoff .*Install the newer one\.\n", said), said
