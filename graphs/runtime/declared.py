"""What a function declares of the values that it takes and returns: how each is read back from JSON."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Union, get_type_hints

from pydantic import (
    ConfigDict,
    PydanticSchemaGenerationError,
    PydanticUserError,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)

from graphs.runtime.hints import readable
from graphs.runtime.state import dump


def hints_of(fn: Callable[..., Any]) -> Mapping[str, Any]:
    """The annotations of a function's parameters and of its `return`; without those that cannot be evaluated here."""
    called = fn if inspect.isroutine(fn) else getattr(fn, "func", None) or type(fn).__call__
    called = inspect.unwrap(called)
    try:
        return get_type_hints(called, include_extras=True)
    except Exception:  # noqa: BLE001 - one of them names what is not there, or is no type
        return _one_by_one(called)


def _one_by_one(fn: Callable[..., Any]) -> Mapping[str, Any]:
    seen = {**getattr(fn, "__globals__", {}), **_enclosed(fn)}
    found: dict[str, Any] = {}
    for name, hint in getattr(fn, "__annotations__", {}).items():
        try:
            found[name] = eval(hint, seen) if isinstance(hint, str) else hint  # noqa: S307 - as `get_type_hints` does
        except Exception:  # noqa: BLE001, S112 - it declares nothing
            continue
    return found


def _enclosed(fn: Callable[..., Any]) -> Mapping[str, Any]:
    """What the function uses of the functions around it: a local class may be among it."""
    try:
        return inspect.getclosurevars(fn).nonlocals
    except (TypeError, ValueError):
        return {}


def _fits_or_stays(value: Any, validate: Callable[[Any], Any]) -> Any:
    try:
        return validate(value)
    except ValidationError:
        return value


def lenient(hint: Any) -> Any:
    """The type, where a value that does not fit stays as JSON has it: nobody checks what a function returns."""
    return Any if strict(hint) is Any else Annotated[hint, WrapValidator(_fits_or_stays)]


def strict(hint: Any) -> Any:
    """The type; any, where none is declared, or one that nobody can follow (a forward reference)."""
    if hint is Any or hint is object or hint is inspect.Parameter.empty:
        return Any
    try:
        TypeAdapter[Any](readable(hint))
    except PydanticSchemaGenerationError:
        return hint
    except PydanticUserError:
        return Any
    return hint


def or_none(hint: Any) -> Any:
    return Union[hint, None]  # noqa: UP007 - the type is made here


@dataclass(frozen=True)
class Form:
    """How a value of a declared type is stored: as JSON, from which it is read the same, at once and after a restart.

    `adapter` is None where any JSON may stand; `what` is told of a value that cannot be stored.
    """

    what: str
    adapter: TypeAdapter[Any] | None = None

    @classmethod
    def of(cls, what: str, hint: Any) -> Form:
        typed = lenient(hint)
        return cls(what) if typed is Any else cls(what, adapter_of(readable(typed)))

    def dump(self, value: Any) -> str:
        """Raises `InvalidUpdateError`."""
        return dump(value, self.what)

    def load(self, text: str) -> Any:
        return json.loads(text) if self.adapter is None else self.adapter.validate_json(text)

    def converted(self, value: Any) -> Any:
        """A value that is stored under another type, as one of this."""
        return value if self.adapter is None else self.load(self.dump(value))


def adapter_of(hint: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(hint)
    except PydanticSchemaGenerationError:
        return TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True))
