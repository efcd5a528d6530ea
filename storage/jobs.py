"""Jobs: what is asked of a database, as plain functions of a connection.

A job runs from its first statement to its last in one hop to a thread of its connection: it awaits nothing, asks no
clock, makes no id and touches nothing of asyncio; what it needs is handed in. It runs whole or not at all, and may be
run again where it was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

Values = Sequence[Any] | Mapping[str, Any]
"""What a statement's `?`, `?1` or `:name` stand for: texts, numbers, bytes, None, and `Listed`."""


class Cursor(Protocol):
    """What a statement found or did. A row's columns are read by their names, or in their order."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """What a job is given. Its statements are written once, in what SQLite and PostgreSQL have in common and
    `storage.dialect` makes of the rest.
    """

    def execute(self, sql: str, parameters: Any = ..., /) -> Cursor: ...
    def executemany(self, sql: str, parameters: Iterable[Any], /) -> object: ...


Job = Callable[[Connection], T]
