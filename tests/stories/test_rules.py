"""What signoff.toml says of tools that say nothing themselves: which of their calls ask, and who decides."""

from pathlib import Path

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import SUPPORT, Person, labels, words
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow

RULES = """
[approvals]
expires_after = "2h"
[[approvals.rules]]
tool = "spend"
when = "args.amount > 50"
approvers = ["requester", "U0LEA"]
quorum = 2
allow = ["approve", "edit", "reject"]
[[approvals.rules]]
tool = "len*"
when = "args.days.size() > 3"
"""


@pytest.fixture(scope="module")
def stage(new_stage: NewStage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("ruled")
    (folder / "signoff.toml").write_text(RULES, "utf-8")
    return new_stage(folder, agent="tests.stories.agents.till:agent")


@pytest.fixture
def ledger(stage: Stage) -> Path:
    file = stage.folder / "ledger.txt"
    file.write_text("", "utf-8")
    return file


def written(ledger: Path) -> str:
    return ledger.read_text("utf-8")


async def test_a_call_that_no_rule_fits_runs_unasked(ana: Person, ledger: Path):
    thread = await ana.say("call spend entry=tea amount=50")
    await thread.says("tea")
    assert written(ledger) == "tea 50\n"
    assert not any("Approve" in labels(each) for each in await thread.said())


async def test_a_call_that_a_rule_fits_waits_for_both(ana: Person, lea: Person, ledger: Path):
    thread = await ana.say("<@U0SIGNOFF> call spend entry=desk amount=51", channel=SUPPORT)
    card = await thread.card()
    assert labels(card) == ["Approve", "Edit", "Reject"]
    assert "asks because amount is over 50" in words(card)
    await ana.click(card, "Approve")
    await thread.becomes(card, "1 of 2")
    assert written(ledger) == ""
    await lea.click(await thread.now(card), "Approve")
    await thread.becomes(card, "done")
    assert written(ledger) == "desk 51\n"


async def test_an_edited_call_is_asked_about_under_its_own_rule(ana: Person, ledger: Path):
    thread = await ana.say("<@U0SIGNOFF> call spend entry=chair amount=80", channel=SUPPORT)
    card = await thread.card()
    assert await ana.submit(await ana.open(card, "Edit"), Amount="90") == {}
    await thread.becomes(card, "90[^$]*1 of 2")
    edited = await thread.now(card)
    assert written(ledger) == ""
    assert await ana.submit(await ana.open(edited, "Edit"), Amount="50") == {}
    await thread.becomes(edited, "done")
    assert written(ledger) == "chair 50\n"


async def test_a_condition_that_fails_asks(ana: Person, ledger: Path, stage: Stage):
    thread = await ana.say("call lend entry=ladder days=2")
    card = await thread.card()
    assert "its rule could not be worked out" in words(card)
    assert written(ledger) == ""
    await ana.click(card, "Approve")
    await thread.becomes(card, "done")
    assert written(ledger) == "ladder 2\n"
    assert "signoff.toml, line 10: the condition of a call of 'len*' cannot be worked out" in stage.log


async def test_the_start_says_what_asks(stage: Stage):
    assert "asks before spend, lend" in stage.log
