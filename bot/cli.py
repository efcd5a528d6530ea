"""The command line: `signoff run`, `demo`, `manifest`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bot import manifest
from bot.settings import BadSettings, load_settings

USAGE = 2
"""The exit code for settings or arguments that cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. `arguments` are those after the program's name."""
    options = _parser().parse_args(arguments)
    try:
        return options.command(options)
    except BadSettings as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        return USAGE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="signoff", description="A Slack agent that asks before it acts.")
    parser.add_argument("--version", action="version", version=f"signoff {version('signoff')}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="connect to Slack and work until stopped")
    run.set_defaults(command=_run)
    demo = commands.add_parser("demo", help="try it on this machine: no account, no key")
    demo.add_argument("--port", type=int, default=8765, help="the page's port (default: 8765; 0 takes a free one)")
    demo.add_argument("--tour", action="store_true", help="play a whole conversation as text, and exit")
    demo.add_argument("--data", type=Path, help="the folder that the demo keeps (default: .signoff-demo)")
    demo.set_defaults(command=_demo)
    manifest_ = commands.add_parser("manifest", help="print the app manifest to paste into Slack")
    manifest_.set_defaults(command=_manifest)
    for command in (run, demo, manifest_):
        command.add_argument("--version", action="version", version=f"signoff {version('signoff')}")
    return parser


def _run(options: argparse.Namespace) -> int:
    from bot.run import run  # what only this command needs is loaded by it

    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    asyncio.run(run(settings))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo, tour_demo

    if options.tour:
        return asyncio.run(tour_demo(options.data, options.port))
    return asyncio.run(demo(options.data or Path(".signoff-demo"), options.port))


def _manifest(options: argparse.Namespace) -> int:
    sys.stdout.write(manifest.render())
    return 0
