"""Waits: each question that was asked waits, or its end was told, once; whatever ended it."""

from collections import Counter
from dataclasses import replace

import pytest

from storage import Connection, Storage, deadlines, inbox, interrupts, threads, waits
from storage.errors import AnswerRefused
from storage.events import Event, WaitBegun, WaitOver
from storage.ids import InterruptId, Scope
from storage.inbox import Delivery
from storage.interrupts import NewInterrupt
from tests.storage.support import THREAD, question

ABOUT = '{"tool": "pay", "question": "tool_approval"}'


@pytest.fixture
async def told(storage: Storage) -> list[Event]:
    found: list[Event] = []
    await storage.write(lambda db: threads.take(db, THREAD, storage.owner, 1.0))
    storage.observer = found.append
    return found


def asked(
    id_: str,
    about: str | None = None,
    *,
    ordinal: int = 0,
    scope: str = "task",
    replaces: str | None = None,
    expires_at: float | None = None,
) -> NewInterrupt:
    made = replace(question(id_, ordinal=ordinal, scope=scope, replaces=replaces), expires_at=expires_at)
    if about is None:
        return made
    payload = '{"name": "pay", "tool_call_id": "call_1"}'
    return replace(made, about=about, payload=payload, terms='{"terms": {"quorum": 2}}')


async def ask(storage: Storage, *questions: NewInterrupt, at: float = 1.0) -> None:
    for each in questions:
        await storage.write(lambda db, each=each: interrupts.ask(db, each, at))


def ends(told: list[Event]) -> dict[str, str]:
    """What became of each question; each was told of once."""
    over = [event for event in told if isinstance(event, WaitOver)]
    assert len({event.interrupt_id for event in over}) == len(over)
    return {event.interrupt_id: event.outcome for event in over}


async def holds(storage: Storage, told: list[Event]) -> None:
    """All that was asked has ended, or waits."""
    begun = Counter(event.kind for event in told if isinstance(event, WaitBegun))
    over = Counter(event.kind for event in told if isinstance(event, WaitOver))
    now = await storage.read(waits.waiting)
    assert begun - over == Counter({each.kind: each.count for each in now})


@pytest.mark.parametrize("verb", sorted(waits.DECISIONS))
async def test_a_decision_about_a_call_is_called_as_it_was_made(storage: Storage, told: list[Event], verb: str):
    await ask(storage, asked("q", ABOUT))
    text = f'{{"type": "{verb}"}}'
    await storage.write(lambda db: interrupts.answer(db, THREAD, {InterruptId("q"): text}, by="U1", now=4.0))
    assert told[-1] == WaitOver(
        InterruptId("q"), THREAD, "question", waits.DECISIONS[verb], 1.0, 4.0, tool="pay", call="call_1", quorum=2
    )
    await holds(storage, told)


@pytest.mark.parametrize("answer", ['{"type": "approve"}', '"a secret"', "null", '{"type": {"a": 1}}', "[1]"])
async def test_what_a_graph_is_answered_is_no_word_of_ours(storage: Storage, told: list[Event], answer: str):
    await ask(storage, asked("q"))
    await storage.write(lambda db: interrupts.answer(db, THREAD, {InterruptId("q"): answer}, by="U1", now=4.0))
    over = told[-1]
    assert isinstance(over, WaitOver)
    assert (over.outcome, over.tool, over.call) == ("answered", None, None)


async def test_every_end_is_told_once_by_the_write_that_brought_it(storage: Storage, told: list[Event]):
    await ask(storage, asked("replaced"), asked("later", ordinal=1))
    await ask(storage, asked("new", replaces="replaced"), at=2.0)
    await ask(storage, asked("late", ordinal=7, expires_at=3.0), asked("unseen", ordinal=8), asked("open", ordinal=9))
    await ask(storage, asked("left", scope="task9"))
    await storage.write(lambda db: deadlines.expire(db, 3.0))
    await storage.write(lambda db: deadlines.expire(db, 4.0))

    def end(db: Connection) -> None:
        row = interrupts.get(db, "unseen")
        assert row is not None
        deadlines.end(db, row, 4.0)

    await storage.write(end)
    cancelled = [InterruptId("new"), InterruptId("late")]
    await storage.write(lambda db: interrupts.cancel(db, THREAD, cancelled, 5.0))
    await storage.write(lambda db: interrupts.cancel(db, THREAD, cancelled, 5.0))
    await storage.write(lambda db: interrupts.close(db, [Scope("task9")], 6.0, finished=True))
    with pytest.raises(AnswerRefused):
        await storage.write(lambda db: interrupts.answer(db, THREAD, {InterruptId("new"): "1"}, by="U1", now=6.0))
    assert ends(told) == {
        "replaced": "superseded",
        "later": "superseded",
        "late": "expired",
        "unseen": "unreachable",
        "new": "cancelled",
        "left": "cancelled",
    }
    await holds(storage, told)
    (now,) = await storage.read(waits.waiting)
    assert (now.count, now.oldest) == (1, 1.0)


async def test_an_answer_in_the_place_of_another_is_no_second_end(storage: Storage, told: list[Event]):
    await ask(storage, asked("q"))
    answer = {InterruptId("q"): "1"}
    await storage.write(lambda db: interrupts.answer(db, THREAD, answer, by="U1", now=2.0))
    await storage.write(lambda db: interrupts.consume(db, answer))
    await storage.write(lambda db: interrupts.reopen(db, answer))
    await storage.write(lambda db: interrupts.answer(db, THREAD, answer, by="U1", now=3.0))
    assert ends(told) == {"q": "answered"}
    await holds(storage, told)


async def test_a_thread_works_on_the_last_message_that_it_read(storage: Storage):
    def came(id_: str, kind: inbox.DeliveryKind, at: float, *, read: bool) -> None:
        deliveries.append((Delivery(id_, kind, THREAD, "T1", "C1", id_, "1.0", "U1", "hello"), at, read))

    deliveries: list[tuple[Delivery, float, bool]] = []
    came("1.0", "message", 1.0, read=True)
    came("2.0", "retry", 2.0, read=True)
    came("3.0", "stop", 3.0, read=True)
    came("4.0", "message", 4.0, read=False)
    came("5.0", "message", 5.0, read=True)

    def store(db: Connection) -> None:
        for delivery, at, read in deliveries:
            inbox.receive(db, delivery, at)
            if read:
                inbox.mark_done(db, delivery.event_id)

    await storage.write(store)
    found = [await storage.read(lambda db, at=at: waits.message_of(db, THREAD, at)) for at in (0.5, 1.5, 4.5, 9.0)]
    assert found == [None, "1.0", "2.0", "5.0"]
