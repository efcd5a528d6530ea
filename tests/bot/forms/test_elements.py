"""Each kind of argument has the input that constrains it, and what is submitted unchanged comes back."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field
from slack_sdk.models.blocks import Block as SlackBlock

from bot.forms.forms import Form, FormErrors
from bot.forms.inputs import block_id
from bot.shown.text import Block
from graphs.texts.canonical import canonical_json
from tests.bot.forms.test_forms import input_of, state_of

MANY = [f"choice {number}" for number in range(150)]
SOME = MANY[:30]


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


class Booking(BaseModel):
    day: date
    at: time = time(10)
    begins: datetime | None = None
    page: AnyUrl | None = None
    size: Size = Size.SMALL
    sizes: list[Size] = []
    tags: Annotated[list[Literal["a", "b", "c"]], Field(max_length=2)] = []


SCHEMA = Booking.model_json_schema()
VALUES: dict[str, Any] = {
    "day": "2026-11-30",
    "at": "10:00:00",
    "begins": "2026-11-30T10:30:00+01:00",
    "page": "https://example.com/a",
    "size": "large",
    "sizes": ["large", "small"],
    "tags": ["c", "a"],
}


def one(part: dict[str, Any], value: object, **more: Any) -> Block:
    (block,) = Form({"properties": {"x": part}, **more}, {"x": value}).blocks
    return block["element"]


def test_each_has_its_element() -> None:
    blocks = Form(SCHEMA, VALUES).blocks
    elements = {name: input_of(blocks, name)["element"] for name in VALUES}
    assert {name: each["type"] for name, each in elements.items()} == {
        "day": "datepicker",
        "at": "timepicker",
        "begins": "datetimepicker",
        "page": "url_text_input",
        "size": "radio_buttons",
        "sizes": "checkboxes",
        "tags": "checkboxes",
    }
    assert elements["begins"]["initial_date_time"] == 1796031000
    assert elements["at"]["initial_time"] == "10:00"
    assert [each["text"]["text"] for each in elements["sizes"]["initial_options"]] == ["large", "small"]
    for block in blocks:
        parsed = SlackBlock.parse(block)
        assert parsed is not None
        assert parsed.to_dict() == block


@pytest.mark.parametrize(
    ("choices", "one_of", "some_of"),
    [
        (SOME[:2], "radio_buttons", "checkboxes"),
        (SOME[:6], "static_select", "checkboxes"),
        (SOME, "static_select", "multi_static_select"),
        (MANY, "external_select", "multi_external_select"),
    ],
)
def test_the_more_there_is_to_choose_from_the_more_an_element_holds(
    choices: list[str], one_of: str, some_of: str
) -> None:
    single, several = (
        one({"enum": choices}, choices[1]),
        one({"type": "array", "items": {"enum": choices}}, choices[:2]),
    )
    assert (single["type"], several["type"]) == (one_of, some_of)
    assert single["initial_option"]["text"]["text"] == choices[1]


def test_what_is_looked_for_among_many_is_found() -> None:
    form = Form({"properties": {"x": {"enum": MANY}, "y": {"type": "string"}}}, {"x": MANY[0], "y": "a"})
    found = [each["text"]["text"] for each in form.suggested(block_id("x"), "CHOICE 14")]
    assert found == [f"choice {number}" for number in (14, *range(140, 150))]
    assert len(form.suggested(block_id("x"), "")) == 100
    assert form.suggested(block_id("y"), "a") == form.suggested("gone", "a") == []


VALUE_OF = st.fixed_dictionaries(
    {
        "day": st.dates().map(str),
        "at": st.times().map(lambda each: each.isoformat()),
        "begins": st.none() | st.datetimes(timezones=st.none() | st.timezones()).map(lambda each: each.isoformat()),
        "page": st.none() | st.just("https://example.com/x?y=1#z"),
        "size": st.sampled_from(["small", "large"]),
        "sizes": st.lists(st.sampled_from(["small", "large"]), max_size=3),
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
    }
)


@given(VALUE_OF)
def test_what_is_submitted_unchanged_comes_back(values: dict[str, Any]) -> None:
    form = Form(SCHEMA, values)
    assert not form.kept
    assert canonical_json(form.read(state_of(form.blocks))) == canonical_json(values)


@given(st.lists(st.sampled_from(SOME), unique=True, max_size=9), st.randoms())
def test_the_order_in_which_options_come_back_is_not_taken_for_an_edit(values: list[str], order: Any) -> None:
    form = Form({"properties": {"x": {"type": "array", "items": {"enum": SOME}}}}, {"x": values})
    state = state_of(form.blocks)
    (entry,) = state[block_id("x")].values()
    order.shuffle(entry.get("selected_options", []))
    assert form.read(state) == {"x": values}


@pytest.mark.parametrize(
    ("name", "picked", "value"),
    [
        ("day", {"selected_date": "2026-12-01"}, "2026-12-01"),
        ("at", {"selected_time": "11:45"}, "11:45:00"),
        ("begins", {"selected_date_time": 1796034600}, "2026-11-30T11:30:00+01:00"),
        ("begins", {"selected_date_time": None}, None),
        ("tags", {"selected_options": [{"value": '"b"'}]}, ["b"]),
        ("tags", {"selected_options": []}, []),
    ],
)
def test_what_is_picked_is_the_value(name: str, picked: dict[str, Any], value: object) -> None:
    form = Form(SCHEMA, VALUES)
    state = state_of(form.blocks)
    ((action, entry),) = state[block_id(name)].items()
    state[block_id(name)] = {action: {"type": entry["type"], **picked}}
    read = form.read(state)
    assert read == VALUES | {name: value}
    Booking.model_validate(read)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("75,50", "75.50"),
        ("75,5", "75.5"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1 234.50", "1234.50"),
        ("1\u202f234,5", "1234.5"),
        ("0,125", "0.125"),
        ("1234,567", "1234.567"),
        ("1.000", "1.000"),
        ("-0,05", "-0.05"),
        ("80.10", "80.10"),
    ],
)
def test_a_number_is_understood_where_it_is_certain(written: str, number: str) -> None:
    form = Form({"properties": {"x": {"type": "number"}}}, {"x": "1"})
    state = state_of(form.blocks)
    next(iter(state[block_id("x")].values()))["value"] = written
    assert form.read(state) == {"x": Decimal(number)}


def test_pages_hold_six_inputs_each_and_have_the_cursor_in_the_first() -> None:
    names = [f"a{number}" for number in range(14)]
    form = Form({"properties": {name: {"type": "string"} for name in names}}, dict.fromkeys(names, "x"))
    assert [len(page) for page in form.pages] == [6, 6, 2]
    for page in form.pages:
        assert [block["element"].get("focus_on_load", False) for block in page] == [True] + [False] * (len(page) - 1)


def test_a_page_is_checked_by_itself() -> None:
    schema = {"properties": {f"a{number}": {"type": "integer"} for number in range(8)}}
    form = Form(schema, {f"a{number}": number for number in range(8)})
    first = state_of(form.pages[0])
    next(iter(first[block_id("a1")].values()))["value"] = "10"

    def validate(values: dict[str, object]) -> list[tuple[str, str]]:
        return [("a1", "Too many."), ("a7", "Not yet there."), ("", "Not together.")] if values["a1"] == 10 else []

    with pytest.raises(FormErrors) as caught:
        form.submitted(first, validate, is_last=False)
    assert (caught.value.errors, caught.value.whole) == ({block_id("a1"): "Too many."}, "")
    next(iter(first[block_id("a1")].values()))["value"] = "11"
    assert form.submitted(first, validate, is_last=False)["a7"] == 7
    whole = {**first, **state_of(form.pages[1])}
    assert form.submitted(whole, validate) == {f"a{number}": number for number in range(8)} | {"a1": 11}


MOMENT = {"properties": {"at": {"type": "string", "format": "date-time"}}}


@pytest.mark.parametrize(
    ("proposed", "zone", "shown", "picked", "value"),
    [
        ({"at": "2026-07-01T14:30:00"}, "Europe/Berlin", 1782909000, 1782912600, "2026-07-01T15:30:00"),
        ({"at": "2026-07-01T14:30:00Z"}, "Europe/Berlin", 1782916200, 1782919800, "2026-07-01T15:30:00Z"),
        ({"at": "2026-07-01T14:30:00+05:45"}, "Europe/Berlin", 1782895500, 1782899100, "2026-07-01T15:30:00+05:45"),
        ({}, "Europe/Berlin", None, 1782912600, "2026-07-01T15:30:00+02:00"),
        ({}, "", None, 1782912600, "2026-07-01T13:30:00Z"),
        ({}, "Nowhere/At_All", None, 1782912600, "2026-07-01T13:30:00Z"),
    ],
)
def test_a_moment_is_picked_in_the_readers_zone_and_written_as_it_was(
    proposed: dict[str, object], zone: str, shown: int | None, picked: int, value: str
) -> None:
    form = Form(MOMENT, proposed, zone)
    (block,) = form.blocks
    assert (block["element"]["type"], block["element"].get("initial_date_time")) == ("datetimepicker", shown)
    state = state_of(form.blocks)
    next(iter(state[block_id("at")].values()))["selected_date_time"] = picked
    assert Form(MOMENT, proposed).read(state) == {"at": value}


@pytest.mark.parametrize(
    ("proposed", "zone"),
    [
        ("2026-07-01T14:30:00", ""),
        ("2026-07-01T14:30:20", "Europe/Berlin"),
        ("2026-03-29T02:30:00", "Europe/Berlin"),
        ("1980-01-01T00:00:00Z", "Europe/Berlin"),
    ],
)
def test_a_moment_that_no_picker_shows_is_a_text(proposed: str, zone: str) -> None:
    form = Form(MOMENT, {"at": proposed}, zone)
    (block,) = form.blocks
    assert (block["element"]["type"], block["element"]["initial_value"]) == ("plain_text_input", proposed)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "oneOf": [{"const": "u_1", "title": "Ana"}, {"const": "u_2", "title": "Lea"}]},
        {"type": "string", "title": "Who", "enum": ["u_1", "u_2"], "enumNames": ["Ana", "Lea"]},
        {
            "type": "array",
            "items": {"anyOf": [{"const": "u_1", "title": "Ana"}, {"const": "u_2", "title": "Lea"}]},
        },
    ],
)
def test_a_choice_has_its_name_beside_its_value(part: dict[str, Any]) -> None:
    options = one(part, "u_1" if part["type"] == "string" else [])["options"]
    assert [each["text"]["text"] for each in options] == ["Ana (u_1)", "Lea (u_2)"]
    assert [each["value"] for each in options] == ['"u_1"', '"u_2"']


def test_a_name_that_is_long_or_hides_something_leaves_its_value_whole() -> None:
    part = {"enum": ["a" * 40, "b" * 74, "c", "d"], "enumNames": ["n" * 100, "n" * 100, "c", "no\u202ees"]}
    first, second, third, fourth = [each["text"]["text"] for each in one(part, "c")["options"]]
    assert (len(first), first[-42:], second, third, fourth) == (75, f"({'a' * 40})", "b" * 74, "c", "d")


def test_choices_that_are_long_are_cut_where_they_still_differ() -> None:
    first, second = "1" + " long" * 40, "2" + " long" * 40
    form = Form({"properties": {"x": {"enum": [first, second]}}}, {"x": first})
    (block,) = form.blocks
    assert [len(option["text"]["text"]) for option in block["element"]["options"]] == [75, 75]
    assert form.read(state_of(form.blocks)) == {"x": first}
    state = state_of(form.blocks)
    next(iter(state[block_id("x")].values()))["selected_option"] = block["element"]["options"][1]
    assert form.read(state) == {"x": second}


def test_one_of_several_types_says_all_of_them() -> None:
    form = Form({"properties": {"x": {"type": "string"}}}, {"x": "a"})
    found = form.errors([("x.int", "Write a whole number."), ("x.str", "Write a text.")])
    assert found.errors == {block_id("x"): "Write a whole number. Or write a text."}
