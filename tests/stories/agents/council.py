"""An agent whose every tool asks somebody else; what ran is lines in a file."""

from pathlib import Path

from graphs import Agent, Approval, tool

LEDGER = Path("ledger.txt")


def _write(line: str) -> str:
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")
    return f"Wrote {line}."


@tool(approval=Approval(approvers=["requester", "U0LEA"], quorum=2))
def share(entry: str) -> str:
    """Write an entry that two people have to approve.

    Args:
        entry: What to write.
    """
    return _write(entry)


@tool(approval=Approval(approvers=["S0LEADS"]))
def publish(entry: str) -> str:
    """Publish an entry that the team leads approve.

    Args:
        entry: What to publish.
    """
    return _write(entry)


@tool(approval=Approval(approvers=["requester", "U0LEA"], self_approval=False))
def lend(entry: str) -> str:
    """Lend an entry, which somebody else approves.

    Args:
        entry: What to lend.
    """
    return _write(entry)


@tool(approval=Approval(approvers=["U0GONE"]))
def burn(entry: str) -> str:
    """Burn an entry, which somebody approves who is not there any more.

    Args:
        entry: What to burn.
    """
    return _write(entry)


agent = Agent(instructions="Keep the ledger.", tools=[share, publish, lend, burn])
