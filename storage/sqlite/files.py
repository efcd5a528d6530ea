"""The database's file and the two that SQLite keeps beside it: who may read them, and whether they are still those that
were opened.
"""

from __future__ import annotations

import logging
import os
import stat
from pathlib import Path

from storage.errors import DatabaseGone

logger = logging.getLogger(__name__)

PRIVATE = 0o600
"""The conversations in it are nobody else's business."""

SMALLEST = 512
"""Bytes of the smallest database: one page (https://sqlite.org/fileformat.html, 1.3.2)."""


def create(path: Path) -> None:
    """Make the file, for its owner alone; SQLite gives its -wal and -shm files the same mode."""
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, PRIVATE))


def make_private(path: Path) -> None:
    """Take from others what an earlier program left them: the files become their owner's. What is not ours to change is
    said in a line of the log, with what to do.
    """
    found = open_to_others(path)
    try:
        for file, _ in found:
            file.chmod(PRIVATE)
    except PermissionError:
        advice = "they are another user's: chmod 600 them"
    else:
        stayed = any(_mode(file) & 0o077 for file, _ in found)
        advice = (
            "this file system keeps no modes: put them on another" if stayed else "they are their owner's now (0600)"
        )
    if found:
        named = ", ".join(f"{file} (mode {mode:04o})" for file, mode in found)
        logger.warning("others than the owner could open %s; %s", named, advice)
    for folder in dict.fromkeys((path.parent, path.resolve().parent)):
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            logger.warning("anybody may replace the files in %s: chmod o-w %s", folder, folder)


def open_to_others(path: Path) -> list[tuple[Path, int]]:
    """Those of the database's files that others than the owner may open, with their modes."""
    return [(file, mode) for file in of_database(path) if (mode := _mode(file)) & 0o077]


def _mode(file: Path) -> int:
    """0 for a file that is not there."""
    try:
        return stat.S_IMODE(file.stat().st_mode)
    except FileNotFoundError:
        return 0


def of_database(path: Path) -> list[Path]:
    """The file, and those beside it: beside the one that a link leads to, not beside the link."""
    real = path.resolve()
    return [path, real.with_name(f"{real.name}-wal"), real.with_name(f"{real.name}-shm")]


class OpenedFiles:
    """The files as they were when they were opened. One that was deleted or replaced since is written to by nobody
    else, and read by nobody after us: what is stored there is lost. So is what was in one that was emptied, though
    SQLite goes on with what it remembers of it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._opened = [(file, _identity(file)) for file in of_database(path)]
        self._was_whole = _size(path) >= SMALLEST

    def check(self) -> None:
        """Raises `DatabaseGone`."""
        lost = next((file for file, opened in self._opened if opened is not None and _identity(file) != opened), None)
        if lost is None and self._was_whole and _size(self._path) < SMALLEST:
            lost = self._path
        if lost is not None:
            raise DatabaseGone(
                f"{str(lost)!r} was deleted, emptied or replaced while it was open, and nothing more is stored in it. "
                "Put the right one in its place, then start again"
            )


def _size(file: Path) -> int:
    """0 for a file that is not there."""
    try:
        return file.stat().st_size
    except (FileNotFoundError, NotADirectoryError):
        return 0


def _identity(file: Path) -> tuple[int, int] | None:
    """None for a file that is not there. Where nobody can tell now, the error says so."""
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
