"""A graph's state as its callers see it, and what they give it, where that is not the state itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Surface(Protocol):
    """What stands between a graph's state and its callers: in results, streams, snapshots and edits."""

    def given(self, value: Any) -> Any:
        """An input, or an edit from outside, as an update of the state."""
        ...

    def values(self, values: Mapping[str, Any]) -> Any:
        """The state, for `aget_state` and the history."""
        ...

    def output(self, values: Mapping[str, Any]) -> Any:
        """The state, for results and the stream of values."""
        ...

    def update(self, writes: Mapping[str, Any]) -> Any:
        """What a node wrote, for the stream of updates and a task's result."""
        ...


class AllOfIt:
    """The state as it is."""

    def given(self, value: Any) -> Any:
        return value

    def values(self, values: Mapping[str, Any]) -> Any:
        return values

    def output(self, values: Mapping[str, Any]) -> Any:
        return values

    def update(self, writes: Mapping[str, Any]) -> Any:
        return writes or None
