"""The command line: `signoff run`, `doctor`, `demo`, `manifest`, `config`, `audit`, `usage`, and those of
`bot.keeping`.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import io
import logging
import os
import re
import select
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bot import audit, logs, manifest, usage
from bot.errors import CannotGoOn
from bot.json_logs import JsonFormatter
from bot.keeping import commands as keeping
from bot.settings import BadSettings, Settings, load_database_settings, load_host_settings, load_settings
from graphs.texts.redaction import Redaction, keys_among, without_secrets_in_use, without_tokens

logger = logging.getLogger(__name__)

FAILURE = 1
"""The exit code for something that is gone: starting again may help."""

INTERRUPTED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""

_NOT_WRITTEN = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)

USAGE = 2
"""The exit code for settings or arguments that cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit code. `arguments` are those after the program's name.

    Whoever reads the output may stop reading, as `head` does: that ends the command, and is no failure.
    """
    code = 0
    with _output_may_close():
        options = _parser().parse_args(arguments)
        try:
            code = options.command(options)
            sys.stdout.flush()
        except BadSettings as error:
            for problem in error.problems:
                print(without_tokens(problem), file=sys.stderr)
            code = USAGE
        except KeyboardInterrupt:
            code = INTERRUPTED
        except OSError as error:
            if error.errno not in _NOT_WRITTEN or error.filename is not None:
                raise
            _discard_output()
            print(f"The output cannot be written: {error.strerror}.", file=sys.stderr)
            code = FAILURE
    return code


@contextmanager
def _output_may_close() -> Generator[None]:
    """Ends the block quietly where nobody reads its output any more; that may show only when the rest is sent."""
    if sys.stdout is None:  # pyright: ignore[reportUnnecessaryComparison] - closed before we were started
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process lives
    try:
        try:
            yield
        except SystemExit:  # how help and version end
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    except BrokenPipeError:
        if not _is_closed(sys.stdout.fileno()):
            raise  # the pipe was another one
        _discard_output()


def _discard_output() -> None:
    # The interpreter flushes once more when it ends, and would complain then.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _is_closed(output: int) -> bool:
    """Whether nobody is at the other end of a pipe."""
    poll = select.poll()
    poll.register(output, 0)
    return any(events & (select.POLLERR | select.POLLHUP) for _, events in poll.poll(0))


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
    doctor = commands.add_parser("doctor", help="say what is wrong with the settings, Slack, the model, the database")
    doctor.set_defaults(command=_doctor)
    demo = commands.add_parser("demo", help="try it on this machine: no account, no key")
    demo.add_argument("--port", type=_port, default=8765, help="the page's port (default: 8765; 0 takes a free one)")
    demo.add_argument("--tour", action="store_true", help="play a whole conversation as text, and exit")
    demo.add_argument("--data", type=Path, help="the folder that the demo keeps (default: .signoff-demo)")
    demo.set_defaults(command=_demo)
    manifest_ = commands.add_parser("manifest", help="print the app manifest to paste into Slack")
    manifest_.add_argument("--url", type=_public, help="for HTTP mode: the bot's public address, https://…")
    manifest_.set_defaults(command=_manifest)
    config_ = commands.add_parser("config", help="look at signoff.toml")
    config_.set_defaults(command=lambda options: _help(config_))
    looking = config_.add_subparsers(metavar="ACTION")
    check = looking.add_parser("check", help="say what answers where, which calls ask, and which line says so")
    check.set_defaults(command=_check)
    audit_ = commands.add_parser("audit", help="check or print the record of who decided what")
    audit_.set_defaults(command=lambda options: _help(audit_))
    actions = audit_.add_subparsers(metavar="ACTION")
    verify = actions.add_parser("verify", help="find a row that was changed, inserted, moved or removed")
    verify.add_argument("--head", help="a head printed before, to find a tail that was removed, or a chain rewritten")
    verify.set_defaults(command=_verify)
    export = actions.add_parser("export", help="print the rows as lines of JSON, then the head")
    export.add_argument(
        "--since", type=_moment, help="from this time on: 2026-09-21, or with a time; UTC without a zone"
    )
    export.set_defaults(command=_export)
    usage_ = commands.add_parser("usage", help="add up what the model's replies took, in tokens")
    usage_.add_argument("--days", type=_days, default=usage.DAYS, help=f"so many, with today (default: {usage.DAYS})")
    usage_.add_argument("--by", choices=("day", "person", "thread"), default="day", help="a line each (default: day)")
    usage_.add_argument("--json", action="store_true", help="print lines of JSON")
    usage_.set_defaults(command=_usage)
    keeping.add_to(commands)
    return parser


def _help(parser: argparse.ArgumentParser) -> int:
    parser.print_help()
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, got {text!r}")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"expected a number of days from 1 to 100000, got {text!r}")
    return int(text)


def _public(text: str) -> str:
    if not text.startswith("https://"):
        raise argparse.ArgumentTypeError(f"Slack sends to https:// addresses only, got {text!r}")
    try:
        parts = urlsplit(text)
        is_usable = bool(parts.hostname) and parts.port != 0 and not re.search(r"[\s?#@\\]", text)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise argparse.ArgumentTypeError(f"expected an address like https://bot.example.com, got {text!r}")
    return text


def _moment(text: str) -> datetime:
    try:
        return audit.moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a time like 2026-09-21 or 2026-09-21T14:30+02:00, got {text!r}"
        ) from None


def _run(options: argparse.Namespace) -> int:
    from bot.run import run  # what only this command needs is loaded by it
    from bot.stopping import leave, run_to_end

    settings = load_settings()
    ours = _ours(settings)
    logs.configure(
        settings.log_level,
        redact=lambda text: without_tokens(ours(without_secrets_in_use(text))),
        formatter=JsonFormatter if settings.log_format == "json" else None,
    )
    code = 0
    try:
        run_to_end(run(settings))
    except BadSettings as error:  # may quote what others said
        raise BadSettings([ours(problem) for problem in error.problems]) from None
    except CannotGoOn as error:
        logger.critical("%s", error)
        code = FAILURE
    leave(code)
    return code


def _ours(settings: Settings) -> Redaction:
    """Takes our own secrets out of a text."""
    keys = keys_among(settings.secrets)
    return Redaction(keys, masked=keys)


def _doctor(options: argparse.Namespace) -> int:
    from bot.doctor.examining import examine
    from bot.doctor.findings import Finding
    from bot.stopping import leave, run_to_end

    settings = load_settings()
    ours = _ours(settings)
    logs.configure("CRITICAL", redact=lambda text: without_tokens(ours(text)))  # what is wrong is a finding
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # not every terminal has the signs; the words say the same

    def tell(finding: Finding) -> None:
        print(without_tokens(ours(logs.escaped(finding.line))), flush=True)

    count = run_to_end(examine(settings, tell))
    print("Nothing is wrong." if not count else f"{count} {'thing is' if count == 1 else 'things are'} wrong.")
    sys.stdout.flush()
    code = FAILURE if count else 0
    leave(code)
    return code


def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo, tour_demo

    logs.configure("WARNING")
    if options.tour:
        return asyncio.run(tour_demo(options.data, options.port))
    return asyncio.run(demo(options.data or Path(".signoff-demo"), options.port))


def _check(options: argparse.Namespace) -> int:
    from bot.config.described import described
    from bot.config.pinned import server_tools
    from bot.loading import load_all

    settings = load_host_settings()
    loaded = load_all(settings)
    known = server_tools(settings.database_url, loaded.chosen)
    print("\n".join(described(settings, loaded.chosen, loaded.agents, known)))
    return 0


def _verify(options: argparse.Namespace) -> int:
    return asyncio.run(audit.verify(load_database_settings(), options.head))


def _export(options: argparse.Namespace) -> int:
    return asyncio.run(audit.export(load_database_settings(), options.since))


def _usage(options: argparse.Namespace) -> int:
    return usage.show(load_database_settings(), options.days, options.by, as_json=options.json)


def _manifest(options: argparse.Namespace) -> int:
    sys.stdout.write(manifest.render(options.url))
    return 0
