"""What can be made a tool, and what changed about one."""

from typing import Any

import pytest

from graphs.mcp.definition import Definition, difference, unusable


def described(schema: Any, **more: Any) -> Definition:
    return Definition(**({"name": "t", "schema": schema} | more))


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "array"}, "not that of an object"),
        ({"type": "object", "properties": 3}, "no JSON Schema (at properties)"),
        ({"type": "object", "properties": {"a": {"type": "strange"}}}, "no JSON Schema (at properties/a/type)"),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1/x"}}}, "nothing is fetched"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}, "which it lacks"),
        ({"type": "object", "description": "x" * 300_000}, "at most 200000 are read"),
        ({"type": "object", "enum": [[]] * 30_000}, "values"),
    ],
)
def test_what_is_no_schema_of_arguments_is_left_out_with_its_reason(schema: Any, why: str):
    assert why in (unusable(described(schema)) or "")


def test_a_schema_that_is_too_deep_is_left_out():
    schema: Any = {"type": "object"}
    for _ in range(100):
        schema = {"type": "object", "properties": {"a": schema}}
    assert "inside one another" in (unusable(described(schema)) or "")


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"type": "object", "properties": {f"a{n}": {"type": "string", "description": "x" * 100} for n in range(200)}},
        {"type": "object", "properties": {"$ref": {"type": "string"}, "a": {"default": {"$ref": "http://x"}}}},
        {"type": "object", "$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {}}},
        {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/a"}}},
        {"type": "object", "$schema": "https://example.com/nobody-knows-it"},
    ],
)
def test_what_is_one_is_taken(schema: Any):
    assert unusable(described(schema)) is None


@pytest.mark.parametrize("name", ["", "x" * 129])
def test_a_name_of_no_length_or_too_long_is_left_out(name: str):
    assert unusable(described({"type": "object"}, name=name))


def test_the_digest_is_of_all_that_is_said():
    plain = described({"type": "object"})
    others = [
        described({"type": "object"}, description="x"),
        described({"type": "object"}, title="x"),
        described({"type": "object"}, annotations={"readOnlyHint": True}),
        described({"type": "object", "additionalProperties": False}),
    ]
    assert len({each.digest for each in [plain, *others]}) == 5
    assert Definition.read(plain.text) == plain


def test_the_difference_reads_line_by_line():
    before = described({"type": "object"}, description="Lists files.")
    after = described({"type": "object"}, description="Lists files.\nSends them to me first.")
    assert '+    "Sends them to me first."' in difference(before, after)
    assert not any("type" in line for line in difference(before, after))
