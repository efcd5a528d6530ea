"""What a form cannot show is said in a sentence; every problem and every argument has its own place in it."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.forms.forms import FIELD_LIMIT, block_id, errors, inputs, unsupported


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ({"type": "array"}, [], "The argument 'x' is a list, which a form cannot show."),
        ({"type": "object"}, {}, "The argument 'x' has parts of its own, which a form cannot show."),
        ({}, 1, "The argument 'x' may be anything, which a form cannot show."),
        (True, 1, "The argument 'x' may be anything, which a form cannot show."),
        ({"type": ["integer", "string"]}, 1, "The argument 'x' may be of several kinds, which a form cannot show."),
        ({"type": "null"}, None, "The argument 'x' is always empty, which a form cannot show."),
        ({"$ref": "#/properties/x"}, 1, "The argument 'x' refers to itself, which a form cannot show."),
        ({"$ref": "#/$defs/Gone"}, 1, "The argument 'x' refers to '#/$defs/Gone', which its schema lacks."),
        ({"type": "string"}, "y" * 3001, "The argument 'x' has 3001 characters; a form holds 3000."),
        ({"type": "string"}, "a\u200bb", "The argument 'x' has invisible characters, which a form would hide."),
        ({"type": "string"}, 5, "The argument 'x' does not hold a text."),
        ({"type": "string"}, None, "The argument 'x' is null, which its schema does not allow."),
        ({"type": "integer"}, 2.5, "The argument 'x' does not hold a number that a form can show."),
        ({"type": "number"}, True, "The argument 'x' does not hold a number that a form can show."),
        ({"type": "number"}, float("nan"), "The argument 'x' does not hold a number that a form can show."),
        ({"type": "number"}, Decimal("1e999999"), "The argument 'x' does not hold a number that a form can show."),
        ({"type": "number"}, Decimal("0." + "1" * 3000), "The argument 'x' has 3002 digits; a form holds 3000."),
        ({"enum": ["a", "b"]}, "c", "The argument 'x' holds none of its choices."),
        ({"enum": list(range(101))}, 1, "The argument 'x' has 101 choices; a form holds 100."),
        ({"enum": ["y" * 76]}, "y" * 76, "The argument 'x' has a choice that is too long or cannot be read in a form."),
    ],
)
def test_what_a_form_cannot_show_is_said(part: Any, value: object, sentence: str) -> None:
    assert unsupported({"properties": {"x": part}}, {"x": value}) == sentence


def test_a_secret_is_never_shown() -> None:
    class Login(BaseModel):
        token: SecretStr | None = None

    assert unsupported(Login.model_json_schema(), {"token": "hunter2"}) == (
        "The argument 'token' is a secret, which a form must not show."
    )


def test_a_form_has_no_more_arguments_than_a_modal_holds() -> None:
    names = [f"a{number}" for number in range(FIELD_LIMIT + 1)]
    schema = {"properties": {name: {"type": "string"} for name in names}}
    assert unsupported(schema, {}) == "There are 96 arguments; a form holds 95."
    assert unsupported({"properties": {name: {"type": "string"} for name in names[1:]}}, {}) is None


def test_an_argument_outside_the_schema_is_not_dropped_silently() -> None:
    schema = {"properties": {"x": {"type": "string"}}}
    assert unsupported(schema, {"x": "a", "y": "b"}) == "The argument 'y' is not in the tool's schema."
    assert unsupported({"properties": {}}, {}) == "There are no arguments to edit."


def test_numbers_that_a_client_might_round_are_edited_as_text() -> None:
    schema = {"properties": {"x": {"type": "integer", "maximum": 2**63}}}
    (short,), (long,) = inputs(schema, {"x": 10**14}), inputs(schema, {"x": 10**15})
    assert short["element"]["type"] == "number_input"
    assert "max_value" not in short["element"]
    assert long["element"]["type"] == "plain_text_input"


def test_each_argument_has_a_block_of_its_own_that_stays() -> None:
    names = ["order", "order_id", "Order", "größe", "größe ", "a.b", "a b", "x" * 200, "x" * 201, "x" * 202]
    blocks = [block_id(name) for name in names]
    assert len(set(blocks)) == len(names)
    assert max(map(len, blocks)) <= 255
    assert block_id("order_id") == "argument:order_id"


def test_a_problem_without_a_field_stands_at_the_first() -> None:
    schema = {"properties": {"to": {"type": "string"}, "cc": {"type": "string"}}}
    problems = [("cc.0", "Not an address."), ("", "Too many."), ("bcc", "Not known."), ("cc", "Twice.")]
    assert errors(schema, problems) == {
        block_id("cc"): "Not an address. Twice.",
        block_id("to"): "Too many. bcc: Not known.",
    }
