"""A support desk: looks orders up unasked, asks before it moves money, cancels or writes to a customer.

A pattern for an agent of your own: tools with type hints and docstrings, each with its policy beside it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field

from graphs.agent.agent import Agent
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.terms import REQUESTER
from graphs.sample import orders

DECISIONS = frozenset({"approve", "edit", "reject"})


class OrderSummary(BaseModel):
    """What the desk tells about an order."""

    order: int
    customer: str
    email: str
    item: str
    paid: str
    refunded: str
    status: str


@tool(title="Look up order {order_id}")
def find_order(order_id: int) -> OrderSummary:
    """Find an order: who bought what, what was paid, where it is.

    Args:
        order_id: The order's number.
    """
    return _told(orders.get(order_id))


def _refundable(args: Any) -> None:
    orders.check_refund(args.order_id, args.amount)


def _cancellable(args: Any) -> None:
    orders.check_cancellation(args.order_id)


def _order_in_words(args: Any) -> str:
    order = orders.get(args.order_id)
    return f"{order.customer} · {order.item} · paid {order.paid:.2f} · refunded {order.refunded:.2f}"


@tool(
    title="Refund {amount:.2f} euro on order {order_id}",
    check=_refundable,
    preview=_order_in_words,
    approval=Approval(when=lambda args: args.amount > 50, approvers=["requester"], allow=DECISIONS),
)
def refund_order(
    order_id: int,
    amount: Annotated[Decimal, Field(gt=0, decimal_places=2)],
    idempotency_key: str,
    reason: str = "",
) -> str:
    """Refund part or all of what was paid for an order.

    Args:
        order_id: The order's number.
        amount: How much to pay back, in euro.
        reason: Why, for the books.
    """
    order = orders.refund(order_id, amount, reason, idempotency_key)
    return f"Refunded {amount:.2f} euro of order {order.id} to {order.customer}."


@tool(title="Send an email to {to}: {subject}", approval=Approval(allow=DECISIONS))
def send_email(to: str, subject: str, body: str, idempotency_key: str) -> str:
    """Send an email to a customer.

    Args:
        to: The customer's email address.
        subject: The subject line.
        body: The text of the email.
    """
    orders.send(to, subject, body, idempotency_key)
    return f"Sent to {to}."


def cancelling(lead: str) -> Tool[..., Any]:
    """The tool that cancels orders; `lead` decides: "requester", a user id or a user group id."""

    @tool(
        title="Cancel order {order_id}",
        check=_cancellable,
        preview=_order_in_words,
        approval=Approval(approvers=[lead], allow=DECISIONS),
        destructive=True,
    )
    def cancel_order(order_id: int, reason: str = "") -> str:
        """Cancel an order that has not been shipped.

        Args:
            order_id: The order's number.
            reason: Why it is cancelled.
        """
        order = orders.cancel(order_id)
        return f"Cancelled order {order.id} of {order.customer}."

    return cancel_order


def _told(order: orders.Order) -> OrderSummary:
    return OrderSummary(
        order=order.id,
        customer=order.customer,
        email=order.email,
        item=order.item,
        paid=f"{order.paid:.2f} euro",
        refunded=f"{order.refunded:.2f} euro",
        status=order.status,
    )


def support_desk(lead: str = REQUESTER) -> Agent:
    """The desk, where `lead` decides about cancellations."""
    return Agent(
        instructions=(
            "You are the support desk of Harbour Goods. Look an order up before you act on it. Be brief and friendly. "
            "Some calls are put before a person first; when one is edited or rejected, respect it and say so."
        ),
        tools=[find_order, refund_order, cancelling(lead), send_email],
        examples=[
            "refund order 1042, 80 euro, it came late",
            "refund order 1044, 30 euro",
            "cancel order 1043, the customer changed her mind",
            'email jonas@example.com "Your refund" "It is on its way."',
        ],
        prepare=orders.create,
    )


agent = support_desk()
