"""A graph's state as its callers see it, and what they give it, where that is not the state itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Selected(AllOfIt):
    """Some keys of the state; of one key its value alone."""

    keys: str | Sequence[str]

    def output(self, values: Mapping[str, Any]) -> Any:
        return values.get(self.keys) if isinstance(self.keys, str) else self._of(values)

    def update(self, writes: Mapping[str, Any]) -> Any:
        return writes.get(self.keys) if isinstance(self.keys, str) else self._of(writes) or None

    def _of(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: values[key] for key in self.keys if key in values}


def selected(surface: Surface, keys: str | Sequence[str] | None, known: Collection[str]) -> Surface:
    """The surface, or these keys of the state in its place. Raises `ValueError` for a key that there is not."""
    if keys is None:
        return surface
    for key in [keys] if isinstance(keys, str) else keys:
        if key not in known:
            raise ValueError(f"output_keys names {key!r}, which the state does not have: {sorted(known)!r}")
    return Selected(keys)
