"""One key of the state: its type, how writes to it are merged, and what it holds in the beginning."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, PydanticUndefined, to_json

from graphs.errors import InvalidGraph
from graphs.runtime.calling import held
from graphs.runtime.hints import empty_of, peeled, readable

Reducer = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Field:
    """`adapter` is None where any JSON may stand, `default` where nothing does in the beginning.

    `empty` makes what a reducer starts from when there is no value. `prepare` makes of what is written what is stored
    of it: a reducer may have an attribute of that name, for what cannot be told any more once it is JSON. And one of
    the name `holds`: the type that it makes, whatever the key is declared as.
    """

    name: str
    reducer: Reducer | None
    adapter: TypeAdapter[Any] | None
    default: Callable[[], Any] | None
    empty: Callable[[], Any] | None
    prepare: Callable[[Any], Any] | None = None

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

    def agrees(self, other: Field) -> bool:
        """Whether both merge writes alike, or the other, which was declared later, says nothing of merging."""
        return other.reducer is None or (self.reducer is not None and _same(self.reducer, other.reducer))


def field_of(state: type[Any], name: str, hint: Any) -> Field:
    """A key as a state class declares it. Raises `InvalidGraph` for a reducer that does not take two values."""
    bare, extras = peeled(hint)
    reducer: Reducer | None = next((each for each in extras if callable(each) and not isinstance(each, type)), None)
    if reducer is not None:
        _check(reducer, state, name)
    kept = [each for each in extras if each is not reducer]
    empty = empty_of(bare) if reducer is not None else None
    typed = getattr(reducer, "holds", None) or (Annotated[(bare, *kept)] if kept else bare)
    adapter = _adapter(readable(typed))
    begins = empty if empty is not None and _is_stored(adapter, empty()) else None
    prepare = getattr(reducer, "prepare", None)
    return Field(name, reducer, adapter, _declared_default(state, name) or begins, empty, prepare)


def _check(reducer: Reducer, state: type[Any], name: str) -> None:
    try:
        signature = inspect.signature(reducer)
    except (TypeError, ValueError):  # a builtin that does not say
        return
    try:
        signature.bind(None, None)
    except TypeError:
        raise InvalidGraph(
            f"the reducer of {name!r} in {state.__name__} is called with two values, what stands and what was written, "
            f"and does not take them: {getattr(reducer, '__name__', type(reducer).__name__)}{signature}"
        ) from None


def _same(one: Any, other: Any) -> bool:
    """Whether two reducers are one, written once or twice."""
    if one is other:
        return True
    if type(one) is type(other) is functools.partial:
        return one.args == other.args and one.keywords == other.keywords and _same(one.func, other.func)
    code, its = getattr(one, "__code__", None), getattr(other, "__code__", None)
    if code is None or its is None or one.__name__ != "<lambda>" or other.__name__ != "<lambda>":
        return bool(one == other)
    written, read = (code.co_code, code.co_consts, code.co_names), (its.co_code, its.co_consts, its.co_names)
    return written == read and _closed_over(one) == _closed_over(other)


def _closed_over(fn: Any) -> list[Any]:
    return [cell.cell_contents for cell in fn.__closure__ or ()]


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


def as_mapping(given: Any) -> Mapping[Any, Any] | None:
    """What an update, or an input, says by key; None for what is neither a dict nor an instance with declared keys."""
    if isinstance(given, Mapping):
        return cast("Mapping[Any, Any]", given)
    if isinstance(given, BaseModel):
        return {name: getattr(given, name) for name in given.model_fields_set}
    if dataclasses.is_dataclass(given) and not isinstance(given, type):
        return {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return None
