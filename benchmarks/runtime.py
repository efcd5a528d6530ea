"""The runtimes side by side: a step, a pause, a resume, and 128 threads at once."""

from __future__ import annotations

import asyncio
import statistics
from collections import defaultdict
from contextlib import AsyncExitStack
from typing import Any

from benchmarks import contenders, conversation, imports, shapes
from benchmarks.contenders import Contender
from benchmarks.measuring import Canary, folder, timed

Samples = dict[str, list[float]]

ROUNDS = 25
REPEATS = 10
CROWD = 128
CROWD_ROUNDS = 9
OPTIONS = {"durability": "sync"}
"""What is stored is on disk before the next step begins: what both are asked for."""


class Figures:
    """One runtime on one open file; each figure is a sample taken anew."""

    def __init__(self, contender: Contender, checkpointer: Any) -> None:
        self._command = contender.command
        self._chain = shapes.chain(contender, checkpointer)
        self._storeless = shapes.chain(contender)
        self._asking = shapes.asking(contender, checkpointer)

    async def alone(self) -> dict[str, float]:
        """One thread at a time: seconds for a step, a pause and a resume."""
        steps, storeless, pauses, resumes = [], [], [], []
        for _ in range(REPEATS):
            steps.append(await timed(self._chain.ainvoke({"count": 0}, shapes.thread(), **OPTIONS)) / shapes.STEPS)
            storeless.append(await timed(self._storeless.ainvoke({"count": 0})) / shapes.STEPS)
            config = shapes.thread()
            pauses.append(await timed(self._pause(config)))
            resumes.append(await timed(self._resume(config)))
        samples = {"step": steps, "storeless_step": storeless, "pause": pauses, "resume": resumes}
        return {name: statistics.median(times) for name, times in samples.items()}

    async def at_once(self) -> dict[str, float]:
        """Many threads at once: pauses and resumes in a second."""
        configs = [shapes.thread() for _ in range(CROWD)]
        pausing = await timed(asyncio.gather(*map(self._pause, configs)))
        resuming = await timed(asyncio.gather(*map(self._resume, configs)))
        return {"crowd_pauses": CROWD / pausing, "crowd_resumes": CROWD / resuming}

    async def _pause(self, config: dict[str, Any]) -> None:
        result = await self._asking.ainvoke({"answer": ""}, config, **OPTIONS)
        assert result["__interrupt__"]

    async def _resume(self, config: dict[str, Any]) -> None:
        result = await self._asking.ainvoke(self._command(resume="yes"), config, **OPTIONS)
        assert result["answer"] == "yes"


async def measure() -> dict[str, Any]:
    """All figures: medians in seconds or per second, by name and side; and what the canary sang."""
    sides = (contenders.signoff(), contenders.langgraph())
    samples: dict[str, Samples] = defaultdict(lambda: defaultdict(list))
    async with AsyncExitStack() as stack:
        place = stack.enter_context(folder())
        canary = Canary(place / "canary.db")
        figures = {
            side.name: Figures(side, await stack.enter_async_context(side.open(place / f"{side.name}.db")))
            for side in sides
        }
        for each in figures.values():  # the first run of anything pays for imports and caches
            await each.alone()
        for number in range(ROUNDS):
            for name, each in figures.items():
                canary.sing()
                taken = await each.alone()
                if number < CROWD_ROUNDS:
                    taken |= await each.at_once()
                for figure, value in taken.items():
                    samples[figure][name].append(value)
        sung = canary.close()
    figured = {figure: _medians(by_side) for figure, by_side in samples.items()}
    figured["imports"] = _medians(await asyncio.to_thread(imports.measure))
    curves = await conversation.measure(sides)
    return {"canary": sung, "figures": figured | curves.pop("figures"), "curves": curves}


def _medians(by_side: Samples) -> dict[str, float]:
    return {side: statistics.median(values) for side, values in by_side.items()}
