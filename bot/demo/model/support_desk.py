"""Everyday sentences at the support desk: the only module of the model that knows a tool and its vocabulary.

A text is mended first (typing errors, German, numbers in words); tables of patterns then say what it asks for.
"""

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bot.demo.model.any_agent import ADDRESS, QUOTED, words
from bot.demo.model.outcomes import outcome
from bot.demo.model.transcript import Call, Made, Message, Reply, last_user, made_calls, text_of

FIND, REFUND, CANCEL, EMAIL = "find_order", "refund_order", "cancel_order", "send_email"
TOOLS = frozenset((FIND, REFUND, CANCEL, EMAIL))
EXAMPLES = (
    "refund order 1042, 80 euro, it came late",
    "who bought order 1044?",
    "which orders have not been shipped yet?",
)
ORDERS = range(1041, 1046)
"""The sample shop's orders: no tool lists them."""

MEANT = {
    "refund": "refunding reimburse erstatte erstatten rückerstatten erstattung",
    "cancel": "cancelling storniere stornieren storno",
    "email": "e-mail mail write message notify inform schreib schreibe",
    "give": "gib zahl zahle überweise schick schicke",
    "order": "bestellung auftrag",
    "orders": "bestellungen",
    "euro": "€ euros eur",
    "show": "zeig zeige finde suche",
    "don't": "dont",
    "all": "alle alles",
    "please": "bitte",
    "back": "zurück",
    "who": "wer",
    "bought": "gekauft",
}
VOCABULARY = words("please customer everything ordered shipped delivered cancelled refunded arrived bought euro")
MEANING = {word: meant for meant, said in MEANT.items() for word in said.split()}
UNTOUCHED = words("late later then than there these those when were older")
KNOWN = sorted({*MEANING, *MEANING.values(), *VOCABULARY})
FILLER = words(
    "a an the of for on to from in with at and or so please can could would you i me my we us i'd want like need just"
    " now also ok okay yes then instead actually make do is are hello hi thanks thank refund cancel give pay send back"
    " order orders money customer him her he she them it his each return transfer only euro tell show find email that"
    " who what which where when how did does was has have been bought buy much many about und der die das ich für mir"
    " who's what's more hey mich not don't without anything let know left paid shipped yet status address"
    " pls half everything all rest remaining full fully whole amount buyer total"
)
ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety"
GERMAN_ONES = "null ein zwei drei vier fünf sechs sieben acht neun"
GERMAN_TENS = "zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
NUMBERS = {word: number for number, word in enumerate(f"{ONES} seventeen eighteen nineteen".split())}
NUMBERS |= {word: 10 * number for said in (TENS, GERMAN_TENS) for number, word in enumerate(said.split(), 1)}
NUMBERS |= {word: number for number, word in enumerate(GERMAN_ONES.split()) if number > 1}
NUMBERS |= {
    f"{one}und{ten}": NUMBERS[ten] + number
    for ten in GERMAN_TENS.split()[1:]
    for number, one in enumerate(GERMAN_ONES.split())
    if number
}
ANY_NUMBER = "|".join(sorted((*NUMBERS, "hundred"), key=len, reverse=True))
IN_WORDS = re.compile(rf"\b(?:{ANY_NUMBER})(?:(?:[\s-]+|\s+and\s+)(?:{ANY_NUMBER}))*\b(?=(\s+euro|\s+cent)?)")

NUMBER = r"\d{1,9}(?:[.,]\d{1,9})*"
ORDER = re.compile(
    r"(?:\border(?:s|\s+(?:number|no\.?))?\s*#?|#)\s*(\d{1,9})\b((?:(?:\s*,|\s+and)\s+\d{4}\b(?!\s*euro))*)"
)
BARE_ORDER = re.compile(r"(?<![\w.,$£-])()(\d{4,9})\b(?!\s*(?:euro|%|dollar|pound)|[.,]\d)")
UNIT = r"(?!\s*(?:days?|weeks?|hours?|months?|minutes?|times|pieces|items|x|tage|wochen|mal)\b)"
AMOUNTS = (
    ("euro", rf"(-?{NUMBER})\s*euro(?:\s+and\s+({NUMBER})\s*cents?)?|euro\s*(-?{NUMBER})"),
    ("cents", rf"({NUMBER})\s*cents?\b"),
    ("foreign", rf"[$£]\s*{NUMBER}|{NUMBER}\s*(?:[$£]|dollars?|usd|pounds?|gbp|francs|chf|yen)"),
    ("%", rf"({NUMBER})\s*(?:%|percent)"),
    ("half", r"\bhalf\b|\bhälfte\b"),
    (
        "rest",
        r"\b(?:the )?(?:everything|all|rest|remaining|full|fully|whole)\b(?: amount)?(?: (?:that(?:'s| is) )?left)?",
    ),
    ("bare", rf"(?<![\w.,])(-?{NUMBER})(?![\w.,]*\w){UNIT}"),
)
REQUEST = r"(?:refund|cancel|give|pay|send|return|email|tell|let|show|find|don't|never|without)"
POLITE = r"(?:(?:please|just|only|then|also) )*"
NEXT = re.compile(rf"(?:\s*(?:[,;.!:]|\band\b|\bthen\b|\bbut\b))+\s+(?={POLITE}(?:{REQUEST}|who|how much|what did)\b)")
QUESTION = r"^\W*(?:(?:and|ok|so) )*(?:who|what|which|where|when|why|how(?! about)|did|does|was|is|are|has|have)\b"
KINDS = (
    ("refused", rf"\b(?:don't|do not|never|without|no)\s+{REQUEST}\b|\bnicht\b"),
    (
        "look",
        rf"{QUESTION}|^(?:and )?(?:the|his|her) email(?: address)?\??$|\b(?:tell|show|give) (?:me|us)\b(?!.*\bback)",
    ),
    ("email", r"\bemail\b|\b(?:tell|let)\b"),
    ("refund", r"\brefund\b|\bmoney back\b|\b(?:give|pay|send|return)\b.*\d|\d.*\bback\b"),
    ("cancel", r"\bcancel\b"),
)
CHANGE = re.compile(r"\b(?:instead|make (?:it|that)|change (?:it|that)|i meant|rather|only|no[,:])")
UNDO = re.compile(
    r"(?:\W|no|oh|ok|please|actually|wait|sorry)*(?:cancel|stop|undo|forget|never ?mind)\W*"
    r"(?:that|it|this|the refund|please|\W)*"
)
CONTENT = re.compile(r"(?:\b(?:that|saying|says|dass)\b|:)\s+(.+)", re.IGNORECASE | re.DOTALL)
WHY = re.compile(r"^(?:(?:please|because|since|as|for|due to|reason)\b\W*)+|[\s,]*\b(?:please|thanks)\W*$")
ASK_BODY, ASK_AMOUNT = "What should I write to", "How much should go back"
WHICH = "Which order do you mean? Tell me its number, for example 1042."
LEFT_ALONE = "All right, I leave it; nothing was done."
STATUS = {
    "paid": "It has not been shipped yet",
    "shipped": "It is on its way",
    "delivered": "It has been delivered",
    "cancelled": "It was cancelled",
}
STATES = {
    "shipped": ("shipped", "delivered"),
    "delivered": ("delivered",),
    "cancelled": ("cancelled",),
    "open": ("paid",),
}
FACTS = (
    (r"\baddress|\bemail", "{0.customer}'s address is {0.email}."),
    (r"\bleft\b", "{left} euro of order {0.order} can still be refunded."),
    (r"\brefund", "{0.refunded} of the {0.paid} euro for order {0.order} has been refunded so far."),
    (
        r"\bship|\bsent\b|\bdeliver|\barrive|\bstatus|\bwhere|\bcancel",
        "{status}: order {0.order}, {thing} for {0.customer}.",
    ),
    (r"\bpa(?:y|id)|\bcost|\bspen[dt]", "{0.customer} paid {0.paid} euro for order {0.order}, {thing}."),
    (r"\bwho\b|\bwhat\b|\bbuy\b|\bbought", "{0.customer} bought {thing}: order {0.order}."),
    ("", "{0.customer} bought {thing} (order {0.order}) for {0.paid} euro. {status}, and {back}."),
)
ASKING = re.compile("|".join(pattern for pattern, _ in FACTS if pattern) + r"|\b(?:show|find|tell|parcel)\b")
TO_THEM = (
    (r"\b(?:he|she|they)(?: i|')s\b", "you are"),
    (r"\b(?:he|she|they) (?:was|were)\b", "you were"),
    (r"\b(?:he|she|they) has\b", "you have"),
    (r"\b(?:he|she) (\w+[^s])s\b", r"you \1"),
    (r"\b(?:his|their|the customer's)\b|\bher(?=\s+\w)(?!\s+(?:and|to|that|for|back)\b)", "your"),
    (r"\b(?:he|she|they|him|them|her)\b", "you"),
)


class Order(NamedTuple):
    """An order that was looked up."""

    order: int
    customer: str
    email: str
    item: str
    paid: Decimal
    refunded: Decimal
    status: str

    def thing(self) -> str:
        name, _, detail = self.item.partition(", ")
        name = name[:1].lower() + name[1:]
        article = "" if re.search(r"[^s]s$", name) else "an " if name[:1] in "aeiou" else "a "
        return f"{article}{name} ({detail})" if detail else f"{article}{name}"

    def told(self, asked: str = "") -> str:
        """What was asked about it, in a sentence."""
        back = f"{self.refunded} euro of it has been refunded" if self.refunded else "nothing has been refunded so far"
        status, left = STATUS.get(self.status, f"It is {self.status}"), self.paid - self.refunded
        sentence = next(sentence for pattern, sentence in FACTS if not pattern or re.search(pattern, asked))
        return sentence.format(self, back=back, status=status, left=left, thing=self.thing())


class Desk:
    """What the transcript says: orders that are known, those looked up in this turn, and what is talked about."""

    def __init__(self, messages: Sequence[Message]) -> None:
        index = last_user(messages)
        self.before = messages[:index]
        self.past = made_calls(self.before)
        turn = made_calls(messages[index:])
        found = {
            made.arguments.get("order_id"): read_order(made.result) for made in (*self.past, *turn) if made.name == FIND
        }
        self.known = {order.order: order for order in found.values() if order}
        self.tried = {made.arguments.get("order_id"): made for made in turn if made.name == FIND}
        self.fresh = [self.known[number] for number in self.tried if number in self.known]

    def named(self, text: str) -> list[int]:
        """Orders whose customer, or else whose item, a text names."""
        said = set(re.findall(r"[^\W\d_]+", text.lower()))
        people = [o.order for o in self.known.values() if said & set(o.customer.lower().split()) or o.email in text]
        return people or [o.order for o in self.known.values() if said & set(re.findall("[a-z]{4,}", o.item.lower()))]

    def focus(self) -> list[int]:
        """The orders that were talked about last."""
        for message in reversed(self.before):
            text = mended(text_of(message)) if message["role"] == "user" else ""
            if found := orders_in(text) or (self.named(text) if text else []):
                return found
            made = [call["function"]["arguments"] for call in message.get("tool_calls") or []]
            if len(made) == 1 and (match := re.search(r'"order_id":\s*(\d+)', made[0])):
                return [int(match[1])]
        return []


def is_here(tools: Sequence[Mapping[str, Any]]) -> bool:
    return TOOLS.issubset(tool["name"] for tool in tools)


def deed(made: Made) -> str | None:
    """A call of the desk, named in a sentence."""
    order, amount = made.arguments.get("order_id"), made.arguments.get("amount")
    amount = f"{amount:.2f}" if isinstance(amount, int | float) else amount
    return {
        FIND: f"the look-up of order {order}",
        REFUND: f"the refund of {amount} euro on order {order}",
        CANCEL: f"the cancellation of order {order}",
        EMAIL: f"the email to {made.arguments.get('to')}",
    }.get(made.name)


def told(made: Made) -> str | None:
    """An order that was looked up, in sentences."""
    order = read_order(made.result) if made.name == FIND else None
    return order.told() if order else None


def read_order(result: str) -> Order | None:
    try:
        data = json.loads(result)
        paid, refunded = (Decimal(str(data[key]).removesuffix(" euro")) for key in ("paid", "refunded"))
        customer, email, item, status = (str(data[key]) for key in ("customer", "email", "item", "status"))
        return Order(int(data["order"]), customer, email, item, paid, refunded, status)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None


def mended(text: str) -> str:
    """The text in small letters and the desk's words, numbers in digits; without what is quoted."""
    text = re.sub(r"<@\w+>", "", QUOTED.sub("", text)).replace("’", "'").lower()
    text = re.sub(r"[^\W\d_]+(?:['-][^\W\d_]+)*|€", lambda match: mend(match[0]), text)
    return IN_WORDS.sub(in_digits, text).strip()


def mend(word: str) -> str:
    if word == "€":
        return " euro "
    if (
        len(word) > 3
        and word not in KNOWN
        and word not in FILLER | UNTOUCHED
        and word not in NUMBERS
        and "-" not in word
    ):
        close = difflib.get_close_matches(word, [known for known in KNOWN if known[0] == word[0]], 1, 0.8)
        word = close[0] if close else word
    return MEANING.get(word, word)


def in_digits(match: re.Match[str]) -> str:
    value = 0
    for word in re.findall(rf"\b(?:{ANY_NUMBER})\b", match[0]):
        value = max(value, 1) * 100 if word == "hundred" else value + NUMBERS[word]
    return str(value) if value > 9 or match[1] else match[0]


def orders_in(text: str) -> list[int]:
    """The order numbers of a text: those with the word, or else numbers that are long enough."""
    found = [number for match in ORDER.finditer(text) for number in (match[1], *re.findall(r"\d+", match[2]))]
    return list(dict.fromkeys(int(number) for number in found or [match[2] for match in BARE_ORDER.finditer(text)]))


def amount_in(text: str) -> tuple[Decimal | str | None, str]:
    """An amount, a share ("50%", "rest") or "foreign"; and the text with a bar for it and for each order."""
    text = (ORDER if ORDER.search(text) else BARE_ORDER).sub(" | ", text)
    for kind, pattern in AMOUNTS:
        if match := re.search(pattern, text):
            values = [number(group) for group in match.groups() if group]
            rest = f"{text[: match.start()]} | {text[match.end() :]}"
            amount = values[0] + sum(cents / 100 for cents in values[1:]) if values else Decimal(50)
            kinds = {"cents": amount / 100, "foreign": kind, "%": f"{amount}%", "half": "50%", "rest": kind}
            return kinds.get(kind, amount), rest
    return None, text


def number(said: str) -> Decimal:
    whole, _, part = said.replace(",", ".").rpartition(".")
    sign = "-" if said[0] == "-" else ""
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{sign}{digits}.{part}") if whole and len(part) < 3 else Decimal(sign + re.sub(r"\D", "", said))


def reason_in(rest: str, order: Order) -> str:
    """Why: the clauses that say more than the request does."""
    usual = FILLER | set(order.customer.lower().split())
    clauses = re.split(r"[|,;:!?\n]+|\.(?=\s|$)|\s[-–—]\s|\b(?:because|weil)\b", rest)
    telling = [clause for clause in clauses if set(re.findall(r"[\w'-]+", clause)) - usual]
    return ", ".join(filter(None, (WHY.sub("", clause.strip()) for clause in telling)))


def answer(messages: Sequence[Message]) -> Reply | None:
    """The look-ups that are due, then the calls that are asked for or an answer; None for what is not understood."""
    desk = Desk(messages)
    said = text_of(messages[len(desk.before)])
    asked = text_of(desk.before[-1]) if desk.before else ""
    text = mended(said)
    if UNDO.fullmatch(text) and (reply := undo(desk, text, asked)):
        return reply
    if (ASK_AMOUNT in asked or ASK_BODY in asked) and not re.search(rf"\b{REQUEST}\b|{QUESTION}", text):
        earlier = text_of(desk.before[last_user(desk.before)])
        said = f"{earlier}{' saying' if ASK_BODY in asked else ','} {said}"
        text = mended(said)
    if not orders_in(text) and not re.search(r"\b(?:refund|cancel|email|give)\b", text):
        if re.search(r"\borders\b|\b(?:every|all|which|any)\b.*\b(?:order|shipped|delivered|cancelled|open)\b", text):
            return listed(desk, text)
        acted = [made for made in desk.past if made.name != FIND]
        if acted and acted[-1].name == REFUND and CHANGE.search(text):
            return changed(acted[-1], amount_in(text)[0])
    wanted = [each for part in parts(text) for each in handle(desk, said, text, part)]
    if lookups := dict.fromkeys(each for each in wanted if isinstance(each, int)):
        return Reply(None, tuple(Call(FIND, {"order_id": number}) for number in lookups))
    calls = [each for each in wanted if isinstance(each, Call)]
    lines = [each for each in wanted if isinstance(each, str)]
    about = [o.told() for o in desk.fresh if any(str(o.order) in str(c) or o.email in str(c) for c in calls)]
    return Reply("\n".join([*about, *dict.fromkeys(lines)]) or None, tuple(calls)) if wanted else None


def parts(text: str) -> list[str]:
    """The requests of a text; an email goes on to the end, what asks for nothing belongs to what comes next."""
    found: list[str] = []
    for part in NEXT.split(text):
        if found and (kind_of(found[-1]) == "email" or not kind_of(found[-1])):
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found


def kind_of(part: str) -> str:
    return next((kind for kind, pattern in KINDS if re.search(pattern, part)), "")


def handle(desk: Desk, said: str, text: str, part: str) -> Sequence[int | Call | str]:
    """What a request comes to: numbers are orders to look up, calls are to be made, texts to be said."""
    kind = kind_of(part) or "look"
    if kind == "refused":
        return [LEFT_ALONE]
    if kind == "email" and (to := ADDRESS.search(said)):
        return [compose(said, to[0], None)]
    numbered = orders_in(part) or (orders_in(text) if kind_of(part) else [])
    orders = numbered or desk.named(part)
    if not orders:
        if kind == "look" and not ASKING.search(part):
            return []
        opening = re.split(r"[,;:]|\b(?:because|that|saying)\b", part)[0]
        before = re.split(r"\b(?:him|her|it|he|she|them|his|this)\b", opening)
        unknown = [word for word in re.findall(r"[^\W\d_][\w'-]*", before[0]) if word not in FILLER]
        if unknown:
            missing = [number for number in ORDERS if number not in desk.known and number not in desk.tried]
            return missing or [f"I found no customer and no item called “{unknown[0]}”. {WHICH}"]
        orders = desk.focus()
    if not orders or (kind != "look" and len(orders) > 1 and not numbered):
        return [f"Which order do you mean, {' or '.join(map(str, orders))}?" if orders else WHICH]
    if kind == "refund" and len(re.findall(r"\d\s*euro", part)) > 1:
        return ["One amount at a time, please: for example “refund order 1042 20 euro and refund order 1044 30 euro”."]
    afresh = isinstance(amount_in(part)[0], str) or (kind == "look" and orders_in(part))
    needs = [number for number in orders if number not in desk.tried and (afresh or number not in desk.known)]
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
    amount, rest = amount_in(part)
    if kind == "cancel":
        rest = (ORDER if ORDER.search(part) else BARE_ORDER).sub(" | ", part)
    reason = reason_in(rest, order)
    extra = {"reason": reason} if reason else {}
    if kind == "cancel":
        return Call(CANCEL, {"order_id": number, **extra})
    due = amount_due(order, amount)
    return due if isinstance(due, str) else Call(REFUND, {"order_id": number, "amount": plain(due), **extra})


def amount_due(order: Order, amount: Decimal | str | None) -> Decimal | str:
    """What is to be refunded, or a question where that cannot be."""
    left, ask = order.paid - order.refunded, f"{ASK_AMOUNT} on order {order.order}"
    if amount is None:
        return f"{ask}? {left} of the {order.paid} euro that {order.customer} paid is left."
    if amount == "foreign":
        return f"The shop pays in euro. {ask}, in euro?"
    if isinstance(amount, str):
        if not left:
            return f"Nothing is left to refund on order {order.order}: all {order.paid} euro went back already."
        share = left if amount == "rest" else order.paid * Decimal(amount.rstrip("%")) / 100
        amount = share.quantize(Decimal("0.01"))
    return amount if amount > 0 else f"A refund has to be more than nothing. {ask}?"


def plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def compose(said: str, to: str, order: Order | None) -> Call | str:
    """An email in the words of the person: as quoted, or what they want said, put as said to the customer."""
    quoted = ["".join(filter(None, groups)) for groups in QUOTED.findall(said)]
    if len(quoted) > 1:
        return Call(EMAIL, {"to": to, "subject": quoted[0], "body": quoted[1]})
    names = "|".join([*map(re.escape, order.customer.split() if order else ()), "him", "her", "them", "customer"])
    match = CONTENT.search(said) or re.search(rf"\btell\b.*?\b(?:{names})\s+(.+)", said, re.IGNORECASE | re.DOTALL)
    content = quoted[0] if quoted else match[1].strip() if match else ""
    if not content.strip():
        return f"{ASK_BODY} {order.customer if order else to}?"
    if not quoted:
        for pattern, you in TO_THEM:
            content = re.sub(pattern, you, content, flags=re.IGNORECASE)
        content = content[:1].upper() + content[1:] + ("" if content.endswith((".", "!", "?")) else ".")
    topic = f"Your order {order.order}" if order else "A message from the support desk"
    subject = "Your refund" if "refund" in content.lower() else topic
    body = f"Hello{' ' + order.customer.split()[0] if order else ''},\n\n{content}\n\nKind regards\nYour support desk"
    return Call(EMAIL, {"to": to, "subject": subject, "body": body})


def listed(desk: Desk, text: str) -> Reply:
    """The shop's orders, or those of them that are as asked for."""
    if missing := [number for number in ORDERS if number not in desk.tried]:
        return Reply(None, tuple(Call(FIND, {"order_id": number}) for number in missing))
    state = next((state for state in STATES if re.search(rf"\b(?:un)?{state}\b", text)), None)
    no = bool(re.search(r"\bnot\b|n't\b|\bun(?:shipped|delivered)\b|\byet to\b", text))
    found = [o for o in desk.fresh if state is None or (o.status in STATES[state]) != no]
    found = [o for o in found if not no or o.status != "cancelled"]
    if not desk.fresh:
        return Reply("I could not look the orders up.")
    if state is None:
        first = f"There are {len(found)} orders:"
    else:
        first = f"{len(found)} of {len(desk.fresh)} orders are {'not ' if no else ''}{state}{' yet' if no else ''}:"
    lines = [f"• {o.order}: {o.customer}, {o.thing()}, {o.paid} euro. {STATUS.get(o.status, o.status)}." for o in found]
    return Reply("\n".join([first, *lines]))


def changed(last: Made, amount: Decimal | str | None) -> Reply:
    """A refund that should have been another one: what was not paid is asked for anew, what was paid can only grow."""
    result = outcome(last, deed(last) or "")
    order = last.arguments.get("order_id")
    if not isinstance(amount, Decimal) or amount <= 0:
        return Reply(f"What amount should it be? Say for example “refund order {order}, 30 euro”.")
    if result.happened is None:
        return Reply(result.text)
    paid = Decimal(str(result.arguments.get("amount", 0))) if result.happened else Decimal(0)
    if amount <= paid:
        return Reply(f"{paid:.2f} euro has gone back on order {order} already; it cannot become {amount:.2f} any more.")
    again = f"{paid:.2f} euro has already gone back, so another {amount - paid:.2f} makes it {amount:.2f}."
    call = Call(REFUND, {**last.arguments, "amount": plain(amount - paid)})
    return Reply(again if paid else f"I ask for {amount:.2f} euro instead.", (call,))


def undo(desk: Desk, text: str, asked: str) -> Reply | None:
    """What "cancel that" can still mean; None: to cancel the order that was looked at last."""
    last = desk.past[-1] if desk.past else None
    if last is None or ASK_AMOUNT in asked or ASK_BODY in asked:
        return Reply("All right, I leave it. Nothing was done.")
    if last.name == FIND:
        return None if "cancel" in text and "refund" not in text else Reply("All right, I leave it. Nothing was done.")
    result = outcome(last, deed(last) or "")
    if result.happened:
        return Reply(
            f"Too late: {deed(Made(last.name, result.arguments, ''))} has gone through, and I cannot take it back."
        )
    return Reply(f"Nothing is open any more. {result.text}")
