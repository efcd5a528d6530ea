"""The log, and the only place that sets it up: each record begins a line, and nothing inside of one can.

What people write, models call and servers answer gets into messages and into errors. Characters that are not printed
are written as escapes, so that a line of the log is a line of ours.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator
from types import TracebackType
from typing import Any, TextIO

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

INDENT = "    "
"""Before each line of a traceback: a record begins where nothing stands before it."""

LONGEST = 50_000
"""Characters of a message, or of what an error says. A tool may raise with megabytes."""

Redact = Callable[[str], str]
"""Takes from a whole record, as it is about to be written, what nobody may read."""

_LIBRARIES = ("httpx", "httpx2", "slack_sdk.socket_mode")
"""Those that say a line for each request, or connection."""

_TRY_AGAIN = ("opentelemetry.exporter",)
"""Those that say a line for each attempt at what is tried until it works: the one when it has failed will do."""

_TELL_ALL = (
    "aiosqlite",
    "hpack",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "openai",
    "opentelemetry",
    "slack_bolt",
    "slack_sdk",
    "urllib3",
)
"""Those that say at DEBUG what is stored and sent: whole rows and requests, with what tools were given in secret."""

logger = logging.getLogger(__name__)


def configure(
    level: str,
    stream: TextIO | None = None,
    redact: Redact = str,
    formatter: Callable[[Redact], logging.Formatter] | None = None,
) -> None:
    """Log to `stream` (standard error) from `level` on, whoever logs, warns, or ends with an error that nobody took; as
    lines of text, unless a `formatter` is given.
    """
    handler = logging.StreamHandler(stream or _standard_error())
    handler.setFormatter((formatter or RecordFormatter)(redact))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _LIBRARIES if level != "DEBUG" else ():
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    for name in _TELL_ALL if level == "DEBUG" else ():
        logging.getLogger(name).setLevel(logging.INFO)
    for name in _TRY_AGAIN:
        logging.getLogger(name).setLevel(max(logging.ERROR, root.level))
    logging.captureWarnings(True)
    sys.excepthook = _log_uncaught
    sys.unraisablehook = _log_unraisable
    threading.excepthook = _log_thread


def _standard_error() -> TextIO:
    """Standard error under a number of our own: an agent's code may close it; what is opened next has the old one."""
    try:
        copied = os.dup(sys.stderr.fileno())
    except (OSError, ValueError):  # there is none, or something stands in for it
        return sys.stderr
    return os.fdopen(copied, "w", encoding=sys.stderr.encoding, errors=sys.stderr.errors)


class RecordFormatter(logging.Formatter):
    """A record as one line, and its traceback as indented lines below."""

    def __init__(self, redact: Redact = str) -> None:
        super().__init__(FORMAT)
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        # `exc_text` is neither read nor kept: another handler's formatter writes it without our escapes.
        record.message = message_of(record)
        record.asctime = self.formatTime(record, self.datefmt)
        lines = [escaped(cut(self.formatMessage(record)))]
        if record.exc_info and (error := record.exc_info[1]) is not None:
            lines += _indented(traceback_lines(error))
        if record.stack_info:
            lines += _indented(record.stack_info.split("\n"))
        return self._redact("\n".join(lines))


def message_of(record: logging.LogRecord) -> str:
    """What a record says. One whose arguments do not fit, or cannot say what they are, says so: the standard library
    would write the traceback of that beside the log.
    """
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - an argument's own code
        return f"{record.msg!s} (what belongs into this cannot be written: {type(error).__name__})"


def escaped(text: str) -> str:
    """The text in one line: what is not printed (line breaks, terminal controls, what reorders text) as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escape(each) for each in text)


def traceback_lines(error: BaseException) -> list[str]:
    """The traceback of an error and of those behind it. What they say stays in the line that says it."""
    whole = traceback.TracebackException.from_exception(error)
    left: list[traceback.TracebackException | None] = [whole]
    while left:
        if (each := left.pop()) is not None:
            _keep_in_line(each)
            left += [each.__cause__, each.__context__, *(each.exceptions or ())]
    return "".join(whole.format()).rstrip("\n").split("\n")


def _keep_in_line(error: traceback.TracebackException) -> None:
    """Have it said without line breaks. `format` asks each error of a chain or group for its own lines."""
    lines: Callable[..., Iterator[str]] = error.format_exception_only

    def in_line(*args: Any, **options: Any) -> Generator[str, None, None]:
        for each in lines(*args, **options):
            yield escaped(cut(each.removesuffix("\n"))) + "\n"

    error.format_exception_only = in_line
    error.__notes__ = [escaped(cut(str(note))) for note in error.__notes__ or ()]


def _indented(lines: Iterable[str]) -> list[str]:
    return [INDENT + escaped(cut(line)) for line in lines]


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def cut(text: str) -> str:
    """The text, as far as it is not too long for a line."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text) - LONGEST} more characters)"


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logger.critical("the program ends: %s", kind.__name__, exc_info=(kind, error, trace))


def _log_unraisable(found: sys.UnraisableHookArgs) -> None:
    error = found.exc_value
    where = f"{found.err_msg or 'nobody could be told of an error in'} {found.object!r}"
    logger.error("%s", where, exc_info=(found.exc_type, error, found.exc_traceback) if error is not None else None)


def _log_thread(found: threading.ExceptHookArgs) -> None:
    name = found.thread.name if found.thread is not None else "that is gone"
    error = found.exc_value
    logger.error(
        "thread %s ended with an error", name, exc_info=(found.exc_type, error, found.exc_traceback) if error else None
    )
