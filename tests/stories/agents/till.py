"""An agent whose tools have no rule of their own; what ran is lines in a file."""

from pathlib import Path

from graphs import Agent, tool

LEDGER = Path("ledger.txt")


def _write(line: str) -> str:
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")
    return f"Wrote {line}."


@tool
def spend(entry: str, amount: int) -> str:
    """Spend an amount.

    Args:
        entry: What for.
        amount: How much.
    """
    return _write(f"{entry} {amount}")


@tool
def lend(entry: str, days: int) -> str:
    """Lend an entry.

    Args:
        entry: What to lend.
        days: For how long.
    """
    return _write(f"{entry} {days}")


agent = Agent(instructions="Keep the till.", tools=[spend, lend])
