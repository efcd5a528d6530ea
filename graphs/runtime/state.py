"""The state: the keys of all classes that a graph declares, and how the writes of a step are merged.

What is stored is JSON. A value is normalised when it is written, so that a node sees the same before and after a
restart.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from graphs.errors import InvalidGraph, InvalidUpdateError
from graphs.runtime.calling import held
from graphs.runtime.fields import Field, as_mapping
from graphs.runtime.shapes import Shape
from graphs.runtime.types import OVERWRITE, START, Overwrite


@dataclass(frozen=True, slots=True)
class Write:
    """One value that a task wrote to one key. An `Overwrite` goes round the key's reducer."""

    node: str
    key: str
    value: Any


class StateSchema:
    """The keys of a state class, and of the classes that are added: those of inputs, outputs and single nodes."""

    def __init__(self, state: Any) -> None:
        self.fields: dict[str, Field] = {}
        self.begins_reduced = True
        """Whether each reduced key has a value to begin with."""
        self._shapes: list[Shape] = []
        self.type = state
        self.shape = self.add(state)

    def add(self, state: Any) -> Shape:
        """A class, whose keys are keys of the state. Where two declare a key, the first says its type.

        Raises `InvalidGraph` when they merge it differently.
        """
        if (known := next((shape for shape in self._shapes if shape.type == state), None)) is not None:
            return known
        shape = Shape(state)
        declared = shape.declared()
        for name, field in declared.items():
            if name in self.fields and not self.fields[name].agrees(field):
                first = next(other.name for other in self._shapes if name in other.keys)
                raise InvalidGraph(
                    f"{shape.name} declares {name!r} with another reducer than {first} does: a key is merged in one "
                    "way, so give both the same reducer, or the later one none"
                )
        self.fields = {**declared, **self.fields}
        self.begins_reduced = all(field.reducer is None or field.default is not None for field in self.fields.values())
        self._shapes.append(shape)
        return shape

    def copy(self) -> StateSchema:
        """The schema as it is, whatever is added to this one later."""
        other = copy.copy(self)
        other._shapes = list(self._shapes)
        return other

    def initial(self) -> dict[str, Any]:
        """The values of a thread that has seen nothing: reduced keys start empty, declared defaults stand."""
        return {name: field.default() for name, field in self.fields.items() if field.default is not None}

    def view(self, values: Mapping[str, Any]) -> Any:
        """The state as its own class shows it."""
        return self.shape.view(values)

    def writes(self, node: str, update: Any) -> list[Write]:
        """An update as single writes. Raises `InvalidUpdateError` for what is no update and for unknown keys."""
        if update is None:
            return []
        written = as_mapping(update)
        if written is None:
            what = "the input is" if node == START else f"node {node!r} returned"
            raise InvalidUpdateError(f"{what} a {type(update).__name__}; expected a dict of state keys")
        if unknown := [name for name in written if name not in self.fields]:
            raise InvalidUpdateError(
                f"{_wrote(node)} the key {unknown[0]!r}, which the state does not have: {sorted(self.fields)!r}"
            )
        return [Write(node, name, self._said(name, value)) for name, value in written.items()]

    def _said(self, name: str, value: Any) -> Any:
        """What is written to a key. Where nothing is reduced, an `Overwrite` says no more than its value does."""
        field = self.fields[name]
        if field.reducer is None:
            return value.value if isinstance(value, Overwrite) else value
        over = _as_overwrite(value)
        if field.prepare is None:
            return over or value
        return held(field.prepare, value) if over is None else Overwrite(held(field.prepare, over.value))

    def apply(self, values: Mapping[str, Any], writes: Iterable[Write]) -> dict[str, Any]:
        """The values after a step. Raises `InvalidUpdateError` when two writes meet at a key without a reducer, or two
        that go round it. Beside one that does, the other writes of the step to that key do not count.
        """
        after = dict(values)
        writers: dict[str, str] = {}
        over: set[str] = set()
        for write in writes:
            field = self.fields[write.key]
            if field.reducer is not None and not isinstance(write.value, Overwrite):
                if write.key not in over:
                    after[write.key] = field.reduced(field.reducer, after.get(write.key), write.value)
                continue
            if write.key in writers:
                raise _met(writers[write.key], write)
            writers[write.key] = write.node
            if isinstance(write.value, Overwrite):
                after[write.key] = write.value.value
                over.add(write.key)
            else:
                after[write.key] = write.value
        return after

    def dump_write(self, write: Write) -> str:
        """A write's JSON. Raises `InvalidUpdateError` that names the key and the type that cannot be stored."""
        what = f"{_wrote(write.node)} {write.key!r}"
        if isinstance(write.value, Overwrite):
            return f'{{"{OVERWRITE}":{dump(write.value.value, what)}}}'
        return dump(write.value, what)

    def load_write(self, node: str, name: str, text: str) -> Write:
        """A write as it comes back from its JSON: in the key's type, or as plain JSON where a reducer takes another."""
        field = self.fields[name]
        over = _as_overwrite(json.loads(text)) if field.reducer is not None and OVERWRITE in text else None
        try:
            if over is not None:
                return Write(node, name, Overwrite(field.load(json.dumps(over.value))))
            return Write(node, name, field.load(text))
        except ValidationError as error:
            if field.reducer is None or over is not None:
                raise InvalidUpdateError(f"{_wrote(node)} to {name!r} what it does not take: {error}") from error
            return Write(node, name, json.loads(text))

    def normalise(self, writes: Iterable[Write]) -> list[Write]:
        """The writes as they would come back after a restart."""
        return [self.load_write(write.node, write.key, self.dump_write(write)) for write in writes]


def _wrote(node: str) -> str:
    return "the input wrote" if node == START else f"node {node!r} wrote"


def _as_overwrite(value: Any) -> Overwrite | None:
    """An `Overwrite`, or one that was written as JSON; None for any other value."""
    if isinstance(value, Overwrite):
        return value
    if isinstance(value, dict):
        said = cast("dict[str, Any]", value)
        if OVERWRITE in said and len(said) == 1:
            return Overwrite(said[OVERWRITE])
        if said.get("type") == OVERWRITE and said.keys() == {"type", "value"}:
            return Overwrite(said["value"])
    return None


def _met(writer: str, write: Write) -> InvalidUpdateError:
    if isinstance(write.value, Overwrite):
        return InvalidUpdateError(
            f"nodes {writer!r} and {write.node!r} both overwrote {write.key!r} in one step: let one of them write it"
        )
    return InvalidUpdateError(
        f"nodes {writer!r} and {write.node!r} both wrote {write.key!r} in one step: "
        "give the key a reducer (Annotated[type, reducer]) or let one of them write it"
    )


def dump(value: Any, what: str) -> str:
    """JSON text of a value. Raises `InvalidUpdateError` that says what cannot be stored."""
    try:
        text = to_json(value).decode()
        if "NaN" in text or "Infinity" in text:
            json.loads(text, parse_constant=_no_json)
        return text
    except (PydanticSerializationError, ValueError) as error:
        raise InvalidUpdateError(f"{what}: a {type(value).__name__} that cannot be stored as JSON ({error})") from error


def _no_json(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")
