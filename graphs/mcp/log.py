"""What the log says of a server: each thing once, and what it writes on standard error line by line."""

from __future__ import annotations

import logging
import time

from graphs.mcp.spec import ServerSpec
from graphs.texts.redaction import Redaction, keys_among, without_tokens

logger = logging.getLogger(__name__)

LINES_A_MINUTE = 120
"""Lines of a server's standard error that the log takes in a minute."""

SDK = ("mcp", "client")
"""Loggers of the SDK. What they say repeats what servers wrote, and ours say the same in a line."""


class ServerLog:
    """The log of one server, without the secrets that it was handed."""

    def __init__(self, spec: ServerSpec) -> None:
        self._name = spec.name
        self._place = f" ({spec.place})" if spec.place else ""
        self._redact = Redaction(keys_among([*spec.env.values(), *spec.headers.values()]))
        self._is_down = False
        self._said: set[str] = set()
        self._minute, self._lines = 0.0, 0

    def line(self, text: str) -> None:
        """One that it wrote on standard error. Of a flood the beginning of each minute is kept."""
        now = time.monotonic()
        if now - self._minute > 60:
            self._minute, self._lines = now, 0
        self._lines += 1
        if self._lines < LINES_A_MINUTE:
            logger.info("MCP server %s: %s", self._name, self.clean(text))
        elif self._lines == LINES_A_MINUTE:
            logger.info("MCP server %s writes more than the log takes; the rest of this minute is left out", self._name)

    def left_out(self, tool: str, why: str) -> None:
        """A tool that cannot be offered, and why, as a clause."""
        self.once(f"its tool {tool[:100]!r} is left out: {why}")

    def once(self, what: str) -> None:
        """Something about it, as a clause: said the first time."""
        if what not in self._said and len(self._said) < 1000:
            self._said.add(what)
            logger.warning("MCP server %s%s: %s", self._name, self._place, self.clean(what))

    def down(self, why: str) -> None:
        """It cannot be asked, which is said once."""
        if not self._is_down:
            self._is_down = True
            logger.warning(
                "MCP server %s%s is down: %s. Its tools stay known, and calls of them fail, until it can be started "
                "again; that is tried when one is needed",
                *(self._name, self._place, self.clean(why)),
            )

    def up(self) -> None:
        """It can be asked."""
        if self._is_down:
            self._is_down = False
            logger.info("MCP server %s is up again", self._name)

    def clean(self, text: str) -> str:
        """The text without what it was handed, and what else looks like a secret."""
        return self._redact(without_tokens(text))


def quiet() -> None:
    """Keep the SDK's own lines out of the log."""
    for name in SDK:
        logging.getLogger(name).setLevel(logging.CRITICAL)
