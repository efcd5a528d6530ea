"""One long conversation on both runtimes: what a turn costs, and how the file grows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from benchmarks import shapes
from benchmarks.contenders import Contender
from benchmarks.measuring import file_bytes, folder, timed

TURNS = 300
TEXT = "Is it there yet? " * 61
"""What is said by each of the two in a turn: 1 KiB and a little, so 2 KiB a turn."""

ROUNDS = 3
_EVERY = 10  # turns between two looks at the file
_EARLY, _LATE = slice(5, 15), slice(TURNS - 10, TURNS)


async def measure(sides: Sequence[Contender]) -> dict[str, Any]:
    """The curves by side, and the figures that are read off them."""
    rounds = [await _converse(sides) for _ in range(ROUNDS)]
    names = [side.name for side in sides]
    times = {
        name: [statistics.median(turn) for turn in zip(*(r[0][name] for r in rounds), strict=True)] for name in names
    }
    sizes = {name: rounds[-1][1][name] for name in names}
    text = TURNS * 2 * len(TEXT)
    return {
        "turn_seconds": times,
        "file_bytes": sizes | {"text": [(turn, turn * 2 * len(TEXT)) for turn, _ in sizes[names[0]]]},
        "figures": {
            "file_size": {name: sizes[name][-1][1] / text for name in names},
            "long_thread": {
                name: statistics.median(times[name][_LATE]) / statistics.median(times[name][_EARLY]) for name in names
            },
        },
    }


async def _converse(sides: Sequence[Contender]) -> tuple[dict[str, list[float]], dict[str, list[tuple[int, int]]]]:
    """Turn by turn, one side after the other; each on a new file."""
    times: dict[str, list[float]] = {side.name: [] for side in sides}
    sizes: dict[str, list[tuple[int, int]]] = {side.name: [] for side in sides}
    async with AsyncExitStack() as stack:
        place = stack.enter_context(folder())
        running = {
            side.name: (
                shapes.conversation(side, await stack.enter_async_context(side.open(place / side.name)), TEXT),
                shapes.thread(),
            )
            for side in sides
        }
        for turn in range(1, TURNS + 1):
            for name, (graph, config) in running.items():
                said = {"messages": [{"role": "user", "content": TEXT}]}
                times[name].append(await timed(graph.ainvoke(said, config, durability="sync")))
                if turn % _EVERY == 0:
                    sizes[name].append((turn, file_bytes(place / name)))
    return times, sizes
