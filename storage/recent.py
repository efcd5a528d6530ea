"""What was used last, kept for a moment: a thread that is used again soon is not read from its beginning."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

LIMIT = 128


class Recent:
    """The newest values of up to `limit` things, so that what is remembered does not grow for ever.

    Whoever uses a value that may have become old compares it with what is stored.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def put(self, key: Hashable, value: Any) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._limit:
            self._kept.popitem(last=False)

    def take(self, key: Hashable) -> Any:
        """The value, which is no longer kept then: who takes it may change it. None when there is none."""
        return self._kept.pop(key, None)

    def look(self, key: Hashable) -> Any:
        """The value, to be read only; None when there is none."""
        return self._kept.get(key)
