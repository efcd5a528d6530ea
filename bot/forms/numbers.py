"""An argument that is a number ↔ the input that takes one."""

import re
from decimal import Decimal

from bot.forms.fields import LEFT_OUT, FormField, NotUsable, UnsupportedField
from bot.shown.text import TEXT_LIMIT, Block

_EXPONENT_LIMIT = 400  # covers every float; a larger exponent would be written out as that many digits
_EXACT_DIGITS = 15  # a client may hold a number input in a double, which keeps this many digits

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_DECIMAL_COMMA = re.compile(
    r"[+-]?(?:[0-9]+,(?:[0-9]{1,2}|[0-9]{4,})|(?:0|[0-9]{4,}),[0-9]{3}|[0-9]{1,3}(?:[. ][0-9]{3})+,[0-9]+)"
)
_GROUPS = re.compile(
    r"[+-]?[1-9][0-9]{0,2}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,}|(?:\.[0-9]{3}){2,}|(?: [0-9]{3})+(?:\.[0-9]+)?)"
)
_AMBIGUOUS = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}")
_NAMES = {",": "comma", ".": "dot"}


def element(field: FormField, value: object) -> Block:
    """The input with the number in it. Raises UnsupportedField."""
    text = "" if value is None or value is LEFT_OUT else _text(field, value)
    if _digits(text) > _EXACT_DIGITS:
        return {"type": "plain_text_input", "multiline": False, "initial_value": text}
    made: Block = {"type": "number_input", "is_decimal_allowed": field.kind == "number"}
    if text:
        made["initial_value"] = text
    shown = _parse(text)
    for key, bound in (("min_value", field.minimum), ("max_value", field.maximum)):
        if bound is None or not _is_writable(bound) or _digits(format(bound, "f")) > _EXACT_DIGITS:
            continue
        if shown is None or (shown >= bound if key == "min_value" else shown <= bound):  # Slack refuses any other
            made[key] = format(bound, "f")
    return made


def read(field: FormField, given: str) -> object:
    """What was written, as `int` or `Decimal`: with a comma before the decimals too, where that is certain. Raises
    NotUsable.
    """
    text = given.strip().replace("\u00a0", " ").replace("\u202f", " ")
    _hold_ambiguous(field, text)
    if _DECIMAL_COMMA.fullmatch(text):
        text = re.sub("[. ]", "", text).replace(",", ".")
    elif _GROUPS.fullmatch(text):
        text = re.sub(r"\." if text.count(".") > 1 else "[, ]", "", text)
    number = _parse(text)
    if number is None:
        raise NotUsable("Write a number with digits, and a dot before decimals: 80.10")
    if field.kind == "number":
        return number
    if number != number.to_integral_value():
        raise NotUsable("Write a whole number, without decimals.")
    return int(number)


def _hold_ambiguous(field: FormField, text: str) -> None:
    """Raises NotUsable for what one person takes for a thousand and another for one. A dot is before decimals, where
    there may be some.
    """
    found = _AMBIGUOUS.fullmatch(text)
    if found is None or (field.kind == "number" and found[1] == "."):
        return
    whole, _, rest = text.partition(found[1])
    if field.kind == "integer":
        raise NotUsable(f"Write {whole}{rest}, if that is what you mean, without a {_NAMES[found[1]]}.")
    raise NotUsable(f"Write {whole}{rest} or {whole}.{rest}: a comma can mean both.")


def is_plain(text: str) -> bool:
    """Whether an input that takes nothing but numbers can hold it."""
    return _parse(text) is not None


def _text(field: FormField, value: object) -> str:
    number = value if isinstance(value, Decimal) else None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        number = _parse(str(value))  # by way of text: a float's shortest text is the number that was meant
    whole = field.kind == "integer"
    if number is not None and number.is_zero() and number.is_signed():
        raise UnsupportedField("it is less than nothing by a sign only")  # -0.0, whose sign no number input keeps
    if number is None or not _is_writable(number) or (whole and number != number.to_integral_value()):
        raise UnsupportedField("it does not hold a number that a form can show")
    text = str(int(number)) if whole else format(number, "f")
    if len(text) > TEXT_LIMIT:
        raise UnsupportedField(f"it has {len(text):,} digits, and a form holds {TEXT_LIMIT:,}")
    return text


def _parse(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _is_writable(number: Decimal) -> bool:
    return number.is_finite() and abs(number.adjusted()) <= _EXPONENT_LIMIT


def _digits(text: str) -> int:
    return sum(character.isdigit() for character in text)
