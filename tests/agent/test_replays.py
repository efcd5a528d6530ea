"""S5: a call that had run when its thread was taken back in time asks before it runs again, gated or not."""

from typing import Any

import pytest

from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Reject
from graphs.runtime.types import Config
from storage import Storage
from tests.agent.conversing import CONFIG, Talk, calls, says

PAID: list[int] = []


@pytest.fixture(params=["gated", "let pass", "claimed"])
def pay(request: pytest.FixtureRequest) -> Tool[..., Any]:
    PAID.clear()

    def pay(amount: int) -> str:
        """Pay an amount."""
        PAID.append(amount)
        return f"paid {amount}"

    match request.param:
        case "gated":
            return tool(approval=Approval())(pay)
        case "let pass":
            return tool(approval=Approval(when=lambda args: False))(pay)
        case _:
            return tool(repeatable=False)(pay)


async def before_the_call(talk: Talk) -> Config:
    """The checkpoint at which the call was due."""
    return [s.config async for s in talk.graph.aget_state_history(CONFIG) if s.tasks and s.tasks[0].name == "call"][-1]


async def paid_once(storage: Storage, pay: Tool[..., Any]) -> Talk:
    talk = Talk(storage, [pay], calls(("pay", {"amount": 5})), says("Paid."))
    await talk.say("pay 5")
    if await talk.all_waiting():
        await talk.decide(Approve())
    assert PAID == [5]
    return talk


async def test_S5_a_replayed_call_asks_and_says_when_it_ran_and_what_came_of_it(
    storage: Storage, pay: Tool[..., Any]
) -> None:
    talk = await paid_once(storage, pay)
    await talk.graph.ainvoke(None, await before_the_call(talk))
    assert PAID == [5]
    row = await talk.waiting()
    assert row.kind == "tool_approval"
    assert row.payload["description"].startswith("This call ran before, on 2026-09-21 12:00:00+00:00: paid 5\n\n")
    await talk.decide(Approve())
    assert PAID == [5, 5]


async def test_S5_a_replayed_call_that_is_rejected_does_not_run_again(storage: Storage, pay: Tool[..., Any]) -> None:
    talk = await paid_once(storage, pay)
    await talk.graph.ainvoke(None, await before_the_call(talk))
    await talk.decide(Reject("it is paid"))
    assert PAID == [5]
    assert (await talk.graph.aget_state(CONFIG)).next == ()


async def test_S5_so_does_a_call_in_a_fork(storage: Storage, pay: Tool[..., Any]) -> None:
    talk = await paid_once(storage, pay)
    await talk.graph.aupdate_state(await before_the_call(talk), None)
    await talk.graph.ainvoke(None, CONFIG)
    assert PAID == [5]
    assert "ran before" in (await talk.waiting()).payload["description"]


async def test_S5_a_call_that_may_be_repeated_is_not_asked_for(storage: Storage) -> None:
    looked: list[int] = []

    @tool
    def look_up(number: int) -> str:
        """Look something up."""
        looked.append(number)
        return "fine"

    talk = Talk(storage, [look_up], calls(("look_up", {"number": 1})), says("Fine."))
    await talk.say("look")
    await talk.graph.ainvoke(None, await before_the_call(talk))
    assert looked == [1, 1]
