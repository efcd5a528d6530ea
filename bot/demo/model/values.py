"""The values that stand in a text: numbers with their units, addresses, dates, codes, quoted passages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

MONEY_UNIT = r"€|\$|£|¥|euros?\b|eur\b|usd\b|gbp\b|chf\b|dollars?\b|pounds?\b|francs?\b|cents?\b"
NUMBER = r"-?\d+(?:[.,]\d+)*"
BORDER = r"(?<![\w.,/-])"

PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("quoted", re.compile(r"\"(?P<value>[^\"]+)\"|[“„](?P<value2>[^“”„]+)[”“]|«(?P<value3>[^«»]+)»")),
    ("quoted", re.compile(r"(?<!\w)['‘](?P<value>[^'‘’\n]+(?:['’]\w[^'‘’\n]*)*)['’](?!\w)")),
    ("url", re.compile(r"https?://[^\s<>|\"”]*[^\s<>|\"”.,;:!?)]")),
    ("email", re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")),
    ("datetime", re.compile(r"\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?")),
    ("date", re.compile(r"\b\d{4}-\d{2}-\d{2}\b")),
    ("time", re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")),
    ("money", re.compile(rf"{BORDER}(?:[€$£¥]\s?)(?P<value>{NUMBER})(?!\w)", re.IGNORECASE)),
    ("money", re.compile(rf"{BORDER}(?P<value>{NUMBER})\s?(?:{MONEY_UNIT})(?!\w)", re.IGNORECASE)),
    ("percent", re.compile(rf"{BORDER}(?P<value>{NUMBER})\s?(?:%|percent\b|per cent\b)", re.IGNORECASE)),
    ("count", re.compile(rf"{BORDER}(?P<value>\d+)\s?[x×](?!\w)|(?<!\w)[x×]\s?(?P<value2>\d+)(?!\w)", re.IGNORECASE)),
    ("hash", re.compile(r"#(?P<value>\d+)(?![\w-])")),
    ("code", re.compile(r"(?<![\w-])#?(?P<value>(?=[\w-]*\d)(?=\d*[^\W\d]|\d+[-_])\w+(?:-\w+)*)(?![\w-])")),
    ("number", re.compile(rf"{BORDER}(?P<value>{NUMBER})(?!\w)")),
)
NOT_A_CODE = re.compile(r"\d+(?:st|nd|rd|th)|\d+-[a-z]+|\d{4}-\d{2}-\d{2}T\S*")
NUMERIC = frozenset({"number", "money", "percent", "count", "hash"})


@dataclass(frozen=True)
class Found:
    """A value in a text: `text` stands there verbatim; `start` and `end` enclose its quotes, sign or unit as well."""

    kind: str
    text: str
    start: int
    end: int

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC


def values_in(text: str) -> list[Found]:
    """The values of a text from left to right; what an earlier pattern took, a later one leaves."""
    taken: list[Found] = []
    for kind, pattern in PATTERNS:
        for found in matches(kind, pattern, text):
            if not any(found.start < other.end and other.start < found.end for other in taken):
                taken.append(found)
    return sorted(taken, key=lambda found: found.start)


def matches(kind: str, pattern: re.Pattern[str], text: str) -> Iterator[Found]:
    """The values one pattern finds."""
    for match in pattern.finditer(text):
        value = next((part for part in match.groups() if part is not None), match[0])
        if value.strip() and not (kind == "code" and NOT_A_CODE.fullmatch(value)):
            yield Found(kind, value, match.start(), match.end())


def to_number(text: str) -> int | float | None:
    """A numeral as a JSON number, read by either custom: 12.50 and 12,50; 1,200.50 and 1.200,50.

    A comma before exactly three digits groups thousands. None: not a number, or one that a float does not hold exactly.
    """
    plain = plain_numeral(text)
    if plain is None:
        return None
    exact = Decimal(plain)
    if "." not in plain:
        return int(exact)
    return float(exact) if Decimal(repr(float(exact))) == exact else None


def plain_numeral(text: str) -> str | None:
    """A numeral with a point before its decimals and no grouping."""
    sign, digits = ("-", text[1:]) if text.startswith("-") else ("", text)
    if not re.fullmatch(r"[0-9]+(?:[.,][0-9]+)*", digits):
        return None
    if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", digits):
        return sign + digits
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?", digits):
        return sign + digits.replace(",", "")
    if re.fullmatch(r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?", digits) or re.fullmatch(r"[0-9]+,[0-9]+", digits):
        return sign + digits.replace(".", "").replace(",", ".")
    return None
