"""The versions of questions ride in the ids of a card's blocks: what is later than the record is told from the rest."""

from typing import Any

import pytest

from bot.shown import versions
from graphs.approvals.decisions import Approve
from storage import Storage
from tests.agent.conversing import LEA
from tests.approvals.till import LEADS, MAX, Till

NOT_THERE = "0" * 31 + "f"


async def test_a_changed_question_has_other_blocks_and_only_a_later_one_is_told(storage: Storage):
    talk = await Till().asked(storage, approvers=LEADS, quorum=2)
    first = await talk.waiting()
    await talk.desk.decide(first.id, first.thread_id, LEA, Approve())
    voted = await talk.waiting()
    ids = [versions.block_id("call", row) for row in (first, voted)]
    assert len(set(ids)) == 2
    old, now = ({first.id: row.version} for row in (first, voted))
    assert [versions.shown_in([id_]) for id_ in ids] == [old, now]

    async def is_later(*shown: Any) -> list[bool]:
        return [await storage.read(lambda db, each=each: versions.is_later(db, each, [first.id])) for each in shown]

    later, replaced = {first.id: voted.version + 1}, {NOT_THERE: 1}
    assert await is_later({}, old, now, later, replaced) == [False, False, False, True, True]
    assert await storage.read(lambda db: versions.is_later(db, replaced, [])) is False

    await storage.write(lambda db: versions.put_on_record(db, {first.id: 9}, [voted], 0.0))
    asked = await talk.waiting()
    assert (asked.version, asked.terms["why"]) == (10, versions.WHY)
    await talk.decide(Approve(), MAX)
    assert await talk.all_waiting() == []


@pytest.mark.parametrize("text", ["", "all", "decide:x:1", "call:" + "f" * 32, "call:" + "f" * 32 + ":-1", "retry"])
def test_other_ids_say_nothing(text: str):
    assert versions.shown_in([text]) == {}
