"""When nobody decides in time: the question takes no answer any more, and the model is told expired, not rejected."""

import asyncio
from decimal import Decimal

import pytest

from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve, Edit, Reject
from graphs.approvals.judge import Refused
from graphs.errors import AlreadyAnswered
from storage import Connection, Storage, deadlines, interrupts
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, says
from tests.approvals.till import LEADS, PAY, Till, hours, recorded, states
from tests.support.clock import Clock
from tests.support.waiting import until


async def expire(storage: Storage) -> list[str]:
    def job(db: Connection) -> list[str]:
        return [*(deadlines.expire(db, storage.now()))]

    return await storage.write(job)


async def news(storage: Storage) -> list[str]:
    def read(db: Connection) -> list[str]:
        return [*(interrupts.threads_with_news(db))]

    return await storage.read(read)


async def waits(talk: Talk) -> bool:
    return bool(await talk.all_waiting())


async def nothing_new(storage: Storage) -> bool:
    return not await news(storage)


async def test_C4_the_model_is_told_expired_and_not_rejected(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage, expires_after=hours(1))
    assert await expire(storage) == []
    clock.forward(hours=1)
    assert await expire(storage) == [THREAD]
    assert await news(storage) == [THREAD]
    await talk.go_on()
    (result,) = await talk.results()
    assert result.startswith("Expired")
    assert "Rejected" not in result
    assert (till.paid, await states(storage), await news(storage)) == ([], ["expired"], [])
    assert (await talk.messages())[-1]["content"] == "Done."


async def test_a_deadline_is_met_to_the_moment(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage, expires_after=hours(1))
    clock.forward(seconds=3599)
    assert await expire(storage) == []
    assert not isinstance(await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Approve()), Refused)
    clock.forward(hours=1)
    assert await expire(storage) == []
    await talk.go_on()
    assert len(till.paid) == 1


@pytest.mark.parametrize("decision", [Approve(), Reject("no"), Edit("pay", PAY)])
@pytest.mark.parametrize("noticed", [True, False])
async def test_A3_what_expired_takes_no_decision(
    storage: Storage, till: Till, clock: Clock, decision: Approve | Reject | Edit, noticed: bool
):
    talk = await till.asked(storage, expires_after=hours(1))
    row = await talk.waiting()
    clock.forward(hours=1)
    if noticed:
        await expire(storage)
    assert "expired" in await talk.refused(decision, ANA, row)
    with pytest.raises(AlreadyAnswered, match="expired at 2026-09-21T13:00:00"):
        await talk.graph.aanswer(CONFIG, {row.id: {"type": "approve"}}, by="U0ANA")
    assert till.paid == []


async def test_a_quorum_that_was_not_reached_expires_whole(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage, approvers=LEADS, quorum=2, expires_after=hours(1))
    await talk.decide(Approve(), LEA)
    clock.forward(hours=1)
    await expire(storage)
    await talk.go_on()
    assert (till.paid, await states(storage)) == ([], ["expired"])


async def test_an_edited_call_has_a_deadline_of_its_own(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage, approvers=LEADS, quorum=2, expires_after=hours(2))
    clock.forward(hours=1)
    await talk.decide(Edit("pay", {**PAY, "amount": 90}), LEA)
    clock.forward(hours=1.5)
    assert await expire(storage) == []
    clock.forward(hours=1)
    await expire(storage)
    await talk.go_on()
    (result,) = await talk.results()
    assert result.startswith("Edited by an approver")
    assert "Expired: nobody decided in time." in result
    assert await states(storage) == ["superseded", "expired"]


async def test_one_expires_and_its_sibling_goes_on_waiting(storage: Storage, till: Till, clock: Clock):
    patient = till.pay(expires_after=None)
    hasty = till.pay(expires_after=hours(1))
    object.__setattr__(hasty, "name", "pay_now")
    talk = Talk(storage, [patient, hasty], calls(("pay", PAY), ("pay_now", PAY)), says("Done."))
    await talk.say("pay")
    clock.forward(hours=1)
    await expire(storage)
    await talk.go_on()
    assert (await talk.waiting()).payload["name"] == "pay"
    await talk.decide(Approve())
    assert till.paid == [(7, Decimal(80), "late")]


async def test_a_new_message_takes_back_what_expired_unnoticed(storage: Storage, till: Till, clock: Clock):
    """Nothing is left that the worker would look at for ever."""
    talk = await till.asked(storage, expires_after=hours(1))
    clock.forward(hours=1)
    await expire(storage)
    message = {"role": "user", "content": "never mind", "id": "m2"}
    await talk.graph.ainvoke({"messages": [message]}, CONFIG, on_waiting="cancel", by="U0ANA")
    assert (await news(storage), till.paid) == ([], [])
    assert "Expired" in str(talk.model.asked[-1])


async def test_an_expiry_is_audited_once_also_when_two_look(storage: Storage, till: Till, clock: Clock):
    await till.asked(storage, expires_after=hours(1))
    clock.forward(hours=1)
    await asyncio.gather(*(expire(storage) for _ in range(5)))
    assert [row.facts.count('"decision":"expired"') for row in await recorded(storage)] == [0, 1]


async def test_a_thread_that_runs_learns_of_a_deadline_at_once(storage: Storage, till: Till, clock: Clock):
    """A sibling is still at work: the expired call's task ends meanwhile."""
    go, working = asyncio.Event(), asyncio.Event()

    @tool
    async def slow() -> str:
        """Take long."""
        working.set()
        await go.wait()
        return "slow"

    talk = Talk(storage, [till.pay(expires_after=hours(1)), slow], calls(("slow", {}), ("pay", PAY)), says("Done."))
    run = asyncio.create_task(talk.say("go"))
    async with asyncio.timeout(10):
        await working.wait()
        await until(lambda: waits(talk), "a question")
        clock.forward(hours=1)
        await expire(storage)
        await until(lambda: nothing_new(storage), "the expiry to be read")
        go.set()
        await run
    assert [result.split(":")[0] for result in await talk.results()] == ["slow", "Expired"]
