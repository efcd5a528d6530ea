"""Who is let in by a server: over TLS, with a password; and who is not, is told so without the password."""

import pytest

from storage import Connection, open_storage
from storage.errors import NotOurDatabase
from tests.support.postgres import PASSWORD, NewServer, Server

WRONG = "wrong-horse-1174"


@pytest.fixture(scope="module")
def secured(new_postgres: NewServer) -> Server:
    """One that takes no connection without TLS."""
    return new_postgres(tls=True)


async def test_with_the_options_that_people_know_every_connection_is_over_tls(secured: Server):
    def is_over_tls(db: Connection) -> bool:
        return bool(db.execute("select ssl from pg_stat_ssl where pid = pg_backend_pid()").fetchone()[0])

    url = secured.url(secured.create())
    assert "sslmode=verify-full" in url
    async with open_storage(url) as storage:
        assert await storage.read(is_over_tls)
        assert await storage.write(is_over_tls, "t1")
        assert await storage.read(
            lambda db: db.execute("select bool_and(ssl) from pg_stat_ssl where pid is not null").fetchone()[0]
        )


@pytest.mark.parametrize(
    ("options", "password", "why"),
    [
        ({"sslmode": "disable"}, PASSWORD, "no encryption"),
        ({}, WRONG, "password authentication failed"),
    ],
)
async def test_who_is_not_let_in_is_told_why_at_once_and_without_the_password(
    secured: Server, caplog: pytest.LogCaptureFixture, options: dict[str, str], password: str, why: str
):
    url = secured.url(secured.create(), **options).replace(PASSWORD, password)
    with pytest.raises(NotOurDatabase, match=why) as refused:
        async with open_storage(url):
            pass
    assert password not in str(refused.value)
    assert password not in caplog.text
