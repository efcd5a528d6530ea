"""The sample shop: its tools as calls, and what they tell in sentences."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from bot.demo.model.transcript import Made

FIND, REFUND, CANCEL, EMAIL = "find_order", "refund_order", "cancel_order", "send_email"
TOOLS = frozenset((FIND, REFUND, CANCEL, EMAIL))
NUMBER = "order_id"
ORDERS = range(1041, 1046)
"""The sample shop's orders: no tool lists them."""

STATUS = {
    "paid": "It has not been shipped yet",
    "shipped": "It is on its way",
    "delivered": "It has been delivered",
    "cancelled": "It was cancelled",
}
FACTS = (
    (r"\baddress|\bemail|\breach\b|\bcontact\b", "{0.customer}'s address is {0.email}."),
    (r"\bleft\b", "{0.left} euro of order {0.number} can still be refunded."),
    (r"\brefund|\bback\b", "{0.refunded} of the {0.paid} euro for order {0.number} has been refunded so far."),
    (
        r"\bship|\bsent\b|\bdeliver|\barrive|\bstatus|\bwhere|\bcancel",
        "{0.state}: order {0.number}, {0.thing} for {0.customer}.",
    ),
    (
        r"\bpa(?:y|id)|\bcost|\bspen[dt]|\bprice|\btotal",
        "{0.customer} paid {0.paid} euro for order {0.number}, {0.thing}.",
    ),
    (r"\bbuy|\bbought|\bwho\b|\bwhat\b|\bcustomer", "{0.customer} bought {0.thing}: order {0.number}."),
    ("", "{0.customer} bought {0.thing} (order {0.number}) for {0.paid} euro. {0.state}, and {back}."),
)
DESK_WORD = re.compile(
    "|".join(pattern for pattern, _ in FACTS[:-2])
    + r"|\bbuy|\bbought|\bcustomer|\border|\bparcel|\babout|\bshow|\bfind"
)


class Order(NamedTuple):
    """An order that was looked up."""

    number: int
    customer: str
    email: str
    item: str
    paid: Decimal
    refunded: Decimal
    status: str

    @property
    def left(self) -> Decimal:
        return self.paid - self.refunded

    @property
    def state(self) -> str:
        return STATUS.get(self.status, f"It is {self.status}")

    @property
    def thing(self) -> str:
        name, _, detail = self.item.partition(", ")
        article = "" if re.search(r"[^s]s$", name) else "an " if name[:1] in "AEIOU" else "a "
        return f"{article}{name[:1].lower()}{name[1:]}{detail and f' ({detail})'}"

    def told(self, asked: str = "") -> str:
        """What was asked about it, in a sentence."""
        back = f"{self.refunded} euro of it has been refunded" if self.refunded else "nothing has been refunded so far"
        return next(said for pattern, said in FACTS if re.search(pattern or "^", asked)).format(self, back=back)


def read_order(result: str) -> Order | None:
    try:
        data = json.loads(result)
        paid, refunded = (Decimal(str(data[key]).removesuffix(" euro")) for key in ("paid", "refunded"))
        customer, email, item, status = (str(data[key]) for key in ("customer", "email", "item", "status"))
        return Order(int(data["order"]), customer, email, item, paid, refunded, status)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None


def deed(name: str, arguments: Mapping[str, object]) -> str:
    """A call, named in a sentence."""
    order, amount = arguments.get(NUMBER), arguments.get("amount")
    amount = f"{amount:.2f}" if isinstance(amount, int | float) else amount
    return {
        FIND: f"the look-up of order {order}",
        REFUND: f"the refund of {amount} euro on order {order}",
        CANCEL: f"the cancellation of order {order}",
        EMAIL: f"the email to {arguments.get('to')}",
    }.get(name, f"“{name}”")


def told(made: Made) -> str | None:
    """An order that was looked up, in sentences."""
    order = read_order(made.result) if made.name == FIND else None
    return order.told() if order else None
