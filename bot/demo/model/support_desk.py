"""Everyday sentences at the support desk: the only module of the model that knows a tool and its vocabulary."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
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

MEANINGS = {
    "refund": "refund refunds refunding reimburse reimbursement repay erstatte erstatten rückerstatten erstattung",
    "cancel": "cancel cancelling cancellation storniere stornieren storno",
    "email": "email e-mail mail write message note notify inform letter schreib schreibe benachrichtige nachricht",
    "give": "give pay send transfer return credit gib zahl zahle überweise schick schicke sende",
    "tell": "tell let sag sage",
    "look": "find look show check list get lookup search display zeig zeige finde suche such",
    "order": "order orders bestellung bestellungen auftrag",
    "back": "back zurück",
    "euro": "€ euro euros eur",
    "foreign": "$ £ dollar dollars usd pound pounds gbp francs chf yen",
    "not": "not don't dont never nicht kein no won't didn't haven't hasn't isn't aren't unshipped yet noch undelivered",
    "rest": "everything all rest remaining remainder whole full fully completely entire alles vollständig",
    "who": "who customer buyer bought ordered wer gekauft",
    "paid": "paid cost costs price pays spent spend bezahlt gekostet",
    "left": "left available übrig",
    "refunded": "refunded reimbursed erstattet",
    "shipped": "shipped unshipped sent dispatched verschickt versandt",
    "delivered": "delivered undelivered arrived geliefert angekommen",
    "cancelled": "cancelled canceled storniert",
    "open": "open pending waiting outstanding offen",
    "status": "status where wo state",
    "address": "address contact adresse",
    "him": "him her them he she they his it that this its their ihm ihr es",
    "which": "which what any every each welche alle how",
}
FILLER = words(
    "a an the of for on to from in with at by and or so please can could would you i me my we us i'd want like "
    "need just now also ok okay yes then again instead actually make do does did has have had is are was be been "
    "got there hi hello thanks thank plese bitte der die das den dem und von für mit mir ich kannst customer's "
    "money who's let's amount euro sure well oh much many say sorry immediately quickly today kindly everything's "
    "about tell more when why"
)
ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
TENS = "ten twenty thirty forty fifty sixty seventy eighty ninety"
GERMAN_ONES = "null ein zwei drei vier fünf sechs sieben acht neun"
GERMAN_TENS = "zehn zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"


def counted(words: str, step: int = 1, first: int = 0) -> dict[str, int]:
    return {word: step * number for number, word in enumerate(words.split(), first)}


NUMBERS = counted(ONES) | counted(TENS, 10, 1) | counted(GERMAN_TENS, 10, 1) | {"elf": 11, "zwölf": 12, "fünfzehn": 15}
NUMBERS |= {word: number for word, number in counted(GERMAN_ONES).items() if number > 1}
GERMAN = re.compile("(ein|zwei|drei|vier|fünf|sechs|sieben|acht|neun)und(.+)")
UNITS = words("day days week weeks hour hours month months minutes times pieces items x tage wochen mal of")
CANONICAL = {word: meaning for meaning, words in MEANINGS.items() for word in words.split()}
KNOWN = {word for word in (*CANONICAL, *NUMBERS, *FILLER, "hundred", "because", "half") if len(word) > 3} - {
    "cancelled",
    "canceled",
}
UNTOUCHED = words("there these those then than when were what late later said sand older oder card here mine")
TOKEN = re.compile(r"[\w.+&-]+@[\w-]+(?:\.[\w-]+)+|\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*|[#€$£%]|[^\w\s]")
QUESTION = re.compile(
    r"\W*(?:and |und |ok |so )*(?:who|what|which|where|when|why|how(?! about)|did|does|was|were|is|are|has|have"
    r"|wer|wo|wie|hat|ist|welche)\b",
    re.IGNORECASE,
)
START = re.compile(
    r"(?:^|[,;.!?:]|\b(?:and|then|but|please|just|only|simply|also|to|not|don't|dont|without|und|bitte|ok|you)\b)\s*$",
    re.IGNORECASE,
)
WHY = re.compile(r"^(?:(?:please|bitte)\W+)?(?:(?:because|since|as|for|due to|weil|reason:?)\s+)?", re.IGNORECASE)
CHANGE = re.compile(
    r"\b(?:instead|make (?:it|that)|change (?:it|that)|i meant|rather|wait|nur|no[,:]|only|mach)\b", re.IGNORECASE
)
UNDO = re.compile(
    r"(?:\W|no|oh|ok|okay|please|actually|wait|sorry|bitte)*"
    r"(?:cancel|stop|undo|forget|scratch|drop|never ?mind|vergiss|storniere)\W*"
    r"(?:that|it|this|das|es|the refund|the e-?mail|that refund|that one|again|please|bitte|\W)*",
    re.IGNORECASE,
)
CONTENT = re.compile(r"(?:\b(?:that|saying|says|dass)\b|:)\s+(.+)", re.IGNORECASE | re.DOTALL)
ASK_BODY, ASK_AMOUNT = "What should I write to", "How much should go back"
ABOUT = frozenset(
    ("who", "paid", "left", "refunded", "shipped", "delivered", "status", "address", "email", "buy", "give", "parcel")
)
STATUS = {
    "paid": "It has not been shipped yet",
    "shipped": "It is on its way",
    "delivered": "It has been delivered",
    "cancelled": "It was cancelled",
}
SHIPPED = {
    "shipped": ("shipped", "delivered"),
    "delivered": ("delivered",),
    "cancelled": ("cancelled",),
    "open": ("paid",),
}


class Token(NamedTuple):
    """A word with what it means here, and where it stands."""

    text: str
    word: str
    start: int
    end: int


class Order(NamedTuple):
    """An order that was looked up."""

    order: int
    customer: str
    email: str
    item: str
    paid: Decimal
    refunded: Decimal
    status: str

    @property
    def thing(self) -> str:
        name, _, detail = self.item.partition(", ")
        name = name[:1].lower() + name[1:]
        article = "" if re.search(r"[^s]s$", name) else "an " if name[:1] in "aeiou" else "a "
        return f"{article}{name} ({detail})" if detail else f"{article}{name}"

    def told(self) -> str:
        back = f"{self.refunded} euro of it has been refunded" if self.refunded else "nothing has been refunded so far"
        status = STATUS.get(self.status, f"It is {self.status}")
        return f"{self.customer} bought {self.thing} (order {self.order}) for {self.paid} euro. {status}, and {back}."

    def fact(self, words: set[str]) -> str:
        """What was asked about it, in a sentence."""
        left = self.paid - self.refunded
        facts = (
            ("address" in words or "email" in words, f"{self.customer}'s address is {self.email}."),
            (
                "left" in words,
                f"{euro(left)} of order {self.order} can still be refunded.",
            ),
            (
                "refunded" in words or "refund" in words,
                f"{euro(self.refunded)} of the {self.paid} euro for order {self.order} has been refunded so far.",
            ),
            (
                bool({"shipped", "delivered", "status", "cancelled"} & words),
                f"{STATUS.get(self.status, self.status)}: order {self.order}, {self.thing} for {self.customer}.",
            ),
            (
                bool({"paid", "give"} & words),
                f"{self.customer} paid {self.paid} euro for order {self.order}, {self.thing}.",
            ),
            (bool({"who", "buy", "item"} & words), f"{self.customer} bought {self.thing}: order {self.order}."),
        )
        return next((sentence for asked, sentence in facts if asked), self.told())


def euro(amount: Decimal) -> str:
    return f"{amount} euro" if amount else "Nothing"


def is_here(tools: Sequence[Mapping[str, Any]]) -> bool:
    return TOOLS.issubset(tool["name"] for tool in tools)


def deed(made: Made) -> str | None:
    """A call of the desk, named in a sentence."""
    values = made.arguments
    try:
        amount = f"{Decimal(str(values.get('amount', 0))):.2f}"
    except ArithmeticError:
        amount = str(values.get("amount"))
    return {
        FIND: f"the look-up of order {values.get('order_id')}",
        REFUND: f"the refund of {amount} euro on order {values.get('order_id')}",
        CANCEL: f"the cancellation of order {values.get('order_id')}",
        EMAIL: f"the email to {values.get('to')}",
    }.get(made.name)


def told(made: Made) -> str | None:
    """An order that was looked up, in sentences."""
    order = read_order(made.result) if made.name == FIND else None
    return order.told() if order else None


def meaning(word: str) -> str:
    """A word's meaning at the desk, its typing errors mended; the word itself when it has none here."""
    word = word.lower().replace("’", "'").removesuffix("'s")
    if word not in CANONICAL and word not in UNTOUCHED and len(word) > 3 and word not in KNOWN and "-" not in word:
        close = [known for known in difflib.get_close_matches(word, KNOWN, 3, 0.8) if known[0] == word[0]]
        word = close[0] if close else word
    return CANONICAL.get(word, word)


def read(text: str) -> list[Token]:
    masked = QUOTED.sub(lambda match: " " * len(match[0]), re.sub(r"<@\w+>", lambda m: " " * len(m[0]), text))
    return [Token(m[0], meaning(m[0]), m.start(), m.end()) for m in TOKEN.finditer(masked)]


def spelled(word: str) -> Decimal | None:
    """A number in words or digits."""
    if match := GERMAN.fullmatch(word):
        return None if match[2] not in NUMBERS else Decimal(NUMBERS[match[2]] + counted(GERMAN_ONES)[match[1]])
    if re.fullmatch(r"\d+(?:[.,]\d+)*", word) and len(word) < 12:
        whole, _, part = word.replace(",", ".").rpartition(".")
        return (
            Decimal(f"{whole.replace('.', '')}.{part}") if whole and len(part) < 3 else Decimal(re.sub(r"\D", "", word))
        )
    parts = [part for part in word.split("-") if part]
    return Decimal(sum(NUMBERS[part] for part in parts)) if parts and all(part in NUMBERS for part in parts) else None


def numbers(tokens: Sequence[Token]) -> Iterator[tuple[int, int, Decimal]]:
    """Every number as (first token, token after it, value)."""
    i = 0
    while i < len(tokens):
        value, j = spelled(tokens[i].word), i + 1
        if tokens[i].word == "hundred":
            value = Decimal(100)
        while value is not None and j < len(tokens) and not tokens[i].word[0].isdigit():
            more = spelled(tokens[j].word)
            if tokens[j].word == "hundred":
                value *= 100
            elif more is not None and more < 100 and not tokens[j].word[0].isdigit():
                value += more
            elif not (
                tokens[j].word == "and" and j + 1 < len(tokens) and value >= 100 and tokens[j + 1].word in NUMBERS
            ):
                break
            j += 1
        if value is not None:
            yield i, j, value
        i = j


def orders_in(tokens: Sequence[Token]) -> dict[int, int]:
    """The order numbers of a text, by the place of their token."""
    found: dict[int, int] = {}
    bare: dict[int, int] = {}
    for i, token in enumerate(tokens):
        if not token.word.isdecimal() or len(token.word) > 9:
            continue
        before = tokens[i - 1].word if i else ""
        after = tokens[i + 1].word if i + 1 < len(tokens) else ""
        chained = i > 1 and i - 2 in found and before in (",", "and", "und", "&") and len(token.word) > 3
        if before in ("order", "#", "number", "no", "nr") or chained:
            found[i] = int(token.word)
        elif len(token.word) > 3 and after not in ("euro", "foreign", "%") and before not in ("euro", "foreign"):
            bare[i] = int(token.word)
    return found or bare


def amount_in(tokens: Sequence[Token]) -> tuple[Decimal | str | None, set[int]]:
    """An amount, "rest", "half", "50%" or "foreign"; and its tokens. What has a currency comes first."""
    taken = orders_in(tokens)
    best: tuple[Decimal | str | None, set[int]] = (None, set())
    clause_start = 0
    for i, j, value in numbers(tokens):
        around = {tokens[k].word for k in (i - 1, j) if 0 <= k < len(tokens)}
        clause_start = max((k + 1 for k in range(i) if tokens[k].word in ",;.!?"), default=0)
        end = next((k for k in range(j, len(tokens)) if tokens[k].word in ",;.!?"), len(tokens))
        clause = [t for k, t in enumerate(tokens[clause_start:end], clause_start) if not i <= k < j]
        plain = any(t.word in ("refund", "give", "back", "order", "which") for t in clause) or all(
            t.word in FILLER or t.word in CANONICAL.values() for t in clause
        )
        span = set(
            range(
                i - ("euro" in tokens[i - 1].word if i else 0),
                j + (j < len(tokens) and tokens[j].word in ("euro", "%")),
            )
        )
        if i in taken:
            continue
        value = -value if is_negative(tokens, i) else value
        if "%" in around:
            return f"{value}%", span
        if around & {"cent", "cents"}:
            return value / 100, span | {j}
        if "euro" in around:
            cents, ends = cents_after(tokens, j + 1)
            return value + cents, span | set(range(j, ends))
        if "foreign" in around:
            return "foreign", span
        unit = tokens[j].text.lower() in UNITS if j < len(tokens) else False
        if best[0] is None and plain and not unit and (value > 9 or tokens[i].word.isdecimal()):
            best = value, span
    return best if best[0] is not None else share_in(tokens)


def cents_after(tokens: Sequence[Token], start: int) -> tuple[Decimal, int]:
    """What "and fifty cents" adds to an amount in euro, and the token after it."""
    for i, j, value in numbers(tokens):
        if start <= i <= start + 1 and j < len(tokens) and tokens[j].word in ("cent", "cents"):
            return value / 100, j + 1
    return Decimal(0), start


def is_negative(tokens: Sequence[Token], i: int) -> bool:
    return i > 0 and tokens[i - 1].text == "-" and tokens[i - 1].end == tokens[i].start


def share_in(tokens: Sequence[Token]) -> tuple[str | None, set[int]]:
    """ "rest" or "half", with the words that follow it in its clause."""
    for i, token in enumerate(tokens):
        if token.word in ("rest", "half", "hälfte"):
            until = next((k for k in range(i, len(tokens)) if tokens[k].word in ",;"), len(tokens))
            share = "rest" if token.word == "rest" else "half"
            return share, {k for k in range(i, until) if k not in orders_in(tokens)}
    return None, set()


def reason_in(text: str, tokens: Sequence[Token], names: str) -> str:
    """Why: a clause of its own, or what follows the request in its clause."""
    used = set(orders_in(tokens)) | amount_in(tokens)[1]
    known = set(names.lower().split())
    request = used | {i for i, t in enumerate(tokens) if t.word in ("refund", "cancel", "give", "order", "back")}
    pieces: list[str] = []
    start = 0
    for end in [
        *(i for i, t in enumerate(tokens) if t.word in list(",;!?\n") or t.text in ".–—" or i in request),
        len(tokens),
    ]:
        piece = tokens[start:end]
        bounded = end == len(tokens) or tokens[end].text in ",;!?.–—"
        start = end + 1
        telling = [
            t
            for t in piece
            if t.word not in FILLER
            and t.word not in known
            and t.word not in ("him", "which", "not", "euro")
            and t.text not in "()-:&#"
        ]
        if telling and bounded:
            said = text[piece[0].start : piece[-1].end].strip(" -:")
            said = WHY.sub("", re.split(r"\b(?:because|weil)\s+", said, maxsplit=1)[-1]).strip()
            if not re.match(r"(?:on|to|of|from|the customer)\s+\S+(?:\s+\S+)?$", said, re.IGNORECASE) and not (
                len(telling) == 1 and telling[0].word in CANONICAL.values()
            ):
                pieces.append(
                    re.sub(r"(?:[\s,]*\b(?:please|thanks|thank you|bitte)\b)+$", "", said, flags=re.IGNORECASE)
                )
    return ", ".join(filter(None, pieces))


class Desk:
    """What the transcript says: orders that are known, those looked up in this turn, and what is talked about."""

    def __init__(self, messages: Sequence[Message]) -> None:
        self.index = last_user(messages)
        self.before = messages[: self.index]
        self.past = made_calls(self.before)
        self.asked_before = text_of(self.before[last_user(self.before)]) if last_user(self.before) >= 0 else ""
        self.tried = {}
        self.known: dict[int, Order] = {}
        for made in (*self.past, *(turn := made_calls(messages[self.index :]))):
            number = made.arguments.get("order_id")
            order = read_order(made.result) if made.name == FIND else None
            if order:
                self.known[order.order] = order
            elif isinstance(number, int):
                self.known.pop(number, None)
        self.tried = {made.arguments.get("order_id"): made for made in turn if made.name == FIND}
        self.fresh = [self.known[number] for number in self.tried if number in self.known]

    def named(self, tokens: Sequence[Token]) -> list[int]:
        """Orders whose customer or item a text names."""
        said = {token.text.lower().replace("’", "'").removesuffix("'s") for token in tokens}
        addressed = [o.order for o in self.known.values() if said & {o.email.lower(), *o.customer.lower().split()}]
        return addressed or [
            o.order for o in self.known.values() if said & set(re.findall(r"[a-z]{4,}", o.item.lower()))
        ]

    def focus(self) -> list[int]:
        """The orders that were talked about last."""
        for message in reversed(self.before):
            if message["role"] == "user":
                tokens = read(text_of(message))
                if found := list(orders_in(tokens).values()) or self.named(tokens):
                    return found
            made = [
                c["function"]["arguments"] for c in message.get("tool_calls") or [] if c["function"]["name"] != EMAIL
            ]
            if len(made) == 1 and (match := re.search(r'"order_id":\s*(\d+)', made[0])):
                return [int(match[1])]
        return []


def read_order(result: str) -> Order | None:
    try:
        data = json.loads(result)
        paid, refunded = (Decimal(str(data[key]).removesuffix(" euro")) for key in ("paid", "refunded"))
        customer, email, item, status = (str(data[key]) for key in ("customer", "email", "item", "status"))
        return Order(int(data["order"]), customer, email, item, paid, refunded, status)
    except (ValueError, KeyError, TypeError, ArithmeticError, RecursionError):
        return None


def answer(messages: Sequence[Message]) -> Reply | None:
    """The look-ups that are due, then the calls that are asked for or an answer; None for what is not understood."""
    desk = Desk(messages)
    text = text_of(messages[desk.index])
    asked = text_of(messages[desk.index - 1]) if desk.index else ""
    if UNDO.fullmatch(text):
        if reply := undo(desk, text, asked):
            return reply
        text = "cancel it"
    elif (
        desk.index >= 2
        and (ASK_AMOUNT in asked or ASK_BODY in asked)
        and not verbs(read(text))
        and not QUESTION.match(text)
    ):
        text = f"{desk.asked_before}{' saying' if ASK_BODY in asked else ','} {text}"
    tokens = read(text)
    if is_list(text, tokens):
        return listed(desk, tokens)
    if (last := last_refund(desk)) and CHANGE.search(text) and not orders_in(tokens) and not verbs(tokens):
        return changed(last, amount_in(tokens)[0])
    lookups: list[int] = []
    calls: list[Call] = []
    told: list[str] = []
    for part in parts(text, tokens):
        wanted = handle(desk, text, tokens, *part)
        lookups += [n for n in wanted if isinstance(n, int) and n not in lookups]
        calls += [c for c in wanted if isinstance(c, Call) and c not in calls]
        told += [t for t in wanted if isinstance(t, str) and t not in told]
    if lookups:
        return Reply(None, tuple(Call(FIND, {"order_id": number}) for number in lookups))
    if calls:
        involved = {call.arguments.get("order_id") for call in calls if isinstance(call.arguments, dict)}
        about = [o.told() for o in desk.fresh if o.order in involved or any(o.email in str(c.arguments) for c in calls)]
        return Reply("\n".join([*about, *told]) or None, tuple(calls))
    return Reply("\n".join(told)) if told else None


def verbs(tokens: Sequence[Token]) -> list[int]:
    return [i for i, t in enumerate(tokens) if t.word in ("refund", "cancel", "email", "give", "tell", "look")]


def parts(text: str, tokens: Sequence[Token]) -> list[tuple[str, list[Token]]]:
    """The text cut where a verb begins a request of its own, each part with its kind."""
    cuts = [i for i in verbs(tokens) if START.search(text[: tokens[i].start])]
    for i in cuts:
        if tokens[i].word in ("email", "tell") or any(t.word == "email" for t in tokens[i : i + 5]):
            cuts = [cut for cut in cuts if cut <= i]
            break
    edges = [0, *cuts[1:], len(tokens)]
    found: list[tuple[str, list[Token]]] = []
    for start, end in pairwise(edges):
        part = list(tokens[start:end])
        verb = next((k for k in cuts if start <= k < end), start)
        refused = any(t.word == "not" or t.text.lower() == "without" for t in tokens[max(0, verb - 2) : verb + 1])
        kind = kind_of(text[part[0].start :] if part else "", part)
        early = [t.word for t in part[: next((k for k, t in enumerate(part) if t.text in ",;"), len(part))]]
        refused = refused or (
            kind in ("refund", "cancel")
            and bool(re.search(r"\bnicht\b|\bno refund", " ".join(t.text.lower() for t in part[: len(early)])))
        )
        found.append(("refused" if refused and kind != "look" else kind, part))
    return found


def kind_of(text: str, part: Sequence[Token]) -> str:
    words = [token.word for token in part]
    said = {token.text.lower() for token in part}
    if QUESTION.match(text):
        return "look"
    if re.fullmatch(r"(?:and |what about )?(?:the|his|her|their) e-?mail(?: address)?\??", text.strip(), re.IGNORECASE):
        return "look"
    to_me = bool(said & {"me", "us", "mir", "uns"}) and not said & {"refund", "for"}
    if not to_me and ("email" in words or ("tell" in words and len(words) > 1)):
        return "email"
    if (
        "refund" in words
        or "money back" in text.lower()
        or (("give" in words or "back" in words) and amount_in(part)[0] is not None and "look" not in words)
    ):
        return "refund"
    return "cancel" if "cancel" in words else "look"


def handle(desk: Desk, text: str, tokens: list[Token], kind: str, part: list[Token]) -> Sequence[int | Call | str]:
    """What one part of a text asks for: numbers are orders to look up, calls are to be made, texts to be said."""
    if kind == "refused":
        return ["All right, I leave that; nothing was done."]
    written = text[part[0].start :] if part else text
    if kind == "email" and (to := ADDRESS.search(written)):
        return [compose(written, part, to[0], None)]
    orders = list(orders_in(part).values())
    if not orders and (kind != "look" or verbs(part)):
        orders = list(orders_in(tokens).values())
    orders = list(dict.fromkeys(orders or desk.named(part)))
    if not orders:
        orders, instead = unnumbered(desk, kind, part)
        if not orders:
            return instead
    if problem := ambiguous(kind, orders, tokens, part):
        return [problem]
    afresh = amount_in(part)[0] in ("rest", "half") or (kind == "look" and bool(orders_in(part)))
    needs = [n for n in orders if n not in desk.tried and (afresh or n not in desk.known)]
    known = [(number, desk.known.get(number)) for number in orders]
    return needs or [act(kind, o, written, part) if o else missing_order(desk.tried[n]) for n, o in known]


def unnumbered(desk: Desk, kind: str, part: Sequence[Token]) -> tuple[list[int], Sequence[int | str]]:
    """The orders that are meant where none is named; or what there is to look up for a name, or to say, instead."""
    clause = opening(part)
    unknown = strangers(clause)
    first = next((i for i, t in enumerate(clause) if t.text in unknown[:1]), len(clause))
    spoken = any(t.word == "him" for t in clause[:first])
    asks = spoken or any(t.word == "look" or t.word in ABOUT for t in part)
    if unknown and not spoken and (kind != "look" or asks):
        missing = [n for n in ORDERS if n not in desk.known and n not in desk.tried]
        return [], missing or [f"I found no customer and no item called “{unknown[0]}”. Which order do you mean?"]
    if kind == "look" and not asks:
        return [], []
    return desk.focus(), ["Which order do you mean? Tell me its number, for example 1042."]


def ambiguous(kind: str, orders: Sequence[int], tokens: Sequence[Token], part: Sequence[Token]) -> str | None:
    """A question where money could go to the wrong order."""
    if kind in ("refund", "cancel") and len(orders) > 1 and not orders_in(tokens):
        return f"Which order do you mean, {' or '.join(map(str, orders))}?"
    if kind == "refund" and len(orders) > 1 and sum(t.word == "euro" for t in part) > 1:
        return "One at a time, please: write for example “refund order 1042 20 euro and refund order 1044 30 euro”."
    return None


def opening(part: Sequence[Token]) -> Sequence[Token]:
    """The first clause: what a request is about stands before its reason, and before what a letter says."""
    ends = ("because", "since", "saying", "weil", "dass", *",;:")
    asks = any(t.word in ("email", "tell") for t in part)
    place = (i for i, t in enumerate(part) if i and (t.text.lower() in ends or (asks and t.text.lower() == "that")))
    return part[: next(place, len(part))]


def strangers(clause: Sequence[Token]) -> list[str]:
    """Words of a clause that may be a name: those without a meaning here."""
    plain = (t for t in clause if t.text[0].isalpha() and spelled(t.word) is None)
    return [
        t.text
        for t in plain
        if t.word not in FILLER
        and t.word not in CANONICAL.values()
        and t.word not in ("half", "buy", "order", "once", "item", "hundred")
    ]


def missing_order(made: Made) -> str:
    said = outcome(made, deed(made) or "").text
    return f"There is no order {made.arguments.get('order_id')}." if "no order" in said else said


def act(kind: str, order: Order, written: str, part: list[Token]) -> Call | str:
    """What is asked for about an order that was looked up."""
    if kind == "look":
        asked = {token.word for token in part}
        return order.fact(asked | {"item"} if "what" in written.lower() else asked)
    if kind == "email":
        return compose(written, part, order.email, order)
    start, end = (part[0].start, part[-1].end) if part else (0, 0)
    offset = [token._replace(start=token.start - start, end=token.end - start) for token in part]
    reason = reason_in(written[: end - start], offset, f"{order.customer} {order.item}")
    extra = {"reason": reason} if reason else {}
    if kind == "cancel":
        return Call(CANCEL, {"order_id": order.order, **extra})
    amount = amount_in(part)[0]
    left = order.paid - order.refunded
    if amount == "foreign":
        return f"The shop pays in euro. {ASK_AMOUNT} on order {order.order}, in euro?"
    if amount is None:
        return (
            f"{ASK_AMOUNT} on order {order.order}? {left} of the {order.paid} euro that {order.customer} paid is left."
        )
    if isinstance(amount, str):
        share = {"rest": Decimal(100), "half": Decimal(50)}.get(amount) or Decimal(amount.rstrip("%"))
        amount = left if amount == "rest" else (order.paid * share / 100).quantize(Decimal("0.01"))
        if not left:
            return f"Nothing is left to refund on order {order.order}: all {order.paid} euro went back already."
    if amount <= 0:
        return f"A refund has to be more than nothing. {ASK_AMOUNT} on order {order.order}?"
    return Call(REFUND, {"order_id": order.order, "amount": plain(amount), **extra})


def plain(amount: Decimal) -> int | float:
    return int(amount) if amount == int(amount) else float(amount)


def compose(written: str, part: Sequence[Token], to: str, order: Order | None) -> Call | str:
    """An email in the words of the person: as quoted, or what they want said, put as said to the customer."""
    quoted = ["".join(filter(None, groups)) for groups in QUOTED.findall(written)]
    if len(quoted) > 1:
        return Call(EMAIL, {"to": to, "subject": quoted[0], "body": quoted[1]})
    match = CONTENT.search(written)
    content = quoted[0] if quoted else match[1] if match else after_name(written, part, order)
    if not content and (topic := re.search(r"\babout\s+(.+)", written, re.IGNORECASE | re.DOTALL)):
        content = f"this is about {topic[1]}"
    if not content.strip():
        return f"{ASK_BODY} {order.customer if order else to}?"
    said = content if quoted else addressed(content.strip())
    subject = (
        "Your refund"
        if "refund" in said.lower()
        else f"Your order {order.order}"
        if order
        else "A message from the support desk"
    )
    body = f"Hello{' ' + order.customer.split()[0] if order else ''},\n\n{said}\n\nKind regards\nYour support desk"
    return Call(EMAIL, {"to": to, "subject": subject, "body": body})


def after_name(written: str, part: Sequence[Token], order: Order | None) -> str:
    """What follows the name in "tell jonas his refund is on the way"."""
    if not any(token.word == "tell" for token in part):
        return ""
    names = "|".join(
        [*map(re.escape, order.customer.lower().split()), "him", "her", "them", "customer"] if order else ["him"]
    )
    match = re.search(rf"\b(?:{names})\b(?:\s+know)?\s+(.+)", written, re.IGNORECASE | re.DOTALL)
    return match[1] if match else ""


def addressed(content: str) -> str:
    """What is said of a customer, as said to them."""
    content = re.sub(r"^that\s+", "", content, flags=re.IGNORECASE)
    for pattern, you in (
        (r"\b(?:he|she|they)(?: i|')s\b", "you are"),
        (r"\b(?:he|she|they) (?:was|were)\b", "you were"),
        (r"\b(?:he|she|they) has\b", "you have"),
        (r"\b(?:he|she) (\w+[^s])s\b", r"you \1"),
        (r"\b(?:his|their|the customer's)\b|\bher(?=\s+\w)(?!\s+(?:and|to|that|for|back|about|again)\b)", "your"),
        (r"\b(?:he|she|they|him|them|her)\b", "you"),
    ):
        content = re.sub(pattern, you, content, flags=re.IGNORECASE)
    content = content[:1].upper() + content[1:]
    return content if content.endswith((".", "!", "?")) else content + "."


def is_list(text: str, tokens: Sequence[Token]) -> bool:
    words = {token.word for token in tokens}
    plural = bool(re.search(r"\b(?:orders|bestellungen)\b", text, re.IGNORECASE))
    state = bool(words & {"shipped", "delivered", "cancelled", "open", "refunded"})
    every = words & {"rest", "which"}
    return (
        not orders_in(tokens)
        and words.isdisjoint({"refund", "cancel", "email", "give"})
        and (plural or (bool(every) and bool(state or "order" in words) and "him" not in words))
    )


def listed(desk: Desk, tokens: Sequence[Token]) -> Reply:
    """The shop's orders, or those of them that are as asked for."""
    if missing := [number for number in ORDERS if number not in desk.tried]:
        return Reply(None, tuple(Call(FIND, {"order_id": number}) for number in missing))
    words = [token.word for token in tokens]
    state = next((word for word in words if word in SHIPPED or word == "refunded"), None)
    no = "not" in words
    found = [
        o
        for o in desk.fresh
        if state is None or no != ((o.refunded > 0) if state == "refunded" else o.status in SHIPPED[state])
    ]
    if state in ("shipped", "delivered") and no:
        found = [o for o in found if o.status != "cancelled"]
    name = f"{'not ' if no else ''}{state} orders" if state else "orders"
    if not found:
        return Reply(f"There are no {name}." if desk.fresh else "I could not look the orders up.")
    lines = [
        f"• {o.order}: {o.customer}, {o.thing}, {o.paid} euro, {o.status.replace('paid', 'paid, not shipped yet')}"
        for o in found
    ]
    verb = (
        f"{'have not been' if no else 'are' if state == 'open' else 'have been'} {state}{' yet' if no else ''}"
        if state
        else "are there"
    )
    return Reply(
        "\n".join(
            [
                f"{len(found)} of {len(desk.fresh)} orders {verb}:" if state else f"There are {len(found)} orders:",
                *lines,
            ]
        )
    )


def last_refund(desk: Desk) -> Made | None:
    acted = [made for made in desk.past if made.name != FIND]
    return acted[-1] if acted and acted[-1].name == REFUND else None


def changed(last: Made, amount: Decimal | str | None) -> Reply:
    """A refund that should have been another one: what was not paid is asked for anew, what was paid can only grow."""
    result = outcome(last, deed(last) or "")
    number, reason = last.arguments.get("order_id"), last.arguments.get("reason")
    if not isinstance(amount, Decimal) or amount <= 0:
        return Reply(f"What amount should it be? Say for example “refund order {number}, 30 euro”.")
    extra = {"reason": reason} if reason else {}
    call = {"order_id": number, "amount": plain(amount), **extra}
    if result.happened is None:
        return Reply(result.text)
    if not result.happened:
        return (
            Reply(f"I ask for {amount:.2f} euro instead.", (Call(REFUND, call),))
            if isinstance(number, int)
            else Reply(result.text)
        )
    paid = Decimal(str(result.arguments.get("amount", 0)))
    if amount <= paid:
        return Reply(
            f"{paid:.2f} euro has gone back on order {number} already, so it cannot become {amount:.2f} any more."
        )
    return Reply(
        f"{paid:.2f} euro has already gone back, so another {amount - paid:.2f} makes it {amount:.2f}.",
        (Call(REFUND, call | {"amount": plain(amount - paid)}),),
    )


def undo(desk: Desk, text: str, asked: str) -> Reply | None:
    """What "cancel that" can still mean; None: the order that was looked at last."""
    if ASK_AMOUNT in asked or ASK_BODY in asked or not desk.past:
        return Reply("All right, I leave it. Nothing was done.")
    last = desk.past[-1]
    if last.name == FIND:
        cancels = re.search("cancel|storniere", text, re.IGNORECASE) and not re.search(
            "refund|mail", text, re.IGNORECASE
        )
        return None if cancels else Reply("All right, I leave it. Nothing was done.")
    result = outcome(last, deed(last) or "")
    if result.happened:
        ran = deed(Made(last.name, result.arguments, "")) or f"“{last.name}”"
        return Reply(f"Too late: {ran} has gone through, and I cannot take it back.")
    return Reply(f"Nothing is open any more. {result.text}")
