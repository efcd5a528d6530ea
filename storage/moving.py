"""Moving: all that a database holds into another one that is empty, while nobody works with either. The one that is
moved from stays as it is. A backup is put back in the same way.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from storage import copying
from storage.audit import Broken
from storage.backup import copy_to_file, source_of
from storage.copying import Copied, End
from storage.errors import CopyFailed, CopyRefused
from storage.migrations import MIGRATIONS
from storage.sqlite import copying as on_sqlite
from storage.urls import is_postgres, path_of


def move(source_url: str, target_url: str) -> Copied:
    """Copy everything, and look whether it is there.

    Raises `CopyRefused` for databases that cannot be these, `NotOurDatabase`, and `CopyFailed`. Then the target is as
    it was, and the move can be begun again.
    """
    with source_of(source_url, alone=True) as source:
        _refuse_same(source, source_url, target_url)
        with _of_this_version(source, source_url) as found, _target_of(target_url) as target:
            copied = copying.copy(found, target)
            if isinstance(copied.audit, Broken):
                raise CopyFailed(
                    f"the audit of {source.shown} is not whole: {copied.audit.problem}. Nothing was moved."
                )
            return copied


def _target_of(url: str) -> AbstractContextManager[End]:
    if is_postgres(url):
        from storage.postgres import copying as on_postgres  # its driver is there only where it is used

        return on_postgres.target(url)
    return on_sqlite.target(_path(url))


def _path(url: str) -> Path:
    path = path_of(url)
    if path is None:
        raise CopyRefused("a database in memory is gone with this command: name a file, or a server's database.")
    return path.absolute()


def _refuse_same(source: End, source_url: str, target_url: str) -> None:
    if is_postgres(source_url) and is_postgres(target_url):
        from storage.postgres import copying as on_postgres

        on_postgres.refuse_same(source, target_url)
    elif is_postgres(source_url) is is_postgres(target_url) and on_sqlite.same(_path(source_url), _path(target_url)):
        raise CopyRefused(f"{source.shown} is both what is to be moved and where to.")


@contextmanager
def _of_this_version(source: End, url: str) -> Generator[End]:
    """The source, or where it is of an older version a copy of it that was brought up: it is not changed itself."""
    if source.version == len(MIGRATIONS):
        yield source
        return
    with tempfile.TemporaryDirectory(prefix="signoff-") as folder:
        path = Path(folder) / "brought-up.db"
        path.touch(mode=0o600)
        copy_to_file(url, path)
        with on_sqlite.source(path, alone=False) as brought_up:
            brought_up.shown = source.shown
            yield brought_up
