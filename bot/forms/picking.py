"""An argument that is a date, a time or a moment ↔ the picker that takes one.

A picker knows whole minutes; any other value is a text. Slack's shows a moment in the reader's time zone, and gives it
as Unix seconds. So a moment without a zone needs to know the reader's, and is the clock time there.
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.forms.fields import LEFT_OUT, FormField
from bot.shown.text import Block

_TIME = re.compile(r"((?:[01][0-9]|2[0-3]):[0-5][0-9])(?::00)?")

_TEN_FIGURES = range(10**9, 10**10)
"""The moments that Slack's picker takes, in Unix seconds."""


def element(field: FormField, value: object, zone: ZoneInfo | None = None) -> Block | None:
    """The picker with the value in it, for a reader in `zone`; None where there is none for it."""
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
            return _with("datetimepicker", "initial_date_time", given, _seconds(given, zone))
        case _:
            return None


def picked(filled: Mapping[str, Any], proposed: object, zone: ZoneInfo | None = None) -> str | None:
    """What was picked, as the value of the argument: the one proposed, where it is the same. None for nothing.

    `zone` is the one of the reader that the picker was made for.
    """
    if day := filled.get("selected_date"):
        return str(day)
    if time := filled.get("selected_time"):
        found = _TIME.fullmatch(proposed) if isinstance(proposed, str) else None
        return str(proposed) if found and found[1] == time else f"{time}:00"
    if seconds := filled.get("selected_date_time"):
        return _moment(int(seconds), proposed if isinstance(proposed, str) else "", zone)
    return None


def clock_time(moment: str) -> str:
    """A moment without its time zone."""
    return datetime.fromisoformat(moment).replace(tzinfo=None).isoformat()


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of this name, where there is one."""
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
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


def _seconds(text: str, zone: ZoneInfo | None) -> int | None:
    """A whole minute in Unix seconds, as far as a picker takes it."""
    moment = _read(text)
    if moment is None or moment.second or moment.microsecond:
        return None
    if moment.tzinfo is not None:
        seconds = int(moment.timestamp())
    elif zone is None:
        return None
    else:
        seconds = int(moment.replace(tzinfo=zone).timestamp())
        if datetime.fromtimestamp(seconds, zone).replace(tzinfo=None, fold=0) != moment:
            return None  # the clocks there skip it
    return seconds if seconds in _TEN_FIGURES else None


def _moment(seconds: int, proposed: str, zone: ZoneInfo | None) -> str:
    """Written as what was proposed was: in its own time zone, or with none; else in the reader's."""
    if proposed and _seconds(proposed, zone) == seconds:
        return proposed
    before = _read(proposed)
    if before is not None and before.tzinfo is None and zone is not None:
        return datetime.fromtimestamp(seconds, zone).replace(tzinfo=None).isoformat()
    said = before.tzinfo if before is not None else zone
    return datetime.fromtimestamp(seconds, said or UTC).isoformat().replace("+00:00", "Z")


def _read(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
