"""What starting costs: whole processes that import the runtime, and ones that import only what it stands on."""

from __future__ import annotations

import subprocess
import sys
import time

RUNS = 15
PROGRAMS = {
    "signoff": "import graphs.runtime.graph, storage",
    "floor": "import aiosqlite, pydantic\nclass Model(pydantic.BaseModel):\n    name: str",
}


def measure() -> dict[str, list[float]]:
    """Seconds of each process, by program; the first of each, which may compile, is not counted."""
    times: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(RUNS + 1):
        for name, program in PROGRAMS.items():
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603 - the programs above
            times[name].append(time.perf_counter() - begin)
    return {name: taken[1:] for name, taken in times.items()}
