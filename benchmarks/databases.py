"""SQLite beside PostgreSQL: the runtime's steps on each, and one bot beside three on each."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import bot, contenders, shapes
from benchmarks.measuring import folder, memory, timed
from storage import Storage, open_storage
from tests.support.postgres_server import Server, programs

ROUNDS = 15
CROWD = 32
REPLICAS = (1, 3)
AT_ONCE = 50
BOT_ROUNDS = 2
OPTIONS = {"durability": "sync"}


@dataclass(frozen=True)
class Databases:
    """Where new databases are made: files in a folder, and a server of their own that calls fsync as in service."""

    place: Path
    server: Server

    @contextmanager
    def new(self, name: str) -> Generator[str]:
        """The URL of an empty one."""
        if name == "postgresql":
            with self.server.database() as url:
                yield url
        else:
            with folder() as place:
                yield f"sqlite:///{place / 'bench.db'}"


NAMES = ("sqlite", "postgresql")


async def measure() -> dict[str, Any]:
    """All figures, by name and database; those of bots by how many there were as well."""
    found = programs()
    if found is None:
        raise SystemExit("There is no PostgreSQL on this machine: install Debian's package postgresql.")
    server = await asyncio.to_thread(Server, found, durable=True, place=memory())
    try:
        with folder() as place:
            databases = Databases(place, server)
            runtime = {name: await _runtime(databases, name) for name in NAMES}
            bots = {name: {str(n): await _bots(databases, name, n) for n in REPLICAS} for name in NAMES}
    finally:
        await asyncio.to_thread(server.close)
    return {"at_once": AT_ONCE, "runtime": runtime, "bots": bots}


async def _runtime(databases: Databases, name: str) -> dict[str, float]:
    """Medians in seconds, and steps in a second of many threads at once."""
    side = contenders.signoff()
    async with _opened(databases, name) as storage:
        chain, asking = shapes.chain(side, storage), shapes.asking(side, storage)
        samples: dict[str, list[float]] = {"step": [], "pause": [], "resume": [], "crowd_steps": []}
        for number in range(ROUNDS + 1):
            step = await timed(chain.ainvoke({"count": 0}, shapes.thread(), **OPTIONS)) / shapes.STEPS
            config = shapes.thread()
            pause = await timed(asking.ainvoke({"answer": ""}, config, **OPTIONS))
            resume = await timed(asking.ainvoke(side.command(resume="yes"), config, **OPTIONS))
            crowd = await timed(
                asyncio.gather(*(chain.ainvoke({"count": 0}, shapes.thread(), **OPTIONS) for _ in range(CROWD)))
            )
            if number:  # the first pays for imports and caches
                for figure, taken in zip(samples, (step, pause, resume, CROWD * shapes.STEPS / crowd), strict=True):
                    samples[figure].append(taken)
    return {figure: statistics.median(taken) for figure, taken in samples.items()}


@asynccontextmanager
async def _opened(databases: Databases, name: str) -> AsyncGenerator[Storage]:
    with databases.new(name) as url:
        async with open_storage(url) as storage:
            yield storage


async def _bots(databases: Databases, name: str, bots: int) -> dict[str, float]:
    rounds: list[dict[str, float]] = []
    for _ in range(BOT_ROUNDS):
        with databases.new(name) as url:
            measured, _ = await bot.hold("signoff", AT_ONCE, bots, url)
        rounds.append(measured)
    return {figure: statistics.median(each[figure] for each in rounds) for figure in rounds[0]}
