"""A process of its own that clicks: `clicking_child.py URL INTERRUPT_ID DECISION FIRST LAST`.

Says "ready", waits for a line, then clicks as the people FIRST to LAST at once, and prints what each was told as JSON.
"""

import asyncio
import json
import sys

from graphs.agent.desk import Desk
from graphs.agent.toolbox import Toolbox
from graphs.approvals.decisions import Approve, Reject
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from storage import open_storage
from tests.agent.conversing import THREAD
from tests.approvals.till import Till


async def main(url: str, interrupt_id: str, decision: str, first: str, last: str) -> None:
    async with open_storage(url) as storage:
        desk = Desk(storage, Toolbox([Till().pay()]))
        people = [Actor(UserId(f"U0P{number}"), "T0LOCAL", "member") for number in range(int(first), int(last))]
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.readline)

        async def click(who: Actor) -> str:
            made = Approve() if decision == "approve" or int(who.user[3:]) % 2 else Reject()
            outcome = await desk.decide(interrupt_id, THREAD, who, made)
            return outcome.reason if isinstance(outcome, Refused) else f"counts, {outcome.missing} missing"

        told = await asyncio.gather(*map(click, people))
        sys.stdout.write(json.dumps(dict(zip((who.user for who in people), told, strict=True))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
