"""A till that is paid from: one gated tool, who may decide about it, and what was paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from graphs.agent.call_record import CallRecord
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.states import State
from graphs.approvals.terms import Actor, UserId
from storage import Storage, audit
from storage.audit import AuditRow
from storage.ids import InterruptId
from storage.interrupts import InterruptRow
from tests.agent.conversing import Talk, calls, everything_on_record, says

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


@dataclass(frozen=True)
class Asked:
    """One approval of a call, by the call's record."""

    record: CallRecord
    row: InterruptRow

    @property
    def state(self) -> State:
        return self.record.state_of(self.row)

    @property
    def voters(self) -> list[str]:
        return [vote.user for vote in self.record.votes_for(self.row)]

    @property
    def replaced_by(self) -> InterruptId | None:
        return next((later.id for later in self.record.asked if later.replaces == self.row.id), None)


def hours(number: float) -> timedelta:
    return timedelta(hours=number)


async def approvals(storage: Storage) -> list[Asked]:
    """The thread's approvals, oldest first."""
    found = await storage.read(everything_on_record)
    asked = [Asked(record, row) for record in found.values() for row in record.asked]
    return sorted(asked, key=lambda each: each.row.ordinal)


async def states(storage: Storage) -> list[str]:
    return [each.state.value for each in await approvals(storage)]


async def recorded(storage: Storage) -> list[AuditRow]:
    return [row async for row in audit.rows(storage.read)]
