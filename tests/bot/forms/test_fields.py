"""What a form cannot show is said in a sentence; every problem and every argument has its own place in it."""

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.forms.forms import Form
from bot.forms.inputs import block_id


@pytest.mark.parametrize(
    ("part", "value", "text"),
    [
        ({"type": "array"}, [], "[]"),
        ({"type": "object"}, {}, "{}"),
        ({}, 1, "1"),
        (True, "1", '"1"'),
        ({"type": ["integer", "string"]}, 1, "1"),
        ({"type": "null"}, None, "null"),
        ({"$ref": "#/properties/x"}, 1, "1"),
        ({"$ref": "#/$defs/Gone"}, 1, "1"),
        ({"type": "string"}, "a\u200bb", '"a\\u200bb"'),
        ({"type": "string"}, "a\r\nb", '"a\\r\\nb"'),
        ({"type": "string"}, 5, "5"),
        ({"type": "string"}, None, "null"),
        ({"type": "integer"}, 2.5, "2.5"),
        ({"type": "number"}, True, "true"),
        ({"enum": ["a", "b"]}, "c", '"c"'),
        ({"enum": ["y" * 76, "y" * 77]}, "y" * 76, f'"{"y" * 76}"'),
        ({"enum": [["a"], ["b"]]}, ["a"], None),
    ],
)
def test_what_no_element_holds_is_one_json_text(part: Any, value: object, text: str | None) -> None:
    (block,) = Form({"properties": {"x": part}}, {"x": value}).blocks
    if text is None:
        assert block["element"]["type"] == "radio_buttons"
        return
    assert block["element"] == {
        "type": "plain_text_input", "multiline": True, "action_id": "json", "initial_value": text,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("part", "value", "why"),
    [
        ({"type": "string"}, "y" * 3001, "it has 3,001 characters, and a form holds 3,000"),
        ({"type": "array"}, ["y" * 3001], "it has 3,005 characters, and a form holds 3,000"),
        ({"type": "number"}, float("nan"), "it cannot be written so that it stays the same"),
        ({"type": "string"}, "\ud800", "it cannot be written so that it stays the same"),
        ({"type": "string", "writeOnly": True}, "hunter2", "it holds a secret, which a form must not show"),
    ],
)
def test_what_no_form_holds_stays_as_it_is_and_says_why(part: Any, value: object, why: str) -> None:
    form = Form({"properties": {"x": part, "y": {"type": "string"}}}, {"x": value, "y": "a"})
    assert form.kept == {"x": why}
    assert form.unsupported is None
    section = form.blocks[-1]["text"]["text"]
    assert section.startswith(f"X stays as it is: {why}.")
    assert "hunter2" not in section
    assert Form({"properties": {"x": part}}, {"x": value}).unsupported == f"X stays as it is: {why}."


def test_a_secret_is_never_shown_and_not_lost() -> None:
    class Key(BaseModel):
        value: SecretStr

    class Login(BaseModel):
        token: SecretStr | None = None
        keys: list[Key] = []
        user: str = ""

    values: dict[str, Any] = {"token": "hunter2", "keys": [{"value": "hunter3"}], "user": "ana"}
    form = Form(Login.model_json_schema(), values)
    assert "hunter" not in str(form.blocks)
    assert form.kept.keys() == {"token", "keys"}
    (user,) = (block for block in form.blocks if block["type"] == "input")
    filled = {user["block_id"]: {user["element"]["action_id"]: {"value": "lea"}}}
    assert form.read(filled) == values | {"user": "lea"}


@pytest.mark.parametrize(
    ("name", "part", "multiline"),
    [
        ("body", {}, True),
        ("email_body", {}, True),
        ("commit-message", {}, True),
        ("subject", {}, False),
        ("body", {"maxLength": 40}, False),
        ("subject", {"maxLength": 500}, True),
        ("subject", {"format": "multiline"}, True),
    ],
)
def test_a_text_that_may_be_long_has_room_for_lines(name: str, part: dict[str, Any], multiline: bool) -> None:
    (block,) = Form({"properties": {name: {"type": "string", **part}}}, {name: "Hello"}).blocks
    assert block["element"]["multiline"] is multiline


def test_an_argument_outside_the_schema_is_not_dropped_silently() -> None:
    form = Form({"properties": {"x": {"type": "string"}}}, {"x": "a", "y": "b"})
    assert form.kept == {"y": "it is not in the tool's schema"}
    assert Form({"properties": {}}, {}).unsupported == "There are no arguments to edit."


def test_numbers_that_a_client_might_round_are_edited_as_text() -> None:
    schema = {"properties": {"x": {"type": "integer", "maximum": 2**63}}}
    (short,), (long,) = Form(schema, {"x": 10**14}).blocks, Form(schema, {"x": 10**15}).blocks
    assert short["element"]["type"] == "number_input"
    assert "max_value" not in short["element"]
    assert long["element"]["type"] == "plain_text_input"


def test_each_argument_has_a_block_of_its_own_that_stays() -> None:
    names = ["order", "order_id", "Order", "größe", "größe ", "a.b", "a b", "x" * 200, "x" * 201, "x" * 202]
    blocks = [block_id(name) for name in names]
    assert len(set(blocks)) == len(names)
    assert max(map(len, blocks)) <= 255
    assert block_id("order_id") == "argument:order_id"


def test_a_problem_without_a_field_is_one_of_the_whole() -> None:
    form = Form({"properties": {"to": {"type": "string"}, "cc": {"type": "string"}}}, {"to": "a", "cc": "b"})
    found = form.errors([("cc.0", "Not an address."), ("", "Too many."), ("bcc", "Not known."), ("cc", "Twice.")])
    assert found.errors == {block_id("cc"): "Entry 1: Not an address. Twice."}
    assert found.whole == "Too many. bcc: Not known."
