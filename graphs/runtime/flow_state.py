"""A flow as a graph of one node: what is stored of it, and how its callers see that.

Its state has three keys, which nobody else sees: what the run in flight was given, what the last one returned, and what
that one saved where it is something else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from pydantic import ValidationError

from graphs.errors import InvalidUpdateError
from graphs.runtime.declared import adapter_of, lenient, or_none, strict
from graphs.runtime.hints import class_of, has_instances, readable, typed_dict
from graphs.runtime.shapes import Shape
from graphs.runtime.state import StateSchema, Write, dump

R = TypeVar("R")
S = TypeVar("S")

INPUT = "input"
OUTPUT = "output"
SAVED = "saved"


@dataclass(frozen=True)
class Final(Generic[R, S]):
    """`entrypoint.final`: the flow returns `value`, and `save` is what `previous` is the next time."""

    value: R
    save: S


class _Declared(Shape):
    """The state, for callers who see one value of this type in its place."""

    def __init__(self, state: Any, hint: Any) -> None:
        super().__init__(state)
        self._hint = hint

    def json_schema(self) -> dict[str, Any]:
        return adapter_of(readable(self._hint)).json_schema()


class FlowSchema(StateSchema):
    """The state of a flow that is given, returns and saves these types. An input has to make an instance where that is
    declared, of a model or a dataclass; anything else that does not fit stays as JSON has it.
    """

    def __init__(self, name: str, given: Any, returned: Any, saved: Any) -> None:
        self.name = name
        taken = strict(given) if has_instances(class_of(given)) else lenient(given)
        keys = {INPUT: or_none(taken), OUTPUT: lenient(returned), SAVED: or_none(list[lenient(saved)])}
        state = typed_dict("FlowState", keys)
        super().__init__(state)
        self.takes, self.gives = _Declared(state, strict(given)), _Declared(state, strict(returned))

    def dump_write(self, write: Write) -> str:
        return dump(write.value, f"entrypoint {self.name!r} {'was given' if write.key == INPUT else 'returned'}")

    def load_write(self, node: str, name: str, text: str) -> Write:
        try:
            return Write(node, name, self.fields[name].load(text))
        except ValidationError as error:
            raise InvalidUpdateError(f"entrypoint {self.name!r} was given what it does not take: {error}") from error


def ended(value: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    """What a run writes that returned this."""
    final = cast("Final[Any, Any]", value) if isinstance(value, Final) else None
    saved = None if final is None else [final.save]
    writes: dict[str, Any] = {INPUT: None, OUTPUT: value if final is None else final.value}
    return writes if saved is None and state.get(SAVED) is None else {**writes, SAVED: saved}


def previous(state: Mapping[str, Any]) -> Any:
    """What the last run saved, or returned; None when there was none."""
    saved = state.get(SAVED)
    return saved[0] if saved is not None else state.get(OUTPUT)


@dataclass(frozen=True)
class FlowSurface:
    """Callers give an input and see what was returned: nothing, as long as a run has not ended."""

    edits_as: str

    def given(self, value: Any) -> Any:
        return {INPUT: value}

    def edited(self, value: Any) -> Any:
        return {INPUT: None, OUTPUT: value, SAVED: None}

    def values(self, values: Mapping[str, Any]) -> Any:
        return values.get(OUTPUT)

    def streamed(self, values: Mapping[str, Any]) -> Any:
        return self.output(values)

    def output(self, values: Mapping[str, Any]) -> Any:
        return None if values.get(INPUT) is not None else values.get(OUTPUT)

    def argument(self, state: Any) -> Any:
        return state.get(INPUT)

    def update(self, writes: Mapping[str, Any]) -> Any:
        return writes.get(OUTPUT)

    def taken(self, state: Any, keys: Collection[str]) -> Any:
        return state

    def left(self, result: Any, keys: Collection[str]) -> Any:
        return result
