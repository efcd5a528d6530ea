"""A till that is paid from: one gated tool, who may decide about it, and what was paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from graphs.agent import call_record
from graphs.agent.call_record import ApprovalRecord
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.terms import Actor, UserId
from storage import Storage, audit
from storage.audit import AuditRow
from tests.agent.conversing import THREAD, Talk, calls, says

MAX = Actor(UserId("U0MAX"), "T0LOCAL", "member")
TOM = Actor(UserId("U0TOM"), "T0LOCAL", "member")

LEADS = ("U0LEA", "U0MAX", "U0TOM")
PAY = {"number": 7, "amount": 80, "note": "late"}


@dataclass
class Till:
    """What was paid, in order."""

    paid: list[tuple[int, Decimal, str]] = field(default_factory=list)

    def pay(self, **policy: Any) -> Tool[..., Any]:
        """The tool, under this policy; it asks for every call unless that says otherwise."""

        @tool(approval=Approval(**policy))
        def pay(number: int, amount: Decimal, note: str = "") -> str:
            """Pay an amount.

            Args:
                number: the order's number
            """
            self.paid.append((number, amount, note))
            return f"paid {amount}"

        return pay

    async def asked(self, storage: Storage, **policy: Any) -> Talk:
        """A conversation in which Ana's call waits."""
        talk = Talk(storage, [self.pay(**policy)], calls(("pay", PAY)), says("Done."))
        await talk.say("pay")
        return talk


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


async def approvals(storage: Storage) -> list[ApprovalRecord]:
    """The thread's approvals, oldest first."""
    found = await storage.read(lambda db: call_record.read(db, THREAD))
    return sorted(
        (approval for record in found.values() for approval in record.approvals()), key=lambda it: it.row.ordinal
    )


async def states(storage: Storage) -> list[str]:
    return [each.state.value for each in await approvals(storage)]


async def recorded(storage: Storage) -> list[AuditRow]:
    return [row async for row in audit.rows(storage.read)]
