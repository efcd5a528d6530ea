"""The sample shop's books, read and put back with plain sqlite3: what a person would look at to see what happened."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any


class Shop:
    """The books in `file`; `as_new` puts them back to how they were when this was made."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._orders = self.rows("select * from orders")

    def as_new(self) -> None:
        with self._open() as db:
            for table in ("orders", "refunds", "outbox"):
                db.execute(f"delete from {table}")
            marks = ", ".join("?" * len(self._orders[0]))
            db.executemany(f"insert into orders values ({marks})", self._orders)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._open() as db:
            return db.execute(query).fetchall()

    @property
    def refunds(self) -> list[tuple[int, str]]:
        """Order and amount of each."""
        return self.rows("select order_id, amount from refunds order by at, order_id")

    @property
    def outbox(self) -> list[tuple[str, str, str]]:
        return self.rows("select recipient, subject, body from outbox")

    def refunded(self, order: int) -> float:
        return float(self.rows(f"select refunded from orders where id = {int(order)}")[0][0])

    def status(self, order: int) -> str:
        return self.rows(f"select status from orders where id = {int(order)}")[0][0]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=10)) as db, db:
            yield db
