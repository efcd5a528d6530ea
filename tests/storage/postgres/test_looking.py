"""A look at a server changes nothing, and says what is in the way."""

import asyncio
import time

import psycopg
import pytest

from storage import open_storage
from storage.errors import NotOurDatabase, StorageUnavailable
from storage.migrations import MIGRATIONS
from storage.postgres.looking import look, read
from tests.support.postgres import PASSWORD, USER, NewDatabase, NewServer, Server

TABLES = "select count(*) from pg_class where relnamespace = 'public'::regnamespace"


def one(url: str, statement: str) -> object:
    with psycopg.connect(url, autocommit=True) as db:
        cursor = db.execute(statement.encode())
        return cursor.fetchall()[0][0] if cursor.description else None


def made(url: str) -> None:
    async def make() -> None:
        async with open_storage(url):
            pass

    asyncio.run(make())


def test_an_empty_one_is_left_empty(postgres_url: str) -> None:
    seen = look(postgres_url)
    assert (seen.version, seen.newest, seen.bots) == (0, len(MIGRATIONS), 0)
    assert (seen.protocol, seen.is_local, seen.may_be_clear) == ("", True, False)
    assert PASSWORD not in repr(seen)
    with pytest.raises(NotOurDatabase, match=r"is empty, .* start the bot once"):
        read(postgres_url, lambda db: None)
    assert one(postgres_url, TABLES) == 0


def test_one_of_ours_is_left_as_it_is(postgres_url: str) -> None:
    made(postgres_url)
    seen = look(postgres_url)
    assert (seen.version, seen.bots) == (len(MIGRATIONS), 0)
    assert abs(seen.ahead) < 5
    assert one(postgres_url, "select count(*) from commits where name = 'signoff doctor'") == 0
    assert one(postgres_url, "select to_regclass('signoff_can_write') is null")
    assert read(postgres_url, lambda db: db.execute("select count(*) from owners").fetchone())[0] == 0


def test_what_reads_cannot_write(postgres_url: str) -> None:
    made(postgres_url)
    with pytest.raises(StorageUnavailable, match="read-only"):
        read(postgres_url, lambda db: db.execute("delete from owners"))


async def test_the_bots_at_work_are_counted_and_what_they_hold_is_theirs(new_postgres_url: NewDatabase) -> None:
    url = new_postgres_url()
    before = await asyncio.to_thread(look, url)
    async with open_storage(url), open_storage(url):
        seen = await asyncio.to_thread(look, url)
        assert seen.bots == 2
        assert seen.room == before.room
    with psycopg.connect(f"{url}?application_name=another"):
        assert (await asyncio.to_thread(look, url)).room == before.room - 1


def test_the_limits_of_a_user_and_of_a_database_count(postgres: Server, new_postgres_url: NewDatabase) -> None:
    url = new_postgres_url()
    whole = look(url).room
    assert 150 < whole < 200
    postgres.execute(f'alter database "{url.rpartition("/")[2]}" connection limit 17')
    assert look(url).room == 17
    postgres.execute("drop role if exists narrow")
    postgres.execute("create role narrow login superuser password 'narrow-word' connection limit 12")
    assert look(url.replace(f"{USER}:{PASSWORD}", "narrow:narrow-word")).room == 12


def test_an_older_one_is_not_migrated_and_a_newer_one_is_refused(postgres_url: str) -> None:
    made(postgres_url)
    one(postgres_url, "update signoff_schema set version = 1")
    assert look(postgres_url).version == 1
    with pytest.raises(NotOurDatabase, match=f"has version 1, and this Signoff reads version {len(MIGRATIONS)}"):
        read(postgres_url, lambda db: None)
    one(postgres_url, "update signoff_schema set version = 999")
    for lookup in (look, lambda url: read(url, lambda db: None)):
        with pytest.raises(NotOurDatabase, match="newer Signoff"):
            lookup(postgres_url)


def test_one_that_may_only_be_read(postgres: Server, new_postgres_url: NewDatabase) -> None:
    url = new_postgres_url()
    made(url)
    postgres.execute("drop role if exists reader")
    postgres.execute("create role reader login password 'reader-word'")
    one(url, "grant select on all tables in schema public to reader")
    as_reader = url.replace(f"{USER}:{PASSWORD}", "reader:reader-word")
    with pytest.raises(NotOurDatabase, match="permission denied for schema public"):
        look(as_reader)
    assert read(as_reader, lambda db: db.execute("select count(*) from owners").fetchone())[0] == 0


def test_who_is_not_let_in_is_told_so_and_the_password_is_not(postgres: Server, postgres_url: str) -> None:
    for url, said in (
        (postgres_url.replace(PASSWORD, "wrong-word-4712"), "password authentication failed"),
        (postgres.url("nowhere"), "does not exist"),
        (f"{postgres_url}?sslmod=require", "sslmod"),
    ):
        with pytest.raises(NotOurDatabase, match=said) as caught:
            look(url)
        assert not {PASSWORD, "wrong-word-4712", "\n"} & set(str(caught.value).split("'"))
        assert PASSWORD not in str(caught.value)
        assert "wrong-word-4712" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_server_that_does_not_answer_is_one_line(postgres: Server) -> None:
    url = postgres.url("nowhere").replace(str(postgres.port), "1")
    with pytest.raises(StorageUnavailable, match=r"cannot be used now: .*port 1 failed") as caught:
        look(url)
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


def test_the_way_is_known_to_be_encrypted(new_postgres: NewServer) -> None:
    server = new_postgres(tls=True)
    with server.database() as url:
        assert look(url).protocol.startswith("TLSv1.")
        with pytest.raises(NotOurDatabase, match=r"no pg_hba\.conf entry"):
            look(f"{url.partition('?')[0]}?sslmode=disable")


def test_the_clocks_are_compared(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() - 90)
    assert 85 < look(postgres_url).ahead < 95
