"""HTTP mode: two bots on one database behind a balancer. Whichever gets a request, it counts, and it counts once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from tests.stories.people import Page, Person, labels
from tests.stories.replicas import Replicas
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SCRIPT = {
    "book": [
        {"text": "Let me see.", "tool_calls": [{"name": "book", "arguments": {"entry": "one"}}]},
        {"text": "That was book."},
    ],
    "book slowly": [
        {"text": "Let me see.", "tool_calls": [{"name": "book", "arguments": {"entry": "slow", "pause": 2}}]},
        {"text": "That was slow."},
    ],
    "hello": [{"text": "Hello yourself."}],
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replicas]:
    made = Replicas(tmp_path_factory.mktemp("replicas"), 2, agent="tests.stories.agents.ledger:agent", script=SCRIPT)
    made.start(*made.ports)
    yield made
    made.close()


@pytest.fixture
def ledger(stage: Replicas) -> Path:
    file = stage.folder / "ledger.txt"
    file.write_text("", "utf-8")
    return file


@pytest.fixture
async def page(stage: Replicas) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as http:
        yield Page(http, stage.url, stage.model_url)


@pytest.fixture
def ana(page: Page) -> Person:
    return Person(page, "U0ANA", "D0ANA")


def lines(ledger: Path) -> list[str]:
    return sorted(ledger.read_text("utf-8").split())


async def test_a_card_is_approved_and_the_result_comes(ana: Person, stage: Replicas, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by <@U0ANA>[^$]*done")
    await thread.says("That was book.", after=card["ts"])
    assert lines(ledger) == ["one"]
    assert len(await thread.said()) == 3, "nothing was said twice"
    assert all(stage.answered.values()), "both had a part"


async def test_a_form_says_what_is_wrong_and_what_is_mended_runs(ana: Person, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    form = await ana.open(card, "Edit")
    assert "errors" in await ana.submit(form, Entry="")
    assert await ana.submit(form, Entry="two") == {}
    await thread.becomes(card, "one → two[^$]*done")
    assert lines(ledger) == ["two"]


async def test_a_command_and_home_are_answered(ana: Person):
    thread = await ana.say("book")
    card = await thread.card()
    typed = {"user": "U0ANA", "channel": "D0ANA", "text": "/signoff"}
    assert await ana.page.post("/client/messages", **typed) == {"acked": True}
    shown = (await ana.page.get("/client/history", user="U0ANA", channel="D0ANA"))["messages"][-1]
    assert shown["ephemeral_to"] == "U0ANA"
    assert "Book (entry one" in str(shown)
    await ana.page.post("/client/home", user="U0ANA", tab="home")

    async def is_published() -> bool:
        return "Book (entry one" in str((await ana.page.get("/client/boot", user="U0ANA"))["home"])

    await until(is_published, "Home to say what waits")
    await ana.click(card, "Approve")
    await thread.says("That was book.", after=card["ts"])


async def test_twenty_messages_and_clicks_while_one_bot_stops_and_comes_back(
    ana: Person, stage: Replicas, ledger: Path
):
    first, second = stage.ports
    slow = await ana.say("book slowly")
    slow_card = await slow.card()
    threads = [await ana.say("book") for _ in range(10)]
    cards = [await thread.card() for thread in threads]
    await ana.click(slow_card, "Approve")
    await until(lambda: lines(ledger) == ["slow"], "a call to run")
    stage.tell_to_stop(first)
    stage.tell_to_stop(first)  # once more changes nothing
    for card in cards[:5]:
        await ana.click(card, "Approve")
    later = [await ana.say("book") for _ in range(5)]
    await until(lambda: stage.ready == [second], "the balancer to notice")
    for card in cards[5:]:
        await ana.click(card, "Approve")
    assert await asyncio.to_thread(stage.stopped, first) == 0
    later += [await ana.say("book") for _ in range(5)]
    await asyncio.to_thread(stage.start, first)
    for thread in later:
        await ana.click(await thread.card(), "Approve")
    for thread, card in zip([*threads, *later], [*cards, *[None] * 10], strict=True):
        await thread.says("That was book.", after=card["ts"] if card else "")
        assert len(await thread.said()) == 3, "nothing was said twice"
    await slow.says("That was slow.", after=slow_card["ts"])
    assert lines(ledger) == ["one"] * 20 + ["slow"]
    assert [labels(await thread.now(card)) for thread, card in zip(threads, cards, strict=True)] == [[]] * 10
    assert "Traceback" not in stage.logs
    given_up = [each for each in await ana.page.journal() if each.get("type") == "given_up"]
    assert given_up == []


async def test_a_bot_that_is_killed_leaves_its_work_to_the_other(ana: Person, stage: Replicas, ledger: Path):
    first, second = stage.ports
    threads = [await ana.say("book") for _ in range(4)]
    cards = [await thread.card() for thread in threads]
    stage.bots[second].kill()
    for card in cards:
        await ana.click(card, "Approve")
    for thread, card in zip(threads, cards, strict=True):
        await thread.says("That was book.", after=card["ts"])
    assert lines(ledger) == ["one"] * 4
    assert stage.ready == [first]
    await asyncio.to_thread(stage.start, second)
