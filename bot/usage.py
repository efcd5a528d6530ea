"""`signoff usage`: what the model's replies took, in tokens, as a table or as lines of JSON."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.settings import BadSettings, DatabaseSettings
from storage import usage
from storage.errors import StorageError
from storage.looking import read
from storage.usage import By, Sum

DAYS = 30
"""As many days are added up where nothing else is said, today (UTC) included."""

_UNKNOWN: dict[By, str] = {"day": "", "person": "(unknown)", "thread": "(deleted)"}
_COLUMNS = ("replies", "read", "written", "tokens")


def show(settings: DatabaseSettings, days: int, by: By, *, as_json: bool) -> int:
    """Print it. Raises `BadSettings` where there is no database to look into."""
    first = (datetime.now(UTC).date() - timedelta(days=days - 1)).isoformat()
    try:
        sums = read(settings.database_url, lambda db: usage.sums(db, by, first))
    except StorageError as error:
        raise BadSettings([str(error)]) from None
    except (sqlite3.Error, OSError) as error:
        url = settings.database_url
        raise BadSettings([f"DATABASE_URL is {url!r}, which cannot be read: {_said(error)}"]) from None
    lines = [_json(each, by) for each in sums] if as_json else _table(sums, by, days)
    for line in lines:
        sys.stdout.write(f"{line}\n")
    return 0


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


def _json(each: Sum, by: By) -> str:
    """A person or a thread that has no name is null."""
    counts = {"replies": each.replies, "prompt_tokens": each.prompt_tokens, "completion_tokens": each.completion_tokens}
    return json.dumps({by: each.key or None, **counts}, ensure_ascii=False)


def _table(sums: Sequence[Sum], by: By, days: int) -> list[str]:
    """Columns as wide as what is in them, and the sum of all in the last line."""
    since = "today" if days == 1 else f"in the last {days} days"
    if not sums:
        return [f"No usage {since} (UTC)."]
    prompt, completion = sum(each.prompt_tokens for each in sums), sum(each.completion_tokens for each in sums)
    total = Sum("in all", sum(each.replies for each in sums), prompt, completion)
    rows = [(by, *_COLUMNS), *(_row(each, each.key or _UNKNOWN[by]) for each in sums), _row(total, total.key)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_line(row, widths) for row in rows]


def _row(each: Sum, name: str) -> tuple[str, ...]:
    counts = (each.replies, each.prompt_tokens, each.completion_tokens, each.tokens)
    return (name, *(f"{count:,}" for count in counts))


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *counts = row
    right = [count.rjust(width) for count, width in zip(counts, widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *right])
