"""Somebody presses Stop, also while the bot is away."""

from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Person, Thread, labels
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SCRIPT = {
    said: [
        {"text": "Let me see.", "tool_calls": [{"name": "book", "arguments": {"entry": "one", "pause": pause}}]},
        {"text": "Booked it is."},
        {"text": "Hello yourself."},
    ]
    for said, pause in (("book", 0), ("book a little slowly", 1.5), ("book slowly", 60))
}


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    return new_stage(agent="tests.stories.agents.ledger:agent", script=SCRIPT)


@pytest.fixture
def ledger(stage: Stage) -> Path:
    """The file with the effects, empty."""
    file = stage.folder / "ledger.txt"
    file.write_text("", "utf-8")
    return file


def lines(ledger: Path) -> list[str]:
    return ledger.read_text("utf-8").splitlines()


async def begun(ledger: Path) -> None:
    await until(lambda: lines(ledger), "the effect")


async def stop(person: Person, thread: Thread) -> None:
    await person.page.post("/client/stop", user=person.id, channel=thread.channel, thread_ts=thread.ts)


async def test_what_was_begun_when_it_is_stopped_comes_to_its_end_and_says_so(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book a little slowly")
    card = await thread.card()
    await ana.click(card, "Approve")
    await begun(ledger)
    await stop(ana, thread)
    await thread.says("Still running: ", after=card["ts"])
    await thread.becomes(card, r"approved by[^$]*done")
    await thread.says(r"^Stopped\.$", after=card["ts"])
    assert (await thread.texts())[-1] == "Stopped."
    await ana.say("hello", thread)
    await thread.says("Hello yourself.", after=card["ts"])
    assert not [text for text in await thread.texts() if "Booked it is." in text]


async def test_a_call_that_is_in_doubt_after_a_kill_stays_so_and_the_conversation_goes_on(
    ana: Person, stage: Stage, ledger: Path
):
    thread = await ana.say("book slowly")
    card = await thread.card()
    await ana.click(card, "Approve")
    await begun(ledger)
    stage.kill_bot()
    stage.start_bot()
    doubt = await thread.card("It Ran")
    await stop(ana, thread)
    await thread.says(r"^Stopped\.$", after=card["ts"])
    await thread.becomes(doubt, "in doubt")
    assert labels(await thread.now(doubt)) == []
    await ana.say("hello", thread)
    await thread.says("Hello yourself.", after=card["ts"])
    assert lines(ledger) == ["one"]


async def test_a_stop_while_a_killed_bot_is_away_is_done_when_it_is_back(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    stage.kill_bot()
    await stop(ana, thread)
    stage.start_bot()
    await thread.says(r"^Stopped\.$", after=card["ts"])
    await thread.becomes(card, "Cancelled, the request was stopped.")
    assert labels(await thread.now(card)) == []
    assert [text for text in await thread.texts() if text == "Stopped."] == ["Stopped."]
    assert lines(ledger) == []
