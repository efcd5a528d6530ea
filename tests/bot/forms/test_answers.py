"""The form of what a graph asks: any JSON Schema, filled with what is known, read as an answer that fits it."""

import json
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter

from bot.forms.answers import ANSWER, AnswerForm
from bot.forms.forms import FormErrors, block_id
from tests.bot.forms.test_forms import filled, forms, state_of


class Urgency(Enum):
    LOW = "low"
    HIGH = "high"


class Refund(BaseModel):
    """What is paid back."""

    order_id: Annotated[int, Field(ge=1)]
    amount: Decimal = Field(gt=0, le=500)
    urgency: Urgency = Urgency.LOW
    reason: str | None = None
    note: Annotated[str, Field(title="What the customer reads")] = ""


def labels(form: AnswerForm) -> list[str]:
    return [block["label"]["text"] for block in form.form.blocks]


def refused(form: AnswerForm, name: str, value: str | None) -> str:
    with pytest.raises(FormErrors) as caught:
        form.submitted(filled(form.form.blocks, name, value))
    assert caught.value.errors.keys() == {block_id(name)}
    return caught.value.errors[block_id(name)]


def test_a_model_is_a_form_of_its_fields_in_words_filled_from_a_mapping() -> None:
    form = AnswerForm(Refund.model_json_schema(), {"order_id": 7, "amount": 80.5, "question": "Refund it?"})
    assert labels(form) == ["Order id", "Amount", "Urgency", "Reason", "What the customer reads"]
    assert not form.is_one
    assert form.submitted(filled(form.form.blocks, "urgency", "high")) == {
        "order_id": 7,
        "amount": 80.5,
        "urgency": "high",
    }


def test_an_enum_is_called_as_its_field_is() -> None:
    class Ticket(BaseModel):
        how_soon: Urgency

    assert labels(AnswerForm(Ticket.model_json_schema(), {})) == ["How soon"]


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [
        (int, "7", 7),
        (float, "7,25", 7.25),
        (Decimal, "7.10", "7.10"),
        (str, "yes", "yes"),
        (bool, "Yes", True),
        (Literal["red", "blue"], "blue", "blue"),
        (list[int], "[1, 2]", [1, 2]),
    ],
)
def test_any_other_schema_is_one_input(kind: Any, value: str, answer: object) -> None:
    form = AnswerForm(TypeAdapter(kind).json_schema(), {})
    assert (form.is_one, labels(form)) == (True, ["Answer"])
    assert form.submitted(filled(form.form.blocks, ANSWER, value)) == answer


def test_without_a_schema_a_text_is_asked_for() -> None:
    form = AnswerForm(None, {})
    (block,) = form.form.blocks
    assert (block["element"]["multiline"], block["optional"]) == (True, False)
    assert form.submitted(filled(form.form.blocks, ANSWER, "by train\nplease")) == "by train\nplease"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("order_id", "0", "At least 1."),
        ("order_id", "1.5", "Write a whole number, without decimals."),
        ("amount", "0", "Write more than 0."),
        ("amount", "501", "At most 500."),
    ],
)
def test_what_does_not_fit_is_said_in_words_at_its_input(name: str, value: str, sentence: str) -> None:
    form = AnswerForm(Refund.model_json_schema(), {"order_id": 7, "amount": 80})
    assert refused(form, name, value) == sentence


def test_what_one_input_refuses_is_said_at_it() -> None:
    form = AnswerForm(TypeAdapter(Annotated[str, Field(min_length=3)]).json_schema(), {})
    assert refused(form, ANSWER, "x") == "At least 3 characters."


VALUES = {
    "order_id": st.integers(1, 10**12),
    "amount": st.decimals(1, 500, places=2).map(str) | st.floats(1, 500) | st.integers(1, 500),
    "urgency": st.sampled_from(["low", "high"]),
    "reason": st.none() | st.text(max_size=30),
    "note": st.text(max_size=30),
}


@given(st.fixed_dictionaries(VALUES))
def test_what_is_submitted_unchanged_is_what_was_given(values: dict[str, Any]) -> None:
    form = AnswerForm(Refund.model_json_schema(), values)
    answer = form.submitted(state_of(form.form.blocks))
    assert {name: (type(value), value) for name, value in answer.items()} == {
        name: (type(value), value) for name, value in values.items()
    }


def test_what_is_missing_is_said_at_its_input() -> None:
    schema = {"type": "object", "properties": {"who": {"type": "string"}}, "required": ["who"], "minProperties": 1}
    form = AnswerForm(schema, {})
    state = filled(form.form.blocks, "who", None)
    with pytest.raises(FormErrors) as caught:
        form.submitted(state)
    assert caught.value.errors == {block_id("who"): "Fill this in."}


def test_what_does_not_fit_yet_is_filled_in_as_far_as_its_input_can_show_it() -> None:
    given = {"order_id": -3, "amount": "much", "urgency": "soon", "reason": "late", "note": 7}
    form = AnswerForm(Refund.model_json_schema(), given)
    elements = {block["block_id"]: block["element"] for block in form.form.blocks}
    assert elements[block_id("order_id")]["initial_value"] == "-3"
    assert "min_value" not in elements[block_id("order_id")], "Slack refuses a form whose number is out of its bounds"
    assert elements[block_id("amount")]["type"] == "number_input"
    assert elements[block_id("urgency")]["type"] == "radio_buttons"
    assert "initial_value" not in elements[block_id("amount")]
    assert "initial_option" not in elements[block_id("urgency")]
    assert elements[block_id("reason")]["initial_value"] == "late"


def test_a_number_that_was_given_as_a_text_is_one_where_the_schema_wants_that() -> None:
    form = AnswerForm({"type": "object", "properties": {"x": {"type": "number"}}}, {"x": "1.5"})
    assert form.submitted(state_of(form.form.blocks)) == {"x": 1.5}


@given(forms())
def test_whatever_a_graph_asks_and_gives_comes_back_unchanged(asked: tuple[dict[str, Any], dict[str, Any]]) -> None:
    schema, values = asked[0], json.loads(json.dumps(asked[1], default=float))
    form = AnswerForm(schema, values)
    state = {block: held for page in form.form.pages for block, held in state_of(page).items()}
    answer = form.submitted(state)
    assert json.dumps(answer, sort_keys=True) == json.dumps(values, sort_keys=True)
