"""What keeps a bot at work while a newer one brings the database to its version."""

import re
from pathlib import Path

import psycopg
import pytest

from storage import Storage, open_storage
from storage.errors import StatementFailed
from storage.jobs import Connection

ROOM = Path(__file__).parents[3] / "storage"
OFTEN = 60
"""More often than it takes until a statement is prepared on each connection."""


async def test_a_statement_that_names_its_columns_outlives_a_new_one_and_another_does_not(postgres_url: str):
    async with open_storage(postgres_url) as storage:

        def named(db: Connection) -> list[str]:
            return [row["id"] for row in db.execute("select id from owners")]

        async def asked(sql: str, of: Storage = storage) -> None:
            for _ in range(OFTEN):
                await of.write(lambda db: db.execute(sql).fetchall(), "one")

        await asked("select id, pid from owners")
        await asked("select * from owners")
        with psycopg.connect(postgres_url, autocommit=True) as newer:
            newer.execute("alter table owners add column fresh text")
        await asked("select id, pid from owners")
        assert await storage.read(named) == [storage.owner]
        with pytest.raises(StatementFailed, match="cached plan"):
            await asked("select * from owners")


def test_every_statement_of_storage_names_its_columns():
    """Or one that an older bot has prepared fails once a newer one has added a column."""
    texts = {path: path.read_text("utf-8") for path in ROOM.rglob("*.py")}
    assert len(texts) > 40
    wild = re.compile(r"\b(?:select|returning)\s+(?:distinct\s+)?(?:\w+\.)?\*", re.IGNORECASE)
    assert [str(path) for path, text in texts.items() if wild.search(text)] == []
