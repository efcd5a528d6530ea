"""Tools that leave, block, hold on or take the process along: their call ends, and everybody else is served."""

import asyncio
import contextlib
import functools
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Person, labels
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

KINDS = ("exit", "interrupt", "cancel", "generator", "own")
LOOP_KINDS = ("beside", "itself", "another")

CALLS = {
    **{f"leave {how}": ("leave", {"how": how}) for how in KINDS},
    **{f"leave_async {how}": ("leave_async", {"how": how}) for how in (*KINDS, *LOOP_KINDS, "behind", "stop")},
    **{f"leave_gated {how}": ("leave_gated", {"how": how}) for how in KINDS},
    **{f"leave_gated_async {how}": ("leave_gated_async", {"how": how}) for how in KINDS},
    "cling": ("cling", {"how": "stay"}),
    "cling to the loop": ("cling", {"how": "hold the loop"}),
}

SCRIPT = {
    said: [
        {"text": "Let me see.", "tool_calls": [{"name": name, "arguments": arguments}]},
        {"text": f"That was {said}."},
    ]
    for said, (name, arguments) in CALLS.items()
} | {
    "hello": [{"text": "Hello yourself."}],
    "die": [
        {"text": "Let me see.", "tool_calls": [{"name": "die", "arguments": {"how": "at once"}}]},
        *[{"text": "That was die."}] * 2,
    ],
    "check": [{"tool_calls": [{"name": "check", "arguments": {"how": "it"}}]}],
    "check for long": [{"tool_calls": [{"name": "check", "arguments": {"how": "for long"}}]}],
    "rule": [{"tool_calls": [{"name": "rule", "arguments": {"how": "it"}}]}],
    "block": [
        {"text": "", "tool_calls": [{"name": "block", "arguments": {"seconds": 100 + n}} for n in range(8)]},
        {"text": "That was block."},
    ],
    "block briefly": [
        {"text": "", "tool_calls": [{"name": "block_briefly", "arguments": {"seconds": 100 + n}} for n in range(8)]},
        {"text": "That was block briefly."},
    ],
}


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    return new_stage(agent="tests.stories.agents.unruly:agent", script=SCRIPT)


@pytest.fixture
async def ledger(stage: Stage) -> AsyncIterator[Path]:
    """The file with what was begun, empty."""
    file = stage.folder / "ledger.txt"
    file.write_text("", "utf-8")
    yield file
    if stage.bot is None or stage.bot.process.poll() is not None:
        stage.start_bot()


def lines(ledger: Path) -> list[str]:
    return ledger.read_text("utf-8").splitlines()


async def told(ana: Person) -> list[str]:
    """What the model was told last of the calls."""
    return [each["content"] for each in (await ana.page.model_requests())[-1]["messages"] if each["role"] == "tool"]


async def is_served(person: Person) -> None:
    await (await person.say("hello")).says("Hello yourself.")


@pytest.mark.parametrize("said", [said for said in CALLS if said.startswith("leave")])
async def test_a_tool_that_leaves_has_failed_and_the_bot_goes_on(
    ana: Person, lea: Person, stage: Stage, ledger: Path, said: str
):
    thread = await ana.say(said)
    if "gated" in said:
        await ana.click(await thread.card(), "Approve")
    await thread.says(f"That was {said}.")
    how = said.split()[1]
    (result,) = await told(ana)
    assert result == "Still here." if how in ("behind", "stop") else result.startswith("Failed: ")
    assert lines(ledger) == [said]
    await is_served(lea)
    name = said.split()[0]
    assert f"tool '{name}' failed" in stage.log or "in the event loop; it goes on" in stage.log


async def test_after_all_that_the_bot_stops_when_it_is_told_to_and_begins_nothing_again(
    ana: Person, stage: Stage, ledger: Path
):
    thread = await ana.say("leave_async beside")
    await thread.says("That was leave_async beside.")
    assert await asyncio.to_thread(stage.stop_bot) == 0
    stage.start_bot()
    await is_served(ana)
    assert lines(ledger) == ["leave_async beside"]


async def test_eight_tools_that_block_hold_up_nobody_else_and_no_end(
    ana: Person, lea: Person, stage: Stage, ledger: Path
):
    await ana.say("block")

    async def begun() -> bool:
        return len(lines(ledger)) == 4

    await until(begun, "four calls to begin")
    await is_served(lea)
    assert len(lines(ledger)) == 4, "the others wait for those of their own conversation"
    began = time.monotonic()
    assert await asyncio.to_thread(stage.stop_bot) == 0
    assert time.monotonic() - began < 16
    assert "did not come to the end of its step within 10 s and was left" in stage.log


async def test_a_check_that_goes_on_for_long_holds_up_nobody_else_and_no_end(
    ana: Person, lea: Person, stage: Stage, ledger: Path
):
    await ana.say("check for long")

    async def begun() -> bool:
        return "check for long" in lines(ledger)

    await until(begun, "the check to begin")
    await is_served(lea)
    assert await asyncio.to_thread(stage.stop_bot) == 0


async def test_a_timeout_tells_the_model_and_what_cannot_begin_is_said(
    ana: Person, lea: Person, stage: Stage, ledger: Path
):
    thread = await ana.say("block briefly")
    await thread.says("That was block briefly.")
    results = await told(ana)
    assert [each.split(":")[0] for each in results].count("Timed out") == 4
    refused = [each for each in results if not each.startswith("Timed out")]
    assert len(refused) == 4
    assert all("This call was not begun" in each for each in refused)
    assert len([line for line in lines(ledger) if line.startswith("block_briefly")]) == 4
    await is_served(lea)


@pytest.mark.parametrize(("said", "limit"), [("cling", 16), ("cling to the loop", 18)])
async def test_a_tool_that_does_not_let_go_is_left_and_in_doubt_after_the_next_start(
    ana: Person, stage: Stage, ledger: Path, said: str, limit: float
):
    thread = await ana.say(said)
    await ana.click(await thread.card(), "Approve")

    async def begun() -> bool:
        return any(line.startswith("cling") for line in lines(ledger))

    await until(begun, "the call to begin")
    began = time.monotonic()
    assert await asyncio.to_thread(stage.stop_bot) == 0
    assert 10 <= time.monotonic() - began < limit
    stage.start_bot()
    doubt = await thread.card("Give Up")
    assert labels(doubt) == ["It Ran", "Run Again", "Give Up"]
    await ana.click(doubt, "Give Up")
    await thread.says(f"That was {said}.")
    assert len([line for line in lines(ledger) if line.startswith("cling")]) == 1


async def test_a_tool_that_takes_the_process_along_is_set_aside_and_everybody_else_is_served(
    ana: Person, lea: Person, stage: Stage, ledger: Path
):
    thread = await ana.say("die")
    assert await ended(stage) == 9
    assert await starts_until_it_stays(stage) == 2
    assert died(ledger) == 2, "begun twice, and not a third time unasked"
    told = await thread.says("was not begun again")
    assert "Try Again" in str([labels(each) for each in await thread.said()]), told
    await is_served(lea)
    await is_served(ana)
    stage.kill_bot()
    stage.start_bot()
    await is_served(lea)
    assert died(ledger) == 2

    await ana.click(await thread.card("Try Again"), "Try Again", survives=False)
    assert await ended(stage) == 9
    assert await starts_until_it_stays(stage) == 2
    assert died(ledger) == 4
    await ana.say("Leave it.", thread)
    await thread.says("That was die.")
    assert died(ledger) == 4


@pytest.mark.parametrize("said", ["check", "rule"])
async def test_code_of_a_tools_that_is_not_its_body_takes_the_process_along_twice_at_most(
    ana: Person, lea: Person, stage: Stage, ledger: Path, said: str
):
    thread = await ana.say(said)
    assert await ended(stage) == 9
    assert await starts_until_it_stays(stage) == 2
    await thread.says("was not begun again")
    await is_served(lea)
    stage.kill_bot()
    stage.start_bot()
    await is_served(lea)
    assert lines(ledger) == [f"{said} it"] * 2


def died(ledger: Path) -> int:
    return len([line for line in lines(ledger) if line.startswith("die")])


async def ended(stage: Stage) -> int:
    """The bot's exit code, once it has ended by itself."""
    assert stage.bot is not None
    return await asyncio.to_thread(stage.bot.process.wait, 30)


async def starts_until_it_stays(stage: Stage) -> int:
    """How often the bot has to be started until it says that it has set a thread aside."""
    before = set_aside(stage)
    for start in range(1, 6):
        stage.kill_bot()
        with contextlib.suppress(AssertionError):  # it may end before it is connected
            await asyncio.to_thread(stage.start_bot)
        assert stage.bot is not None
        process = stage.bot.process
        gone_on = functools.partial(lambda process: process.poll() is not None or set_aside(stage) > before, process)
        await until(gone_on, "the bot to end or to go on")
        if process.poll() is None:
            return start
    raise AssertionError("it did not stay")


def set_aside(stage: Stage) -> int:
    return stage.log.count("is set aside")
