"""How a database file stands, looked at from outside: nothing is changed, and nobody who uses it is disturbed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError
from storage.opening import check_ours, path_of


@dataclass(frozen=True)
class Health:
    """`problem` is a sentence, empty for none. `mode` has the file's permissions, `free` is bytes beside it."""

    path: Path
    exists: bool
    mode: int = 0o600
    free: int = 0
    problem: str = ""


def look(url: str) -> Health | None:
    """The file that the URL names; None for a database in memory."""
    path = path_of(url)
    if path is None:
        return None
    folder = path.resolve().parent
    exists = path.exists()
    problem = _problem(path, folder, exists=exists)
    if problem:
        return Health(path, exists, problem=problem)
    mode = path.stat().st_mode & 0o777 if exists else 0o600
    return Health(path, exists, mode, shutil.disk_usage(folder).free)


def _problem(path: Path, folder: Path, *, exists: bool) -> str:
    if not folder.is_dir():
        return f"There is no folder {str(folder)!r}."
    if not os.access(folder, os.W_OK):
        return f"Nothing can be written into {str(folder)!r}, and SQLite needs files beside its own."
    if not exists:
        return ""
    if not os.access(path, os.R_OK | os.W_OK):
        return f"{str(path)!r} cannot be written."
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=2)) as db:
            check_ours(db, path)
    except (StorageError, sqlite3.Error) as error:
        return str(error)
    return ""
