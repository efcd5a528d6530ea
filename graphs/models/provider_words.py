"""What a provider says in an error: its words, its number, and how long it wants to be left alone."""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from typing import Any, cast

import httpx2

LONGEST_SAID = 20_000
"""Characters of a provider's words that are looked at: some servers send the request back."""

_RETRY_DELAY = re.compile(r'"retryDelay":\s*"(\d{1,9}(?:\.\d{1,9})?)s"')
"""Gemini says it in the body alone."""

LONGEST_BELIEVED = 31 * 24 * 3600.0
"""Seconds; whoever asks for more has written a date in their place, or nonsense."""


def said(error: Exception) -> str:
    """All that the provider said: its sentence, and the body of its answer."""
    body = getattr(error, "body", None)
    try:
        rest = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False) if body else ""
    except (ValueError, TypeError, RecursionError):
        rest = ""
    message = str(error)
    return (message if rest in message else f"{message} {rest}")[:LONGEST_SAID]


def first_cause(error: BaseException) -> BaseException:
    """What it began with."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def names(error: Exception) -> str:
    """What the provider calls the error: the short words of its body, without the sentence."""
    body = getattr(error, "body", None)
    fields: Mapping[str, Any] = cast("Mapping[str, Any]", body) if isinstance(body, Mapping) else {}
    return " ".join(str(fields[key]) for key in ("code", "type", "status") if isinstance(fields.get(key), str | int))


def status_of(error: Exception) -> int | None:
    """The HTTP status of an error; inside a stream, the number that stands in its place."""
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status
    number = re.search(r"(?:^|\s)([45]\d\d)(?:\s|$)", names(error))
    return int(number[1]) if number is not None else None


def retry_after(error: Exception) -> float | None:
    """The seconds that a server asked for, in a header or its words; None when it did not, or wants more than
    anybody waits.
    """
    response = getattr(error, "response", None)
    headers = response.headers if isinstance(response, httpx2.Response) else httpx2.Headers()
    delay = _RETRY_DELAY.search(said(error))
    every = (
        _number(headers.get("retry-after-ms"), 1000),
        _number(headers.get("retry-after")),
        _until(headers.get("retry-after")),
        _number(delay[1]) if delay is not None else None,
    )
    return next((seconds for seconds in every if seconds is not None and seconds <= LONGEST_BELIEVED), None)


def _number(text: str | None, divisor: int = 1) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number / divisor) if math.isfinite(number) else None


def _until(date: str | None) -> float | None:
    """The seconds until an HTTP date."""
    parsed = email.utils.parsedate_tz(date) if date else None
    try:
        return None if parsed is None else max(0.0, email.utils.mktime_tz(parsed) - time.time())
    except (ValueError, OverflowError):
        return None
