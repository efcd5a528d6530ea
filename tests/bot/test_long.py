"""A conversation of hundreds of turns: a turn late in it is the work that an early one is, counted."""

import json
import statistics
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from graphs.agent.tools import tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Page
from tests.support.sqlite import connections_of
from tests.support.waiting import until

TURNS = 300
INSTRUCTIONS = 100
"""SQLite's virtual machine is counted in steps of so many instructions: what is read and written is walked by it."""


@tool
def look(at: int) -> str:
    """Look at it."""
    return f"It is {at}."


class Meter:
    """What the database walks, and what is sent to Slack."""

    def __init__(self, storage: Storage, page: Page) -> None:
        self._storage = storage
        self._page = page
        self._steps = 0
        self._last = 0

    async def start(self) -> None:
        storage = self._storage
        for connection in connections_of(storage):
            await connection.set_progress_handler(self._step, INSTRUCTIONS)

    async def lap(self) -> tuple[int, int]:
        """Instructions, and bytes of arguments, since the last lap."""
        calls = [each for each in await self._page.journal("call") if each["n"] > self._last]
        sent = sum(len(json.dumps(each["arguments"])) for each in calls)
        steps, self._steps, self._last = self._steps, 0, calls[-1]["n"]
        return steps * INSTRUCTIONS, sent

    def _step(self) -> int:
        self._steps += 1
        return 0  # go on


async def idle(storage: Storage) -> None:
    """Until everything is shown, and nobody holds the thread."""

    async def look() -> bool:
        sql = "select count(*) from conversations where shower is not null or outdated"
        return not (await storage.read(lambda db: db.execute(sql).fetchone()[0]))

    await until(look, "an idle bot")


@pytest.mark.slow
async def test_the_300th_turn_walks_and_sends_no_more_than_the_10th(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    lines = [line for n in range(TURNS) for line in (calls(("look", {"at": n})), says(f"Answer {n}."))]
    meter, costs = Meter(storage, page), list[tuple[int, int]]()
    async with running(workspace, storage, [look], *lines, http=http) as bot:
        root: Any = None
        for n in range(TURNS):
            if n == 5:
                await meter.start()  # whoever reads has a connection by then
                await meter.lap()
            said = await page.say(f"question {n}", "D0ANA", thread_ts=root)
            root = root or said["ts"]
            await bot.reads(root, f"Answer {n}.")
            await idle(storage)
            if n >= 5:
                costs.append(await meter.lap())
    early, late = costs[:15], costs[-15:]
    for measured in (0, 1):
        before, after = (statistics.median(cost[measured] for cost in part) for part in (early, late))
        assert 0 < after <= 1.5 * before
