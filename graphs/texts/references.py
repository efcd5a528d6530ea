"""Where the references of a JSON Schema lead within it, and what of its values must not be shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import unquote

JsonSchema = Mapping[str, Any]


def holds_secret(part: object, root: JsonSchema) -> bool:
    """Whether a value of this schema, which is a part of `root`, or a part of that value must not be shown."""
    return _holds_secret(part, root, set())


def target_of(reference: str, root: JsonSchema) -> object:
    """What a JSON Pointer within the schema ("#/$defs/order") leads to; None where it leads nowhere."""
    found: object = root
    for step in reference.removeprefix("#").split("/")[1:]:
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and key in found:
            found = cast("dict[str, object]", found)[key]
        elif isinstance(found, list) and key.isascii() and key.isdecimal() and int(key) < len(cast("list[Any]", found)):
            found = cast("list[object]", found)[int(key)]
        else:
            return None
    return found


def _holds_secret(part: object, root: JsonSchema, followed: set[str]) -> bool:
    if isinstance(part, list):
        return _any_secret(cast("list[object]", part), root, followed)
    if not isinstance(part, dict):
        return False
    found = cast("dict[str, object]", part)
    if found.get("writeOnly") is True or found.get("format") == "password":
        return True
    reference = found.get("$ref")
    if isinstance(reference, str) and reference not in followed:
        followed.add(reference)
        if _holds_secret(target_of(reference, root), root, followed):
            return True
    return _any_secret(found.values(), root, followed)


def _any_secret(parts: Iterable[object], root: JsonSchema, followed: set[str]) -> bool:
    return any(_holds_secret(each, root, followed) for each in parts)
