"""A line of the log is a line of ours: nothing that people, models or servers say can begin one."""

import io
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot import logs

FORGED = "2026-11-30 12:00:00,000 ERROR   bot.run: everything was approved by the director"
ROOT = Path(__file__).parents[2]

BREAKS = {
    "lf": "\n",
    "crlf": "\r\n",
    "cr": "\r",
    "vertical tab": "\v",
    "form feed": "\f",
    "next line": "\x85",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "file separator": "\x1c",
    "backspaces": "\b" * 200,
    "up, and to the first column": "\x1b[1A\x1b[2K\r",
    "csi in one byte": "\x9b2K\r",
    "right to left": "\u202e",
}


@pytest.fixture
def written() -> Iterator[Callable[[], str]]:
    """The root logger, set up as the program does; what it wrote so far."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    stream = io.StringIO()
    logs.configure("DEBUG", stream, redact=lambda text: text.replace("s3cret", "***"))
    yield stream.getvalue
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def records(text: str) -> list[str]:
    """The lines, by everybody's notion of a line break, that look like the beginning of a record."""
    return [line for line in text.splitlines() if line.strip()[:4].isdigit() and line.strip()[4:5] == "-"]


@pytest.mark.parametrize("name", BREAKS)
def test_no_value_of_a_record_begins_a_line(written: Callable[[], str], name: str) -> None:
    forged = f"call_1{BREAKS[name]}{FORGED}"
    logging.getLogger("bot.worker").warning("tool %s failed", forged)
    logging.getLogger("bot.worker").warning(forged)
    logging.getLogger(forged).warning("of a name")
    assert len(records(written())) == 3
    assert len(written().splitlines()) == 3
    assert BREAKS[name] not in "".join(written().splitlines())


def raised(make: Callable[[], Exception]) -> Exception:
    try:
        raise make()
    except Exception as error:  # noqa: BLE001
        return error


def chained(said: str) -> Exception:
    error = raised(lambda: RuntimeError("in front"))
    error.__cause__ = raised(lambda: ValueError(said))
    error.__cause__.__context__ = raised(lambda: KeyError(said))
    return error


def noted(said: str) -> Exception:
    error = raised(lambda: ValueError("noted"))
    error.add_note(said)
    return error


class _Named(Exception):
    """Names itself as the foreign text says."""


SAID_BY: dict[str, Callable[[str], Exception]] = {
    "an error": lambda said: raised(lambda: ValueError(said)),
    "one behind it": chained,
    "a note": noted,
    "a group": lambda said: raised(lambda: ExceptionGroup(said, [ValueError(said), chained(said)])),
    "a line of code": lambda said: raised(lambda: SyntaxError(said, ("a.py", 1, 1, said, 1, 2))),
    "a file": lambda said: raised(lambda: OSError(2, said, said)),
    "a class": lambda said: raised(type(said, (_Named,), {"__module__": said})),
}


@pytest.mark.parametrize("by", SAID_BY)
@pytest.mark.parametrize("name", BREAKS)
def test_nothing_in_a_traceback_looks_like_a_record(written: Callable[[], str], by: str, name: str) -> None:
    error = SAID_BY[by](f"no{BREAKS[name]}{FORGED}")
    logging.getLogger("bot.worker").error("a task failed", exc_info=error)
    lines = written().splitlines()
    assert len(records(written())) == 1
    assert lines[0].endswith("bot.worker: a task failed")
    assert all(line.startswith("    ") for line in lines[1:])
    assert "everything was approved" in written()
    assert "Traceback (most recent call last)" in written()


def test_an_error_that_cannot_say_what_it_is_is_logged(written: Callable[[], str]) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    logging.getLogger("bot").error("a task failed", exc_info=raised(Mute))
    assert "Mute" in written()


def test_people_s_letters_stay_as_they_are(written: Callable[[], str]) -> None:
    logging.getLogger("bot").warning("%s", "Größe 東京 مرحبا 🎉")
    assert written().endswith("Größe 東京 مرحبا 🎉\n")


def test_megabytes_are_cut_and_said_to_be(written: Callable[[], str]) -> None:
    logging.getLogger("bot").error("%s", "x" * 20_000_000, exc_info=raised(lambda: ValueError("\x00" * 20_000_000)))
    assert len(written()) < 1_000_000
    assert "more characters" in written()


def test_the_whole_record_goes_through_what_takes_secrets_out(written: Callable[[], str]) -> None:
    logging.getLogger("bot").error("key %s", "s3cret", exc_info=raised(lambda: ValueError("s3cret")), stack_info=True)
    assert "s3cret" not in written()
    assert written().count("***") >= 2


def test_another_handler_of_the_same_record_keeps_its_own_traceback(written: Callable[[], str]) -> None:
    record = logging.LogRecord("a", 40, "a.py", 1, "m", (), (ValueError, raised(lambda: ValueError("a\nb")), None))
    logs.RecordFormatter().format(record)
    assert record.exc_text is None


ENDS = f"""
import sys, threading, warnings
from bot import logs
logs.configure("INFO")
said = "no\\n{FORGED}"
warnings.warn(said)
def fails(): raise ValueError(said)
thread = threading.Thread(target=fails, name=said)
thread.start(); thread.join()
class Late:
    def __del__(self): raise ValueError(said)
Late()
raise ValueError(said)
"""


def test_what_ends_a_thread_or_the_program_is_a_record_too() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ENDS)], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    assert len(records(ended.stderr)) == 4, ended.stderr
    assert "director" in ended.stderr
    assert all(line.startswith("    ") or line in records(ended.stderr) for line in ended.stderr.splitlines())


LEFT = """
import logging, os, socket, sys
from bot import logs
logs.configure("INFO")
if {way!r} == "closed":
    sys.stdout.close(); sys.stderr.close()
elif {way!r} == "its number":
    os.close(2)
    ours, theirs = socket.socketpair()  # which has the number now
else:
    sys.stderr = None
logging.getLogger("bot").error("still there")
os._exit(0)
"""


@pytest.mark.parametrize("way", ["closed", "its number", "gone"])
def test_a_standard_error_that_somebody_closes_is_not_the_logs(way: str) -> None:
    program = textwrap.dedent(LEFT.format(way=way))
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 0, ended.stderr
    assert len(records(ended.stderr)) == 1
    assert "still there" in ended.stderr


@pytest.mark.parametrize("name", ["bot.worker", "httpx", "slack_sdk.socket_mode"])
def test_no_library_says_more_than_the_level_lets_it(written: Callable[[], str], name: str) -> None:
    stream = io.StringIO()
    logs.configure("ERROR", stream)
    try:
        logging.getLogger(name).warning("a connection is gone")
        logging.getLogger(name).error("it broke")
    finally:
        logging.getLogger(name).setLevel(logging.NOTSET)
    assert [line.partition(": ")[2] for line in stream.getvalue().splitlines()] == ["it broke"]
