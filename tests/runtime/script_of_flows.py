"""A flow in a script, as somebody writes it who has no event loop: `script_of_flows.py URL WHAT`.

"ask" runs it to its question, "answer" answers that in another process. "die" ends the process in the middle of the
second task, "go on" goes on with what was left.
"""

import os
import sys
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel

from graphs import Command, entrypoint, interrupt, task
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage

CONFIG: Config = {"configurable": {"thread_id": "t1"}}


class Order(BaseModel):
    id: int
    total: Decimal
    at: datetime


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def build(storage: Storage, what: str, book: Path) -> CompiledGraph:
    @task
    def find(order_id: int) -> Order:
        with book.open("a") as file:
            file.write(f"found {order_id}\n")
        return Order(id=order_id, total=Decimal("9.90"), at=datetime.fromisoformat("2026-01-02T12:00:00+00:00"))

    @task()
    def ship(order: Order) -> datetime:
        if what == "die":
            os._exit(3)
        return order.at + timedelta(days=1)

    @entrypoint(checkpointer=storage)
    def flow(order_ids: list[int], *, previous: Decimal | None = None) -> Decimal:
        orders = [found.result() for found in [find(each) for each in order_ids]]
        say(f"{[type(order).__name__ for order in orders]} {previous!r}")
        if what in ("ask", "answer"):
            say(f"ship: {interrupt('ship them?')}")
        days = {ship(order).result().day for order in orders}
        return sum((order.total for order in orders), Decimal(days.pop()))

    return flow


def main(url: str, what: str) -> None:
    book = Path(url.removeprefix("sqlite:///")).with_name("book")
    with open_storage(url) as storage:
        flow = build(storage, what, book)
        given = {"ask": [1, 2], "die": [1, 2], "answer": Command[str](resume="yes"), "go on": None}[what]
        for chunk in flow.stream(given, CONFIG):
            say(", ".join(chunk))
        say(repr(flow.get_state(CONFIG).values))


if __name__ == "__main__":
    main(*sys.argv[1:])
