"""Three pictures of what was measured, as SVG."""
# pyright: reportMissingImports=false
# Matplotlib is there for benchmarks only (`benchmarks/requirements.lock`).

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

_LABELS = {"signoff": "Signoff", "langgraph": "LangGraph", "naive": "Naive bot on LangGraph", "text": "The text itself"}
_COLOURS = {"signoff": "#1a7f5a", "langgraph": "#b3541e", "naive": "#b3541e", "text": "#57606a"}
_STYLE = {
    "svg.fonttype": "none",  # text stays text: smaller, and in the reader's own font
    "svg.hashsalt": "signoff",  # the same figures make the same file
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#d0d7de",
    "figure.figsize": (6.4, 3.2),
}
_WINDOW = 9  # turns whose median is drawn as one point

Curve = tuple[Iterable[float], Iterable[float]]


def draw(results: Mapping[str, Any], folder: Path = FOLDER) -> list[Path]:
    """A picture of each thing that was measured; their files."""
    curves = results.get("runtime", {}).get("curves", {})
    made: list[Path] = []
    if curves:
        turns = {side: _smooth(times) for side, times in curves["turn_seconds"].items()}
        made.append(_picture(folder / "bench-turns.svg", turns, "turns so far", "ms for one more turn"))
        sizes = {side: _megabytes(points) for side, points in curves["file_bytes"].items()}
        made.append(_picture(folder / "bench-bytes.svg", sizes, "turns of 2 KiB", "MB on disk", logarithmic=True))
    at_once = results.get("bot", {}).get("at_once", {})
    if len(at_once) > 1:
        rates = {side: _rates(at_once, side) for side in ("signoff", "naive")}
        made.append(
            _picture(
                folder / "bench-throughput.svg", rates, "conversations at once", "conversations a second", marker="o"
            )
        )
    return made


def _smooth(seconds: Sequence[float]) -> Curve:
    points = range(0, len(seconds) - _WINDOW + 1, 3)
    return (
        [start + 1 + _WINDOW // 2 for start in points],
        [statistics.median(seconds[start : start + _WINDOW]) * 1000 for start in points],
    )


def _megabytes(points: Iterable[tuple[int, int]]) -> Curve:
    turns, sizes = zip(*points, strict=True)
    return turns, [size / 1e6 for size in sizes]


def _rates(at_once: Mapping[str, Any], side: str) -> Curve:
    measured = [
        (int(number), each["per_second"][side]) for number, each in at_once.items() if side in each["per_second"]
    ]
    return [number for number, _ in measured], [rate for _, rate in measured]


def _picture(
    path: Path, curves: Mapping[str, Curve], x: str, y: str, *, logarithmic: bool = False, marker: str = ""
) -> Path:
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(layout="constrained")
        axes = figure.subplots()
        for side, (across, up) in curves.items():
            axes.plot(list(across), list(up), marker=marker or None, lw=2, color=_COLOURS[side], label=_LABELS[side])
            if marker:
                axes.set_xticks(list(across))
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        if logarithmic:
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
        else:
            axes.set_ylim(bottom=0)
        axes.legend(frameon=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        FigureCanvasSVG(figure).print_svg(path, metadata={"Date": None})
    return path
