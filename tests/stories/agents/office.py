"""An agent for several bots on one database. Its effects cannot be taken back: lines in a file, one file for all."""

import asyncio
import os
from pathlib import Path

from graphs import Agent, Approval, tool

LEDGER = Path("ledger.txt")


def _write(entry: str) -> None:
    """With who did it."""
    ledger = os.open(LEDGER, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(ledger, f"{entry} {os.getpid()}\n".encode())
    finally:
        os.close(ledger)


@tool
async def look_up(entry: str) -> str:
    """Look whether there is an entry.

    Args:
        entry: Which.
    """
    return f"There is no {entry} yet."


@tool(approval=Approval(approvers=["channel"]))
async def book(entry: str, pause: float = 0.0) -> str:
    """Book an entry, and take a while about it.

    Args:
        entry: What to book.
        pause: Seconds between the entry and the answer.
    """
    _write(entry)
    await asyncio.sleep(pause)
    return f"Booked {entry}."


@tool(approval=Approval(approvers=["channel"], quorum=2))
def share(entry: str) -> str:
    """Book an entry that two people have to approve.

    Args:
        entry: What to book.
    """
    _write(entry)
    return f"Shared {entry}."


agent = Agent(instructions="Keep the ledger.", tools=[look_up, book, share])
