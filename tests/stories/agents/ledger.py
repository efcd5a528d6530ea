"""An agent with effects that cannot be taken back and that nothing makes harmless to repeat: lines in a file."""

import asyncio
from pathlib import Path

from graphs import Agent, Approval, tool

LEDGER = Path("ledger.txt")


def _write(line: str) -> None:
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


@tool(approval=True, destructive=True)
async def book(entry: str, pause: float = 0.0) -> str:
    """Book an entry, and take a while about it.

    Args:
        entry: What to book.
        pause: Seconds between the entry and the answer.
    """
    _write(entry)
    await asyncio.sleep(pause)
    return f"Booked {entry}."


@tool(approval=Approval(approvers=["requester", "U0LEA"]))
def share(entry: str) -> str:
    """Book an entry that either of two people may decide about.

    Args:
        entry: What to book.
    """
    _write(entry)
    return f"Shared {entry}."


@tool
def break_down(how: str) -> str:
    """Fail.

    Args:
        how: The message to fail with.
    """
    raise RuntimeError(how)


agent = Agent(instructions="Keep the ledger.", tools=[book, share, break_down])
