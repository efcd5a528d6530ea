"""The open pages: who looks at the workspace now, and what each of them is told (server-sent events)."""

import asyncio
import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

CLOSED = b""
"""The last thing a screen hears: the workspace stops."""


@dataclass(eq=False)
class Screen:
    """One open page of one person, and the events it has not read yet (as server-sent events, ready to write)."""

    user: str
    unread: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)


class Screens:
    """Tells every open page what its person may see."""

    def __init__(self) -> None:
        self._open: list[Screen] = []
        self._numbers = itertools.count(1)

    def __bool__(self) -> bool:
        return bool(self._open)

    def open(self, user: str) -> Screen:
        screen = Screen(user)
        self._open.append(screen)
        return screen

    def close(self, screen: Screen) -> None:
        self._open.remove(screen)

    def close_all(self) -> None:
        for screen in self._open:
            screen.unread.put_nowait(CLOSED)

    def tell(self, users: Iterable[str], kind: str, **fields: Any) -> None:
        """Sends one event of this `kind` to the pages of `users`."""
        wanted = set(users)
        self._send([screen for screen in self._open if screen.user in wanted], kind, fields)

    def tell_all(self, kind: str, **fields: Any) -> None:
        self._send(self._open, kind, fields)

    def _send(self, screens: Iterable[Screen], kind: str, fields: dict[str, Any]) -> None:
        event = json.dumps({"type": kind, **fields})
        encoded = f"id: {next(self._numbers)}\ndata: {event}\n\n".encode()
        for screen in screens:
            screen.unread.put_nowait(encoded)
