"""A process of its own whose tool dies in the middle: `crashing_child.py URL EFFECTS`.

The tool writes a line into the file EFFECTS, and then the process is gone, as by a power cut.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve
from storage import open_storage
from tests.agent.conversing import ANA, THREAD, Talk, calls, says


def transfer_to(effects: Path, *, dies: bool, idempotent: bool = False) -> Tool[..., Any]:
    """The tool, as the process that dies and the one that finds what it left have it."""

    @tool(approval=Approval(), idempotent=idempotent)
    def transfer(amount: int, idempotency_key: str) -> str:
        """Transfer an amount."""
        with effects.open("a") as file:
            file.write(f"{amount} {idempotency_key}\n")
        if dies:
            os._exit(9)
        return f"transferred {amount}"

    return transfer


def talk_in(storage: Any, effects: Path, *, dies: bool, idempotent: bool = False) -> Talk:
    transfer = transfer_to(effects, dies=dies, idempotent=idempotent)
    return Talk(storage, [transfer], calls(("transfer", {"amount": 5}), ids=["call_a"]), says("Done."))


async def main(url: str, effects: str, how: str) -> None:
    async with open_storage(url) as storage:
        talk = talk_in(storage, Path(effects), dies=True, idempotent=how == "idempotent")
        if how == "again":
            (row,) = await storage.interrupts(status="waiting")
            await talk.desk.settle_doubt(row.id, THREAD, ANA, "run_again")
            await talk.go_on()
        else:
            await talk.say("transfer 5")
            await talk.decide(Approve())


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
