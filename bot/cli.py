"""The command line: `signoff run`, `demo`, `manifest`, `audit`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bot import audit, logs, manifest
from bot.errors import CannotGoOn
from bot.settings import BadSettings, load_database_settings, load_settings

logger = logging.getLogger(__name__)

FAILURE = 1
"""The exit code for something that is gone: starting again may help."""

USAGE = 2
"""The exit code for settings or arguments that cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. `arguments` are those after the program's name.

    Whoever reads the output may stop reading, as `head` does: that ends the command, and is no failure.
    """
    with _output_may_close():
        options = _parser().parse_args(arguments)
        try:
            return options.command(options)
        except BadSettings as error:
            for problem in error.problems:
                print(problem, file=sys.stderr)
            return USAGE
    return 0


@contextmanager
def _output_may_close() -> Generator[None]:
    """Ends the block where its output goes nowhere any more, whether that shows in it or when the rest is flushed."""
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The interpreter flushes once more when it ends, and would complain then.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


class _Parser(argparse.ArgumentParser):
    """A parser that knows `--version`, as do those of all its commands."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.add_argument("--version", action="version", version=f"signoff {version('signoff')}")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="signoff", description="A Slack agent that asks before it acts.")
    parser.set_defaults(command=lambda options: _help(parser))
    commands = parser.add_subparsers(metavar="COMMAND")
    run = commands.add_parser("run", help="connect to Slack and work until stopped")
    run.set_defaults(command=_run)
    demo = commands.add_parser("demo", help="try it on this machine: no account, no key")
    demo.add_argument("--port", type=_port, default=8765, help="the page's port (default: 8765; 0 takes a free one)")
    demo.add_argument("--tour", action="store_true", help="play a whole conversation as text, and exit")
    demo.add_argument("--data", type=Path, help="the folder that the demo keeps (default: .signoff-demo)")
    demo.set_defaults(command=_demo)
    manifest_ = commands.add_parser("manifest", help="print the app manifest to paste into Slack")
    manifest_.add_argument("--url", type=_public, help="for HTTP mode: the bot's public address, https://…")
    manifest_.set_defaults(command=_manifest)
    audit_ = commands.add_parser("audit", help="check or print the record of who decided what")
    actions = audit_.add_subparsers(required=True, metavar="ACTION")
    verify = actions.add_parser("verify", help="find a row that was changed, inserted, moved or removed")
    verify.add_argument("--head", help="a head printed before, to find a tail that was removed, or a chain rewritten")
    verify.set_defaults(command=_verify)
    export = actions.add_parser("export", help="print the rows as lines of JSON, then the head")
    export.add_argument(
        "--since", type=audit.moment, help="from this time on: 2026-09-21, or with a time; UTC without a zone"
    )
    export.set_defaults(command=_export)
    return parser


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _public(text: str) -> str:
    if not text.startswith("https://"):
        raise argparse.ArgumentTypeError(f"Slack sends to https:// addresses only, got {text!r}")
    return text


def _run(options: argparse.Namespace) -> int:
    from bot.run import run  # what only this command needs is loaded by it

    settings = load_settings()
    logs.configure(settings.log_level)
    try:
        asyncio.run(run(settings))
    except CannotGoOn as error:
        logger.critical("%s", error)
        return FAILURE
    return 0


def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo, tour_demo

    if options.tour:
        return asyncio.run(tour_demo(options.data, options.port))
    return asyncio.run(demo(options.data or Path(".signoff-demo"), options.port))


def _verify(options: argparse.Namespace) -> int:
    return asyncio.run(audit.verify(load_database_settings(), options.head))


def _export(options: argparse.Namespace) -> int:
    return asyncio.run(audit.export(load_database_settings(), options.since))


def _manifest(options: argparse.Namespace) -> int:
    sys.stdout.write(manifest.render(options.url))
    return 0
