"""Slack is away, or takes the token no more, and somebody stops the bot meanwhile: how the process ends, and what its
log says to whoever is on call.
"""

import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import Page, Person, words
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

FORGED = "2026-11-30 12:00:00,000 CRITICAL bot.run: all is well"
RECORD = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ +[\w.]+: ")


@pytest.fixture
def stage(new_stage: NewStage) -> Stage:
    """One for each test: its bot ends."""
    return new_stage()


@pytest.fixture
async def page(stage: Stage) -> AsyncIterator[Page]:
    async with aiohttp.ClientSession() as http:
        yield Page(http, stage.url, stage.model_url)


def records(stage: Stage) -> list[str]:
    """The records of the log. Nothing else begins a line, whoever breaks lines."""
    lines = stage.log.splitlines()
    assert lines
    assert all(RECORD.match(line) or line.startswith("    ") for line in lines)
    return [line for line in lines if not line.startswith("    ")]


@pytest.mark.parametrize("method", ["chat.postMessage", "users.info", "assistant.threads.setStatus"])
async def test_a_bot_that_is_stopped_while_slack_hangs_ends_and_goes_on_at_the_next_start(
    stage: Stage, ana: Person, page: Page, method: str
):
    await page.slack_fails(http={"method": method, "way": "hang", "after_commit": True})
    thread = await ana.say('email jonas@example.com "Your refund" "It is on its way."')

    async def met() -> bool:
        return any(each["kind"] == "fault" and each.get("method") == method for each in await page.journal())

    await until(met, f"{method} to hang")
    assert stage.stop_bot() == 0
    stage.start_bot()
    await thread.card()
    assert len([each for each in await thread.said() if "Your refund" in words(each)]) == 1
    records(stage)


async def test_a_token_that_is_revoked_while_it_runs_is_one_line_and_exit_code_1(stage: Stage, ana: Person, page: Page):
    await ana.say("hello")
    await page.slack_fails(http={"method": "users.info", "error": "token_revoked"})
    lea = Person(page, "U0LEA", "D0LEA")
    thread = await lea.say("find order 1042")
    assert stage.bot is not None
    code, _, log = stage.bot.outcome(20)
    assert code == 1
    (said,) = [line for line in records(stage) if " CRITICAL " in line]
    assert "Slack takes SLACK_BOT_TOKEN no more (users.info was refused: token_revoked)" in said
    assert "Traceback" not in log
    stage.start_bot()
    await thread.says("Jonas Weber")


async def test_no_line_of_the_log_is_forged_by_what_a_tool_says(new_stage: NewStage):
    said = f"no\n{FORGED}\r\n\x1b[1A{FORGED}\u2028{FORGED}"
    script = [{"tool_calls": [{"name": "break_down", "arguments": {"how": said}}]}, {"text": "It failed."}]
    stage = new_stage(agent="tests.stories.agents.ledger:agent", script=script)
    async with aiohttp.ClientSession() as http:
        thread = await Person(Page(http, stage.url, stage.model_url), "U0ANA", "D0ANA").say("break down")
        await thread.says("It failed")
    assert "all is well" in stage.log
    assert not any(line.startswith(FORGED[:30]) for line in records(stage))
