"""What was stored last, kept for a moment: a thread that is used again soon is not read from its beginning."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

LIMIT = 64


class Recent:
    """The newest values of up to `limit` things, each under the id of the row that it was read from or stored as.

    Rows of checkpoints never change, so a value is right as long as its id is the newest one.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, tuple[str, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: Hashable, id_: str, value: Any) -> None:
        self._kept[key] = id_, value
        self._kept.move_to_end(key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def take(self, key: Hashable, id_: str) -> Any:
        """The value, if it is the one of `id_`, else None. It is no longer kept then: who takes it may change it."""
        known, value = self._kept.pop(key, (None, None))
        return value if known == id_ else None
