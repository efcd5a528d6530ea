"""The sample shop: its tools as calls, and what they tell in sentences."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from bot.demo.model.transcript import Call, Made

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
    (r"\baddress|\bemail", "{0.customer}'s address is {0.email}."),
    (r"\bleft\b", "{0.left} euro of order {0.number} can still be refunded."),
    (r"\brefund|\bback\b", "{0.refunded} of the {0.paid} euro for order {0.number} has been refunded so far."),
    (
        r"\bship|\bsent\b|\bdeliver|\barrive|\bstatus|\bwhere|\bcancel",
        "{0.state}: order {0.number}, {0.thing} for {0.customer}.",
    ),
    (r"\bpa(?:y|id)|\bcost|\bspen[dt]|\bprice", "{0.customer} paid {0.paid} euro for order {0.number}, {0.thing}."),
    (r"\bbuy|\bbought|\bwho\b|\bwhat\b|\bcustomer", "{0.customer} bought {0.thing}: order {0.number}."),
    ("", "{0.customer} bought {0.thing} (order {0.number}) for {0.paid} euro. {0.state}, and {0.back}."),
)
DESK_WORD = re.compile("|".join(pattern for pattern, _ in FACTS[:-2]) + r"|\bbuy|\bbought|\bcustomer|\border|\bparcel")


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
    def names(self) -> str:
        return re.sub(r"\W+", " ", f"{self.customer} {self.item}")

    @property
    def left(self) -> Decimal:
        return self.paid - self.refunded

    @property
    def state(self) -> str:
        return STATUS.get(self.status, f"It is {self.status}")

    @property
    def back(self) -> str:
        return f"{self.refunded} euro of it has been refunded" if self.refunded else "nothing has been refunded so far"

    @property
    def thing(self) -> str:
        name, _, detail = self.item.partition(", ")
        name = name[:1].lower() + name[1:]
        article = "" if re.search(r"[^s]s$", name) else "an " if name[:1] in "aeiou" else "a "
        return f"{article}{name} ({detail})" if detail else f"{article}{name}"

    def told(self, asked: str = "") -> str:
        """What was asked about it, in a sentence."""
        return next(sentence for pattern, sentence in FACTS if re.search(pattern or "^", asked)).format(self)


def read_order(result: str) -> Order | None:
    try:
        data = json.loads(result)
        paid, refunded = (Decimal(str(data[key]).removesuffix(" euro")) for key in ("paid", "refunded"))
        customer, email, item, status = (str(data[key]) for key in ("customer", "email", "item", "status"))
        return Order(int(data["order"]), customer, email, item, paid, refunded, status)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None


def find(number: int) -> Call:
    return Call(FIND, {NUMBER: number})


def refund(number: int, amount: Decimal, reason: str) -> Call:
    return Call(REFUND, {NUMBER: number, "amount": plain(amount)} | ({"reason": reason} if reason else {}))


def cancel(number: int, reason: str) -> Call:
    return Call(CANCEL, {NUMBER: number} | ({"reason": reason} if reason else {}))


def email(to: str, subject: str, body: str) -> Call:
    return Call(EMAIL, {"to": to, "subject": subject, "body": body})


def plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


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
