"""Samples taken in turn, the canary between them, and where the files lie."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_MEMORY = Path("/dev/shm")  # noqa: S108 - a file system in memory: the code is timed, not the disk
_COMMITS = 500


async def timed(work: Awaitable[Any]) -> float:
    """Seconds until it is done."""
    begin = time.perf_counter()
    await work
    return time.perf_counter() - begin


def memory() -> Path | None:
    """Where files lie in memory, where there is such a place."""
    return _MEMORY if _MEMORY.is_dir() else None


@contextmanager
def folder() -> Generator[Path]:
    """A folder for one run's files, in memory where there is such a place."""
    with tempfile.TemporaryDirectory(prefix="signoff-bench-", dir=memory()) as name:
        yield Path(name)


class Canary:
    """Plain SQLite on the same file system: one small row, committed with `synchronous=FULL`.

    It knows nothing of either side. Where its samples differ, the machine was not the same for all.
    """

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.execute("create table rows (id integer primary key, value text)")
        self.samples: list[float] = []

    def sing(self) -> None:
        """One sample: the mean of some milliseconds of commits, so that it feels who else wants to run."""
        begin = time.perf_counter()
        for _ in range(_COMMITS):
            self._db.execute("insert into rows (value) values ('one small row')")
        self.samples.append((time.perf_counter() - begin) / _COMMITS)

    def close(self) -> dict[str, float]:
        self._db.close()
        low, *_, high = statistics.quantiles(self.samples, n=20)
        return {"median": statistics.median(self.samples), "p5": low, "p95": high}


def file_bytes(path: Path) -> int:
    """How large a database is: its pages, also those that still stand in the log."""
    db = sqlite3.connect(path)
    try:
        ((pages,), (size,)) = (db.execute(f"pragma {name}").fetchone() for name in ("page_count", "page_size"))
    finally:
        db.close()
    return pages * size
