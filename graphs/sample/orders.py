"""The sample shop's books: a small SQLite database in the working directory, and what an agent may do to it.

The shop is no part of the product, so its SQL lives here and not in `storage`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from graphs.agent.errors import ToolError

BOOKS = Path("orders.db")

_SCHEMA = """
create table if not exists orders (
    id integer primary key, customer text not null, item text not null,
    paid text not null, refunded text not null default '0.00', status text not null, email text not null);
create table if not exists refunds (
    order_id integer not null, amount text not null, reason text not null, at text not null, key text primary key);
create table if not exists outbox (
    recipient text not null, subject text not null, body text not null, at text not null, key text primary key);
"""

_ORDERS = (
    (1041, "Noor Hassan", "noor@example.com", "Rope, 20 m", "38.00", "delivered"),
    (1042, "Jonas Weber", "jonas@example.com", "Storm lantern", "129.90", "delivered"),
    (1043, "Ines Costa", "ines@example.com", "Oilskin jacket", "249.00", "paid"),
    (1044, "Tom Baker", "tom@example.com", "Brass compass", "74.50", "shipped"),
    (1045, "Mei Tanaka", "mei@example.com", "Deck shoes", "96.00", "paid"),
)


class Order(NamedTuple):
    """An order as the shop has it. Amounts are in euro."""

    id: int
    customer: str
    email: str
    item: str
    paid: Decimal
    refunded: Decimal
    status: str


def create() -> None:
    """Make the books where there are none yet, with a few orders in them."""
    with _books() as db:
        db.executescript(_SCHEMA)
        db.executemany(
            "insert or ignore into orders (id, customer, email, item, paid, status) values (?, ?, ?, ?, ?, ?)", _ORDERS
        )


def get(order_id: int) -> Order:
    """Raises `ToolError` for an order that there is not."""
    with _books() as db:
        return _get(db, order_id)


def refund(order_id: int, amount: Decimal, reason: str, key: str) -> Order:
    """Pay back part of an order, once for each `key`. Raises `ToolError` for more than is left of it."""
    with _books() as db:
        order = _get(db, order_id)
        if _done(db, "refunds", key):
            return order
        _check_refund(order, amount)
        db.execute(
            "insert into refunds (key, order_id, amount, reason, at) values (?, ?, ?, ?, datetime('now'))",
            (key, order_id, f"{amount:.2f}", reason),
        )
        db.execute("update orders set refunded = ? where id = ?", (f"{order.refunded + amount:.2f}", order_id))
        return _get(db, order_id)


def cancel(order_id: int) -> Order:
    """Raises `ToolError` for an order that has left the house."""
    with _books() as db:
        _check_cancellation(_get(db, order_id))
        db.execute("update orders set status = 'cancelled' where id = ?", (order_id,))
        return _get(db, order_id)


def check_refund(order_id: int, amount: Decimal) -> None:
    """Whether `refund` would take it now. Raises `ToolError` as that does."""
    _check_refund(get(order_id), amount)


def check_cancellation(order_id: int) -> None:
    """Whether `cancel` would take it now, and change anything. Raises `ToolError`."""
    order = get(order_id)
    _check_cancellation(order)
    if order.status == "cancelled":
        raise ToolError(f"Order {order_id} is cancelled already.")


def send(recipient: str, subject: str, body: str, key: str) -> None:
    """Put a letter into the outbox, once for each `key`."""
    with _books() as db:
        if not _done(db, "outbox", key):
            db.execute(
                "insert into outbox (key, recipient, subject, body, at) values (?, ?, ?, ?, datetime('now'))",
                (key, recipient, subject, body),
            )


@contextmanager
def _books() -> Generator[sqlite3.Connection]:
    """One transaction on the books."""
    with closing(sqlite3.connect(BOOKS, timeout=10)) as db, db:
        yield db


def _get(db: sqlite3.Connection, order_id: int) -> Order:
    row = db.execute(
        "select id, customer, email, item, paid, refunded, status from orders where id = ?", (order_id,)
    ).fetchone()
    if row is None:
        raise ToolError(f"There is no order {order_id}.")
    number, customer, email, item, paid, refunded, status = row
    return Order(number, customer, email, item, Decimal(paid), Decimal(refunded), status)


def _check_refund(order: Order, amount: Decimal) -> None:
    left = order.paid - order.refunded
    if amount > left:
        raise ToolError(f"Order {order.id} has {left:.2f} euro left to refund, so {amount:.2f} is too much.")


def _check_cancellation(order: Order) -> None:
    if order.status not in ("paid", "cancelled"):
        raise ToolError(f"Order {order.id} is {order.status}, so it cannot be cancelled any more.")


def _done(db: sqlite3.Connection, table: str, key: str) -> bool:
    return db.execute(f"select 1 from {table} where key = ?", (key,)).fetchone() is not None  # noqa: S608 - ours
