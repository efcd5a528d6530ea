"""The log as JSON: every record an object in a line, whoever logs, whatever is said in it."""

import io
import json
import logging
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import logs
from bot.json_logs import ERROR_FIELDS, FIELDS, JsonFormatter
from graphs.texts.log_ids import known
from graphs.texts.redaction import Redaction

SECRET = 'xapp-1-"quoted\\slashed"-s3cret'
WORDS = [
    "a\nb", "a\r\nb", "a\u2028b", "a\x1b[2Kb", "a\u202eb", "a\ud800b", 'a"b\\c', "{}", "a\x00b", "Größe 東京 🎉", "%s",
]  # fmt: skip
ROOT = Path(__file__).parents[2]

Records = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def written() -> Iterator[Records]:
    """The root logger, set up as the program does; the records that it wrote so far."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    stream = io.TextIOWrapper(io.BytesIO(), "ascii", write_through=True)
    redact = Redaction([SECRET])
    logs.configure("INFO", stream, redact=redact, formatter=JsonFormatter)
    yield lambda: parsed(stream.buffer.getvalue().decode("ascii"))  # pyright: ignore[reportAttributeAccessIssue]
    logging.captureWarnings(False)
    root.handlers[:] = before
    root.setLevel(level)
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks


def parsed(text: str) -> list[dict[str, Any]]:
    """By everybody's notion of a line break, each line is an object."""
    lines = [json.loads(line) for line in text.splitlines()]
    assert all(isinstance(line, dict) for line in lines)
    return lines


def raised(error: Exception) -> Exception:
    try:
        raise error
    except Exception as found:  # noqa: BLE001
        return found


@pytest.mark.parametrize("said", WORDS)
def test_whatever_is_said_is_in_one_line_as_it_was(written: Records, said: str) -> None:
    logging.getLogger("bot.worker").warning("tool %s failed", said)
    logging.getLogger(said).error(said, exc_info=raised(ValueError(said)), stack_info=True)
    first, second = written()
    assert first["message"] == f"tool {said} failed"
    assert (second["logger"], second["message"]) == (said, said)
    assert (second["error"]["type"], second["error"]["message"]) == ("ValueError", said)
    assert second["error"]["traceback"].startswith("Traceback (most recent call last):\n")
    assert second.keys() <= set(FIELDS)
    assert second["error"].keys() == set(ERROR_FIELDS)


def test_the_time_is_utcs_and_the_level_a_word(written: Records) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    logging.getLogger("bot").info("now")
    (record,) = written()
    assert record["time"].endswith("Z")
    assert before <= datetime.fromisoformat(record["time"]) <= datetime.now(UTC)
    assert record["level"] == "INFO"


def test_the_ids_of_what_is_worked_on_stand_beside(written: Records) -> None:
    with known({"thread": "T/C/1.0", "person": "U1", "call": None}):
        with known({"call": "call_1", "person": "U2"}):
            logging.getLogger("bot").info("inside")
        logging.getLogger("bot").info("outside")
    inside, outside = written()
    assert {name: inside.get(name) for name in ("thread", "person", "call")} == {
        "thread": "T/C/1.0", "person": "U2", "call": "call_1",
    }  # fmt: skip
    assert (outside["person"], "call" in outside) == ("U1", False)


def test_a_secret_is_taken_out_of_every_field_and_breaks_none(written: Records) -> None:
    with known({"call": SECRET}):
        logging.getLogger(SECRET).error("key %s", SECRET, exc_info=raised(ValueError(SECRET)), stack_info=True)
    (record,) = written()
    assert "s3cret" not in json.dumps(record)
    assert (record["message"], record["call"], record["error"]["message"]) == ("key [hidden]", "[hidden]", "[hidden]")


def test_megabytes_are_cut_and_said_to_be(written: Records) -> None:
    logging.getLogger("bot").error("%s", "x" * 20_000_000, exc_info=raised(ValueError("\x00" * 20_000_000)))
    (record,) = written()
    assert len(json.dumps(record)) < 2_000_000
    assert "more characters" in record["message"]
    assert "more characters" in record["error"]["message"]


@pytest.mark.parametrize("formatter", [JsonFormatter(), logs.RecordFormatter()])
def test_a_record_whose_words_do_not_fit_is_a_record_too(formatter: logging.Formatter) -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    mute = raised(Mute())
    few = logging.LogRecord("bot", logging.ERROR, "a.py", 1, "%d of %s", ("many",), None)
    assert "%d of %s (what belongs into this cannot be written: TypeError)" in formatter.format(few)
    silent = logging.LogRecord("bot", logging.ERROR, "a.py", 1, "%s", (mute,), (Mute, mute, None))
    assert "%s (what belongs into this cannot be written: RuntimeError)" in formatter.format(silent)


ENDS = """
import asyncio, logging, sys, threading, warnings
from bot import logs
from bot.json_logs import JsonFormatter
logs.configure("INFO", formatter=JsonFormatter)
said = "no\\n{}"
warnings.warn(said)
def fails(): raise ValueError(said)
thread = threading.Thread(target=fails, name=said)
thread.start(); thread.join()
class Late:
    def __del__(self): raise ValueError(said)
Late()
async def forgets():
    asyncio.get_running_loop().call_soon(fails)
    await asyncio.sleep(0.01)
asyncio.run(forgets())
raise ValueError(said)
"""


def test_warnings_threads_callbacks_and_what_ends_the_program_are_records() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(ENDS)], cwd=ROOT, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 1
    records = parsed(ended.stderr)
    assert [record["logger"] for record in records] == ["py.warnings", "bot.logs", "bot.logs", "asyncio", "bot.logs"]
    assert [record["level"] for record in records] == ["WARNING", "ERROR", "ERROR", "ERROR", "CRITICAL"]
    assert [record["error"]["message"] for record in records[1:]] == ["no\n{}"] * 4
