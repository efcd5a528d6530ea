"""A form shows the arguments as proposed, gives them back exactly, and refuses what it could not give back."""

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError
from slack_sdk.models.blocks import Block as SlackBlock
from slack_sdk.models.views import View

from bot.forms.forms import PAGE, PAGES, Form, FormErrors
from bot.forms.inputs import block_id
from bot.forms.modals import modal
from bot.shown.text import Block, visible
from graphs.texts.canonical import canonical_json

GIVEN = {
    "initial_option": "selected_option",
    "initial_options": "selected_options",
    "initial_date": "selected_date",
    "initial_time": "selected_time",
    "initial_date_time": "selected_date_time",
    "initial_value": "value",
}
"""What an element shows at first → where Slack sends it."""


def state_of(blocks: list[Block]) -> dict[str, dict[str, dict[str, Any]]]:
    """What Slack sends for a form that was submitted as it was shown."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for block in (each for each in blocks if each["type"] == "input"):
        element = block["element"]
        filled = {GIVEN[key]: value for key, value in element.items() if key in GIVEN}
        state[block["block_id"]] = {element["action_id"]: {"type": element["type"], **filled}}
    return state


def filled(blocks: list[Block], name: str, value: str | None) -> dict[str, dict[str, dict[str, Any]]]:
    """The state after a person typed `value` at `name`, or chose the option with that label."""
    state = state_of(blocks)
    found = input_of(blocks, name)
    element = found["element"]
    (entry,) = state[found["block_id"]].values()
    if "options" in element:
        chosen = [option for option in element["options"] if option["text"]["text"] == value]
        entry["selected_option"] = chosen[0] if chosen else None
    else:
        entry["value"] = value
    return state


def input_of(blocks: list[Block], name: str) -> Block:
    return next(block for block in blocks if block["block_id"] == block_id(name))


def labels(element: Mapping[str, Any]) -> list[str]:
    return [option["text"]["text"] for option in element["options"]]


def seen(most: int) -> st.SearchStrategy[str]:
    """Texts of which nothing is hidden."""
    texts = st.text(max_size=most).map(lambda text: "".join(each for each in text if not visible(each)[1]))
    return texts.filter(lambda text: not visible(text)[1])


SEEN = seen(120)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False).filter(lambda number: abs(number.adjusted()) <= 400)
CHOICES = st.lists(
    st.one_of(seen(20), st.integers(), st.booleans()),
    min_size=1,
    max_size=8,
    unique_by=lambda choice: (type(choice), choice),
)

PARTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=9,
)
"""Values of an argument that has parts of its own."""


@st.composite
def arguments(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """A property's schema, and a value that is valid under it."""
    choices = draw(CHOICES)
    plain, values = draw(
        st.sampled_from(
            [
                ({"type": "string"}, SEEN),
                ({"type": "string", "format": "long"}, SEEN),
                ({"type": "integer"}, st.integers()),
                ({"type": "number"}, NUMBERS),
                ({"anyOf": [{"type": "number"}, {"type": "string"}]}, NUMBERS),
                ({"type": "boolean"}, st.booleans()),
                ({"enum": choices}, st.sampled_from(choices)),
                ({"const": choices[0]}, st.just(choices[0])),
                ({"$ref": "#/$defs/Shared"}, st.sampled_from(["low", "high"])),
                ({"type": "string"}, st.text(alphabet="a\u200b\u202e\r\n\u2028\x00é", max_size=20)),
                ({"type": "array", "items": {"type": "string"}}, st.lists(st.text(max_size=9), max_size=9)),
                ({"type": "object"}, st.dictionaries(st.text(max_size=5), PARTS, max_size=4)),
                ({}, PARTS),
            ]
        )
    )
    if draw(st.booleans()):
        plain, values = {"anyOf": [plain, {"type": "null"}], "default": None}, st.one_of(st.none(), values)
    description = draw(st.text(max_size=2500))
    return ({**plain, "description": description} if description else plain), draw(values)


@st.composite
def forms(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    parts = draw(st.dictionaries(st.text(min_size=1, max_size=260), arguments(), min_size=1, max_size=6))
    required = draw(st.sets(st.sampled_from(sorted(parts))))
    left_out = draw(st.sets(st.sampled_from(sorted(parts)))) - required
    schema = {
        "type": "object",
        "properties": {name: part for name, (part, _) in parts.items()},
        "required": sorted(required),
        "$defs": {"Shared": {"enum": ["low", "high"], "type": "string"}},
    }
    return schema, {name: value for name, (_, value) in parts.items() if name not in left_out}


def typed(values: Mapping[str, object]) -> dict[str, tuple[type, object]]:
    return {name: (type(value), value) for name, value in values.items()}


@given(forms())
def test_what_is_shown_and_submitted_unchanged_comes_back(form: tuple[dict[str, Any], dict[str, Any]]) -> None:
    shown, (schema, values) = Form(*form), form
    blocks = shown.blocks
    assert not shown.kept
    assert typed(shown.read(state_of(blocks))) == typed(values)
    assert canonical_json(shown.read(state_of(blocks))) == canonical_json(values)
    assert [block["block_id"] for block in blocks] == [block_id(name) for name in schema["properties"]]
    assert len({block["block_id"] for block in blocks}) == len(blocks)
    for block in blocks:  # an input that is empty as proposed must be submittable
        (entry,) = state_of([block])[block["block_id"]].values()
        assert block["optional"] or set(entry) & set(GIVEN.values())


@given(forms())
def test_a_form_is_a_view_that_slack_takes(form: tuple[dict[str, Any], dict[str, Any]]) -> None:
    blocks = Form(*form).blocks
    view = modal("Edit a call with a long name", "edit", "id", blocks, submit="Run")
    assert View(**view).to_dict() == view
    for block in blocks:
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Everything(BaseModel):
    text: str = Field(description="What to write.")
    amount: Decimal
    count: Annotated[int, Field(gt=0, le=10)]
    rate: float = 0.5
    urgent: bool = False
    size: Literal["small", "large"] = "small"
    colour: Colour = Colour.RED
    limit: Decimal | None = None
    note: str | None = None


VALUES: dict[str, object] = {
    "text": "line one\nline two",
    "amount": "80.10",
    "count": 3,
    "rate": 0.1,
    "urgent": True,
    "size": "large",
    "colour": "blue",
    "limit": None,
    "note": None,
}


def test_a_pydantic_model_becomes_a_form() -> None:
    shown = Form(Everything.model_json_schema(), VALUES).blocks
    blocks = {name: input_of(shown, name) for name in Everything.model_fields}
    elements = {name: block["element"] for name, block in blocks.items()}
    assert {name: element["type"] for name, element in elements.items()} == {
        "text": "plain_text_input",
        "amount": "number_input",
        "count": "number_input",
        "rate": "number_input",
        "urgent": "radio_buttons",
        "size": "radio_buttons",
        "colour": "radio_buttons",
        "limit": "number_input",
        "note": "plain_text_input",
    }
    assert [block["label"]["text"] for block in shown][:3] == ["Text", "Amount", "Count"]
    assert blocks["text"]["hint"]["text"] == "text · What to write."
    assert blocks["count"]["hint"]["text"] == "count · more than 0 · at most 10"
    assert elements["text"]["multiline"] is True
    assert elements["amount"]["initial_value"] == "80.10"
    assert elements["count"] | {"action_id": ""} == {
        "type": "number_input",
        "action_id": "",
        "is_decimal_allowed": False,
        "initial_value": "3",
        "min_value": "1",
        "max_value": "10",
    }
    assert elements["urgent"]["initial_option"]["text"]["text"] == "Yes"
    assert labels(elements["urgent"]) == ["Yes", "No"]
    assert labels(elements["colour"]) == ["red", "blue"]
    assert [name for name, block in blocks.items() if not block["optional"]] == ["text", "amount", "count"]


def test_digits_survive_as_far_as_the_model() -> None:
    form = Form(Everything.model_json_schema(), VALUES)
    values = form.read(filled(form.blocks, "amount", "1234567890123456789.10"))
    assert str(Everything.model_validate(values).amount) == "1234567890123456789.10"
    assert str(Everything.model_validate(form.read(state_of(form.blocks))).amount) == "80.10"
    assert Everything.model_validate(values).rate == 0.1
    assert Everything.model_validate(values, strict=False).colour is Colour.BLUE


def test_an_optional_choice_offers_none_by_name() -> None:
    class Choices(BaseModel):
        sure: bool | None = None
        size: Literal["small", "large"] | None = None

    form = Form(Choices.model_json_schema(), {"sure": None, "size": "small"})
    blocks = form.blocks
    assert labels(blocks[0]["element"]) == ["Yes", "No", "(none)"]
    assert labels(blocks[1]["element"]) == ["small", "large", "(none)"]
    assert form.read(filled(blocks, "size", "(none)")) == {"sure": None, "size": None}


def test_choices_that_would_read_alike_are_told_apart() -> None:
    schema = {"properties": {"x": {"enum": [1, "1", True, "true", "(none)", None]}}}
    (block,) = Form(schema, {"x": "1"}).blocks
    assert labels(block["element"]) == ["1", '"1"', "true", '"true"', '"(none)"', "null"]
    assert block["element"]["initial_option"]["text"]["text"] == '"1"'


@pytest.mark.parametrize(
    ("proposed", "meaning"),
    [({"note": "x"}, {"note": None}), ({"note": None}, {"note": None}), ({"note": ""}, {"note": ""}), ({}, {})],
)
def test_an_emptied_optional_text_is_null_unless_an_empty_one_was_proposed(
    proposed: dict[str, object], meaning: dict[str, object]
) -> None:
    schema = {"properties": {"note": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    form = Form(schema, proposed)
    assert form.read(filled(form.blocks, "note", None)) == meaning


def test_an_emptied_input_without_null_is_an_empty_text_or_left_out() -> None:
    schema = {"properties": {"reason": {"type": "string", "default": ""}, "rate": {"type": "number", "default": 1}}}
    form = Form(schema, {"reason": "late", "rate": 2})
    assert form.read(filled(form.blocks, "reason", None)) == {"reason": "", "rate": Decimal(2)}
    assert form.read(filled(form.blocks, "rate", None)) == {"reason": "late"}


NUMBER_SENTENCE = "Write a number with digits, and a dot before decimals: 80.10"
WHOLE_SENTENCE = "Write a whole number, without decimals."


@pytest.mark.parametrize(
    ("kind", "given", "sentence"),
    [
        ("number", "eighty", NUMBER_SENTENCE),
        ("number", "8,0,10", NUMBER_SENTENCE),
        ("number", "1,000", "Write 1000 or 1.000: a comma can mean both."),
        ("integer", "12,500", "Write 12500, if that is what you mean, without a comma."),
        ("integer", "1.000", "Write 1000, if that is what you mean, without a dot."),
        ("number", "1.234,50.1", NUMBER_SENTENCE),
        ("number", "0,12,5", NUMBER_SENTENCE),
        ("number", "NaN", NUMBER_SENTENCE),
        ("number", "Infinity", NUMBER_SENTENCE),
        ("number", "1_000", NUMBER_SENTENCE),
        ("number", "٣", NUMBER_SENTENCE),
        ("number", "1e999999999", NUMBER_SENTENCE),
        ("number", " ", NUMBER_SENTENCE),
        ("integer", "0x10", NUMBER_SENTENCE),
        ("integer", "2.5", WHOLE_SENTENCE),
    ],
)
def test_text_that_is_no_number_is_an_error_at_its_field(kind: str, given: str, sentence: str) -> None:
    schema = {"properties": {"first": {"type": "string"}, "x": {"type": kind}}, "required": ["first", "x"]}
    form = Form(schema, {"first": "a", "x": 1})
    with pytest.raises(FormErrors) as caught:
        form.read(filled(form.blocks, "x", given))
    assert caught.value.errors == {block_id("x"): sentence}


@pytest.mark.parametrize(
    ("given", "number"), [(" 7 ", 7), ("7.0", 7), ("-7", -7), ("1e3", 1000), ("9" * 40, 10**40 - 1)]
)
def test_whole_numbers_are_read_however_they_are_written(given: str, number: int) -> None:
    schema = {"properties": {"x": {"type": "integer"}}}
    form = Form(schema, {"x": 1})
    value = form.read(filled(form.blocks, "x", given))["x"]
    assert type(value) is int
    assert value == number


def test_a_field_that_did_not_arrive_is_an_error_not_a_default() -> None:
    schema = {"properties": {"x": {"type": "string", "default": "all of it"}}}
    with pytest.raises(FormErrors) as caught:
        Form(schema, {"x": "all of it"}).read({})
    assert caught.value.errors == {block_id("x"): "This field did not arrive. Please close the form and open it again."}


def test_an_option_that_was_not_offered_is_an_error() -> None:
    schema = {"properties": {"x": {"enum": ["a", "b"]}}}
    form = Form(schema, {"x": "a"})
    state = state_of(form.blocks)
    (entry,) = state[block_id("x")].values()
    entry["selected_option"] = {"value": '"c"'}
    with pytest.raises(FormErrors) as caught:
        form.read(state)
    assert caught.value.errors == {block_id("x"): "Choose one of the options."}


def test_the_tools_own_validation_speaks_at_the_fields() -> None:
    def validate(values: dict[str, object]) -> list[tuple[str, str]]:
        try:
            Everything.model_validate(values)
        except ValidationError as problem:
            return [(".".join(map(str, each["loc"])), each["msg"]) for each in problem.errors()]
        return []

    form = Form(Everything.model_json_schema(), VALUES)
    assert form.submitted(filled(form.blocks, "count", "9"), validate)["count"] == 9
    with pytest.raises(FormErrors) as caught:
        form.submitted(filled(form.blocks, "count", "11"), validate)
    assert caught.value.errors == {block_id("count"): "Input should be less than or equal to 10"}


class Line(BaseModel):
    """A line of an order."""

    product: str
    number: int = 1


class Order(BaseModel):
    to: list[str] = Field(description="Who gets it.")
    lines: list[Line]
    extra: dict[str, Any] = {}
    body: str = ""
    amount: Decimal = Decimal(1)


ORDER: dict[str, Any] = {
    "to": ["a@x.test", "b@x.test"],
    "lines": [{"product": "lamp", "number": 2}, {"product": "häng\u200bmatte", "number": 1}],
    "extra": {"deep": [1, 2.5, None, {"x": "y"}], "big": 2**70},
    "body": "Hello",
    "amount": "80.10",
}


def test_one_argument_that_no_element_holds_takes_nothing_from_the_others() -> None:
    form = Form(Order.model_json_schema(), ORDER)
    blocks = {name: input_of(form.blocks, name) for name in ORDER}
    assert form.unsupported is None
    assert blocks["to"]["element"]["initial_value"] == '["a@x.test", "b@x.test"]'
    assert blocks["to"]["hint"]["text"] == "to · written as JSON · Who gets it."
    assert blocks["amount"]["element"]["type"] == "number_input"
    assert "häng\\u200bmatte" in blocks["lines"]["element"]["initial_value"], "nothing in it is invisible"
    assert all(blocks[name]["element"]["multiline"] for name in ("to", "lines", "extra", "body"))
    assert form.read(state_of(form.blocks)) == ORDER | {"amount": Decimal("80.10")}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ('["a"', "This is not JSON (line 1, column 5): expecting ',' delimiter."),
        ("a@x.test", "This is not JSON (line 1, column 1): expecting value."),
        ('[{"a": 1, "a": 2}]', "The name 'a' stands twice in one object."),
        ("[NaN]", "NaN is no number that can be used."),
        ("[1e999999999]", "The number 1e999999999 is too large or too small."),
        ("[" * 2900, "This is nested too deeply, or has a number with too many digits."),
        ("[" + "9" * 5000 + "]", "This is nested too deeply, or has a number with too many digits."),
        ("  ", "This argument is needed. Write it as JSON."),
        ("", "This argument is needed. Write it as JSON."),
    ],
)
def test_what_is_no_json_is_an_error_at_its_field_that_says_where(given: str, sentence: str) -> None:
    form = Form(Order.model_json_schema(), ORDER)
    with pytest.raises(FormErrors) as caught:
        form.read(filled(form.blocks, "to", given))
    assert caught.value.errors == {block_id("to"): sentence}


def test_an_optional_argument_in_json_may_be_left_out() -> None:
    form = Form(Order.model_json_schema(), ORDER)
    assert "extra" not in form.read(filled(form.blocks, "extra", None))


def test_a_part_of_an_argument_is_named_in_its_problem() -> None:
    form = Form(Order.model_json_schema(), ORDER)
    found = form.errors([("lines.0.number", "Input should be a valid integer"), ("to", "Too few.")]).errors
    assert found == {block_id("lines"): "Entry 1, number: Input should be a valid integer", block_id("to"): "Too few."}


def test_what_no_form_holds_is_shown_and_stays_as_it_is() -> None:
    values: dict[str, Any] = ORDER | {"body": "y" * 3001, "to": [f"person{number}@x.test" for number in range(300)]}
    form = Form(Order.model_json_schema(), values)
    said = [block["text"]["text"] for block in form.blocks if block["type"] == "section"]
    assert said[0].startswith("To stays as it is: it has ")
    assert "person0@x.test" in said[0]
    assert said[1].startswith("Body stays as it is: it has 3,001 characters, and a form holds 3,000.\nyyyy")
    inputs = [block for block in form.blocks if block["type"] == "input"]
    assert [block["label"]["text"] for block in inputs] == ["Lines", "Extra", "Amount"]
    view = modal("Edit", "edit", "id", form.blocks, submit="Run")
    assert View(**view).to_dict() == view
    read = form.read(state_of(inputs))
    assert (read["body"], read["to"]) == (values["body"], values["to"])
    assert form.errors([("body", "Too long.")]).whole == "body: Too long."


def test_more_arguments_than_a_form_holds_are_one_json_field() -> None:
    names = [f"a{number}" for number in range(PAGE * PAGES + 3)]
    schema = {"properties": {name: {"type": "string"} for name in names}, "required": names}
    values: dict[str, object] = dict.fromkeys(names, "x")
    form = Form(schema, values)
    assert form.read(state_of(form.blocks)) == values
    last = form.blocks[-1]
    assert (last["label"]["text"], last["element"]["initial_value"]) == (
        "Other arguments",
        json.dumps(dict.fromkeys(names[-4:], "x")),
    )
    assert [sum(block["type"] == "input" for block in page) for page in form.pages] == [6, 6, 6]

    def rest(text: str) -> dict[str, dict[str, dict[str, Any]]]:
        state = state_of(form.blocks)
        (entry,) = state[last["block_id"]].values()
        entry["value"] = text
        return state

    read = form.read(rest(json.dumps({names[-1]: "y", names[-2]: "z"})))
    assert names[-3] not in read
    assert (read[names[-1]], read[names[-2]]) == ("y", "z")
    for wrong, sentence in (('{"b": 1}', "'b' is none of these arguments"), ("[]", "Write an object")):
        with pytest.raises(FormErrors) as caught:
            form.read(rest(wrong))
        assert sentence in caught.value.errors[last["block_id"]]
    assert form.errors([(names[-1], "Too long.")]).errors == {last["block_id"]: f"{names[-1]}: Too long."}
    view = modal("Edit", "edit", "id", form.blocks, submit="Run")
    assert View(**view).to_dict() == view


def test_a_form_never_grows_beyond_what_slack_takes() -> None:
    names = [f"a{number}" for number in range(120)]
    schema = {"properties": {name: {"type": "string"} for name in names}}
    form = Form(schema, dict.fromkeys(names, "é" * 3000))
    view = modal("Edit", "edit", "id", form.blocks, submit="Run")
    assert len(json.dumps(view, ensure_ascii=False).encode()) < 250_000
    assert len(view["blocks"]) <= 100
    read = form.read(state_of([block for block in form.blocks if block["type"] == "input"]))
    assert read == dict.fromkeys(names, "é" * 3000)
