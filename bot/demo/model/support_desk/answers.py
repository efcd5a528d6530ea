"""The desk's answer to a sentence: look-ups first, then the calls that it asks for, or words."""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from bot.demo.model.filling import ADDRESS, QUOTED
from bot.demo.model.outcomes import outcome
from bot.demo.model.support_desk import reading, shop
from bot.demo.model.support_desk.words import NOT, as_written, mended
from bot.demo.model.transcript import Call, Made, Message, Reply, last_user, made_calls, text_of

WHICH, HOW_MUCH, WRITE_WHAT = "Which order do you mean", "How much should go back", "What should I write to"
NUMBER_PLEASE = f"{WHICH}? Tell me its number, for example 1042."
LEFT_ALONE = "All right, I leave it. Nothing was done."
NOTHING_HERE = "Nothing was done here. If something waits in another thread, it still does: reply there to cancel it."
STATES = {"shipped": "shipped delivered", "delivered": "delivered", "cancelled": "cancelled", "open": "paid"}
IN_STATE = rf"\b(?:un)?(?:{'|'.join(STATES)})\b"
LIST = re.compile(
    r"\b(?:orders|customers)\b|^(?:please )?show (?:me )?(?:all|everything)\W*$"
    rf"|\b(?:all|which|any|anything|there)\b.*(?:\border\b|{IN_STATE})|^what\b.*{IN_STATE}\W*(?:yet)?\W*$"
)
Wanted = int | Call | str
"""What a request comes to: an order to look up, a call to make, or something to say."""


class Desk:
    """What the transcript says: orders that are known, those looked up in this turn, and what is talked about."""

    def __init__(self, messages: Sequence[Message]) -> None:
        index = last_user(messages)
        self.before = messages[:index]
        said = text_of(self.before[-1]) if self.before else ""
        self.asked = next((ask for ask in (WHICH, HOW_MUCH, WRITE_WHAT) if ask in said), None)
        self.past = made_calls(self.before)
        looked = [made for made in made_calls(messages[index:]) if made.name == shop.FIND]
        found = [shop.read_order(made.result) for made in (*self.past, *looked) if made.name == shop.FIND]
        self.known = {order.number: order for order in found if order}
        acted = [made.arguments.get(shop.NUMBER) for made in self.past if made.name != shop.FIND]
        self.acted = {number for number in acted if isinstance(number, int)}
        self.tried = {made.arguments.get(shop.NUMBER): made for made in looked}
        self.fresh = [self.known[number] for number in self.tried if number in self.known]

    def untried(self, among: Sequence[int] = shop.ORDERS) -> list[int]:
        return [number for number in among if number not in self.tried]

    def named(self, text: str) -> list[int]:
        """Orders whose customer, or else whose item, a text names."""
        said = set(re.findall(r"[^\W\d_]+", text.lower()))
        orders = self.known.values()
        people = [o.number for o in orders if said & set(o.customer.lower().split()) or o.email in text]
        return people or [o.number for o in orders if said & set(re.findall("[a-z]{4,}", o.item.lower()))]

    def focus(self) -> list[int]:
        """The orders that were talked about last."""
        for message in reversed(self.before):
            text = mended(text_of(message)) if message["role"] == "user" else ""
            if found := reading.orders_in(text) or (self.named(text) if text else []):
                return found
            made = made_calls([message]) if message["role"] == "assistant" else []
            if len(made) == 1 and isinstance(number := made[0].arguments.get(shop.NUMBER), int):
                return [number]
        return []


def answer(messages: Sequence[Message]) -> Reply | None:
    """The look-ups that are due, then the calls that are asked for or an answer; None for what is not understood."""
    desk = Desk(messages)
    said = text_of(messages[len(desk.before)])
    text = mended(said)
    if reading.UNDO.fullmatch(text) and (reply := undo(desk, text)):
        return reply
    if desk.asked and not re.search(rf"\b{reading.ACTION}\b|^\W*{reading.QUESTION}\b", text):
        earlier = text_of(desk.before[last_user(desk.before)])
        said = f"{earlier}{' saying' if desk.asked == WRITE_WHAT else ','} {said}"
        text = mended(said)
    if not reading.orders_in(text) and not re.search(r"\b(?:refund|cancel|email|give (?!me|us))\b", text):
        if LIST.search(text):
            return listed(desk, text)
        acted = [made for made in desk.past if made.name != shop.FIND]
        amount = reading.amount_in(text)[0]
        only_amount = isinstance(amount, Decimal) and not reading.kind_of(text) and not reading.names_in(text)
        if acted and acted[-1].name == shop.REFUND and (reading.CHANGE.search(text) or only_amount):
            return changed(acted[-1], amount)
    wanted = [each for part in reading.parts(text) for each in handle(desk, said, text, part)]
    if lookups := dict.fromkeys(each for each in wanted if isinstance(each, int)):
        return looked_up(lookups)
    calls = tuple(each for each in wanted if isinstance(each, Call))
    lines = [each for each in wanted if isinstance(each, str)]
    if calls:
        lines = [line for line in lines if line != LEFT_ALONE]
    about = [o.told() for o in desk.fresh if any(str(o.number) in str(c) or o.email in str(c) for c in calls)]
    return Reply("\n".join([*about, *dict.fromkeys(lines)]) or None, calls) if wanted else None


def looked_up(numbers: Iterable[int]) -> Reply:
    return Reply(None, tuple(Call(shop.FIND, {shop.NUMBER: number}) for number in numbers))


def handle(desk: Desk, said: str, text: str, part: str) -> Sequence[Wanted]:
    """What one request of a text comes to."""
    kind = reading.kind_of(part) or "look"
    if kind == "refused":
        return [LEFT_ALONE]
    if kind == "email" and (to := ADDRESS.search(said)):
        return [compose(said, to[0], None)]
    numbered = reading.orders_in(part) or (reading.orders_in(text) if reading.kind_of(part) else [])
    orders = numbered or desk.named(part)
    if not orders:
        unknown = reading.names_in(part)
        about_it = not unknown and re.search(r"\bwh(?:o|at)\b", part)
        if kind == "look" and not about_it and not shop.DESK_WORD.search(part):
            return []
        if unknown:
            missing = [number for number in desk.untried() if number not in desk.known]
            return missing or [f"I found no customer and no item called “{unknown[0]}”. {NUMBER_PLEASE}"]
        orders = desk.named(text) or desk.focus()
    if not orders or (kind != "look" and len(orders) > 1 and not numbered):
        return [f"{WHICH}, {' or '.join(map(str, orders))}?" if orders else NUMBER_PLEASE]
    amount, rest = reading.amount_in(part)
    several = len(re.findall(r"\d\s*euro", part)) > 1 or (len(orders) > 1 and reading.amount_in(rest)[0])
    if kind == "refund" and several:
        return ["One amount at a time, please: for example “refund order 1042 20 euro and refund order 1044 30 euro”."]
    afresh = isinstance(amount, str) or (kind == "look" and reading.orders_in(part))
    old = desk.acted if kind == "look" else ()
    needs = [number for number in desk.untried(orders) if afresh or number in old or number not in desk.known]
    return needs or [act(desk, kind, number, said, part) for number in orders]


def act(desk: Desk, kind: str, number: int, said: str, part: str) -> Call | str:
    """What is asked for about an order that was looked up."""
    order = desk.known.get(number)
    if order is None:
        result = outcome(desk.tried[number], f"the look-up of order {number}").text
        return f"There is no order {number}." if "no order" in result else result
    if kind == "look":
        return order.told(part)
    if kind == "email":
        return compose(said, order.email, order)
    if kind == "cancel":
        return Call(shop.CANCEL, {shop.NUMBER: number} | because(order, reading.without_orders(part), said))
    amount, rest = reading.amount_in(part)
    due = amount_due(order, amount)
    if isinstance(due, str):
        return due
    return Call(shop.REFUND, {shop.NUMBER: number, "amount": plain(due)} | because(order, rest, said))


def because(order: shop.Order, text: str, said: str) -> dict[str, str]:
    """The reason, where one is given, as it was `said`."""
    reason = reading.reason_in(text, re.sub(r"\W+", " ", f"{order.customer} {order.item}"))
    given = reading.quoted_reason(said) or as_written(reason, said)
    return {"reason": given} if given else {}


def plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def amount_due(order: shop.Order, amount: Decimal | str | None) -> Decimal | str:
    """What is to be refunded, or a question where that cannot be."""
    ask = f"{HOW_MUCH} on order {order.number}"
    if amount is None:
        return f"{ask}? {order.left} of the {order.paid} euro that {order.customer} paid is left."
    if amount == "foreign":
        return f"The shop pays in euro. {ask}, in euro?"
    if isinstance(amount, str):
        if not order.left:
            return f"Nothing is left to refund on order {order.number}: all {order.paid} euro went back already."
        share = order.left if amount == "rest" else order.paid * Decimal(amount.rstrip("%")) / 100
        amount = share.quantize(Decimal("0.01"))
    return amount if amount > 0 else f"A refund has to be more than nothing. {ask}?"


def compose(said: str, to: str, order: shop.Order | None) -> Call | str:
    """An email in the words of the person."""
    quoted = ["".join(filter(None, groups)) for groups in QUOTED.findall(said)]
    if len(quoted) > 1:
        return Call(shop.EMAIL, {"to": to, "subject": quoted[0], "body": quoted[1]})
    content = reading.content_in(said, order.customer if order else "")
    if not content.strip():
        return f"{WRITE_WHAT} {order.customer if order else to}?"
    topic = f"Your order {order.number}" if order else "A message from the support desk"
    subject = "Your refund" if "refund" in mended(content) else topic
    hello = f"Hello{' ' + order.customer.split()[0] if order else ''}"
    body = f"{hello},\n\n{content}\n\nKind regards\nYour support desk"
    return Call(shop.EMAIL, {"to": to, "subject": subject, "body": body})


def listed(desk: Desk, text: str) -> Reply:
    """The shop's orders, or those of them that are as asked for."""
    if missing := desk.untried():
        return looked_up(missing)
    if not desk.fresh:
        return Reply("I could not look the orders up.")
    state = next((state for state in STATES if re.search(rf"\b(?:un)?{state}\b|\b{state[:4]}\b", text)), None)
    no = bool(re.search(rf"\b{NOT}\b|\bun(?:shipped|delivered)\b|\b(?:yet to|to be)\b", text))
    found = [o for o in desk.fresh if state is None or (o.status in STATES[state]) != no]
    found = [o for o in found if not no or o.status != "cancelled"]
    how = f"{'not ' if no else ''}{state}{' yet' if no else ''}"
    if state and not found:
        return Reply(f"None of the {len(desk.fresh)} orders is {how}.")
    of = f"{len(found)} of {len(desk.fresh)} orders are {how}:"
    lines = [f"• {o.number}: {o.customer}, {o.thing}, {o.paid} euro. {o.state}." for o in found]
    return Reply("\n".join([of if state else f"There are {len(found)} orders:", *lines]))


def changed(last: Made, amount: Decimal | str | None) -> Reply:
    """A refund that should have been another one: what was not paid is asked for anew, what was paid can only grow."""
    result = outcome(last, shop.deed(last.name, last.arguments))
    order = last.arguments.get(shop.NUMBER)
    if not isinstance(amount, Decimal) or amount <= 0:
        return Reply(f"What amount should it be? Say for example “refund order {order}, 30 euro”.")
    if result.happened is None:
        return Reply(result.text)
    paid = Decimal(str(result.arguments.get("amount", 0))) if result.happened else Decimal(0)
    if amount <= paid:
        return Reply(f"{paid:.2f} euro has gone back on order {order} already; it cannot become {amount:.2f} any more.")
    again = f"{paid:.2f} euro has already gone back, so another {amount - paid:.2f} makes it {amount:.2f}."
    call = Call(shop.REFUND, {**last.arguments, "amount": plain(amount - paid)})
    return Reply(again if paid else f"I ask for {amount:.2f} euro instead.", (call,))


def undo(desk: Desk, text: str) -> Reply | None:
    """What "cancel that" can still mean; None: to cancel the order that was looked at last."""
    last = desk.past[-1] if desk.past else None
    if desk.asked:
        return Reply(LEFT_ALONE)
    if last is None:  # each message of a direct conversation starts a thread, and a card may wait in another
        return Reply(NOTHING_HERE)
    if last.name == shop.FIND:
        return None if "cancel" in text and "refund" not in text else Reply(LEFT_ALONE)
    result = outcome(last, shop.deed(last.name, last.arguments))
    if result.happened:
        return Reply(f"Too late: {shop.deed(last.name, result.arguments)} has gone through, and I cannot take it back.")
    return Reply(f"Nothing is open any more. {result.text}")
