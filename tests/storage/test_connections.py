"""A job runs whole on its connection's thread; and what that takes of aiosqlite's protected names is still there."""

import asyncio
import inspect
import sqlite3
import threading
from pathlib import Path

import aiosqlite
import pytest

from storage.sqlite.connections import Connection, connect


def test_aiosqlite_has_what_the_subclass_uses():
    """Where this fails, aiosqlite has changed inside: look at `JobConnection` before the pin is moved."""
    assert aiosqlite.__version__.startswith("0.22.")
    assert [*inspect.signature(aiosqlite.Connection._execute).parameters][:2] == ["self", "fn"]
    assert isinstance(inspect.getattr_static(aiosqlite.Connection, "_conn"), property)
    assert "self._tx.put_nowait((future, function))" in inspect.getsource(aiosqlite.Connection._execute)


async def test_a_job_runs_on_one_thread_from_its_first_statement_to_its_last(tmp_path: Path):
    def job(db: Connection) -> set[int]:
        threads = {threading.get_ident()}
        db.execute("create table numbers (value integer)")
        db.execute("insert into numbers values (1)")
        return threads | {threading.get_ident()}

    async with connect(tmp_path / "numbers.db") as connection:
        (thread,) = await connection.run(job)
        assert connection.hops == 1
        assert thread != threading.get_ident()
        (again,) = await connection.run(lambda db: {threading.get_ident()})
    assert again == thread


async def test_what_a_job_raises_is_its_callers(tmp_path: Path):
    async with connect(tmp_path / "numbers.db") as connection:
        with pytest.raises(ZeroDivisionError):
            await connection.run(lambda db: 1 // 0)
        assert (await connection.run(lambda db: db.execute("select 7 as seven").fetchone()))["seven"] == 7


async def test_a_database_is_made_for_its_owner_alone(tmp_path: Path):
    async with connect(tmp_path / "own.db"):
        assert (tmp_path / "own.db").stat().st_mode & 0o777 == 0o600


def test_when_a_connection_could_not_be_opened_its_thread_has_answered_before_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Else it may answer to a loop that has ended by then."""
    raised: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda about: raised.append(about.exc_value))
    known = set(threading.enumerate())

    async def fail() -> None:
        with pytest.raises(sqlite3.OperationalError):
            async with connect(tmp_path):
                pass

    for _ in range(30):
        asyncio.run(fail())
    for thread in set(threading.enumerate()) - known:
        thread.join(5)
    assert raised == []
