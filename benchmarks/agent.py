"""What both bots can do: a tool that runs unasked and one that asks. They do nothing, so that the bots are measured."""

from __future__ import annotations

from graphs import Agent, Approval, tool

INSTRUCTIONS = "You help people with their parcels. Be brief."
REPLY = "Done: the parcel is on its way again, and I have told the customer."

SCRIPT = [
    {"tool_calls": [{"name": "find_parcel", "arguments": {"number": 7}}]},
    {"tool_calls": [{"name": "send_again", "arguments": {"number": 7, "note": "It was lost."}}]},
    {"text": REPLY},
]
"""What the demo's model says in every conversation (see `bot/demo/model/script.py`)."""


@tool
async def find_parcel(number: int) -> str:
    """Find a parcel.

    Args:
        number: The parcel's number.
    """
    return f"Parcel {number} was sent on Monday and has not arrived."


@tool(approval=Approval())
async def send_again(number: int, note: str) -> str:
    """Send a parcel again.

    Args:
        number: The parcel's number.
        note: Why, for the sender.
    """
    return f"Parcel {number} was sent again."


agent = Agent(instructions=INSTRUCTIONS, tools=[find_parcel, send_again])
