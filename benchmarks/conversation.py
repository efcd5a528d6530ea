"""One long conversation on both runtimes: what a turn costs, and how the file grows."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks import shapes
from benchmarks.contenders import Contender
from benchmarks.measuring import file_bytes, folder, timed

TURNS = 300
TEXT = "Is it there yet? " * 61
"""What is said by each of the two in a turn: 1 KiB and a little, so 2 KiB a turn."""

ROUNDS = 3
SHORT = 10
"""The turn of a short thread that a long one's is compared with."""

_EVERY = 10  # turns between two looks at the file
_COMPARED = 10


class Talk:
    """The conversations of one side on one file, and what was measured of them."""

    def __init__(self, name: str, graph: Any, path: Path) -> None:
        self.name = name
        self._graph = graph
        self._path = path
        self._long = shapes.thread()
        self.turns: list[float] = []
        self.sizes: list[tuple[int, int]] = []
        self.late: list[float] = []
        self.early: list[float] = []

    async def go_on(self) -> None:
        """One more turn."""
        self.turns.append(await self._turn(self._long))
        if len(self.turns) % _EVERY == 0:
            self.sizes.append((len(self.turns), file_bytes(self._path)))

    async def compare(self) -> None:
        """A turn of a long thread and one of a short, one after the other, so that both meet the same machine."""
        short = shapes.thread()
        for _ in range(SHORT - 1):
            await self._turn(short)
        self.early.append(await self._turn(short))
        self.late.append(await self._turn(self._long))

    async def _turn(self, thread: dict[str, Any]) -> float:
        said = {"messages": [{"role": "user", "content": TEXT}]}
        return await timed(self._graph.ainvoke(said, thread, durability="sync"))


async def measure(sides: Sequence[Contender]) -> dict[str, Any]:
    """The curves by side, and the figures that are read off them."""
    talks: dict[str, list[Talk]] = defaultdict(list)
    for _ in range(ROUNDS):
        for talk in await _converse(sides):
            talks[talk.name].append(talk)
    said = 2 * len(TEXT)
    sizes = {name: rounds[-1].sizes for name, rounds in talks.items()}
    text = [(turn, turn * said) for turn in range(_EVERY, TURNS + 1, _EVERY)]
    return {
        "turn_seconds": {name: _middle([talk.turns for talk in rounds]) for name, rounds in talks.items()},
        "file_bytes": sizes | {"text": text},
        "figures": {
            "file_size": {name: points[-1][1] / (TURNS * said) for name, points in sizes.items()},
            "long_thread": {name: _growth(rounds) for name, rounds in talks.items()},
        },
    }


async def _converse(sides: Sequence[Contender]) -> list[Talk]:
    """Turn by turn, one side after the other; each on a new file."""
    async with AsyncExitStack() as stack:
        place = stack.enter_context(folder())
        talks: list[Talk] = []
        for side in sides:
            path = place / f"{side.name}.db"
            graph = shapes.conversation(side, await stack.enter_async_context(side.open(path)), TEXT)
            talks.append(Talk(side.name, graph, path))
        for _ in range(TURNS):
            for talk in talks:
                await talk.go_on()
        for _ in range(_COMPARED):
            for talk in talks:
                await talk.compare()
    return talks


def _middle(rounds: list[list[float]]) -> list[float]:
    return [statistics.median(turn) for turn in zip(*rounds, strict=True)]


def _growth(rounds: list[Talk]) -> float:
    late, early = ([time for talk in rounds for time in getattr(talk, when)] for when in ("late", "early"))
    return statistics.median(late) / statistics.median(early)
