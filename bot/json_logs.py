"""The log as lines of JSON: an object a record, whoever logs, with the ids of what was worked on."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

from bot.logs import Redact, cut, escaped, message_of, traceback_lines
from graphs.texts.log_ids import log_ids

FIELDS = ("time", "level", "logger", "message", "error", "stack")
"""Those of a record, beside the ids (`graphs.texts.log_ids.LogId`); the last two only where there is one."""

ERROR_FIELDS = ("type", "message", "traceback")


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON, in ASCII. Secrets are taken out of each text before it is written, so that what
    takes their place cannot break the line.
    """

    def __init__(self, redact: Redact = str) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": self._text(record.name),
            "message": self._text(message_of(record)),
        }
        fields |= {name: self._text(value) for name, value in log_ids().items()}
        if record.exc_info and (error := record.exc_info[1]) is not None:
            fields["error"] = self._error(error)
        if record.stack_info:
            fields["stack"] = self._lines(record.stack_info.split("\n"))
        return json.dumps(fields)

    def _error(self, error: BaseException) -> dict[str, str]:
        told = traceback.TracebackException.from_exception(error, lookup_lines=False)  # says of mute ones that they are
        kind = type(error)
        name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
        said = {"type": self._text(name), "message": self._text(str(told))}
        return {**said, "traceback": self._lines(traceback_lines(error))}

    def _text(self, text: str) -> str:
        return self._redact(cut(text))

    def _lines(self, lines: list[str]) -> str:
        return self._redact("\n".join(escaped(cut(line)) for line in lines))
