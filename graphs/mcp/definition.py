"""A tool as its server describes it: what is pinned, compared, and made a tool of. Pure."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

from graphs.mcp.names import LONGEST_TOOL_NAME
from graphs.texts.canonical import Digest, bounded, canonical_json, digest
from graphs.texts.references import target_of
from graphs.texts.surrogates import mended_tree

LARGEST = 200_000
"""Bytes of what a server says of one tool: some 60,000 tokens, more than a model could be told of all of them."""

_NOT_SCHEMAS = frozenset({"const", "default", "enum", "examples"})
"""Where a schema has values, in which `$ref` would be a value too."""


@dataclass(frozen=True)
class Definition:
    """What a server says of a tool. `annotations` are its own claims, under the protocol's names."""

    name: str
    title: str | None = None
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict[str, Any])
    annotations: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @cached_property
    def text(self) -> str:
        """JSON that `read` reads, in the order of the server: forms and models go by it."""
        return json.dumps(self._parts, ensure_ascii=False, allow_nan=False)

    @cached_property
    def digest(self) -> Digest:
        """Of all that is said, in whatever order."""
        return digest(canonical_json(self._parts))

    @cached_property
    def _parts(self) -> dict[str, Any]:
        parts = {
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "schema": self.schema,
            "annotations": self.annotations,
        }
        return mended_tree(parts)

    @classmethod
    def read(cls, text: str) -> Definition:
        """One that was written down."""
        return cls(**json.loads(text))

    def says(self, hint: str) -> bool:
        """Whether the server says this of the tool ("readOnlyHint"), in so many words."""
        return self.annotations.get(hint) is True


def unusable(definition: Definition) -> str | None:
    """Why no tool can be made of it, as a clause; None when one can. Takes up to a second: not for the event loop."""
    if not 0 < len(definition.name) <= LONGEST_TOOL_NAME:
        return f"its name has {len(definition.name)} characters; 1 to {LONGEST_TOOL_NAME} are allowed"
    if (why := _too_large(definition)) is not None:
        return why
    if definition.schema.get("type") != "object":
        return "its schema is not that of an object"
    return _no_schema(dict(definition.schema)) or _foreign(dict(definition.schema))


def difference(before: Definition, after: Definition) -> list[str]:
    """What changed, line by line, as a unified diff without its heads."""
    lines = difflib.unified_diff(_lines(before), _lines(after), n=1, lineterm="")
    return [line for line in list(lines)[2:] if not line.startswith("@@")]


def _lines(definition: Definition) -> list[str]:
    parts = {"title": definition.title, "description": definition.description.splitlines()}
    rest = {"schema": definition.schema, "annotations": definition.annotations}
    return json.dumps(parts | rest, ensure_ascii=False, indent=2, sort_keys=True).splitlines()


def _too_large(definition: Definition) -> str | None:
    try:
        text = bounded(definition.text.encode())
    except (ValueError, TypeError, RecursionError) as error:
        return f"what is said of it cannot be read: {str(error)[:200]}"
    return f"what is said of it has {len(text)} bytes; at most {LARGEST} are read" if len(text) > LARGEST else None


def _no_schema(schema: dict[str, Any]) -> str | None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import validator_for

    kind: Any = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path)) or "its root"
        return f"its schema is no JSON Schema (at {place[:200]})"
    except RecursionError:
        return "its schema is too deep"
    return None


def _foreign(schema: dict[str, Any]) -> str | None:
    """Why a reference cannot be followed: nothing is fetched, and what leads nowhere would fail each call."""
    own_base = '"$id"' in json.dumps(schema)
    for reference in _references(schema):
        if not reference.startswith("#"):
            return f"its schema refers to {reference[:200]!r}, and nothing is fetched"
        if reference.startswith("#/") and not own_base and target_of(reference, schema) is None:
            return f"its schema refers to {reference[:200]!r}, which it lacks"
    return None


def _references(part: object) -> Iterator[str]:
    if isinstance(part, list):
        for each in cast("list[object]", part):
            yield from _references(each)
    elif isinstance(part, dict):
        for name, each in cast("dict[str, object]", part).items():
            if name in ("$ref", "$dynamicRef", "$recursiveRef") and isinstance(each, str):
                yield each
            elif name not in _NOT_SCHEMAS:
                yield from _references(each)
