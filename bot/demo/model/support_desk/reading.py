"""What a mended sentence asks for: its requests, and the orders, amount and reason of each."""

import re
from decimal import Decimal

from bot.demo.model.filling import QUOTED
from bot.demo.model.support_desk.words import FILLER, NOT

NUMBER = r"\d{1,9}(?:[.,]\d{1,9})*"
ORDER = re.compile(
    r"(?:\border(?:s|\s+(?:number|n[or]\.?))?\s*#?|#)\s*(\d{1,9})\b(?!\s*(?:euro|%)|[.,]\d)"
    r"((?:(?:\s*,|\s+and)\s+\d{4}\b(?!\s*euro))*)"
)
BARE_ORDER = re.compile(r"(?<![\w.,$£-])()(\d{4,9})\b(?!\s*(?:euro|%|dollar|pound)|[.,]\d)")
UNIT = r"(?!\s*(?:days?|weeks?|hours?|months?|minutes?|times|pieces|items|x|tage|wochen|mal)\b)"
AMOUNTS = (
    (
        "euro",
        rf"(-?{NUMBER})\s*euro(?:(?:\s+and)?\s+({NUMBER})\s*cents?|\s+(\d\d)(?=\s+(?:for|on)\b|\W*$))?|euro\s*(-?{NUMBER})",
    ),
    ("cents", rf"({NUMBER})\s*cents?\b"),
    ("foreign", rf"[$£]\s*{NUMBER}|{NUMBER}\s*(?:[$£]|dollars?|bucks|usd|pounds?|gbp|francs|chf|yen)"),
    ("%", rf"({NUMBER})\s*(?:%|percent|prozent)"),
    ("half", r"\bhalf\b"),
    (
        "rest",
        r"\b(?:everything|all|rest|remaining|full|fully|whole|total|what(?:ever)? is(?= left))\b"
        r"(?: amount)?(?: (?:that(?:'s| is) )?left)?",
    ),
    ("bare", rf"(?<![\w.,])(-?{NUMBER})(?![\w.,]*\w){UNIT}"),
)
ACTION = r"(?:refund|cancel|give|pay|send|return|email|tell|let|show|find)"
POLITE = r"(?:(?:please|just|only|then|also|i|want|to|know) )*"
QUESTION = r"(?:who|what|which|where|when|why|how(?! about)|did|does|was|is|are|has|have)"
NEXT = re.compile(
    rf"(?:\s*(?:[,;.!:?–—]|\s-(?=\s)|\band\b|\bthen\b|\bbut\b))+\s+"
    rf"(?={POLITE}(?:{ACTION}|(?:do )?{NOT}|no refund|who|how much|what (?:did|s?he|they))\b)"
)
REFUSED = rf"\bno (?:refund|email)|\b{NOT}(?: (?:want|to|yet|please|me|you|need|give|make|any|a|the))* {ACTION}\b"
BACK = r"\b(?:give|pay|send|return|get|money)\b.*(?:\d|\bback\b)|\d.*\bback\b"
KINDS = (
    ("refused", rf"{REFUSED}|\b{ACTION}\b[^,;]*\b{NOT}\W*$"),
    (
        "look",
        rf"^\W*(?:(?:and|ok|so) )*{QUESTION}\b|^(?:and )?(?:the|his|her) (?:email(?: address)?|status)\W*$|\bto know\b"
        r"|\b(?:tell|show|give) (?:me|us)\b(?!.*\bback)",
    ),
    ("email", r"\bemail\b|\b(?:tell|let)\b(?!')"),
    ("refund", rf"\b(?:refund|be refunded)\b|{BACK}|\banother\b.*\d|\d(?: euro)? more\b"),
    ("cancel", r"\b(?:cancel|be cancelled)\b"),
)
CHANGE = re.compile(
    r"\b(?:instead|(?:make|change) (?:it|that|the amount)|meant|rather|only|should (?:be|have been)|no[,:])"
)
UNDO = re.compile(
    r"(?:\W|no|oh|ok|please|actually|wait|sorry|just)*"
    r"(?:cancel|stop|undo|forget|never ?mind|scratch|take|drop|leave|withdraw|abort|revert"
    r"|(?:do not|don'?t)(?: do)?|do nothing)"
    r"(?:\W|that|it|this|the refund|about|back|please|do|das|es|anything)*"
)
WHY = re.compile(r"^(?:(?:please|because|since|as|for|due to|reason)\b\W*)+|[\s,]*\b(?:please|thanks)\W*$")
QUOTED_WHY = re.compile(
    rf"(?:[,;:–—-]|\b(?:reason|because|since|as|due to|weil|grund)\b)[\s:=]*(?:{QUOTED.pattern})", re.IGNORECASE
)
NO_CONTENT = r"(?:about|of|from|who|with|for|in|at|on|to|please|an?)\b"
CONTENT = re.compile(r"(?:\b(?:saying(?: that)?|that|says|dass)\b|:)\s+(.+)", re.IGNORECASE | re.DOTALL)
TO_THEM = (
    (r"\b(?:he|she|they)(?: i|')s\b", "you are"),
    (r"\b(?:he|she|they) (?:was|were)\b", "you were"),
    (r"\b(?:he|she|they) has\b", "you have"),
    (r"\b(?:he|she) (\w+[^s])s\b", r"you \1"),
    (r"\b(?:seine|ihre)\b", "Ihre"),
    (r"\b(?:his|their|the customer's)\b|\bher(?=\s+\w)(?!\s+(?:and|to|that|for|back)\b)", "your"),
    (r"\b(?:he|she|they|him|them|her)\b", "you"),
)


def kind_of(part: str) -> str:
    return next((kind for kind, pattern in KINDS if re.search(pattern, part)), "")


def parts(text: str) -> list[str]:
    """The requests of a text; an email goes on to the end, what asks for nothing belongs to what comes next."""
    found: list[str] = []
    for part in NEXT.split(text):
        if found and (kind_of(found[-1]) == "email" or not kind_of(found[-1])):
            found[-1] += f", {part}"
        else:
            found.append(part)
    return found


def orders_in(text: str) -> list[int]:
    """The order numbers of a text: those with the word, or else numbers that are long enough."""
    found = [number for match in ORDER.finditer(text) for number in (match[1], *re.findall(r"\d+", match[2]))]
    return list(dict.fromkeys(int(number) for number in found or [match[2] for match in BARE_ORDER.finditer(text)]))


def without_orders(text: str) -> str:
    """The text with a bar for each order."""
    return (ORDER if ORDER.search(text) else BARE_ORDER).sub(" | ", text)


def amount_in(text: str) -> tuple[Decimal | str | None, str]:
    """An amount, a share ("50%", "rest") or "foreign"; and the text with a bar for it and for each order."""
    text = without_orders(text)
    for kind, pattern in AMOUNTS:
        if match := re.search(pattern, text):
            values = [number(group) for group in match.groups() if group]
            amount = values[0] + sum(cents / 100 for cents in values[1:]) if values else Decimal(50)
            kinds = {"cents": amount / 100, "foreign": kind, "%": f"{amount}%", "half": "50%", "rest": kind}
            return kinds.get(kind, amount), f"{text[: match.start()]} | {text[match.end() :]}"
    return None, text


def number(said: str) -> Decimal:
    whole, _, part = said.replace(",", ".").rpartition(".")
    sign = "-" if said[0] == "-" else ""
    digits = re.sub(r"\D", "", whole)
    return Decimal(f"{sign}{digits}.{part}") if whole and len(part) < 3 else Decimal(sign + re.sub(r"\D", "", said))


def unusual(text: str, usual: str = "") -> list[str]:
    """The words of a text that are no words of a request."""
    return [word for word in re.findall(r"[^\W_][\w'-]*", text) if word not in FILLER and word not in usual.split()]


def names_in(part: str) -> list[str]:
    """What may be the name of a customer or of an item, before the request goes on with "him" or with a reason."""
    opening = re.split(r"[,;:]|\b(?:because|that|saying|him|her|it|he|she|them|his|this)\b", part)[0]
    return [word for word in unusual(opening) if not word[0].isdigit()]


def reason_in(rest: str, usual: str) -> str:
    """Why: the clauses that say more than the request does, from where they do."""
    head, _, why = rest.partition(" because ")
    clauses = re.split(r"[|,;:!?\n]+|\.(?=\s|$)|\s[-–—]\s", head)
    after = [WHY.sub("", re.sub(r"^.*\b(?:refund|cancel)\b", "", clause).strip()) for clause in clauses]
    telling = [clause for clause in after if unusual(clause, usual.lower())]
    return ", ".join(filter(None, (*telling, WHY.sub("", why.strip(" .|")))))


def quoted_reason(said: str) -> str:
    """Why, in quotation marks."""
    found = QUOTED_WHY.search(said)
    return next(filter(None, found.groups()), "").strip() if found else ""


def content_in(said: str, customer: str) -> str:
    """What a customer shall be told: as quoted, or what somebody says of them put as said to them."""
    if quoted := QUOTED.search(said):
        return "".join(filter(None, quoted.groups()))
    names = "|".join([*map(re.escape, customer.split()), "him", "her", "them", "customer"])
    told = rf"\b(?:tell|let|inform|notify|e?mail)\b.*?\b(?:{names}),?\s+(?:know\s+)?(?!{NO_CONTENT})(.+)"
    match = CONTENT.search(said) or re.search(told, said, re.IGNORECASE | re.DOTALL)
    content = match[1].strip() if match else ""
    content = content.rstrip("?") if re.match(r"\W*(?:can|could|would|will)\b", said, re.IGNORECASE) else content
    for pattern, you in TO_THEM:
        content = re.sub(pattern, you, content, flags=re.IGNORECASE)
    return content and content[:1].upper() + content[1:] + ("" if content.endswith((".", "!", "?")) else ".")
