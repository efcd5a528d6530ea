"""Every state in which a card can stand, as rows: what the linter looks at, and what tests look at one by one."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bot.shown import cards, timeline
from bot.shown.cards import Request, Shown
from bot.shown.shown_calls import revision
from graphs.agent.policy import Approval
from graphs.agent.proposals import IN_DOUBT
from graphs.agent.tools import tool
from tests.bot.rows import AT, claim, proposed, question, rows, vote

ANA, LEA, KIM = "U0ANA", "U0LEA", "U0KIM"
LINK = "https://harbour.slack.com/archives/C0SUPPORT/p1700000000000100"
TITLE = "Refund {amount:.2f} euro on order {order_id}"
PREVIEW = "Jonas Weber · Storm lantern · paid 129.90 · refunded 0.00"
FUNCTIONS = ("refund_order", "cancel_order", "write_note")


@tool(title=TITLE, approval=Approval(when=lambda args: args.amount > 50))
def refund_order(order_id: int, amount: Decimal, reason: str = "") -> str:
    """Refund part or all of what was paid for an order."""
    return "refunded"


@tool(title="Cancel order {order_id}", approval=True, destructive=True)
def cancel_order(order_id: int) -> str:
    """Cancel an order."""
    return "cancelled"


@tool(approval=True)
def write_note(text: str) -> str:
    """Write a note."""
    return "written"


TOOLS = [refund_order, cancel_order, write_note]
ARGS: dict[str, Any] = {"order_id": 1042, "amount": 80, "reason": "it came late"}
RULE = "amount is over 50"
APPROVED = {"type": "approve"}
LESS = {**ARGS, "amount": 60}
EDIT = {"type": "edit", "edited_action": {"name": "refund_order", "args": LESS}}
LONG = {"text": "x" * 20_000}


def refund(args: Any = ARGS, **more: Any) -> Any:
    """A question about a refund."""
    asked = {"name": "refund_order", "rule": RULE, "expires_at": AT + 86_400, **more}
    words = {"title": TITLE.format(order_id=args["order_id"], amount=Decimal(args["amount"])), "preview": PREVIEW}
    return question(args, payload=words, **asked)


def cancel(**more: Any) -> Any:
    """A question about a cancellation."""
    return question({"order_id": 1043}, name="cancel_order", payload={"title": "Cancel order 1043"}, **more)


@dataclass(frozen=True)
class State:
    """The calls of a message and what is stored of them. `results` are the tool messages."""

    stored: tuple[Any, ...]
    calls: tuple[tuple[str, str, Any], ...] = (("call_1", "refund_order", ARGS),)
    results: dict[str, Any] = field(default_factory=dict[str, Any])
    content: str = "The parcel came three days late."
    unreached: tuple[str, ...] = ()
    asks: bool = False

    def shown(self, request: Request | None = None) -> Shown:
        """Its card."""
        message = proposed(*self.calls, content=self.content)
        told = rows(TOOLS, message, *self.stored, results=self.results)
        (page,) = cards.pages([replace(each, asks=self.asks) for each in told])
        return cards.calls(page, revision(page), self.unreached, request)


def decided(*more: Any, by: str = ANA, at: float = AT + 60, **asked: Any) -> State:
    return State((refund(answer=APPROVED, by=by, at=at, **asked), *more))


TWO = (("call_1", "refund_order", ARGS), ("call_2", "cancel_order", {"order_id": 1043}))
TWO_REFUNDS = (("call_1", "refund_order", ARGS), ("call_2", "refund_order", LESS))
DOUBT = refund(kind=IN_DOUBT, id_="d" * 32)


def doubt(answer: str | None = None) -> Any:
    return refund(kind=IN_DOUBT, id_="d" * 32, answer={"type": answer} if answer else None, by=LEA, at=AT + 120)


STATES: dict[str, State] = {
    "waiting": State((refund(),)),
    "waiting for ever": State((refund(expires_at=None),), content=""),
    "waiting for another": State((refund(approvers=[LEA], self_approval=False),)),
    "waiting for one of several": State((refund(approvers=[LEA, KIM, "requester"], self_approval=False),)),
    "waiting for a group": State((refund(approvers=["S0LEADS"]),)),
    "waiting for the channel": State((refund(approvers=["channel"], self_approval=False),)),
    "waiting for many": State((refund(approvers=[f"U0P{n}" for n in range(40)], quorum=3),)),
    "none of two": State((refund(approvers=[LEA, KIM], quorum=2),)),
    "one of two": State((refund(approvers=[LEA, KIM], quorum=2), vote(KIM))),
    "one of two of the channel": State((refund(approvers=["channel"], quorum=2), vote(KIM))),
    "one of two of a group": State((refund(approvers=["S0LEADS"], quorum=2), vote(KIM))),
    "destructive": State((cancel(),), (("call_1", "cancel_order", {"order_id": 1043}),)),
    "two rows": State((refund(), refund(LESS, call_id="call_2", id_="b" * 32)), TWO_REFUNDS),
    "two rows, one destructive": State((refund(), cancel(call_id="call_2", id_="b" * 32)), TWO),
    "two rows, one decided": State(
        (refund(answer=APPROVED), claim("claimed"), cancel(call_id="call_2", id_="b" * 32)), TWO
    ),
    "without a title": State((question({"text": "short"}, name="write_note"),), (("call_1", "write_note", {}),)),
    "too long": State((question(LONG, name="write_note"),), (("call_1", "write_note", LONG),)),
    "uneditable": State(
        (question({}, name="no_such_tool", allow=["edit", "reject"]),), (("call_1", "no_such_tool", {}),)
    ),
    "nobody reached": State((refund(approvers=[LEA, KIM, "requester"]),), unreached=(LEA,)),
    "edited and waiting again": State(
        (
            refund(answer=EDIT, by=LEA),
            refund(LESS, id_="b" * 32, approvers=[LEA, KIM], quorum=2),
            vote(LEA, id_="b" * 32),
        )
    ),
    "asked anew": State((refund(why="what the preview says has changed"),)),
    "asked anew after it ran": State((refund(ran_before="This call ran before, on 2026-11-30 10:00:00: done."),)),
    "approved": decided(),
    "approved by two": State((refund(answer=APPROVED, by=KIM, at=AT + 60, quorum=2), vote(LEA), vote(KIM))),
    "running": decided(claim("claimed")),
    "running, and asks": replace(decided(claim("paused")), asks=True),
    "done": decided(claim("done", "Refunded 80.00 euro of order 1042.\nMore of it.")),
    "done a day later": decided(claim("done", "ok"), at=AT + 86_400),
    "done, with a link": decided(claim("done", "See https://shop.example/refunds/7.")),
    "edited and done": State((refund(answer=EDIT, by=LEA, at=AT + 60), claim("done", "Refunded 60.00 euro"))),
    "edited, approved and done": State(
        (
            refund(answer=EDIT, by=LEA, at=AT + 30),
            refund(LESS, id_="b" * 32, answer=APPROVED, by=ANA, at=AT + 60),
            claim("done", "Refunded 60.00 euro"),
        )
    ),
    "failed": decided(claim("done", {"failed": "The shop does not answer.", "told": "Failed: …"})),
    "in doubt": decided(claim("in doubt"), doubt()),
    "in doubt, unasked": State((claim("in doubt"), doubt())),
    "it ran": decided(claim("done", "ok"), doubt("it_ran")),
    "run again": decided(claim("claimed"), doubt("run_again")),
    "given up": decided(claim("in doubt"), doubt("give_up")),
    "rejected": State((refund(answer={"type": "reject", "message": "wrong customer"}, by=LEA, at=AT + 60),)),
    "rejected without a reason": State((refund(answer={"type": "reject"}, by=LEA, at=AT + 60),)),
    "responded": State((refund(answer={"type": "respond", "message": "42"}, by=LEA, at=AT + 60),)),
    "expired": State((refund(status="expired"),)),
    "superseded": State((refund(status="superseded"),)),
    "cancelled": State((refund(status="cancelled"),)),
    "approved, then stopped": State((refund(answer=APPROVED, status="cancelled"),)),
    "edited, then stopped": State((refund(answer=EDIT, by=LEA, status="cancelled"),)),
    "unreachable": State(
        (refund(answer={"type": "unreachable", "message": "This call needs 1 approval, and nobody can."}, by=None),)
    ),
    "edited, and nobody can approve that": State(
        (refund(answer=EDIT, by=LEA),),
        results={"call_1": {"content": "…", "refusal": {"kind": "unreachable", "why": "Nobody can approve."}}},
    ),
}
"""A card each, by what it shows."""

OTHERS: dict[str, Shown] = {
    "failure": cards.failure("The model does not answer. Try again in a minute.", "abc12345", turn="1.0"),
    "stopped again and again": cards.failure(timeline.CUT_SHORT, "abc12345", turn="1.0"),
    "without end": cards.failure(timeline.WITHOUT_END, "abc12345", turn="1.0"),
    "broken": cards.failure(timeline.BROKEN, None, turn="1.0"),
    "overcome": cards.overcome(),
}
"""Messages that show no calls."""
