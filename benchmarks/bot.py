"""The bots side by side, as processes: many conversations at once, from first message to the reply after a click."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from pathlib import Path
from typing import Any

import aiohttp

from benchmarks.driver import Crowd
from benchmarks.measuring import folder
from benchmarks.stage import BOTS, stage

AT_ONCE = (10, 50, 200)
ROUNDS = 3
SLACK_WAITS = 3.0
"""Seconds that Slack waits for an ack."""

_WARM = 2  # conversations before those that count: imports and caches
_CONNECT_DEADLINE = 30.0
_WORST = ("missed", "unfinished", "doubled", "in_doubt")
"""Of these the worst round counts, of all others the middle one."""

Measured = dict[str, float]


async def measure(at_once: tuple[int, ...], bots: int) -> dict[str, Any]:
    """All figures by how many conversations are held at once, and by side."""
    return {"bots": bots, "at_once": {str(number): await _compare(number, bots) for number in at_once}}


async def _compare(at_once: int, bots: int) -> dict[str, Any]:
    """Both sides in turn, several rounds."""
    figures: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    busy: dict[str, dict[str, float]] = {}
    for _ in range(ROUNDS):
        for side in BOTS:
            measured, busy[side] = await hold(side, at_once, bots)
            for figure, value in measured.items():
                figures[figure][side].append(value)
    middle: dict[str, Any] = {
        figure: {side: (max if figure in _WORST else statistics.median)(values) for side, values in by_side.items()}
        for figure, by_side in figures.items()
    }
    return middle | {"busy": busy}


async def hold(side: str, at_once: int, bots: int, url: str | None = None) -> tuple[Measured, dict[str, float]]:
    """One measurement on a new stage: the figures, and how busy each program kept a processor. The bots are on the
    database at the URL, or on a new file.
    """
    with folder() as place:
        async with stage(side, bots, place, url) as programs, aiohttp.ClientSession(connector=_connector()) as http:
            crowd = Crowd(http, programs.url)
            watching = [asyncio.create_task(crowd.watch()), asyncio.create_task(crowd.keep_journal())]
            try:
                await _connect(crowd, bots, programs.log)
                await crowd.talk(_WARM * bots)
                await crowd.quiet()
                await crowd.read_journal()
                crowd.forget()
                before = programs.processor_seconds()
                talks, seconds = await crowd.talk(at_once)
                busy = {name: (used - before[name]) / seconds for name, used in programs.processor_seconds().items()}
                await crowd.quiet()
                cpu = programs.processor_seconds()["bot"] - before["bot"]
                await crowd.read_journal()
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)
    acks = sorted(crowd.acks())
    figures = {
        "per_second": sum(talk.done.is_set() for talk in talks) / seconds,
        "cpu": cpu / at_once,
        "slack_calls": crowd.calls.total() / at_once,
        "acked_p50": _share(acks, 0.50),
        "acked_p99": _share(acks, 0.99),
        "missed": sum(ack > SLACK_WAITS for ack in acks),
        "unfinished": sum(not talk.done.is_set() for talk in talks),
        "doubled": sum(talk.doubled for talk in talks),
        "in_doubt": sum(talk.in_doubt for talk in talks),
    }
    return figures, busy


async def _connect(crowd: Crowd, bots: int, log: Path) -> None:
    try:
        async with asyncio.timeout(_CONNECT_DEADLINE):
            await crowd.connected(bots)
    except TimeoutError:
        said = await asyncio.to_thread(log.read_text, "utf-8")
        raise RuntimeError(f"a bot did not connect; the log:\n{said}") from None


def _share(sorted_: list[float], share: float) -> float:
    """The value that this share of all does not exceed."""
    return sorted_[min(int(len(sorted_) * share), len(sorted_) - 1)] if sorted_ else 0.0


def _connector() -> aiohttp.TCPConnector:
    """People do not wait for each other's connections."""
    return aiohttp.TCPConnector(limit=0)
