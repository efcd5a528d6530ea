"""`signoff backup` and `signoff move`: copy a whole database, and print what was copied."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bot.settings import BadSettings, DatabaseSettings
from storage import backup, moving
from storage.audit import Broken
from storage.copying import Copied
from storage.errors import CopyFailed, CopyRefused, NotOurDatabase
from storage.urls import shown

FAILED = 1
"""The exit code for what may be done later, and for an audit that is not whole."""


def back_up(settings: DatabaseSettings, path: Path) -> int:
    """Make the file. Raises `BadSettings`."""
    copied = _copied(lambda: backup.back_up(settings.database_url, path))
    if copied is None:
        return FAILED
    rows = sum(copied.rows.values())
    sys.stdout.write(
        f"{path}: {_counted(path.stat().st_size, 'byte')}, {_counted(rows, 'row')}, "
        f"{_counted(copied.rows['threads'], 'thread')}.\n"
    )
    return _audit(copied, "The backup has it as it is.")


def move(source: str, target: str) -> int:
    """Copy everything from one database to another. Raises `BadSettings`."""
    copied = _copied(lambda: moving.move(source, target))
    if copied is None:
        return FAILED
    width = max(len(name) for name in copied.rows)
    for name, count in sorted(copied.rows.items()):
        sys.stdout.write(f"{name.ljust(width)}  {count:>9,}\n")
    sys.stdout.write(f"All is in {shown(target)!r}; {shown(source)!r} stays as it is.\n")
    return _audit(copied, "")


def _copied(copy: Callable[[], Copied]) -> Copied | None:
    """None where it could not be done, which is said."""
    try:
        return copy()
    except (CopyRefused, NotOurDatabase) as error:
        raise BadSettings([_sentence(error)]) from None
    except CopyFailed as error:
        sys.stderr.write(f"{_sentence(error)}\n")
        return None


def _audit(copied: Copied, otherwise: str) -> int:
    if isinstance(copied.audit, Broken):
        sys.stderr.write(f"The audit is not whole: {copied.audit.problem}. {otherwise}\n")
        return FAILED
    sys.stdout.write(
        f"audit: {_counted(copied.audit.rows, 'row')}, and the chain is whole.\nhead {copied.audit.head}\n"
    )
    return 0


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _sentence(error: Exception) -> str:
    said = str(error)
    return said[:1].upper() + said[1:]
