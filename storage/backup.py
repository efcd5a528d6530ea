"""A backup: one file with all that a database held at one moment, made while bots work with it.

It is a SQLite file of this version, whatever it was made from. It is made beside its place under another name, looked
at, and put in its place when it is whole.
"""

from __future__ import annotations

import glob
import os
import tempfile
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from storage import audit, copying
from storage.copying import Copied, End
from storage.errors import CopyRefused
from storage.migrations import MIGRATIONS, migrate
from storage.sqlite import copying as on_sqlite
from storage.urls import is_postgres, path_of

UNSAFE = ("pragma journal_mode = off", "pragma synchronous = off")
"""For a file of which nothing has to stay if it is not finished, and that is flushed when it is."""


def back_up(url: str, path: Path) -> Copied:
    """Make the file, for its owner alone. Others store meanwhile what they like. An audit whose chain is broken is
    copied as it is.

    Raises `CopyRefused` where something has the name already, or there is nothing to copy; `NotOurDatabase`; and
    `CopyFailed`. Then there is no file.
    """
    refuse_taken(path)
    with _beside(path) as unnamed:
        copied = copy_to_file(url, unnamed)
        refuse_taken(path)
        with on_sqlite.told(repr(str(path))):
            unnamed.rename(path)
            on_sqlite.flush(path.parent)
    return copied


def source_of(url: str, *, alone: bool) -> AbstractContextManager[End]:
    """The database at the URL, to copy from. Raises `CopyRefused`."""
    if is_postgres(url):
        from storage.postgres import copying as on_postgres  # its driver is there only where it is used

        return on_postgres.source(url, alone=alone)
    return on_sqlite.source(on_sqlite.there(path_of(url)), alone=alone)


def copy_to_file(url: str, path: Path) -> Copied:
    """Into an empty file, which is brought up to this version where what it is copied from is of an older one. Raises
    as `back_up`.
    """
    if is_postgres(url):
        with (
            source_of(url, alone=False) as source,
            on_sqlite.opened(path, *UNSAFE) as db,
            on_sqlite.without_triggers(db, path, source.version) as target,
        ):
            copying.copy(source, target)
    else:
        on_sqlite.vacuum_into(on_sqlite.there(path_of(url)), path)
    with on_sqlite.opened(path, *UNSAFE) as db:
        db.execute("begin")
        migrate(db)
        db.execute("delete from owners")  # who is at work on what it was copied from
        db.execute("commit")
        copied = Copied(copying.counts(db, len(MIGRATIONS)), audit.verify_at_once(db))
    on_sqlite.look(path)
    return copied


@contextmanager
def _beside(path: Path) -> Generator[Path]:
    """An empty file in the same folder, which is removed unless it gets another name."""
    if not path.parent.is_dir():
        raise CopyRefused(f"there is no folder {str(path.parent)!r}.")
    with on_sqlite.told(repr(str(path.parent))):
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # 0600
        os.close(descriptor)
    try:
        yield Path(name)
    finally:
        for each in path.parent.glob(f"{glob.escape(Path(name).name)}*"):  # SQLite's journal of it too
            each.unlink(missing_ok=True)


def refuse_taken(path: Path) -> None:
    """Raises `CopyRefused` where there is something of this name."""
    if path.exists() or path.is_symlink():
        raise CopyRefused(f"{str(path)!r} is there already. Name another file.")
