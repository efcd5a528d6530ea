"""One answer stands: in one process, in two, and only where the question still waits."""

import asyncio

import pytest

from storage import Storage, interrupts, open_storage, threads
from storage.errors import AnswerRefused
from storage.ids import InterruptId, ThreadId
from tests.storage.support import THREAD, Child, question
from tests.support.rows import questions_of

Q = InterruptId("q1")


async def ask(storage: Storage, *ids: str, expires_at: float | None = None) -> None:
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))
    for ordinal, id_ in enumerate(ids):
        await storage.write(lambda db, i=id_, o=ordinal: interrupts.ask(db, question(i, ordinal=o), 1.0))


async def answer(storage: Storage, *ids: str, by: str = "U1", now: float = 2.0, thread_id: ThreadId = THREAD) -> None:
    texts = {InterruptId(id_): f'"{by}"' for id_ in ids}
    await storage.write(lambda db: interrupts.answer(db, thread_id, texts, by=by, now=now))


async def find(storage: Storage, id_: str = Q) -> interrupts.InterruptRow:
    row = await storage.read(lambda db: interrupts.get(db, id_))
    assert row is not None
    return row


async def test_of_many_answers_at_once_one_stands(storage: Storage):
    await ask(storage, Q)
    people = [f"U{n}" for n in range(20)]
    results = await asyncio.gather(*(answer(storage, Q, by=by) for by in people), return_exceptions=True)
    assert results.count(None) == 1
    winner = people[results.index(None)]
    assert (await find(storage)).answered_by == winner
    refused = [result for result in results if isinstance(result, AnswerRefused)]
    assert len(refused) == 19
    assert {error.found.answered_by for error in refused if error.found} == {winner}


async def test_a_map_is_taken_whole_or_not_at_all(storage: Storage):
    await ask(storage, "q1", "q2")
    await answer(storage, "q2")
    with pytest.raises(AnswerRefused):
        await answer(storage, "q1", "q2")
    assert (await find(storage, "q1")).status == "waiting"


async def test_another_threads_question_is_not_found(storage: Storage):
    await ask(storage, Q)
    with pytest.raises(AnswerRefused) as refused:
        await answer(storage, Q, thread_id=ThreadId("t2"))
    assert refused.value.found is None
    assert (await find(storage)).status == "waiting"


async def test_a_decision_names_the_version_that_it_judged(storage: Storage):
    await ask(storage, Q)
    row = await find(storage)
    with pytest.raises(AnswerRefused):
        await storage.write(
            lambda db: interrupts.answer(db, THREAD, {Q: "1"}, by=None, now=2.0, version=row.version + 1)
        )
    await storage.write(lambda db: interrupts.answer(db, THREAD, {Q: "1"}, by=None, now=2.0, version=row.version))


async def test_a_new_question_supersedes_the_later_ones_of_its_scope_and_of_what_is_within(storage: Storage):
    await ask(storage, "first", "second", "third")
    for id_, scope in (("inner", "task/task f:0"), ("other", "task2")):
        await storage.write(lambda db, i=id_, s=scope: interrupts.ask(db, question(i, scope=s), 1.0))
    await storage.write(lambda db: interrupts.ask(db, question("new", ordinal=1, replaces="second"), 1.0))
    rows = await storage.read(lambda db: questions_of(db, THREAD))
    assert {row.id: row.status for row in rows} == {
        "first": "waiting",
        "second": "superseded",
        "third": "superseded",
        "inner": "superseded",
        "other": "waiting",
        "new": "waiting",
    }


async def test_a_question_within_that_came_before_is_not_superseded(storage: Storage):
    await ask(storage)
    for id_, scope, replaces in (("inner", "task/task f:0", None), ("own", "task", None), ("new", "task", "own")):
        await storage.write(
            lambda db, i=id_, s=scope, r=replaces: interrupts.ask(db, question(i, scope=s, replaces=r), 1.0)
        )
    assert (await find(storage, "inner")).status == "waiting"
    assert (await find(storage, "own")).status == "superseded"


@pytest.mark.slow
async def test_A4_of_two_processes_one_answer_stands(shared_url: str):
    async with open_storage(shared_url) as storage:
        questions = [f"q{n}" for n in range(5)]
        await ask(storage, *questions)
        for id_ in questions:
            children = [Child("answer", shared_url, id_, by) for by in ("one", "two")]
            try:
                for child in children:
                    assert await asyncio.to_thread(child.line) == "ready"
                for child in children:
                    child.tell()
                said = {await asyncio.to_thread(child.line) for child in children}
            finally:
                for child in children:
                    child.kill()
            assert said == {"stored", f"refused: {(await find(storage, id_)).answered_by}"}
