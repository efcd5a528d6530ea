"""A graph's state as its callers see it, and what they give it, where that is not the state itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

from pydantic import BaseModel


class Surface(Protocol):
    """What stands between a graph's state and its callers: in results, streams, snapshots and edits."""

    @property
    def edits_as(self) -> str | None:
        """The node whose edit it is when nobody says; None for the one that ran last."""
        ...

    def given(self, value: Any) -> Any:
        """An input as an update of the state."""
        ...

    def edited(self, value: Any) -> Any:
        """An edit from outside as an update of the state."""
        ...

    def values(self, values: Mapping[str, Any]) -> Any:
        """The state, for `aget_state` and the history."""
        ...

    def streamed(self, values: Mapping[str, Any]) -> Any:
        """The state, for the stream of values; None where there is nothing to see yet."""
        ...

    def output(self, values: Mapping[str, Any]) -> Any:
        """The state, for results."""
        ...

    def argument(self, state: Any) -> Any:
        """What a node is given of the state, for the stream of tasks."""
        ...

    def update(self, writes: Mapping[str, Any]) -> Any:
        """What a node wrote, for the stream of updates and a task's result."""
        ...

    def taken(self, state: Any, keys: Collection[str]) -> Any:
        """Of the state of a graph in which this one is a node: its input. `keys` are this one's own."""
        ...

    def left(self, result: Any, keys: Collection[str]) -> Any:
        """Its result as an update of that state, which has these keys."""
        ...


class AllOfIt:
    """The state as it is."""

    edits_as = None

    def given(self, value: Any) -> Any:
        return value

    def edited(self, value: Any) -> Any:
        return value

    def values(self, values: Mapping[str, Any]) -> Any:
        return values

    def streamed(self, values: Mapping[str, Any]) -> Any:
        return values

    def output(self, values: Mapping[str, Any]) -> Any:
        return values

    def argument(self, state: Any) -> Any:
        return state

    def update(self, writes: Mapping[str, Any]) -> Any:
        return writes or None

    def taken(self, state: Any, keys: Collection[str]) -> Any:
        if isinstance(state, BaseModel):
            state = {key: getattr(state, key) for key in type(state).model_fields}
        elif dataclasses.is_dataclass(state) and not isinstance(state, type):
            state = {field.name: getattr(state, field.name) for field in dataclasses.fields(state)}
        return _only(cast("Mapping[str, Any]", state), keys)

    def left(self, result: Any, keys: Collection[str]) -> Any:
        return _only(cast("Mapping[str, Any]", result), keys)


@dataclass(frozen=True)
class SomeKeys(AllOfIt):
    """The state, of which results have these keys only."""

    keys: Collection[str]

    def output(self, values: Mapping[str, Any]) -> Any:
        return _only(values, self.keys)


@dataclass(frozen=True)
class Selected(AllOfIt):
    """Some keys of the state, in results and streams; of one key its value alone."""

    keys: str | Sequence[str]

    def streamed(self, values: Mapping[str, Any]) -> Any:
        return self.output(values) if isinstance(self.keys, str) else self.output(values) or None

    def output(self, values: Mapping[str, Any]) -> Any:
        return values.get(self.keys) if isinstance(self.keys, str) else _only(values, self.keys)

    def update(self, writes: Mapping[str, Any]) -> Any:
        return writes.get(self.keys) if isinstance(self.keys, str) else _only(writes, self.keys) or None


def selected(surface: Surface, keys: str | Sequence[str] | None, known: Collection[str]) -> Surface:
    """The surface, or these keys of the state in its place. Raises `ValueError` for a key that there is not."""
    if keys is None:
        return surface
    for key in [keys] if isinstance(keys, str) else keys:
        if key not in known:
            raise ValueError(f"output_keys names {key!r}, which the state does not have: {sorted(known)!r}")
    return Selected(keys)


def _only(values: Mapping[str, Any], keys: Collection[str]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key in keys}
