"""Commits whose end nobody heard of, where the server goes on without the client."""

import asyncio

import psycopg
import pytest

from storage import Connection, open_storage
from storage.errors import StatementFailed
from storage.postgres import transactions
from storage.postgres.transactions import CommitUnknown, Done, Link
from tests.storage.postgres.cutting import way_to
from tests.support.waiting import until


def _table(db: Connection) -> None:
    db.execute("create table numbers (value bigint)")


def _numbers(db: Connection) -> list[int]:
    return [row["value"] for row in db.execute("select value from numbers order by value")]


def _put(db: Connection) -> None:
    db.execute("insert into numbers select count(*) from numbers")


async def test_what_waits_in_the_server_for_a_lock_after_its_client_is_gone_is_made_once(postgres_url: str):
    """The server has all of the transaction, its commit too, and learns only after it that nobody listens."""
    async with way_to(postgres_url) as way, open_storage(way.url) as cut_off, open_storage(postgres_url) as other:
        await other.write(_table)
        await cut_off.write(lambda db: db.execute("delete from numbers"), "a")  # so that its connection has a mark
        with psycopg.connect(postgres_url) as holder:
            holder.execute(transactions._locks("a").encode())
            stored = asyncio.create_task(cut_off.write(_put, "a"))
            await until(lambda: _waiting_for_locks(holder) == 1, "the server to have it")
            way.close()
            way.open()
            await until(lambda: _waiting_for_locks(holder) == 2, "it to be done again")
        await stored
        await until(lambda: _sessions_at_work(postgres_url) == 0, "both to be over")
        assert await other.read(_numbers) == [0]


async def test_a_connection_whose_commit_was_given_up_makes_none_any_more(postgres_url: str):
    async with open_storage(postgres_url) as storage:
        await storage.write(_table)
    with psycopg.connect(postgres_url, autocommit=True) as one, psycopg.connect(postgres_url, autocommit=True) as two:
        link, asker = Link(one, "owner/writer/0"), Link(two, "owner/writer/1")
        transactions.store(link, _put, "a")
        unknown = CommitUnknown(link.name, "another mark", Done(None, changed=True))
        assert not transactions.was_committed(asker, unknown)
        with pytest.raises(StatementFailed, match="null value"):
            transactions.store(link, _put, "a")
        assert [row[0] for row in two.execute("select value from numbers")] == [0]


def _waiting_for_locks(db: psycopg.Connection) -> int:
    (count,) = db.execute("select count(*) from pg_locks where locktype = 'advisory' and not granted").fetchone() or (
        0,
    )
    return count


def _sessions_at_work(url: str) -> int:
    with psycopg.connect(url, autocommit=True) as db:
        (count,) = db.execute(
            """select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
                and backend_type = 'client backend' and state <> 'idle'"""
        ).fetchone() or (0,)
    return count
