"""What a state class says of its keys, and the empty value of a type.

Classes of `typing` and of `typing_extensions` are read alike: before Python 3.12 the two make different `TypedDict`s,
and pydantic takes only the second kind.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import sys
from collections.abc import Callable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, NotRequired, Required, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel
from typing_extensions import ReadOnly, TypeAliasType, TypedDict, get_type_hints, is_typeddict

_QUALIFIERS: tuple[Any, ...] = (Required, NotRequired, ReadOnly)
_CONCRETE: dict[Any, type[Any]] = {
    collections.abc.Iterable: list,
    collections.abc.Collection: list,
    collections.abc.Sequence: list,
    collections.abc.MutableSequence: list,
    collections.abc.Set: set,
    collections.abc.MutableSet: set,
    collections.abc.Mapping: dict,
    collections.abc.MutableMapping: dict,
}
"""What stands for an abstract type that somebody has to begin with."""


def is_typed_dict(state: Any) -> bool:
    return is_typeddict(state)


def class_of(state: Any) -> Any:
    """The class of a state that was given type arguments, `State[int]`; what was given, else."""
    return get_origin(state) or state


def is_type(hint: Any) -> bool:
    """Whether it is something that values can be of."""
    return isinstance(hint, type | UnionType) or get_origin(hint) is not None


def has_instances(made: Any) -> bool:
    """Whether it is a class of which nodes get instances: a dataclass or a pydantic model."""
    return isinstance(made, type) and (dataclasses.is_dataclass(made) or issubclass(made, BaseModel))


def declares_keys(made: Any) -> bool:
    """Whether it is a class that says which keys its instances have."""
    if not isinstance(made, type) or made.__module__ in ("builtins", "typing", "types"):
        return False
    return has_instances(made) or is_typed_dict(made) or bool(get_type_hints(cast("Any", made)))


def keys_of(state: Any) -> dict[str, Any]:
    """The keys that a state class declares and their types, as they were written."""
    made: Any = class_of(state)
    parameters = getattr(made, "__parameters__", ())
    hints = get_type_hints(made, include_extras=True)
    if dataclasses.is_dataclass(made):
        hints = {each.name: hints[each.name] for each in dataclasses.fields(made)}
    elif isinstance(made, type) and issubclass(made, BaseModel):
        hints = {name: hints.get(name, info.annotation) for name, info in made.model_fields.items()}
    known: dict[Any, Any] = dict(zip(parameters, get_args(state), strict=False))
    return {name: _applied(hint, known) for name, hint in hints.items() if name != "__slots__"}


def _applied(hint: Any, known: dict[Any, Any]) -> Any:
    """The type with the arguments that its class was given."""
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(known.get(each, each) for each in parameters)] if known and parameters else hint


def typed_dict(name: str, keys: dict[str, Any]) -> type[Any]:
    """A state class of these keys and types, of which none is required."""
    return cast("Any", TypedDict)(name, keys, total=False)


def peeled(hint: Any) -> tuple[Any, list[Any]]:
    """A type without `Annotated`, `Required`, `NotRequired` and `ReadOnly`, and what was annotated, the outer last."""
    extras: list[Any] = []
    while True:
        origin = get_origin(hint)
        if origin is Annotated:
            hint, *more = get_args(hint)
            extras = [*more, *extras]
        elif origin in _QUALIFIERS:
            (hint,) = get_args(hint)
        else:
            return hint, extras


def empty_of(hint: Any) -> Callable[[], Any] | None:
    """Makes the value that a type has when nothing is in it, as the type makes it itself; None for a type without."""
    hint, _ = peeled(hint)
    if isinstance(hint, TypeAliasType):
        return empty_of(hint.__value__)
    if isinstance(hint, NewType):
        return empty_of(hint.__supertype__)
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        (first, *others) = [member for member in get_args(hint) if member is not NoneType]
        return None if others else empty_of(first)
    if is_typeddict(made := origin or hint):
        required = [name for name, declared in keys_of(made).items() if _is_required(made, name, declared)]
        return None if required else dict
    made = _CONCRETE.get(made, made)
    if not isinstance(made, type) or made in (object, NoneType):
        return None
    try:
        made()
    except Exception:  # noqa: BLE001 - it wants arguments, or says no in a way of its own
        return None
    return made


def readable(hint: Any) -> Any:
    """The type as pydantic takes it: each `TypedDict` of `typing` in it as one of `typing_extensions`."""
    return hint if sys.version_info >= (3, 12) else _readable(hint, {})


def _readable(hint: Any, known: dict[Any, Any]) -> Any:
    args, origin = get_args(hint), get_origin(hint)
    if is_typeddict(hint) and type(hint).__module__ == "typing":
        if hint not in known:
            known[hint] = Any  # where it refers to itself
            known[hint] = _as_extension(hint, known)
        return known[hint]
    if origin is Literal or not args:
        return hint
    if origin is Annotated:
        return Annotated[(_readable(args[0], known), *args[1:])]
    read = tuple(_readable(each, known) for each in args)
    if all(new is old for new, old in zip(read, args, strict=True)):
        return hint
    return Union[read] if origin in (Union, UnionType) else origin[read]  # noqa: UP007 - from a tuple


def _as_extension(hint: Any, known: dict[Any, Any]) -> Any:
    fields: dict[str, Any] = {}
    for name, declared in get_type_hints(hint, include_extras=True).items():
        bare, extras = peeled(declared)
        read = _readable(Annotated[(bare, *extras)] if extras else bare, known)
        fields[name] = Required[read] if _is_required(hint, name, declared) else NotRequired[read]
    made = cast("Any", TypedDict)(hint.__name__, fields)
    if (config := getattr(hint, "__pydantic_config__", None)) is not None:
        made.__pydantic_config__ = config
    return made


def _is_required(hint: Any, name: str, declared: Any) -> bool:
    """What the annotation says, which the class does not know of one that was written as a text; else what it knows."""
    while (origin := get_origin(declared)) is Annotated or origin in _QUALIFIERS:
        if origin in (Required, NotRequired):
            return origin is Required
        declared = get_args(declared)[0]
    return name in hint.__required_keys__
