"""What is said of a database on a server."""

import pytest

from bot.doctor.findings import Findings
from bot.doctor.server import server
from storage import open_storage
from storage.migrations import MIGRATIONS
from tests.support.postgres import PASSWORD, NewDatabase, NewServer, Server


async def lines(url: str) -> list[str]:
    found = Findings("database")
    await server(url, found)
    assert not any(PASSWORD in each.line for each in found)
    return [each.line for each in found]


async def test_one_that_is_empty_and_one_at_work(postgres_url: str):
    first, way, room = await lines(postgres_url)
    assert first.startswith("✓ ok  database: PostgreSQL 1")
    assert first.endswith("can be written, and is empty: the first start sets it up")
    assert way == "✓ ok  database: the way there is not encrypted, and does not leave this machine"
    assert room.startswith("✓ ok  database: 0 bots are at work, and 19 can be: each takes up to 10 connections of 19")
    async with open_storage(postgres_url):
        first, _, room = await lines(postgres_url)
        assert first.endswith(f"can be written, and has version {len(MIGRATIONS)}")
        assert room.startswith("✓ ok  database: 1 bot is at work, ")


async def test_a_limit_that_leaves_room_for_no_bot(postgres: Server, new_postgres_url: NewDatabase):
    url = new_postgres_url()
    postgres.execute(f'alter database "{url.rpartition("/")[2]}" connection limit 9')
    *_, room = await lines(url)
    assert room == (
        "✗ wrong  database: 0 bots are at work, and 0 can be: each takes up to 10 connections of 9. Raise the server's "
        "max_connections (or this user's or database's limit), or run fewer bots"
    )


async def test_a_server_that_is_away_or_lets_nobody_in(postgres: Server, postgres_url: str):
    (line,) = await lines(postgres_url.replace(str(postgres.port), "1"))
    assert line.startswith("✗ wrong  database: 'postgresql://signoff@127.0.0.1:1/")
    assert line.endswith("and whether DATABASE_URL, the network and its firewalls lead there")
    (line,) = await lines(postgres_url.replace(PASSWORD, "wrong"))
    assert "password authentication failed" in line


async def test_tls_is_told(new_postgres: NewServer):
    with new_postgres(tls=True).database() as url:
        _, way, _ = await lines(url)
    assert way.startswith("✓ ok  database: the way there is encrypted (TLSv1.")


@pytest.mark.parametrize("mode", ["disable", "prefer"])
async def test_a_way_in_clear_over_the_network(postgres_url: str, mode: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("storage.postgres.looking._is_local", lambda address: False)
    _, way, _ = await lines(f"{postgres_url}?sslmode={mode}")
    assert way.startswith("✓ ok" if mode == "disable" else "✗ wrong  database: the way there is not encrypted. Add ")
