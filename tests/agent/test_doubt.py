"""C6: a call that was begun and never ended is in doubt, until a person says what became of it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from graphs.agent.desk import Decided, DoubtChoice
from graphs.approvals.decisions import Approve
from graphs.approvals.judge import Refused
from storage import open_storage
from tests.agent.conversing import ANA, LEA, THREAD, Talk
from tests.agent.crashing_child import talk_in
from tests.support.rows import claims_of

ROOT = Path(__file__).parents[2]


@pytest.fixture
def effects(tmp_path: Path) -> Path:
    return tmp_path / "effects"


async def crash(url: str, effects: Path, how: str = "") -> None:
    """Let a process begin the call and die in it."""
    child = [sys.executable, "-m", "tests.agent.crashing_child", url, str(effects), how]
    ended = await asyncio.to_thread(subprocess.run, child, cwd=ROOT, check=False, timeout=30)
    assert ended.returncode == 9


def done(effects: Path) -> list[str]:
    return effects.read_text().split("\n")[:-1]


async def settle(talk: Talk, choice: DoubtChoice) -> None:
    row = await talk.waiting()
    outcome = await talk.desk.settle_doubt(row.id, THREAD, ANA, choice)
    assert isinstance(outcome, Decided), outcome
    await talk.go_on()


@pytest.mark.parametrize(
    ("choice", "told", "status"),
    [
        ("it_ran", "Done: the person who asked checked that the call did run.", "done"),
        ("give_up", "In doubt: the call was begun, and nobody knows whether it took effect.", "in doubt"),
    ],
)
async def test_C6_what_a_person_found_ends_the_doubt_and_runs_nothing(
    url: str, effects: Path, choice: DoubtChoice, told: str, status: str
):
    await crash(url, effects)
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, dies=False)
        await talk.go_on()
        (effect,) = done(effects)
        row = await talk.waiting()
        assert (row.kind, row.payload["args"]) == ("in_doubt", {"amount": 5})
        assert row.payload["idempotency_key"] == effect.split()[1]
        assert isinstance(await talk.desk.settle_doubt(row.id, THREAD, LEA, choice), Refused)
        assert isinstance(await talk.desk.decide(row.id, THREAD, ANA, Approve()), Refused)
        await settle(talk, choice)
        assert (await talk.results())[0].startswith(told)
        assert len(done(effects)) == 1
        (claim,) = await storage.read(lambda db: claims_of(db, THREAD))
        assert claim.status == status


async def test_C6_run_again_runs_it_once_more_under_the_same_key(url: str, effects: Path):
    await crash(url, effects)
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, dies=False)
        await talk.go_on()
        await settle(talk, "run_again")
        first, second = done(effects)
        assert first == second
        assert await talk.results() == ["transferred 5"]
        assert await talk.all_waiting() == []


async def test_C6_leave_to_run_again_is_for_one_attempt(url: str, effects: Path):
    await crash(url, effects)
    async with open_storage(url) as storage:
        await talk_in(storage, effects, dies=False).go_on()
    await crash(url, effects, "again")
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, dies=False)
        await talk.go_on()
        assert len(done(effects)) == 2
        assert (await talk.waiting()).payload["attempt"] == 1
        await settle(talk, "give_up")
        assert len(done(effects)) == 2


async def test_C6_what_may_be_repeated_is_repeated_without_asking(url: str, effects: Path):
    await crash(url, effects, "idempotent")
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, dies=False, idempotent=True)
        await talk.go_on()
        first, second = done(effects)
        assert first == second
        assert await talk.results() == ["transferred 5"]


@pytest.mark.parametrize("choice", ["run_again", "it_ran"])
async def test_C6_what_somebody_wrote_into_the_file_settles_no_doubt(url: str, effects: Path, choice: str):
    await crash(url, effects)
    async with open_storage(url) as storage:
        talk = talk_in(storage, effects, dies=False)
        await talk.go_on()
        first = await talk.waiting()
        answer = f"""update interrupts set answer = '{{"type": "{choice}"}}', version = version + 1,
                     status = 'answered', answered_by = 'U0ANA', answered_at = 1790000000.0 where kind = 'in_doubt'"""
        await storage.write(lambda db: db.execute(answer))
        await storage.write(lambda db: db.execute("update threads set version = version + 1"))
        await talk.go_on()
        assert len(done(effects)) == 1
        second = await talk.waiting()
        assert (second.kind, second.payload["attempt"]) == ("in_doubt", first.payload["attempt"] + 1)
        await settle(talk, "it_ran")
        assert len(done(effects)) == 1
        assert (await talk.results())[0].startswith("Done: the person who asked checked")
