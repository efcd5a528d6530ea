"""An argument that is a date, a time or a moment ↔ the picker that takes one.

A picker knows whole minutes, and a moment only with its time zone: any other value is a text.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from bot.forms.fields import LEFT_OUT, FormField
from bot.shown.text import Block

_TIME = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::00)?")


def element(field: FormField, value: object) -> Block | None:
    """The picker with the value in it; None where there is none for it."""
    given = "" if value is None or value is LEFT_OUT else value
    if not isinstance(given, str):
        return None
    match field.kind:
        case "date":
            return _with("datepicker", "initial_date", given, _date(given))
        case "time":
            found = _TIME.fullmatch(given)
            return _with("timepicker", "initial_time", given, found[1] if found else None)
        case "moment":
            return _with("datetimepicker", "initial_date_time", given, _seconds(given))
        case _:
            return None


def picked(filled: Mapping[str, Any], proposed: object) -> str | None:
    """What was picked, as the value of the argument: the one proposed, where it is the same. None for nothing."""
    if day := filled.get("selected_date"):
        return str(day)
    if time := filled.get("selected_time"):
        found = _TIME.fullmatch(proposed) if isinstance(proposed, str) else None
        return str(proposed) if found and found[1] == time else f"{time}:00"
    if seconds := filled.get("selected_date_time"):
        if isinstance(proposed, str) and _seconds(proposed) == seconds:
            return proposed
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return None


def _with(kind: str, key: str, given: str, initial: object) -> Block | None:
    if not given:
        return {"type": kind}
    return {"type": kind, key: initial} if initial is not None else None


def _date(text: str) -> str | None:
    try:
        return text if date.fromisoformat(text).isoformat() == text else None
    except ValueError:
        return None


def _seconds(text: str) -> int | None:
    """A moment in Unix seconds, where it is a whole minute of ten figures, as Slack takes it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or moment.second or moment.microsecond:
        return None
    seconds = int(moment.timestamp())
    return seconds if 10**9 <= seconds < 10**10 else None
