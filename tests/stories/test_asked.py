"""What an agent's thread asks by itself waits on disk: for whoever answers, over kills of the bot, and once."""

import json
import subprocess
import sys

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Person, labels
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow

MANY = [{"name": "count", "arguments": {"shelf": number}} for number in range(25)]
SCRIPT = {
    "count everything": [{"text": "Counting.", "tool_calls": MANY}, {"text": "All is counted."}],
    "count until no": [{"tool_calls": MANY}, {"text": "Never said."}, {"text": "Here I am."}],
    "a table": [{"tool_calls": [{"name": "reserve", "arguments": {"name": "Ana"}}]}, {"text": "It is reserved."}],
}


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    return new_stage(agent="tests.stories.agents.curious:agent", script=SCRIPT)


def usage(stage: Stage, *arguments: str) -> list[dict[str, object]]:
    """What the command says beside the bot."""
    command = [sys.executable, "-m", "bot", "usage", "--json", *arguments]
    said = subprocess.run(
        command, env=stage.environment, cwd=stage.folder, capture_output=True, text=True, check=True, timeout=60
    )
    return [json.loads(line) for line in said.stdout.splitlines()]


def tables(stage: Stage) -> list[str]:
    """What was reserved."""
    return (stage.folder / "tables.txt").read_text("utf-8").splitlines()


async def test_the_question_whether_to_go_on_outlives_the_bot_and_is_answered_once(ana: Person, stage: Stage):
    thread = await ana.say("count everything")
    card = await thread.card("Yes")
    assert labels(card) == ["Yes", "No"]
    stage.kill_bot()
    stage.start_bot()
    await ana.click(card, "Yes")
    await thread.says(r"^All is counted\.$")
    over = await thread.becomes(card, r"25 calls in a row for this request\. Go on\?[^$]*answered by")
    assert "Yes" in over
    assert labels(await thread.now(card)) == []
    assert len([text for text in await thread.texts() if "in a row" in text]) == 1


async def test_no_ends_the_turn_and_the_conversation_goes_on(ana: Person, stage: Stage):
    thread = await ana.say("count until no")
    await ana.click(await thread.card("Yes"), "No")
    await thread.says(r"Ended after 25 calls in a row, as asked for")
    await ana.say("hello", thread)
    await thread.says(r"^Here I am\.$")
    assert not [text for text in await thread.texts() if "Never said" in text]


async def test_what_a_tool_asks_outlives_the_bot_and_its_effect_happens_once(ana: Person, stage: Stage):
    thread = await ana.say("a table")
    approval = await thread.card()
    await ana.click(approval, "Approve")
    question = await thread.card("Yes")
    await thread.becomes(approval, "waits for an answer")
    stage.kill_bot()
    stage.start_bot()
    await ana.click(question, "Yes")
    await thread.says(r"^It is reserved\.$")
    await thread.becomes(approval, r"Done: Reserved a table for Ana\.")
    assert tables(stage) == ["Ana outside"]


async def test_what_the_replies_took_is_told_beside_the_bot(ana: Person, stage: Stage):
    thread = await ana.say("a table")
    await thread.card()
    before = usage(stage, "--by", "person")
    assert [row["person"] for row in before] == [ana.id]
    (day,) = usage(stage, "--days", "1")
    assert day["replies"] == before[0]["replies"]
