"""Whether the database can be read and written, whether others can read it, and whether there is room for more."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from bot.doctor.case import Case
from bot.doctor.findings import Findings
from bot.doctor.server import server
from storage.errors import NotOurDatabase
from storage.sqlite.files import PRIVATE
from storage.sqlite.looking import Look, look
from storage.urls import is_postgres

ROOM = 100 * 2**20
"""Bytes that have to be free beside it."""

_MIB = 2**20


async def database(case: Case, found: Findings) -> None:
    if is_postgres(case.settings.database_url):
        await server(case.settings.database_url, found)
    else:
        await file(case, found)


async def file(case: Case, found: Findings) -> None:
    try:
        seen = await asyncio.to_thread(look, case.settings.database_url)
    except NotOurDatabase as error:
        found.wrong(str(error))
        return
    except (sqlite3.Error, OSError) as error:
        found.wrong(f"it cannot be used: {_said(error)}", _mend(error))
        return
    if seen is None:
        found.ok("in memory: it works, and nothing outlives a restart")
        return
    _file(seen, found)
    _modes(seen, found)
    _room(seen, found)


def _file(seen: Look, found: Findings) -> None:
    if seen.version is None:
        found.ok(f"{seen.path} is not there yet, and can be made: the first start does")
    elif seen.version < seen.newest:
        found.ok(f"{seen.path} can be written; the next start brings it from version {seen.version} to {seen.newest}")
    else:
        found.ok(f"{seen.path} can be written, and has version {seen.version}")


def _modes(seen: Look, found: Findings) -> None:
    for file, mode in seen.exposed:
        found.wrong(
            f"others than its owner may open {file} (mode {mode:04o}), with all conversations in it",
            f"chmod {PRIVATE:o} {file}",
        )


def _room(seen: Look, found: Findings) -> None:
    folder: Path = seen.path.parent
    if seen.free < ROOM:
        found.wrong(
            f"{seen.free // _MIB} MiB are free in {folder}, and {ROOM // _MIB} should be",
            "Make room there, or point DATABASE_URL at a disk that has some",
        )
    else:
        found.ok(f"{seen.free // _MIB} MiB are free in {folder}")


def _said(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}"
    return str(error)


def _mend(error: Exception) -> str:
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
        return "Another program holds it: look which, and end that"
    return "Let this user write the file and its folder, or point DATABASE_URL at another file"
