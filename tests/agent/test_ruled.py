"""Conversations about tools under rules of the configuration: asked, edited, approved, and asked anew."""

import logging
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from graphs.agent.approval import Approval
from graphs.agent.desk import Decided
from graphs.agent.governing import Rule, Said
from graphs.agent.ruling import Ruling, ruled
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Edit
from graphs.approvals.judge import Refused
from storage import Storage
from tests.agent.conversing import ANA, LEA, THREAD, Talk, calls, says
from tests.agent.test_governing import rule
from tests.support.rows import claims_of

ran: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_ran() -> None:
    ran.clear()


@tool
def pay(amount: Decimal, code: SecretStr = SecretStr("none")) -> str:  # noqa: B008
    """Pay it."""
    ran.append(str(amount))
    return "paid"


OVER = rule("args.amount > 50", approvers=["requester", "U0LEA"], quorum=2)


async def talking(storage: Storage, *rules: Rule, amount: Any = 80, **arguments: Any) -> Talk:
    talk = Talk(storage, [ruled(pay, rules)], calls(("pay", {"amount": amount, **arguments})), says("Done."))
    await talk.say("pay")
    return talk


async def test_what_no_rule_fits_runs_unasked_and_is_claimed(storage: Storage):
    talk = await talking(storage, OVER, amount=50)
    assert await talk.questions() == []
    assert ran == ["50"]
    assert len(await storage.read(lambda db: claims_of(db, THREAD))) == 1


async def test_what_a_rule_fits_waits_for_as_many_as_it_says(storage: Storage):
    talk = await talking(storage, OVER)
    row = await talk.waiting()
    assert row.terms["terms"]["rule"] == "amount is over 50"
    for actor, missing in ((LEA, 1), (ANA, 0)):
        assert ran == []
        decided = await talk.desk.decide(row.id, THREAD, actor, Approve())
        assert isinstance(decided, Decided)
        assert decided.missing == missing
    await talk.go_on()
    assert ran == ["80"]


@pytest.mark.parametrize(("amount", "asks"), [(50, False), (90, True)])
async def test_an_edited_call_is_judged_by_its_own_rule(amount: int, asks: bool, storage: Storage):
    talk = await talking(storage, OVER)
    row = await talk.waiting()
    decided = await talk.desk.decide(row.id, THREAD, LEA, Edit("pay", {"amount": amount}))
    assert not isinstance(decided, Refused)
    assert (decided.replaced_by is not None) is asks
    await talk.go_on()
    assert ran == ([] if asks else ["50"])


@pytest.mark.parametrize(
    ("later", "asks_anew"),
    [
        (rule("args.amount > 50", approvers=["requester", "U0LEA"], quorum=2, place="another line"), False),
        (rule("args.amount > 60", approvers=["requester", "U0LEA"], quorum=2), True),
        (rule("args.amount > 50", approvers=["requester", "U0LEA"]), True),
        (rule("args.amount > 90"), False),  # one that asks no longer takes nothing from an approval
    ],
)
async def test_an_approval_holds_for_the_rule_that_asked(later: Rule, asks_anew: bool, storage: Storage):
    talk = await talking(storage, OVER)
    row = await talk.waiting()
    for actor in (LEA, ANA):
        await talk.desk.decide(row.id, THREAD, actor, Approve())
    talk.deploy(ruled(pay, [later]))
    await talk.go_on()
    assert ran == ([] if asks_anew else ["80"])
    if asks_anew:
        assert (await talk.waiting()).terms["why"] == "the rule for this call changed while it waited"


async def test_a_condition_that_fails_asks_and_says_nothing_of_a_secret(
    storage: Storage, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    talk = await talking(storage, rule("args.code > 5", place="signoff.toml, line 3"), code="hunter2")
    row = await talk.waiting()
    assert row.terms["terms"]["rule"] == "its rule could not be worked out"
    assert "signoff.toml, line 3" in caplog.text
    assert "hunter2" not in caplog.text


async def test_a_toolbox_is_put_under_rules_with_its_sources():
    @tool(approval=Approval())
    def other() -> None:
        """Do it."""

    class Nothing:
        def __init__(self) -> None:
            self.tools: dict[str, Tool[..., Any]] = {}

        async def ready(self) -> None:
            pass

    ruling, source = Ruling([OVER], Said(approvers=["U0LEA"])), Nothing()
    one, another = (ruling.toolbox(Toolbox(tools, [source])) for tools in ([pay, other], [pay]))
    assert one.sources == [source]
    assert one["pay"] is another["pay"]
    assert one["pay"].may_ask
    assert one["other"].approval == Approval(approvers=["U0LEA"])
