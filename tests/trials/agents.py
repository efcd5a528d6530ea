"""The agent of the trials: an effect that cannot be taken back, which one of two people has to approve.

Where its folder has a file `die_at_commit` with a number, its process is killed right before that commit of its own.
"""

import os
import signal
import sqlite3
from pathlib import Path
from typing import Any

from graphs import Agent, Approval, tool

LEDGER = Path("ledger.txt")
ORDER = Path("die_at_commit")


@tool
async def look_up(entry: str) -> str:
    """Look whether there is an entry.

    Args:
        entry: Which.
    """
    return f"There is no {entry} yet."


@tool(approval=Approval(approvers=["requester", "S0LEADS"]))
def transfer(entry: str) -> str:
    """Book a transfer.

    Args:
        entry: What to book.
    """
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(entry + "\n")
    return f"Booked {entry}."


agent = Agent(instructions="Keep the ledger.", tools=[look_up, transfer])


_connect = sqlite3.connect


def _watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
    db = _connect(*args, **kwargs)
    db.set_trace_callback(_statement)
    return db


def _statement(sql: str) -> None:
    """Called before each statement, in the thread that runs it."""
    if sql.strip().lower().startswith("commit") and ORDER.exists():
        left = int(ORDER.read_text()) - 1
        ORDER.write_text(str(left))
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


sqlite3.connect = _watched
