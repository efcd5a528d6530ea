"""The context that a caller passes to a run, by the class that the graph declares for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from pydantic import BaseModel, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter

from graphs.runtime.hints import class_of, has_instances, is_typed_dict, readable


@dataclass(frozen=True)
class ContextSchema:
    """A dataclass, a pydantic model or a `TypedDict`; None where any context goes."""

    type: Any = None

    def built(self, context: Any) -> Any:
        """The context as nodes get it: an instance, made of what was passed as a dict, or that dict.

        Raises what its class raises for a dict that makes none (`TypeError` of a dataclass, pydantic's
        `ValidationError`), and `TypeError` for what is neither.
        """
        made = class_of(self.type)
        if context is None or made is None or (not is_typed_dict(made) and isinstance(context, made)):
            return context
        if not isinstance(context, Mapping):
            raise TypeError(f"the context of this graph is a dict or a {made.__name__}, not {type(context).__name__}")
        given = cast("Mapping[str, Any]", context)
        if is_typed_dict(made):
            if self._adapter is not None:
                self._adapter.validate_python(given)
            return given
        if isinstance(made, type) and issubclass(made, BaseModel):
            return self.type.model_validate(given)
        return self.type(**given) if has_instances(made) else given

    @cached_property
    def _adapter(self) -> TypeAdapter[Any] | None:
        """None where what the dict holds is of types that only Python can tell."""
        try:
            return TypeAdapter(readable(self.type))
        except (PydanticSchemaGenerationError, PydanticUserError):
            return None

    def json_schema(self) -> dict[str, Any] | None:
        """None where nothing is declared."""
        return None if self.type is None else TypeAdapter[Any](readable(self.type)).json_schema()
