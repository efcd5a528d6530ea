"""Values of a statement that are more than one: SQLite is handed them as JSON, PostgreSQL as an array.

A statement reads both as the table `json_each(:name)`, with the columns `key` and `value`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping


class Listed:
    """Texts, as in `id in (select value from json_each(?))`."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts = list(texts)

    def __conform__(self, protocol: object) -> str:
        """What sqlite3 stores of it."""
        return json.dumps(self.texts)


class Paired:
    """Texts by their names: each `key` has a `value`."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = dict(texts)

    def __conform__(self, protocol: object) -> str:
        """What sqlite3 stores of it."""
        return json.dumps(self.texts)
