"""The command line's `backup`, `move` and `prune`."""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.durations import duration
from bot.keeping import copies
from bot.keeping.pruning import Pruning, prune
from bot.settings import database_url, load_database_settings


def add_to(commands: Any) -> None:
    """`commands` are argparse's."""
    backup = commands.add_parser("backup", help="copy the database as it is now into one file, also beside a bot")
    backup.add_argument("file", metavar="FILE", type=_file, help="a SQLite file that is not there yet")
    backup.set_defaults(command=_backup)
    move = commands.add_parser("move", help="copy everything from one database into another, while no bot runs")
    move.add_argument(
        "source", metavar="FROM", type=_url, help="sqlite:///file.db or postgresql://…; it stays as it is"
    )
    move.add_argument("target", metavar="TO", type=_url, help="the same, which is empty, or not there")
    move.set_defaults(command=_move)
    prune_ = commands.add_parser("prune", help="delete finished conversations that nobody has touched for long")
    prune_.add_argument("--older-than", type=_age, required=True, metavar="AGE", help="so long: 90d, 12h")
    prune_.add_argument("--keep", type=_count, metavar="N", help="delete none, and leave each its newest N snapshots")
    prune_.add_argument("--dry-run", action="store_true", help="only say how many there are")
    prune_.add_argument("--shrink", action="store_true", help="then give the file's free space back; bots wait for it")
    prune_.set_defaults(command=_prune)


def _backup(options: argparse.Namespace) -> int:
    with _told_to_end_as_by_ctrl_c():
        return copies.back_up(load_database_settings(), options.file)


def _move(options: argparse.Namespace) -> int:
    with _told_to_end_as_by_ctrl_c():
        return copies.move(options.source, options.target)


def _prune(options: argparse.Namespace) -> int:
    pruning = Pruning(options.older_than, options.keep)
    return asyncio.run(prune(load_database_settings(), pruning, dry_run=options.dry_run, shrink=options.shrink))


@contextmanager
def _told_to_end_as_by_ctrl_c() -> Generator[None]:
    """What was begun is taken back on SIGTERM too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _file(text: str) -> Path:
    if text in ("", "-"):
        raise argparse.ArgumentTypeError("expected the path of a file: a database is not written to a pipe")
    return Path(text)


def _url(text: str) -> str:
    try:
        return database_url(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"it {error}; expected sqlite:///file.db or postgresql://user@host/database"
        ) from None


def _age(text: str) -> timedelta:
    try:
        return duration(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a duration like 90d, 12h or 30m, got {text!r}") from None


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"expected a number of snapshots, 1 or more, got {text!r}")
    return int(text)
