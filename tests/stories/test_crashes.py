"""The bot dies at the worst moments, and comes back: what was asked still waits, what ran is not run again.

The agent's effects are lines in a file that nothing makes harmless to repeat.
"""

import asyncio
import signal
from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import SUPPORT, Person, labels, words
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

CALLS = {
    "book": ("book", {"entry": "one"}),
    "book slowly": ("book", {"entry": "slow", "pause": 60}),
    "book a little slowly": ("book", {"entry": "little", "pause": 1}),
    "<@U0SIGNOFF> share": ("share", {"entry": "both"}),
    "break": ("break_down", {"how": "the ledger is on fire"}),
}

SCRIPT = {
    said.replace("<@U0SIGNOFF> ", ""): [
        {"text": "Let me see.", "tool_calls": [{"name": name, "arguments": arguments}]},
        {"text": f"That was {name}."},
    ]
    for said, (name, arguments) in CALLS.items()
} | {"hello": [{"text": "Hello yourself."}]}


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


def restart(stage: Stage) -> None:
    stage.kill_bot()
    stage.start_bot()


async def test_a_bot_that_is_killed_while_it_waits_goes_on_after_the_click(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    restart(stage)
    await ana.click(card, "Approve")
    await thread.becomes(card, "approved by <@U0ANA>[^$]*done")
    await thread.says("That was book.", after=card["ts"])
    assert lines(ledger) == ["one"]
    assert len(await thread.said()) == 3, "nothing was said twice"


async def test_a_form_that_was_open_while_the_bot_was_killed_still_counts(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    form = await ana.open(card, "Edit")
    restart(stage)
    assert await ana.submit(form, Entry="two") == {}
    await thread.becomes(card, "one → two[^$]*done")
    assert lines(ledger) == ["two"]


async def test_a_click_that_was_acknowledged_is_not_lost(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book")
    card = await thread.card()
    await ana.click(card, "Approve")
    restart(stage)
    await thread.becomes(card, "approved by <@U0ANA>[^$]*(done|already have run)|already have run")
    assert len(lines(ledger)) <= 1
    if labels(await thread.now(card)) == []:
        await thread.says("That was book.", after=card["ts"])
        assert lines(ledger) == ["one"]


@pytest.mark.parametrize("calls", [1, 2])
async def test_wherever_it_is_killed_the_effect_comes_at_most_once_and_the_end_is_said_once(
    ana: Person, stage: Stage, ledger: Path, calls: int
):
    """Killed when it has made so many calls to Slack since the click."""
    thread = await ana.say("book")
    card = await thread.card()
    start = (await ana.page.journal())[-1]["n"]
    await ana.click(card, "Approve")

    async def far_enough() -> bool:
        return len([each for each in await ana.page.journal(start) if each["kind"] == "call"]) >= calls

    await until(far_enough, f"{calls} calls to Slack")
    restart(stage)
    await thread.becomes(card, "done|already have run")
    assert len(lines(ledger)) <= 1
    now = await thread.now(card)
    if labels(now):
        await ana.click(now, "It Ran" if lines(ledger) else "Run Again")
    await thread.says("That was book.", after=card["ts"])
    assert lines(ledger) == ["one"]
    assert [text for text in await thread.texts() if "That was" in text] == ["That was book."]


@pytest.mark.parametrize(("choice", "booked"), [("It Ran", 1), ("Run Again", 2), ("Give Up", 1)])
async def test_a_call_that_was_cut_short_is_in_doubt_and_a_person_settles_it(
    ana: Person, lea: Person, stage: Stage, ledger: Path, choice: str, booked: int
):
    said = "book a little slowly" if choice == "Run Again" else "book slowly"
    thread = await ana.say(said)
    card = await thread.card()
    await ana.click(card, "Approve")

    async def begun() -> bool:
        return len(lines(ledger)) == 1

    await until(begun, "the effect")
    restart(stage)
    doubt = await thread.card(choice)
    assert "may already have run" in words(doubt)
    assert labels(doubt) == ["It Ran", "Run Again", "Give Up"]
    assert len(lines(ledger)) == 1, "nobody but a person runs it again"
    await ana.click(doubt, choice)
    await thread.says("That was book.", after=card["ts"])
    assert len(lines(ledger)) == booked
    assert labels(await thread.now(doubt)) == []


async def test_what_was_written_while_the_bot_was_away_is_answered(ana: Person, stage: Stage, ledger: Path):
    stage.kill_bot()
    thread = await ana.say("hello")
    stage.start_bot()
    await thread.says("Hello yourself.")
    assert len(await thread.said()) == 1


async def test_a_message_that_was_acknowledged_is_answered_once(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("hello")

    async def acknowledged() -> bool:
        entries = await ana.page.journal()
        mine = [e for e in entries if e["kind"] == "event" and e["payload"].get("event", {}).get("ts") == thread.ts]
        return bool(mine) and any(e["kind"] == "ack" and e["envelope_id"] == mine[0]["envelope_id"] for e in entries)

    await until(acknowledged, "the event to be acknowledged")
    restart(stage)
    await thread.says("Hello yourself.")
    assert len([text for text in await thread.texts() if "Hello yourself." in text]) == 1


async def test_two_people_decide_at_once_and_one_of_them_counts(ana: Person, lea: Person, ledger: Path):
    thread = await ana.say("@signoff share", channel=SUPPORT)
    card = await thread.card()
    await asyncio.gather(ana.click(card, "Approve"), lea.click(card, "Approve"))
    text = await thread.becomes(card, "approved by[^$]*done")
    late, first = (lea, ana) if "pproved by <@U0ANA>" in text else (ana, lea)
    await late.at(thread).whisper(f"already approved by <@{first.id}>")
    await thread.says("That was share.", after=card["ts"])
    assert lines(ledger) == ["both"]


async def test_a_tool_that_raises_is_told_to_the_model_and_not_to_the_person(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("break")
    await thread.says("That was break_down.")
    assert not any("Traceback" in text or "RuntimeError" in text for text in await thread.texts())
    (told,) = [each for each in (await ana.page.model_requests())[-1]["messages"] if each["role"] == "tool"]
    assert "the ledger is on fire" in told["content"]
    assert "Traceback" not in told["content"]
    assert "RuntimeError: the ledger is on fire" in stage.log


async def test_sigterm_finishes_the_step_in_flight_and_exits_0(ana: Person, stage: Stage, ledger: Path):
    thread = await ana.say("book a little slowly")
    card = await thread.card()
    await ana.click(card, "Approve")

    async def begun() -> bool:
        return lines(ledger) == ["little"]

    await until(begun, "the effect")
    assert await asyncio.to_thread(stage.stop_bot) == 0
    stage.start_bot()
    await thread.becomes(card, "approved by <@U0ANA>[^$]*done")
    await thread.says("That was book.", after=card["ts"])
    assert lines(ledger) == ["little"]


async def test_sigint_while_nothing_happens_exits_0(stage: Stage):
    assert await asyncio.to_thread(stage.stop_bot, signal.SIGINT) == 0
    stage.start_bot()
