"""Pairing the values of a text with the parameters they are meant for, best pair first."""

from bot.demo.model.filling import Filling, convert
from bot.demo.model.kinds import form_of, is_identifier, is_money, is_percent, is_quantity, is_textual
from bot.demo.model.schema import Parameter
from bot.demo.model.texts import Span, Text
from bot.demo.model.values import Found
from bot.demo.model.words import GENERIC, STOP, Word

NAMED_BEFORE = 6
NAMED_AFTER = 5
RIGHT_UNIT = 5
RIGHT_FORM = 4
MARKED = 4
DESCRIBED = 3
BARE = 1
SURE = 3
"""The least score for a value from another stretch of the text than the parameter's own."""

GAP = 12
"""The most characters between a value and the word that names it ("the number is 7")."""


def fill_scalars(filling: Filling, least: int = BARE) -> None:
    """Give numbers, codes, addresses and dates to the parameters they fit, the best pair first."""
    pairs = [
        (score, parameter, found)
        for parameter in filling.open()
        for found in filling.free()
        if (score := fit(parameter, found, filling)) >= least
    ]
    pairs.sort(key=lambda pair: (-pair[0], not pair[1].required, pair[2].start))
    for _score, parameter, found in pairs:
        if parameter.name not in filling.values and not filling.is_taken(found.start, found.end):
            filling.put(parameter, convert(parameter, found.text), found.start, found.end)


def fill_left_over(filling: Filling) -> None:
    """Bare numbers go to the required numbers that are left, in their sequence, when there are as many of both."""
    numeric = [
        parameter for parameter in filling.open() if parameter.required and parameter.kind in {"integer", "number"}
    ]
    found = [
        value
        for value in filling.free()
        if value.kind in {"number", "hash"} and (filling.lenient or is_bare(value, filling))
    ]
    if len(numeric) == len(found):
        for parameter, value in zip(numeric, found, strict=True):
            number = convert(parameter, value.text)
            if number is not None:
                filling.put(parameter, number, value.start, value.end)


def fit(parameter: Parameter, found: Found, filling: Filling) -> int:
    """How well a value fits a parameter; 0 when it does not."""
    value = convert(parameter, found.text)
    if parameter.options or value is None or not parameter.allows(value) or found.kind == "quoted":
        return 0
    form = form_of(parameter) if parameter.kind == "string" else ""
    if form:
        return RIGHT_FORM + nearness(parameter, found, filling.text) if found.kind == form else 0
    if is_textual(parameter) or not (found.is_numeric or found.kind == "code"):
        return 0
    near = nearness(parameter, found, filling.text)
    if parameter.kind == "string" and not is_identifier(parameter):
        return near if near >= NAMED_BEFORE else 0
    unit = unit_fit(parameter, found)
    if unit < 0 and near < NAMED_BEFORE:
        return 0
    bare = (
        BARE if is_identifier(parameter) and found.kind in {"number", "hash", "code"} and is_bare(found, filling) else 0
    )
    return max(near + max(unit, 0), bare)


def unit_fit(parameter: Parameter, found: Found) -> int:
    """What the value's unit or mark says: for this parameter, against it (-1), or nothing (0)."""
    rules = {"money": is_money, "percent": is_percent, "count": is_quantity}
    if found.kind in rules:
        return RIGHT_UNIT if rules[found.kind](parameter) else -1
    if found.kind == "hash":
        return MARKED if is_identifier(parameter) else -1
    return 0


def nearness(parameter: Parameter, found: Found, text: Text) -> int:
    """Whether the words beside a value name the parameter: "room 7", "amount is 7", "7 copies"."""
    before, after = word_before(found, text), word_after(found, text)
    if before and before.stem in parameter.nouns:
        return NAMED_BEFORE
    if after and after.stem in parameter.nouns and found.kind in {"number", "count"}:
        return NAMED_AFTER
    return DESCRIBED if before and before.stem in parameter.described - STOP else 0


def word_before(found: Found, text: Text) -> Word | None:
    """The last telling word before a value, with nothing but small words between."""
    previous = [word for word in text.words if word.end <= found.start]
    barrier = max((other.end for other in text.values if other.end <= found.start), default=0)
    for word in reversed(previous):
        between = text.raw[word.end : found.start]
        if word.start < barrier or len(between) > GAP or any(mark in between for mark in ",;\n"):
            return None
        if word.stem not in STOP | GENERIC:
            return word
    return None


def word_after(found: Found, text: Text) -> Word | None:
    """The word right after a value."""
    word = next((word for word in text.words if word.start >= found.end), None)
    return word if word and not text.raw[found.end : word.start].strip() else None


def is_bare(found: Found, filling: Filling) -> bool:
    """Whether a value stands by itself: what follows is not the thing it counts ("2 days")."""
    word = word_after(found, filling.text)
    if word is None or word.stem in STOP or not filling.span.holds(word.start, word.end):
        return True
    names = {noun for parameter in filling.tool.parameters for noun in parameter.nouns}
    return word.stem in names


def spans_of(filling: Filling, parameters: set[str]) -> list[Span]:
    """Where the values of some parameters were found."""
    return [span for span, name in filling.taken.items() if name in parameters]
