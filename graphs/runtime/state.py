"""The state's schema: its keys, how writes to each are merged, and what is stored of each.

What is stored is JSON. A value is normalised when it is written, so that a node sees the same before and after a
restart.
"""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, PydanticUndefined, to_json

from graphs.errors import InvalidGraph, InvalidUpdateError
from graphs.runtime.calling import held
from graphs.runtime.hints import empty_of, is_typed_dict, keys_of, peeled, readable

Reducer = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Field:
    """One key of the state. `adapter` is None where any JSON may stand, `default` where nothing does in the beginning.

    `empty` makes what a reducer starts from when there is no value.
    """

    name: str
    reducer: Reducer | None
    adapter: TypeAdapter[Any] | None
    default: Callable[[], Any] | None
    empty: Callable[[], Any] | None

    def load(self, text: str | bytes) -> Any:
        """The value as a node sees it, from its JSON."""
        return json.loads(text) if self.adapter is None else self.adapter.validate_json(text)

    def reduced(self, reducer: Reducer, value: Any, written: Any) -> Any:
        """The value after a write. Of a type that has no empty value, the first write is the value."""
        if value is None:
            if self.empty is None:
                return written
            value = self.empty()
        return held(reducer, value, written)


@dataclass(frozen=True, slots=True)
class Write:
    """One value that a task wrote to one key."""

    node: str
    key: str
    value: Any


class StateSchema:
    """A `TypedDict`, dataclass or pydantic model, read for its keys and reducers."""

    def __init__(self, state: type[Any]) -> None:
        self.type = state
        self.is_instance = dataclasses.is_dataclass(state) or issubclass(state, BaseModel)
        if not self.is_instance and not is_typed_dict(state):
            raise InvalidGraph(f"a state is a TypedDict, a dataclass or a pydantic model, not {state!r}")
        self.fields = {name: _field(state, name, hint) for name, hint in keys_of(state).items()}
        self.begins_reduced = all(field.reducer is None or field.default is not None for field in self.fields.values())
        """Whether each reduced key has a value to begin with."""

    def initial(self) -> dict[str, Any]:
        """The values of a thread that has seen nothing: reduced keys start empty, declared defaults stand."""
        return {name: field.default() for name, field in self.fields.items() if field.default is not None}

    def view(self, values: Mapping[str, Any]) -> Any:
        """What a node is given: a dict or an instance of the state's type, that it may change without harm."""
        own = {key: copied(value) for key, value in values.items()}
        if not self.is_instance:
            return own
        try:
            return self.type(**own)
        except (TypeError, ValidationError) as error:
            raise InvalidUpdateError(f"the state does not make a {self.type.__name__}: {error}") from error

    def writes(self, node: str, update: Any) -> list[Write]:
        """An update as single writes. Raises `InvalidUpdateError` for what is no update and for unknown keys."""
        if update is None:
            return []
        written = _as_mapping(update)
        if written is None:
            raise InvalidUpdateError(f"node {node!r} returned {type(update).__name__}; expected a dict of state keys")
        found = [Write(node, str(key), value) for key, value in written.items()]
        for write in found:
            if write.key not in self.fields:
                raise InvalidUpdateError(
                    f"node {node!r} wrote the key {write.key!r}, which the state does not have: {sorted(self.fields)!r}"
                )
        return found

    def validate_input(self, values: Mapping[str, Any]) -> None:
        """Check an input against a dataclass or model before anything is stored. Raises `InvalidUpdateError`."""
        if self.is_instance:
            self.view({**self.initial(), **values})

    def apply(self, values: Mapping[str, Any], writes: Iterable[Write]) -> dict[str, Any]:
        """The values after a step. Raises `InvalidUpdateError` when two writes meet at a key without a reducer."""
        after = dict(values)
        writers: dict[str, str] = {}
        for write in writes:
            field = self.fields[write.key]
            if field.reducer is not None:
                after[write.key] = field.reduced(field.reducer, after.get(write.key), write.value)
            elif write.key in writers:
                raise InvalidUpdateError(
                    f"nodes {writers[write.key]!r} and {write.node!r} both wrote {write.key!r} in one step: "
                    "give the key a reducer (Annotated[type, reducer]) or let one of them write it"
                )
            else:
                after[write.key] = write.value
            writers[write.key] = write.node
        return after

    def dump_write(self, write: Write) -> str:
        """A write's JSON. Raises `InvalidUpdateError` that names the key and the type that cannot be stored."""
        return dump(write.value, f"node {write.node!r} wrote {write.key!r}")

    def load_write(self, node: str, key: str, text: str) -> Write:
        """A write as it comes back from its JSON: in the key's type, or as plain JSON where a reducer takes another."""
        field = self.fields[key]
        try:
            return Write(node, key, field.load(text))
        except ValidationError as error:
            if field.reducer is None:
                raise InvalidUpdateError(f"node {node!r} wrote to {key!r} what it does not take: {error}") from error
            return Write(node, key, json.loads(text))

    def normalise(self, writes: Iterable[Write]) -> list[Write]:
        """The writes as they would come back after a restart."""
        return [self.load_write(write.node, write.key, self.dump_write(write)) for write in writes]


def _as_mapping(update: Any) -> Mapping[Any, Any] | None:
    """What an update writes, by key; None for what is no update."""
    if isinstance(update, Mapping):
        return cast("Mapping[Any, Any]", update)
    if isinstance(update, BaseModel):
        return {key: getattr(update, key) for key in update.model_fields_set}
    if dataclasses.is_dataclass(update) and not isinstance(update, type):
        return {field.name: getattr(update, field.name) for field in dataclasses.fields(update)}
    return None


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


def _field(state: type[Any], name: str, hint: Any) -> Field:
    bare, extras = peeled(hint)
    reducer: Reducer | None = next((each for each in extras if callable(each) and not isinstance(each, type)), None)
    kept = [each for each in extras if each is not reducer]
    empty = empty_of(bare) if reducer is not None else None
    typed = Annotated[(bare, *kept)] if kept else bare
    adapter = _adapter(readable(typed))
    begins = empty if empty is not None and _is_stored(adapter, empty()) else None
    return Field(name, reducer, adapter, _declared_default(state, name) or begins, empty)


def _is_stored(adapter: TypeAdapter[Any] | None, value: Any) -> bool:
    """Whether it comes back as it was."""
    if adapter is None:
        return False
    try:
        adapter.validate_json(to_json(value))
    except (ValidationError, PydanticSerializationError):
        return False
    return True


def _adapter(hint: Any) -> TypeAdapter[Any] | None:
    if hint is Any:
        return None
    try:
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))


def _declared_default(state: type[Any], name: str) -> Callable[[], Any] | None:
    if dataclasses.is_dataclass(state):
        for field in dataclasses.fields(state):
            if field.name == name and field.default is not dataclasses.MISSING:
                value = field.default
                return lambda: value
            if field.name == name and field.default_factory is not dataclasses.MISSING:
                return field.default_factory
    elif issubclass(state, BaseModel):
        info = state.model_fields[name]
        if info.default is not PydanticUndefined or info.default_factory is not None:
            return lambda: info.get_default(call_default_factory=True, validated_data={})
    return None


def copied(value: Any) -> Any:
    """A container that a node may change without changing the thread's; what is in it is shared."""
    return copy.copy(cast("Any", value)) if isinstance(value, list | dict | set) else value
