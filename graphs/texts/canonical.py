"""One way to write a value as JSON, so that equal values have equal bytes and equal digests.

Sorted keys, no blanks, UTF-8, no NaN or Infinity, sets in order. A Decimal is written so that every JSON reader gets
it back exactly: as a number where a double carries it (80, 80.0 and "80" are all `80`), else as its digits in a string.
"""

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, NewType, cast

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic_core import from_json, to_jsonable_python

Digest = NewType("Digest", str)
"""SHA-256 as 64 lower-case hex digits."""

MASK = "••••••••"

AnySecret = SecretStr | SecretBytes | Secret[Any]

MOST_BYTES = 2_000_000
"""Bytes of a JSON text that somebody else wrote: several times what a model writes in one reply."""

MOST_LEVELS = 64
"""Lists and objects inside one another in such a text: what recurses over the values needs no more stack than that."""

MOST_VALUES = 20_000
"""Values and names in such a text: each is walked by Python, several times."""

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?+', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")

_EXACT_INTEGER = 2**53  # above it a double skips integers


def digest(data: bytes) -> Digest:
    """The SHA-256 of these bytes."""
    return Digest(hashlib.sha256(data).hexdigest())


def bounded(text: bytes) -> bytes:
    """The JSON text itself, when it is neither too long nor too deep, nor has too many values, to be worked on.

    Raises ValueError, whose message says the bound and what was given. Looks at each byte once.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"expected at most {MOST_BYTES} bytes, got {len(text)}")
    if text.count(b"[") + text.count(b"{") > MOST_LEVELS or text.count(b",") + text.count(b":") > MOST_VALUES:
        _hold_structure(_STRING.sub(b"", text))
    return text


def structure(text: bytes) -> int:
    """Bytes of a JSON text without its strings: what it has of values, which take far more room once they are read."""
    return len(_STRING.sub(b"", text))


def _hold_structure(bare: bytes) -> None:
    """Refuse a JSON text, given without its strings, for its depth or number of values."""
    level = 0
    for bracket in _BRACKET.finditer(bare):
        level += 1 if bracket.group() in b"[{" else -1
        if level > MOST_LEVELS:
            raise ValueError(f"expected at most {MOST_LEVELS} lists and objects inside one another, got more")
    values = bare.count(b",") + bare.count(b":")
    if values > MOST_VALUES:
        raise ValueError(f"expected at most {MOST_VALUES} values and names, got {values}")


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text that somebody else wrote.

    Raises ValueError for what is no JSON (NaN and Infinity are none), and for what is too long, too deep or too much
    (`MOST_BYTES`, `MOST_LEVELS`, `MOST_VALUES`), never RecursionError.
    """
    return from_json(bounded(text.encode() if isinstance(text, str) else text), allow_inf_nan=False)


def canonical_json(value: object, *, mask_secrets: bool = False) -> bytes:
    """`value` as canonical JSON. Secrets are written in clear unless masked: a masked one would run as asterisks.

    Raises ValueError (NaN, Infinity, a lone surrogate, a number too long to write) or TypeError (a type without JSON).
    """
    tree = json_tree(value, mask_secrets=mask_secrets)
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def json_tree(value: object, *, mask_secrets: bool) -> Any:
    """`value` as what `json.dumps` takes: models, dataclasses, sets, enums and Decimals written out."""
    return _tree(value, _mask if mask_secrets else _reveal)


def secrets_in(value: object) -> list[str | bytes]:
    """The secrets anywhere in it, in clear."""
    found: list[str | bytes] = []

    def keep(secret: AnySecret) -> object:
        found.extend(_texts(secret.get_secret_value()))
        return MASK

    _tree(value, keep)
    return found


def plain_decimal(number: Decimal) -> int | float | str:
    """The JSON value that stands for `number` exactly. Raises ValueError when it is not finite."""
    if not number.is_finite():
        raise ValueError(f"{number} is not a finite number")
    if abs(number) < _EXACT_INTEGER and number == number.to_integral_value():
        return int(number)
    approximate = float(number)
    if math.isfinite(approximate) and Decimal(repr(approximate)) == number:
        return approximate
    sign, digits, exponent = number.as_tuple()
    kept = "".join(map(str, digits)).rstrip("0")
    zeros = len(digits) - len(kept)
    return str(Decimal((sign, tuple(map(int, kept)), cast(int, exponent) + zeros)))


def _texts(value: Any) -> Iterator[str | bytes]:
    """What a secret is made of: itself where it is a text or a number, else what is anywhere in it."""
    match value:
        case str() | bytes():
            yield value
        case Mapping():
            yield from _texts(list(cast("Mapping[object, object]", value).values()))
        case list():
            for each in cast("list[object]", value):
                yield from _texts(each)
        case None | bool():
            pass
        case _:
            yield str(value)


def _reveal(secret: AnySecret) -> object:
    return secret.get_secret_value()


def _mask(_: AnySecret) -> object:
    return MASK


def _tree(value: object, secret: Callable[[AnySecret], object]) -> Any:
    match value:
        case Enum():
            return _tree(value.value, secret)
        case None | bool() | int() | str() | float():
            return value
        case Decimal():
            return plain_decimal(value)
        case SecretStr() | SecretBytes() | Secret():
            return _tree(secret(cast("AnySecret", value)), secret)
        case Mapping():
            entries = cast("Mapping[object, object]", value)
            return {_key(key): _tree(each, secret) for key, each in entries.items()}
        case list() | tuple():
            return [_tree(each, secret) for each in cast("list[object]", value)]
        case set() | frozenset():
            members = [_tree(each, secret) for each in cast("set[object]", value)]
            return sorted(members, key=canonical_json)
        case BaseModel():
            return _tree(value.model_dump(by_alias=True), secret)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {field.name: _tree(getattr(value, field.name), secret) for field in dataclasses.fields(value)}
        case _:
            return to_jsonable_python(value)


def _key(key: object) -> str:
    if isinstance(key, str) and not isinstance(key, Enum):
        return key
    return next(iter(to_jsonable_python({key: None})))
