"""`make bench`: measures, prints the table, and keeps the figures and the pictures."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sqlite3
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import plots, report

PARTS = ("runtime", "bot", "databases", "plots")
RESULTS = Path(__file__).with_name("results.json")
PACKAGES = ("langgraph", "langgraph-checkpoint-sqlite", "slack-bolt", "openai", "aiosqlite")


def main() -> None:
    options = _options()
    parts = options.parts or list(PARTS)
    results: dict[str, Any] = json.loads(options.json.read_text("utf-8")) if options.json.exists() else {}
    measured: dict[str, Any] = {}
    if "runtime" in parts:
        from benchmarks import runtime

        measured["runtime"] = asyncio.run(runtime.measure()) | {"run": _run()}
    if "bot" in parts:
        from benchmarks import bot

        at_once = tuple(options.conversations or bot.AT_ONCE)
        part = "bot" if options.bots == 1 else "bots"
        measured[part] = asyncio.run(bot.measure(at_once, options.bots)) | {"run": _run()}
    if "databases" in parts:
        from benchmarks import databases

        measured["databases"] = asyncio.run(databases.measure()) | {"run": _run()}
    results |= measured
    if measured:
        parts_kept = (f"{json.dumps(name)}: {json.dumps(_rounded(part))}" for name, part in results.items())
        options.json.write_text("{\n" + ",\n".join(parts_kept) + "\n}\n", "utf-8")
    print(report.table(list(report.rows(measured or results))))
    print(*report.remarks(measured or results), sep="\n")
    if compared := list(report.databases(measured or results)):
        print(report.table_of(("figure", "sqlite", "postgresql"), compared))
    if "plots" in parts:
        print(*(f"Drawn: {os.path.relpath(path)}" for path in plots.draw(results)), sep="\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measure against LangGraph, and a bot written on it."
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)} (default: all of them)")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where the figures are kept (default: %(default)s)")
    parser.add_argument("--bots", type=_positive, default=1, help="how many bots on one database (default: 1)")
    parser.add_argument(
        "--conversations",
        type=_positive,
        nargs="+",
        metavar="N",
        help="how many at once (default: 10, then 50, then 200)",
    )
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"there is no part {', '.join(map(repr, sorted(unknown)))}; there are {', '.join(PARTS)}")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not at least 1")
    return number


def _rounded(value: Any) -> Any:
    """To four digits: more of a measurement is noise."""
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {name: _rounded(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_rounded(inner) for inner in value]
    return value


def _run() -> dict[str, Any]:
    """What it ran on."""
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in PACKAGES},
    }


if __name__ == "__main__":
    sys.exit(main())
