"""A state class as what a node, a router or a caller is given: its keys of the state, as a dict or as an instance."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast, get_type_hints

from pydantic import TypeAdapter, ValidationError

from graphs.errors import InvalidGraph, InvalidUpdateError, LeftOut
from graphs.runtime.annotations import code_of
from graphs.runtime.fields import Field, field_of
from graphs.runtime.hints import class_of, declares_keys, has_instances, is_type, is_typed_dict, keys_of, readable


class Shape:
    """What a state class shows: a `TypedDict`, or any class with annotations, a dict; a dataclass or a pydantic model
    an instance. Raises `InvalidGraph` for what is no class, `LeftOut` for one that declares no keys.
    """

    def __init__(self, state: Any) -> None:
        self.type = state
        self.name = getattr(state, "__name__", str(state))
        made = class_of(state)
        self.is_instance = has_instances(made)
        if declares_keys(made):
            self.keys: Mapping[str, Any] = keys_of(state)
        elif is_type(state):
            raise LeftOut(
                f"a state that is one {self.name} is left out: what is stored, merged and shown goes by keys. "
                "Declare a TypedDict with a key for it"
            )
        else:
            raise InvalidGraph(f"a state is a class: a TypedDict, a dataclass or a pydantic model, not {state!r}")

    def declared(self) -> dict[str, Field]:
        """Its keys, as it declares them."""
        return {name: field_of(class_of(self.type), name, hint) for name, hint in self.keys.items()}

    def view(self, values: Mapping[str, Any]) -> Any:
        """These keys of the values, to be changed without harm. Raises `InvalidUpdateError` when they make no
        instance.
        """
        keys = self.keys
        own = {name: copied(value) for name, value in values.items() if name in keys}
        return self.made(own) if self.is_instance else own

    def made(self, own: Mapping[str, Any]) -> Any:
        """An instance. Raises `InvalidUpdateError`."""
        try:
            return self.type(**own)
        except (TypeError, ValidationError) as error:
            raise InvalidUpdateError(f"the state does not make a {self.name}: {error}") from error

    def json_schema(self) -> dict[str, Any]:
        return TypeAdapter[Any](readable(self.type)).json_schema()


def annotated(fn: Callable[..., Any]) -> Any:
    """The state class that a function's first parameter is annotated with; None for anything else."""
    if isinstance(fn, type):
        return None
    try:
        hints, (first, *_) = get_type_hints(code_of(fn)), inspect.signature(fn).parameters
    except (NameError, TypeError, ValueError, AttributeError):  # it cannot be evaluated here, or takes nothing
        return None
    hint = hints.get(first)
    made = class_of(hint)
    return hint if has_instances(made) or is_typed_dict(made) else None


_CONTAINERS = (list, dict, set)


def copied(value: Any) -> Any:
    """A container that a node may change without changing the thread's; what is in it is shared."""
    if type(value) in _CONTAINERS:
        return value.copy()
    return copy.copy(cast("Any", value)) if isinstance(value, _CONTAINERS) else value
