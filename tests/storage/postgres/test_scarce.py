"""A server, or a role, that gives a bot less than it asks for."""

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from storage import Connection, open_storage
from storage.parameters import Listed
from storage.scopes import within
from tests.support.waiting import until


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """Of somebody who owns the database's schema, and nothing else."""
    name = "scarce"
    with psycopg.connect(postgres_url, autocommit=True) as db:
        db.execute(f"create role {name} login password 'scarce'".encode())
        db.execute(f"grant all on schema public to {name}".encode())
        yield name
        db.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = %s", (name,))
        db.execute(f"drop owned by {name}".encode())
        db.execute(f"drop role {name}".encode())


def _url(role: str, url: str) -> str:
    place = url.rpartition("@")[2]
    return f"postgresql://{role}:{role}@{place}"


def _let(url: str, role: str, what: str) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"alter role {role} {what}".encode())


async def test_with_room_for_few_connections_all_is_stored_over_those(
    postgres_url: str, role: str, caplog: pytest.LogCaptureFixture
):
    _let(postgres_url, role, "connection limit 2")  # one is the pulse's
    async with open_storage(_url(role, postgres_url)) as storage:
        await storage.write(lambda db: db.execute("create table numbers (value bigint)"))
        put = [
            storage.write(lambda db, n=n: db.execute("insert into numbers values (?)", (n,)), f"{n}") for n in range(40)
        ]
        await asyncio.gather(*put)

        def count(db: Connection) -> int:
            return db.execute("select count(*) from numbers").fetchone()[0]

        assert await asyncio.gather(*(storage.read(count) for _ in range(10))) == [40] * 10
    assert not caplog.records


async def test_a_statement_that_took_too_long_for_the_role_is_tried_again(postgres_url: str, role: str):
    _let(postgres_url, role, "set statement_timeout = '200ms'")
    async with open_storage(_url(role, postgres_url)) as limited, open_storage(postgres_url) as other:
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()

        def hold(db: Connection) -> None:
            db.execute("select 1").fetchone()
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(over.wait(), loop).result(1.5)

        holding = asyncio.create_task(other.write(hold, "a"))
        await begun.wait()
        stored = asyncio.create_task(limited.write(lambda db: db.execute("select 7 as n").fetchone()["n"], "a"))
        await until(lambda: limited.outage.is_on, "it to be said")
        over.set()
        await holding
        assert await stored == 7


async def test_what_is_looked_up_by_a_few_values_is_found_by_an_index_and_nothing_is_compiled(postgres_url: str):
    """However many rows there are, and whatever the server takes a range of scopes for."""
    asked = f"select s.scope from json_each(?) root join tasks s on {within('s.scope', 'root.value')}"

    def plan(db: Connection) -> str:
        return "\n".join(row[0] for row in db.execute(f"explain analyze {asked}", (Listed(["a", "b"]),)))

    async with open_storage(postgres_url) as storage:
        await storage.write(
            lambda db: db.execute(
                "insert into tasks (scope, thread_id, status, updated_at) "
                "select 'task' || n, 't', 'finished', 0 from generate_series(1, 60000) n"
            )
        )
        with psycopg.connect(postgres_url, autocommit=True) as db:
            db.execute("analyze tasks")
        said = await storage.read(plan)
    assert "tasks_pkey" in said
    assert "JIT" not in said
