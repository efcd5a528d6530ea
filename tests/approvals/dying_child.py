"""A process that is gone in the middle of a call: `dying_child.py URL EFFECTS WHEN TOOL`.

WHEN: "before the claim", "after the claim" (before the tool begins), "in the tool" (after its effect), or "after the
result" (before the checkpoint). The moment is found by what is on disk: a watcher of every commit, and the tool itself.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve
from storage import Storage, open_storage
from tests.agent.conversing import ANA, THREAD, Talk, calls, says
from tests.support.rows import claims_of

DIED = 9


def transfer_to(effects: Path, *, idempotent: bool, die: Callable[[str], None]) -> Tool[..., Any]:
    """The tool, in the process that dies and in the one that finds what it left."""

    @tool(approval=True, idempotent=idempotent)
    def transfer(amount: int, idempotency_key: str) -> str:
        """Transfer an amount."""
        die("after the claim")
        with effects.open("a") as file:
            file.write(f"{amount} {idempotency_key}\n")
        die("in the tool")
        return f"transferred {amount}"

    return transfer


def talk_in(
    storage: Storage, effects: Path, *, idempotent: bool = False, die: Callable[[str], None] = lambda when: None
) -> Talk:
    transfer = transfer_to(effects, idempotent=idempotent, die=die)
    return Talk(storage, [transfer], calls(("transfer", {"amount": 5}), ids=["call_a"]), says("Done."))


class DyingStorage(Storage):
    """Storage whose process is gone right after the commit in which the claim was done."""

    async def write(self, job: Any, of: str | None = None) -> Any:
        result = await super().write(job, of)
        if any(claim.status == "done" for claim in await self.read(lambda db: claims_of(db, THREAD))):
            os._exit(DIED)
        return result


async def main(url: str, effects: str, when: str, kind: str) -> None:
    def die(moment: str) -> None:
        if moment == when:
            os._exit(DIED)

    async with open_storage(url) as storage:
        talk = talk_in(storage, Path(effects), idempotent=kind == "idempotent", die=die)
        await talk.say("transfer 5")
        await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Approve())
        die("before the claim")
        if when == "after the result":
            storage.__class__ = DyingStorage
        await talk.go_on()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
