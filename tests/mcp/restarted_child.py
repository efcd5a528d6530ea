"""One life of a bot that has servers: loads, does the next thing in the conversation, says what it sees, and is gone.

`python -m tests.mcp.restarted_child URL FOLDER ERA WHAT`; WHAT is begin, answer, look or killed.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

from graphs import Command
from graphs.approvals.decisions import Approve
from storage import open_storage
from tests.agent.conversing import CONFIG, calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import Folder, offered

URL, FOLDER, ERA, WHAT = sys.argv[1:]


async def main() -> None:
    async with open_storage(URL) as storage:
        servers = Folder(Path(FOLDER), ERA).servers(storage)
        await servers.load()
        before = [*offered(servers)]
        talk = ServedTalk(storage, servers, calls(("raw__asks", {})), says("Done."))
        if WHAT == "begin":
            await talk.say("Go.")
            await talk.decide(Approve())
        elif WHAT == "answer":
            row = await talk.waiting()
            value = "Yes" if "sure" in row.payload["question"] else {"name": "Ana"}
            await talk.graph.ainvoke(Command(resume={row.id: value}), CONFIG, by="U0ANA")
        else:
            await servers.servers["raw"].ready()
        waiting = [row.payload.get("question") for row in await talk.all_waiting()]
        changed = [change.name for change in await servers.changes()]
        results = await talk.results() if WHAT in ("begin", "answer") else []
        seen = {"pinned": before, "offered": offered(servers), "waiting": waiting, "changed": changed}
        sys.stdout.write(json.dumps(seen | {"results": results}))
        sys.stdout.flush()
        if WHAT in ("begin", "answer", "killed"):
            os._exit(0)  # as when it is killed: nothing is closed
        await servers.aclose()


asyncio.run(main())
