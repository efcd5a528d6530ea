"""Durations, as people write them."""

from __future__ import annotations

import re
from datetime import timedelta

from pydantic import TypeAdapter

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_LONGEST = timedelta(days=3650)


def duration(given: object) -> timedelta:
    """`24h`, `90m`, `2d`, `30s`, or ISO 8601. Raises ValueError."""
    if not isinstance(given, str):
        raise ValueError("is no text")
    if found := re.fullmatch(r"(\d{1,9})([smhd])", given.strip()):
        period = timedelta(**{_UNITS[found[2]]: int(found[1])})
    elif re.fullmatch(r"P[0-9DTHMSW.]{2,30}", given.strip()):
        period = TypeAdapter(timedelta).validate_python(given.strip())
    else:
        raise ValueError("has no such form")
    if not timedelta(0) < period <= _LONGEST:
        raise ValueError("is out of range")
    return period


def in_short(period: timedelta) -> str:
    """As it would be written: 24h, 90m, 2d."""
    seconds = int(period.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0 and (seconds > size or unit != "d"):
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
