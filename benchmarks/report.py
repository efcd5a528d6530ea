"""The targets, and the table that says for each what was measured and whether it is met."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Sides = Mapping[str, float]
"""What was measured, by side."""

OURS = "signoff"


def times_faster(ours: float, theirs: float) -> float:
    return theirs / ours


def times_as_many(ours: float, theirs: float) -> float:
    return ours / theirs


def itself(ours: float, theirs: float) -> float:
    return ours


@dataclass(frozen=True)
class Target:
    """A figure, how it is judged against the other side, and the bound it has to keep."""

    figure: str
    words: str
    shown: Callable[[float], str]
    judge: Callable[[float, float], float]
    sign: Literal["≥", "≤"]
    bound: float

    @property
    def judged(self) -> Callable[[float], str]:
        """How what is judged is printed: a figure by itself as it is, everything else as a ratio."""
        return self.shown if self.judge is itself else times


def milliseconds(value: float) -> str:
    return f"{value * 1000:.2f} ms" if value < 0.1 else f"{value * 1000:.0f} ms"


def per_second(value: float) -> str:
    return f"{value:.1f}/s" if value < 100 else f"{value:.0f}/s"


def times(value: float) -> str:
    return f"{value:.2f} ×"


def number(value: float) -> str:
    return f"{value:.4g}"


RUNTIME = (
    Target("step", "Durable step", milliseconds, times_faster, "≥", 3.0),
    Target("pause", "Pause", milliseconds, times_faster, "≥", 3.0),
    Target("resume", "Resume", milliseconds, times_faster, "≥", 2.5),
    Target("crowd_pauses", "128 threads at once: pauses", per_second, times_as_many, "≥", 6.0),
    Target("crowd_resumes", "128 threads at once: resumes", per_second, times_as_many, "≥", 5.0),
    Target("storeless_step", "Step without a store", milliseconds, times_faster, "≥", 8.0),
    Target("file_size", "File after 300 turns of 2 KiB, to its text", times, itself, "≤", 2.0),
    Target("long_thread", "Turn 300 to turn 10", times, itself, "≤", 1.5),
    Target("imports", "Import of graphs.runtime and storage", milliseconds, times_as_many, "≤", 1.15),
)

_FEW, _FEW_ACKED, _MANY_ACKED = 50, 0.3, 1.0


def conversations(at_once: int) -> tuple[Target, ...]:
    """What is asked of the bot with so many conversations at once."""
    acked = _FEW_ACKED if at_once <= _FEW else _MANY_ACKED
    return (
        Target("per_second", "conversations", per_second, times_as_many, "≥", 1.0),
        Target("cpu", "processor time each", milliseconds, itself, "≤", 0.060),
        Target("slack_calls", "Slack calls each", number, itself, "≤", 8.0),
        Target("acked_p50", "click acked, median", milliseconds, itself, "≤", acked),
        Target("acked_p99", "click acked, 99 of 100", milliseconds, itself, "≤", acked),
        Target("missed", "clicks acked after 3 s, or never", number, itself, "≤", 0.0),
        Target("unfinished", "conversations without a reply", number, itself, "≤", 0.0),
        Target("doubled", "replies or cards posted twice", number, itself, "≤", 0.0),
        Target("in_doubt", "calls in doubt", number, itself, "≤", 0.0),
    )


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    words: str
    ours: str
    theirs: str
    judged: str
    target: str
    met: bool

    @property
    def cells(self) -> tuple[str, ...]:
        return self.words, self.ours, self.theirs, self.judged, self.target, "met" if self.met else "not met"


HEAD = ("figure", OURS, "next to", "judged", "target", "")


def row(target: Target, sides: Sides, before: str = "") -> Row:
    """The line of one figure. The other side is whichever else was measured; a figure by itself needs none."""
    name, theirs = next(((name, value) for name, value in sides.items() if name != OURS), ("", float("nan")))
    judged = target.judge(sides[OURS], theirs)
    return Row(
        words=before + target.words,
        ours=target.shown(sides[OURS]),
        theirs=f"{name} {target.shown(theirs)}" if name else "",
        judged=target.judged(judged),
        target=f"{target.sign} {target.judged(target.bound)}",
        met=judged >= target.bound if target.sign == "≥" else judged <= target.bound,
    )


def rows(results: Mapping[str, Any]) -> Iterator[Row]:
    """A line for each target whose figure was measured."""
    figures = results.get("runtime", {}).get("figures", {})
    yield from (row(target, figures[target.figure]) for target in RUNTIME if target.figure in figures)
    for name, at_once, measured in _crowds(results):
        for target in conversations(at_once):
            if OURS in measured.get(target.figure, {}):
                yield row(target, measured[target.figure], before=f"{name}: ")


def databases(results: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """A line for each figure that was measured on SQLite and on PostgreSQL. Nothing is asked of them."""
    measured = results.get("databases", {})
    by_database = measured.get("runtime", {})
    for figure, words, shown in _RUNTIME_ON_BOTH if by_database else ():
        yield words, *(shown(by_database[name][figure]) for name in ("sqlite", "postgresql"))
    bots = measured.get("bots", {})
    for count in bots.get("sqlite", {}):
        for target in conversations(measured["at_once"]):
            words = f"{count} {'bot' if count == '1' else 'bots'}, {measured['at_once']} at once: {target.words}"
            yield words, *(target.shown(bots[name][count][target.figure]) for name in ("sqlite", "postgresql"))


_RUNTIME_ON_BOTH = (
    ("step", "Durable step", milliseconds),
    ("pause", "Pause", milliseconds),
    ("resume", "Resume", milliseconds),
    ("crowd_steps", "32 threads at once: steps", per_second),
)


def table(lines: list[Row]) -> str:
    """Markdown that can be read as it is."""
    return table_of(HEAD, [line.cells for line in lines])


def table_of(head_cells: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    cells = [head_cells, *lines]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    head, *body = (" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    rule = " | ".join("-" * width for width in widths)
    return "\n".join(f"| {line} |" for line in (head, rule, *body))


def remarks(results: Mapping[str, Any]) -> Iterator[str]:
    """What one must know to read the table: how steady the machine was, and what else was busy."""
    canary = results.get("runtime", {}).get("canary")
    if canary:
        low, middle, high = (f"{canary[name] * 1e6:.1f}" for name in ("p5", "median", "p95"))
        yield f"Canary (a commit of plain SQLite): {middle} µs; 90 of 100 samples lie between {low} and {high} µs."
    for name, _, measured in _crowds(results):
        for side, busy in measured.get("busy", {}).items():
            shares = ", ".join(f"{program} {share:.0%}" for program, share in busy.items())
            yield f"Processors, {name} with {side}: {shares} of one."
            if busy["bot"] < max(busy["workspace"], busy["model"]):
                yield f"There the stage was busier than {side}: its throughput is the stage's, not its own."


def _crowds(results: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """What was measured of bots: a name for it, how many conversations at once, and the figures."""
    for part, before in (("bot", ""), ("bots", "several bots, ")):
        for at_once, measured in results.get(part, {}).get("at_once", {}).items():
            yield f"{before}{at_once} at once", int(at_once), measured
