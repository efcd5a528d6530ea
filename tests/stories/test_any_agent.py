"""Agents that nobody wrote go through card, form, edit and reject: nothing of the bot knows a tool."""

import json
from pathlib import Path

import pytest

from tests.stories import drawn
from tests.stories.conftest import NewStage
from tests.stories.drawn import Draw, Tool
from tests.stories.people import Person, Thread, filled, inputs, labels, words
from tests.stories.programs import Stage

pytestmark = pytest.mark.slow

SEED = 20_26
TOOLS = Draw(SEED).tools(8)


@pytest.fixture(scope="module")
def stage(new_stage: NewStage, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "nobody_wrote_this.py").write_text(drawn.module(TOOLS), "utf-8")
    return new_stage(folder, agent="nobody_wrote_this:agent", script=drawn.script(TOOLS))


@pytest.fixture
def effects(stage: Stage) -> Path:
    """The file with what was done, empty."""
    file = stage.folder / "done.jsonl"
    file.write_text("", "utf-8")
    return file


def done(effects: Path) -> list[list[object]]:
    return [json.loads(line) for line in effects.read_text("utf-8").splitlines()]


async def told(ana: Person) -> str:
    """The result that the model was told last."""
    return (await ana.page.model_requests())[-1]["messages"][-1]["content"]


def is_shown(value: object, text: str) -> bool:
    """Whether a value can be read in a text: as JSON writes it, and a text also as it is."""
    return json.dumps(value, ensure_ascii=False) in text or (isinstance(value, str) and value in text)


async def over(thread: Thread, tool: Tool) -> None:
    await thread.says(f"That is over: {tool.name}")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_what_was_proposed_is_shown_and_runs_exactly(ana: Person, effects: Path, tool: Tool):
    thread = await ana.say(tool.request)
    card = await thread.card()
    assert labels(card) == ["Approve", "Edit", "Reject", "Respond"]
    assert tool.name in words(card)
    for each in tool.parameters:
        assert each.name.replace("_", " ") in words(card)
        assert is_shown(each.proposed, words(card))
    await ana.click(card, "Approve")
    await over(thread, tool)
    assert done(effects) == [[tool.name, tool.proposed]]


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
async def test_the_form_has_a_field_for_each_argument_and_what_is_edited_runs(ana: Person, effects: Path, tool: Tool):
    thread = await ana.say(tool.request)
    card = await thread.card()
    form = await ana.open(card, "Edit")
    assert filled(form) == {each.label: each.shown(each.proposed) for each in tool.parameters}
    assert all(tool.hint in block["hint"]["text"] for block in inputs(form).values())
    assert await ana.submit(form, **{each.label: each.shown(each.edited) for each in tool.parameters}) == {}
    await over(thread, tool)
    assert done(effects) == [[tool.name, tool.edited]]
    after = words(await thread.now(card))
    assert all(is_shown(value, after) for each in tool.parameters for value in (each.proposed, each.edited))
    learned = await told(ana)
    assert learned.startswith("Edited")
    assert json.dumps(tool.edited, ensure_ascii=False, sort_keys=True) in learned


@pytest.mark.parametrize("tool", TOOLS[::4], ids=lambda tool: tool.name)
async def test_a_form_that_is_submitted_as_it_is_changes_nothing(ana: Person, effects: Path, tool: Tool):
    thread = await ana.say(tool.request)
    assert await ana.submit(await ana.open(await thread.card(), "Edit")) == {}
    await over(thread, tool)
    assert done(effects) == [[tool.name, tool.proposed]]


@pytest.mark.parametrize("tool", TOOLS[::4], ids=lambda tool: tool.name)
async def test_what_is_rejected_does_not_run(ana: Person, effects: Path, tool: Tool):
    thread = await ana.say(tool.request)
    assert await ana.submit(await ana.open(await thread.card(), "Reject"), Reason="not on a Friday") == {}
    await over(thread, tool)
    assert done(effects) == []
    assert "not on a Friday" in await told(ana)


@pytest.mark.parametrize("tool", TOOLS[::4], ids=lambda tool: tool.name)
async def test_an_answer_in_its_place_reaches_the_model(ana: Person, effects: Path, tool: Tool):
    thread = await ana.say(tool.request)
    form = await ana.open(await thread.card(), "Respond")
    (label,) = inputs(form)
    assert await ana.submit(form, **{label: "I did that by hand"}) == {}
    await over(thread, tool)
    assert done(effects) == []
    assert "I did that by hand" in await told(ana)
