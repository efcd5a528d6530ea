"""Who decides: somebody who cannot see the conversation, a group, two people, somebody else, and nobody."""

import asyncio

import pytest

from tests.stories.conftest import NewStage
from tests.stories.people import SUPPORT, Json, Page, Person, Thread, filled, labels, words
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

BUTTONS = ["Approve", "Edit", "Reject", "Respond"]


@pytest.fixture(scope="module")
def stage(new_stage: NewStage) -> Stage:
    return new_stage(agent="tests.stories.agents.council:agent")


@pytest.fixture
def ledger(stage: Stage) -> "Ledger":
    return Ledger(stage)


class Ledger:
    """What ran since the test began."""

    def __init__(self, stage: Stage) -> None:
        self._file = stage.folder / "ledger.txt"
        self._before = len(self._all())

    @property
    def lines(self) -> list[str]:
        return self._all()[self._before :]

    def _all(self) -> list[str]:
        return self._file.read_text("utf-8").splitlines() if self._file.exists() else []


async def copies(person: Person, having: str) -> list[Json]:
    """The messages of the bot in somebody's direct message that say this."""
    found = (await person.page.get("/client/history", user=person.id, channel=person.home))["messages"]
    return [each for each in found if each["user"] == "U0SIGNOFF" and having in words(each)]


async def copy_for(person: Person, having: str) -> tuple[Thread, Json]:
    """The one copy in somebody's direct message that says this, once it is there."""
    (found,) = await until(lambda: copies(person, having), f"a copy for {person.id} that says {having!r}")
    return Thread(person.page, person.id, found["channel"], found["ts"]), found


def state(message: Json) -> str:
    """What a card shows, without the two lines that only a copy has."""
    lines = words(message).splitlines()
    return "\n".join(line for line in lines if "in a conversation that you are not in" not in line and line[:1] != "“")


async def alike(thread: Thread, card: Json, place: Thread, copy: Json) -> None:
    """Both messages show the same, once both are up to date."""

    async def look() -> bool:
        one, other = await thread.now(card), await place.now(copy)
        return (state(one), labels(one)) == (state(other), labels(other))

    await until(look, "the card and its copy to show the same")


async def test_an_approver_elsewhere_decides_in_a_copy(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('publish "the prices"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the prices")
    assert "asked, in a conversation that you are not in:\n“publish" in words(copy)
    assert "thread_ts" not in copy
    assert labels(copy) == BUTTONS
    await alike(thread, card, place, copy)
    await lea.click(copy, "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    await place.becomes(copy, r"approved by <@U0LEA>[^$]*done")
    await alike(thread, card, place, copy)
    assert labels(await place.now(copy)) == []
    assert ledger.lines == ["the prices"]
    assert len(await copies(lea, "the prices")) == 1


async def test_who_asked_takes_it_back_and_the_copy_says_so(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('publish "the wages"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the wages")
    await ana.click(card, "Approve")
    await thread.whisper("not among those who decide")
    form = await lea.open(copy, "Reject")
    assert await ana.submit(await ana.open(card, "Reject"), Reason="never mind") == {}
    await place.becomes(copy, "rejected by <@U0ANA>[^$]*never mind")
    assert "already rejected by @Ana Ruiz" in words((await lea.submit(form))["view"])
    assert ledger.lines == []


async def test_whoever_is_too_late_is_told_where_they_clicked(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('publish "the menu card"')
    card = await thread.card()
    _, copy = await copy_for(lea, "the menu card")
    await asyncio.gather(lea.click(copy, "Approve"), lea.click(copy, "Approve"))
    told = await until(lambda: copies(lea, "already approved by <@U0LEA>"), "Lea to be told")
    assert [(each["ephemeral_to"], each.get("thread_ts")) for each in told] == [("U0LEA", None)]
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    assert ledger.lines == ["the menu card"]


async def test_an_edit_in_a_copy_shows_in_both(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('publish "the plan"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the plan")
    form = await lea.open(copy, "Edit")
    (label,) = [label for label, value in filled(form).items() if value == "the plan"]
    assert await lea.submit(form, **{label: "half the plan"}) == {}
    await thread.becomes(card, r"edited by <@U0LEA>[^$]*the plan → half the plan[^$]*done")
    await alike(thread, card, place, copy)
    assert ledger.lines == ["half the plan"]


async def test_where_everybody_can_see_the_card_there_is_no_copy(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('@signoff publish "the recipe"', channel=SUPPORT)
    card = await thread.card()
    await lea.click(card, "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    assert await copies(lea, "the recipe") == []
    assert ledger.lines == ["the recipe"]


async def test_two_people_approve_and_the_card_says_how_far_it_is(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('share "the key"')
    card = await thread.card()
    assert "2 of <@U0ANA>, <@U0LEA> decide" in words(card)
    place, copy = await copy_for(lea, "the key")
    await ana.click(card, "Approve")
    await thread.becomes(card, r"approved by <@U0ANA> · 1 of 2")
    await place.becomes(copy, r"approved by <@U0ANA> · 1 of 2")
    assert labels(await thread.now(card)) == BUTTONS
    await ana.click(await thread.now(card), "Approve")
    await thread.whisper("approved this already; it waits for 1 more")
    assert ledger.lines == []
    await lea.click(await place.now(copy), "Approve")
    await thread.becomes(card, r"approved by <@U0ANA>, <@U0LEA>[^$]*done")
    await alike(thread, card, place, copy)
    assert ledger.lines == ["the key"]


async def test_an_edit_takes_the_votes_back_and_casts_the_editors(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('share "the door"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the door")
    await ana.click(card, "Approve")
    await thread.becomes(card, r"approved by <@U0ANA> · 1 of 2")
    await place.becomes(copy, r"approved by <@U0ANA> · 1 of 2")
    form = await lea.open(await place.now(copy), "Edit")
    (label,) = [label for label, value in filled(form).items() if value == "the door"]
    assert await lea.submit(form, **{label: "the window"}) == {}
    await thread.becomes(card, r"the door → the window[^$]*edited by <@U0LEA>[^$]*approved by <@U0LEA> · 1 of 2")
    await alike(thread, card, place, copy)
    assert ledger.lines == []
    await ana.click(await thread.now(card), "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>, <@U0ANA>[^$]*done")
    assert ledger.lines == ["the window"]


async def test_who_asked_cannot_approve_where_somebody_else_has_to(ana: Person, lea: Person, ledger: Ledger):
    thread = await ana.say('lend "the car"')
    card = await thread.card()
    _, copy = await copy_for(lea, "the car")
    await ana.click(card, "Approve")
    await thread.whisper("somebody else has to approve it")
    assert ledger.lines == []
    await lea.click(copy, "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    assert ledger.lines == ["the car"]


async def test_what_nobody_can_approve_is_not_asked_and_says_who_is_missing(ana: Person, page: Page, ledger: Ledger):
    thread = await ana.say('burn "the letters"')
    await thread.says("nobody can approve: U0GONE is not in this workspace")
    said = await thread.said()
    assert [labels(each) for each in said] == [[]] * len(said)
    told = [each for each in (await page.model_requests())[-1]["messages"] if each["role"] == "tool"]
    assert told[-1]["content"].startswith("Unreachable: This call needs 1 approval")
    assert ledger.lines == []


async def test_a_copy_that_slack_does_not_take_at_once_comes_later_and_only_once(
    ana: Person, lea: Person, page: Page, ledger: Ledger
):
    await page.slack_fails(http={"method": "chat.postMessage", "status": 500, "times": 4, "after_commit": True})
    thread = await ana.say('publish "the truth"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the truth")
    await alike(thread, card, place, copy)
    await lea.click(copy, "Approve")
    await thread.becomes(card, r"approved by <@U0LEA>[^$]*done")
    await alike(thread, card, place, copy)
    assert len(await copies(lea, "the truth")) == 1


async def test_a_copy_decides_after_a_restart(ana: Person, lea: Person, stage: Stage, ledger: Ledger):
    thread = await ana.say('publish "the news"')
    card = await thread.card()
    place, copy = await copy_for(lea, "the news")
    stage.kill_bot()
    stage.start_bot()
    await lea.click(copy, "Approve")
    await place.becomes(copy, r"approved by <@U0LEA>[^$]*done")
    await alike(thread, card, place, copy)
    assert ledger.lines == ["the news"]
