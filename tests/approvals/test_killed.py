"""C6: killed at any moment between the decision and its checkpoint, a call has happened at most once, and says so."""

import asyncio
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from graphs.agent.desk import DoubtChoice
from graphs.approvals.decisions import Approve
from graphs.approvals.judge import Refused
from storage import Storage, audit, open_storage
from storage.audit import Verified
from tests.agent.conversing import ANA, LEA, THREAD, Talk
from tests.approvals.dying_child import DIED, talk_in
from tests.approvals.till import recorded, states

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    path = tmp_path / "effects"
    path.touch()
    return path


async def killed(url: str, effects: Path, when: str, kind: str = "") -> None:
    """Let a process approve the call and be gone at that moment."""
    child = [sys.executable, "-m", "tests.approvals.dying_child", url, str(effects), when, kind]
    ended = await asyncio.to_thread(subprocess.run, child, cwd=ROOT, check=False, timeout=60)
    assert ended.returncode == DIED


def done(effects: Path) -> list[str]:
    return effects.read_text().splitlines()


async def whole(storage: Storage) -> bool:
    return isinstance(await audit.verify(storage.read), Verified)


@pytest.mark.parametrize("kind", ["", "idempotent"])
@pytest.mark.parametrize(
    ("when", "before", "state"),
    [("before the claim", 0, "approved"), ("after the result", 1, "done")],
)
async def test_C6_before_the_claim_it_runs_then_and_after_the_result_it_does_not_run_again(
    url: str, effects: Path, when: str, before: int, state: str, kind: str
):
    await killed(url, effects, when, kind)
    assert len(done(effects)) == before
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, idempotent=bool(kind))
        assert await states(storage) == [state]
        await talk.go_on()
        assert len(done(effects)) == 1
        assert await talk.results() == ["transferred 5"]
        assert (await states(storage), await talk.all_waiting()) == (["done"], [])
        assert await whole(storage)


@pytest.mark.parametrize(("when", "before"), [("after the claim", 0), ("in the tool", 1)])
async def test_C6_between_claim_and_result_it_is_in_doubt_and_nothing_more_runs(
    url: str, effects: Path, when: str, before: int
):
    await killed(url, effects, when)
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects)
        assert await states(storage) == ["running"]
        for _ in range(3):
            await talk.go_on()
        assert len(done(effects)) == before
        assert await states(storage) == ["in doubt"]
        row = await talk.waiting()
        assert row.kind == "in_doubt"
        keys = {line.split()[1] for line in done(effects)}
        assert keys <= {row.payload["idempotency_key"]}
        assert await whole(storage)


async def answer(talk: Talk, choice: DoubtChoice) -> None:
    row = await talk.waiting()
    assert isinstance(await talk.desk.settle_doubt(row.id, THREAD, LEA, choice), Refused)
    assert not isinstance(await talk.desk.settle_doubt(row.id, THREAD, ANA, choice), Refused)
    assert isinstance(await talk.desk.settle_doubt(row.id, THREAD, ANA, choice), Refused)
    await talk.go_on()


@pytest.mark.parametrize("when", ["after the claim", "in the tool"])
@pytest.mark.parametrize(
    ("choice", "more", "state", "said", "on_record"),
    [
        ("it_ran", 0, "done", "Done: the person who asked checked", ["run", "outcome", "decision", "outcome"]),
        ("run_again", 1, "done", "transferred 5", ["run", "outcome", "decision", "run", "outcome"]),
        ("give_up", 0, "in doubt", "In doubt: ", ["run", "outcome", "decision"]),
    ],
)
async def test_C6_what_a_person_says_of_a_doubt_is_what_happens_then(
    url: str, effects: Path, when: str, choice: DoubtChoice, more: int, state: str, said: str, on_record: list[str]
):
    await killed(url, effects, when)
    before = len(done(effects))
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects)
        await talk.go_on()
        await answer(talk, choice)
        assert len(done(effects)) == before + more
        assert len(set(done(effects))) <= 1  # the key is the same each time
        assert (await talk.results())[0].startswith(said)
        assert (await states(storage), await talk.all_waiting()) == ([state], [])
        rows = [row for row in await recorded(storage) if row.kind in ("run", "outcome", "decision")]
        assert [row.kind for row in rows][1:] == on_record
        assert json.loads(rows[2].facts)["outcome"] == "in doubt"
        assert await whole(storage)


@pytest.mark.parametrize(("when", "times"), [("after the claim", 1), ("in the tool", 2)])
async def test_C6_what_is_idempotent_runs_again_by_itself_under_the_same_key(
    url: str, effects: Path, when: str, times: int
):
    await killed(url, effects, when, "idempotent")
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, idempotent=True)
        await talk.go_on()
        assert len(done(effects)) == times
        assert len(set(done(effects))) == 1
        assert (await talk.results(), await talk.all_waiting()) == (["transferred 5"], [])


@pytest.mark.parametrize("when", ["after the claim", "in the tool"])
async def test_C6_a_doubt_stays_one_when_the_tool_has_changed_or_gone_meanwhile(url: str, effects: Path, when: str):
    await killed(url, effects, when)
    before = len(done(effects))
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects)
        (transfer,) = talk.agent.toolbox.values()
        talk.deploy(replace(transfer, description="Transfer it all.", schema_digest="0" * 64))
        await talk.go_on()
        assert (await talk.waiting()).kind == "in_doubt"
        talk.deploy()
        await talk.desk.settle_doubt((await talk.waiting()).id, THREAD, ANA, "run_again")
        await talk.go_on()
        assert len(done(effects)) == before
        (result,) = await talk.results()
        assert result.startswith("In doubt")


async def test_C6_what_ran_is_told_as_it_ended_when_the_tool_has_changed_or_gone_meanwhile(url: str, effects: Path):
    await killed(url, effects, "after the result")
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects)
        talk.deploy()
        await talk.go_on()
        assert (await talk.results(), len(done(effects))) == (["transferred 5"], 1)


async def test_C6_an_approved_call_waits_for_its_process_and_takes_no_second_decision(url: str, effects: Path):
    await killed(url, effects, "before the claim")
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects)
        (asked,) = await talk.questions()
        assert isinstance(await talk.desk.decide(asked.id, THREAD, ANA, Approve()), Refused)
        await asyncio.gather(*(talk.go_on() for _ in range(5)), return_exceptions=True)
        assert len(done(effects)) == 1
