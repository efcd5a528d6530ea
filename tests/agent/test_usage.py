"""What the model's replies took is stored with them: of every request, for whom, on which day."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from graphs.agent.agent import Agent
from graphs.agent.tools import tool
from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.model import ModelReply, TextDelta, Usage
from storage import Storage, usage
from storage.usage import Sum
from tests.agent.conversing import CONFIG, THREAD, calls, says
from tests.runtime.test_counted import Meter


@tool
def look(what: str) -> str:
    """Look something up."""
    return f"{what} is there"


@dataclass
class CountingModel:
    """Says its lines, or raises them, one after the other; each takes what stands beside it."""

    lines: list[tuple[ModelReply | Exception, Usage | None]]
    name: str = "counting-1"
    asked: list[Any] = field(default_factory=list[Any])

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        self.asked.append(messages)
        line, used = self.lines.pop(0)
        if isinstance(line, Exception):
            raise line
        yield replace(line, usage=used)

    async def aclose(self) -> None:
        """Holds nothing."""


async def say(storage: Storage, model: Any, text: str = "hello", by: str = "U0ANA") -> None:
    graph = Agent("Be brief.", [look]).compile(model, storage)
    message = {"role": "user", "content": text, "id": f"m{len(model.asked)}", "by": by}
    await graph.ainvoke({"messages": [message]}, CONFIG, by=by)


async def rows(storage: Storage) -> list[tuple[Any, ...]]:
    return await storage.read(
        lambda db: [
            tuple(row)
            for row in db.execute(
                "select thread_id, person, model, prompt_tokens, completion_tokens from usage order by prompt_tokens"
            )
        ]
    )


async def test_each_reply_is_stored_for_whom_it_was(storage: Storage):
    look_it_up = calls(("look", {"what": "it"}))
    model = CountingModel([(look_it_up, Usage(10, 1)), (says("There."), Usage(20, 2)), (says("Hi."), Usage(30, 3))])
    await say(storage, model)
    await say(storage, model, by="U0LEA")
    assert await rows(storage) == [
        (THREAD, "U0ANA", "counting-1", 10, 1),
        (THREAD, "U0ANA", "counting-1", 20, 2),
        (THREAD, "U0LEA", "counting-1", 30, 3),
    ]
    today = storage.clock().date().isoformat()
    assert await storage.read(lambda db: usage.sums(db, "day", today)) == [Sum(today, 3, 60, 6)]


async def test_a_reply_that_took_two_requests_took_both(storage: Storage):
    model = CountingModel([(says(" "), Usage(10, 1)), (says("There."), Usage(10, 2))])
    await say(storage, model)
    assert [row[3:] for row in await rows(storage)] == [(20, 3)]


async def test_replies_that_were_asked_for_again_took_what_they_took(storage: Storage):
    away = ModelUnavailable("The model is away.", retryable=True)
    away.tried = [Usage(10, 1)]
    again = replace(says("There."), tried=(Usage(10, 3), Usage(10, 4)))
    model = CountingModel([(away, None), (again, Usage(10, 2))])
    with pytest.raises(ModelUnavailable):
        await say(storage, model)
    await Agent("Be brief.", [look]).compile(model, storage).ainvoke(None, CONFIG)
    assert [row[3:] for row in await rows(storage)] == [(40, 10)]


async def test_what_nobody_counted_is_not_made_up(storage: Storage):
    await say(storage, CountingModel([(says("Hi."), None)]))
    assert await rows(storage) == []


async def test_a_reply_that_failed_in_the_end_took_what_it_took_and_trying_again_adds_to_it(storage: Storage):
    away = ModelUnavailable("The model is away.", retryable=True)
    model = CountingModel([(says(""), Usage(10, 1)), (away, None), (TooLong(), None), (says("Hi."), Usage(7, 7))])
    with pytest.raises(ModelUnavailable):
        await say(storage, model)
    assert [row[3:] for row in await rows(storage)] == [(10, 1)]
    with pytest.raises(ModelUnavailable):
        await Agent("Be brief.", [look]).compile(model, storage).ainvoke(None, CONFIG)
    await Agent("Be brief.", [look]).compile(model, storage).ainvoke(None, CONFIG)
    assert [row[3:] for row in await rows(storage)] == [(17, 8)]


async def test_it_costs_one_statement_and_no_commit(storage: Storage):
    model = CountingModel([(says("Hi."), used) for used in (None, None, None, Usage(1, 1), Usage(1, 1))])
    await say(storage, model)
    await Agent("Be brief.", [look]).compile(model, storage).aget_state({"configurable": {"thread_id": "another"}})
    meter = Meter(storage)
    await meter.start()
    laps = []
    for _ in range(4):
        await say(storage, model)
        laps.append(meter.lap())
    assert laps[3]["commits"] == laps[1]["commits"]
    assert laps[3]["statements"] == laps[1]["statements"] + 1


async def test_a_server_that_counts_nonsense_ends_no_turn(storage: Storage):
    model = CountingModel([(says("Hi."), Usage(10**30, -5)), (says("Hi."), Usage(1, 1))])
    await say(storage, model)
    await say(storage, model)
    assert [row[3:] for row in await rows(storage)] == [(1, 1), (10**9, 0)]
