"""An agent whose tools run without asking, and one of which asks something itself while it runs."""

from pathlib import Path

from graphs import Agent, Approval, interrupt, tool

TABLES = Path("tables.txt")


@tool
def count(shelf: int) -> str:
    """Count what is on a shelf.

    Args:
        shelf: The shelf's number.
    """
    return f"Shelf {shelf} holds {shelf * 3}."


@tool(approval=Approval())
def reserve(name: str) -> str:
    """Reserve a table.

    Args:
        name: Whose table it is.
    """
    is_outside = interrupt({"question": f"A table outside for {name}?"}, response_schema=bool)
    with TABLES.open("a", encoding="utf-8") as tables:
        tables.write(f"{name} {'outside' if is_outside else 'inside'}\n")
    return f"Reserved a table for {name}."


agent = Agent(instructions="Keep the house.", tools=[count, reserve])
