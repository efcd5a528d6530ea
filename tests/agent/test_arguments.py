"""Arguments are written once: equal ones have equal bytes, and reading the bytes gives equal ones."""

import json
import math
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator, BaseModel, PlainSerializer, SecretStr

from graphs.agent.errors import InvalidArguments, UnstorableArguments
from graphs.agent.results import result_text
from graphs.agent.tools import tool
from graphs.texts.canonical import MOST_BYTES, MOST_LEVELS, canonical_json, plain_decimal, read_json


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Line(BaseModel):
    item: str
    price: Decimal
    code: SecretStr = SecretStr("")


@tool
def order(
    number: int,
    amount: Decimal,
    note: str = "",
    ratio: float = 0.5,
    gift: bool = False,
    colour: Colour = Colour.RED,
    size: Literal["s", "m"] = "s",
    day: date | None = None,
    at: datetime | None = None,
    tags: frozenset[str] = frozenset(),
    lines: list[Line] = [],  # noqa: B006 the signature is only read
    extra: dict[str, Any] | None = None,
    password: SecretStr = SecretStr(""),  # noqa: B008 the signature is only read
) -> None:
    """Order something."""


decimals = st.decimals(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
orders = st.fixed_dictionaries(
    {"number": st.integers(), "amount": decimals},
    optional={
        "note": texts,
        "ratio": st.floats(allow_nan=False, allow_infinity=False),
        "gift": st.booleans(),
        "colour": st.sampled_from(Colour),
        "size": st.sampled_from(["s", "m"]),
        "day": st.none() | st.dates(),
        "at": st.none() | st.datetimes(timezones=st.just(UTC)),
        "tags": st.frozensets(texts, max_size=4),
        "lines": st.lists(st.fixed_dictionaries({"item": texts, "price": decimals, "code": texts}), max_size=2),
        "extra": st.none() | st.dictionaries(texts, json_values, max_size=3),
        "password": texts,
    },
)


@given(orders)
def test_c2_reading_the_bytes_gives_the_same_bytes_and_values(values: dict[str, Any]):
    written = order.validate(values)
    for again in (order.validate(written.data), order.validate(written.data.decode()), order.validate(written.values)):
        assert again.data == written.data
        assert again.digest == written.digest
        assert again.model == written.model
    assert getattr(written.model, "amount") == values["amount"]  # noqa: B009 pyright knows no such attribute


@given(orders, orders)
def test_c2_the_digest_differs_exactly_when_an_argument_does(one: dict[str, Any], other: dict[str, Any]):
    first, second = order.validate(one), order.validate(other)
    assert (first.digest == second.digest) == (first.data == second.data)
    assert (first.data == second.data) == (json.loads(first.data) == json.loads(second.data))


@given(orders, st.data())
def test_c2_the_digest_changes_with_any_one_argument(values: dict[str, Any], data: st.DataObject):
    before = order.validate(values)
    name = data.draw(st.sampled_from(["number", "amount", "note", "gift", "password"]))
    changed = dict(values)
    current = getattr(before.model, name)
    match current:
        case bool():
            changed[name] = not current
        case int():
            changed[name] = current + 1
        case Decimal():
            changed[name] = data.draw(decimals.filter(lambda other: other != current))
        case SecretStr():
            changed[name] = current.get_secret_value() + "x"
        case text:
            changed[name] = text + "x"
    assert order.validate(changed).digest != before.digest


@pytest.mark.parametrize("amount", ["80", "80.0", '"80"', '"80.00"', "8e1", "80.000"])
def test_equal_amounts_have_equal_bytes(amount: str):
    written = order.validate(f'{{"number": 1, "amount": {amount}}}')
    assert b'"amount":80,' in written.data


@given(decimals)
def test_a_decimal_is_exact_for_every_json_reader(number: Decimal):
    text = json.dumps(plain_decimal(number))
    read = json.loads(text)
    assert Decimal(str(read)) == number
    if isinstance(read, float):
        assert math.isfinite(read)


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("80", "80"),
        ("80.10", "80.1"),
        ("-0", "0"),
        ("1E+3", "1000"),
        ("0.1234567890123456789", '"0.1234567890123456789"'),
    ],
)
def test_a_decimal_is_a_number_as_long_as_a_number_can_hold_it(number: str, written: str):
    assert json.dumps(plain_decimal(Decimal(number))) == written


def test_a_huge_decimal_is_not_written_out():
    assert plain_decimal(Decimal("1E+999999")) == "1E+999999"


def test_the_order_of_a_set_does_not_depend_on_the_process():
    program = (
        "from graphs.texts.canonical import canonical_json;"
        "print(canonical_json({'tags': {'a', 'b', 'c', 'd', 'e'}}).decode())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert printed == {'{"tags":["a","b","c","d","e"]}\n'}


@pytest.mark.parametrize(
    ("given_", "field", "says"),
    [
        ("{", "", "Invalid JSON"),
        ("nothing", "", "Invalid JSON"),
        ("[1]", "", "Input should be an object"),
        ("", "number", "Field required"),
        ('{"number": 1, "amount": NaN}', "amount", "finite"),
        ('{"number": 1, "amount": Infinity}', "amount", "finite"),
        ('{"number": 1, "amount": "NaN"}', "amount", "finite"),
        ('{"number": 1, "amount": 1, "ratio": "inf"}', "ratio", "finite"),
        ('{"number": 1, "amount": 1, "ratio": 1e999}', "ratio", "finite"),
        ('{"number": 1, "amount": 1, "extra": {"x": NaN}}', "", "cannot be written as JSON"),
        ('{"number": 1.5, "amount": 1}', "number", "integer"),
        ('{"number": 1, "amount": 1, "reason": "x"}', "reason", "There is no such argument. The arguments are: number"),
        ('{"number": 1, "amount": 1, "lines": [{"item": "x"}]}', "lines.0.price", "Field required"),
        ('{"number": 1, "amount": 1, "colour": "green"}', "colour", "'red' or 'blue'"),
        ({"number": 1, "amount": math.nan}, "", "cannot be written as JSON"),
        ({"number": 1, "amount": 1, "note": object()}, "", "cannot be written as JSON"),
        ("\ud800", "", "Invalid JSON"),
        (b"\xff", "", "Invalid JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_told_by_field(given_: Any, field: str, says: str):
    with pytest.raises(InvalidArguments) as refusal:
        order.validate(given_)
    problem = refusal.value.problems[0]
    assert problem.field == field
    assert says in problem.message
    assert refusal.value.tool == "order"


def nested(levels: int) -> str:
    return "[" * levels + "]" * levels


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ("[" * 100_000, "at most 64 lists and objects inside one another"),
        ('{"extra": ' * 100_000, "at most 64 lists and objects inside one another"),
        ('{"number": 1, "amount": 1, "extra": {"x": ' + nested(63) + "}}", "at most 64 lists and objects"),
        ('{"number": 1, "amount": 1, "note": "' + "x" * MOST_BYTES + '"}', "at most 2000000 bytes, got 20000"),
        ({"number": 1, "amount": 1, "note": "x" * MOST_BYTES}, "at most 2000000 bytes, got 20000"),
        ('{"number": 1, "amount": 1, "note": ' + '"\\"' * 700_000, "at most 2000000 bytes"),
        ('{"number": ' + "1" * 100_000 + ', "amount": 1}', "number out of range"),
        ({"number": 1, "amount": 1, "tags": list(range(25_000))}, "at most 20000 values and names, got 25004"),
        ({"number": 1, "amount": 1, "extra": {str(n): n for n in range(15_000)}}, "at most 20000 values and names"),
        ({"number": 10**5000, "amount": 1}, "cannot be written as JSON"),
    ],
)
def test_what_is_too_large_is_refused_with_the_bound(given_: Any, says: str):
    with pytest.raises(InvalidArguments) as refusal:
        order.validate(given_)
    assert says in str(refusal.value)
    assert len(str(refusal.value)) < 300


def test_what_is_just_small_enough_is_taken():
    assert order.validate({"number": 1, "amount": 1, "note": ",:" * 100_000}).values["note"] == ",:" * 100_000
    text = '{"number": 1, "amount": 1, "note": "' + "[" * 1000 + '\\"{", "extra": {"x": ' + nested(62) + "}}"
    assert order.validate(text).values["note"] == "[" * 1000 + '"{'
    assert len(order.validate({"number": 1, "amount": 1, "note": "x" * 900_000}).data) > 900_000


def test_what_defaults_make_too_large_is_refused_too():
    room = MOST_BYTES - len('{"number":1,"amount":1,"note":""}') - 1
    with pytest.raises(InvalidArguments, match="at most 2000000 bytes"):
        order.validate('{"number":1,"amount":1,"note":"' + "x" * room + '"}')


def test_a_call_with_thousands_of_wrong_arguments_is_told_of_the_first_hundred():
    names = {f"{'x' * 500}{n}": n for n in range(1000)}
    with pytest.raises(InvalidArguments) as refusal:
        order.validate({"number": 1, "amount": 1, **names})
    assert len(refusal.value.problems) == 101
    assert str(refusal.value.problems[-1]) == "and 900 more problems"
    assert all(len(problem.field) <= 101 for problem in refusal.value.problems)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 300, "1" * 5000, "NaN", "[1,]", "", "\ud800", b"\xff"])
def test_reading_json_of_others_has_one_way_to_fail(text: str | bytes):
    with pytest.raises(ValueError):
        read_json(text)


@given(json_values)
def test_reading_json_of_others_gives_its_value(value: Any):
    assert read_json(json.dumps(value)) == value
    assert read_json(nested(MOST_LEVELS)) is not None


def test_a_refusal_does_not_repeat_a_secret():
    with pytest.raises(InvalidArguments) as refusal:
        order.validate({"number": 1, "amount": 1, "password": 12345678})
    assert "12345678" not in str(refusal.value)


def test_a_secret_is_stored_in_clear_and_shown_to_nobody():
    arguments = order.validate(
        {"number": 1, "amount": 1, "password": "swordfish", "lines": [{"item": "a", "price": 1, "code": "opensesame"}]}
    )
    assert arguments.values["password"] == "swordfish"
    assert arguments.values["lines"][0]["code"] == "opensesame"
    for text in (json.dumps(arguments.shown), repr(arguments.model), str(arguments.model)):
        assert "swordfish" not in text
        assert "opensesame" not in text
    assert arguments.shown.keys() == arguments.values.keys()
    # a masked dump would have run asterisks
    assert order.validate(arguments.data).model == arguments.model


def test_a_value_that_changes_when_written_and_read_is_never_run():
    @tool
    def drift(number: Annotated[int, AfterValidator(lambda number: number + 1)]) -> None:
        """Drift."""

    @tool
    def lose(number: Annotated[int, PlainSerializer(lambda number: 7)]) -> None:
        """Lose."""

    for broken in (drift, lose):
        with pytest.raises(UnstorableArguments, match=f"{broken.name!r}"):
            broken.validate({"number": 1})
    assert lose.validate({"number": 7}).data == b'{"number":7}'


@tool
async def greet(name: str = "all", more: dict[str, Any] | None = None) -> None:
    """Greet."""


@pytest.mark.parametrize(
    "given_",
    ["", " ", "null", " null\n", '""', '"null"', "{}", '"{}"', '"\\"{}\\""'],
)
def test_nothing_in_any_writing_is_no_arguments(given_: str):
    assert greet.validate(given_).values == {"name": "all", "more": None}


@pytest.mark.parametrize("times", [1, 2, 3])
def test_arguments_that_were_encoded_again_are_unwrapped(times: int):
    text = '{"name": "Ana", "more": {"x": "{}"}}'
    for _ in range(times):
        text = json.dumps(text)
    assert greet.validate(text).values == {"name": "Ana", "more": {"x": "{}"}}


@pytest.mark.parametrize("given_", ['"hello"', "[]", '"[1]"', "1", '"1"', "true", '"{\\"name\\": "', '"' * 3])
def test_what_holds_no_object_is_not_unwrapped(given_: str):
    with pytest.raises(InvalidArguments):
        greet.validate(given_)


@pytest.mark.parametrize(
    ("given_", "name"),
    [
        ('{"name": "\\ud83d"}', "\ufffd"),
        ('{"name": "a \\ude00 b"}', "a \ufffd b"),
        ('{"name": "\\ud83d\\ude00"}', "😀"),
        ('{"name": "\\ud83d\\ud83d\\ude00"}', "\ufffd😀"),
        ('{"name": "\\\\ud83d"}', "\\ud83d"),
        ('{"name": "\ud83d"}', "\ufffd"),
        ({"name": "\ud83d\ude00 \ud83d"}, "😀 \ufffd"),
    ],
)
def test_half_a_surrogate_pair_is_mended(given_: str | dict[str, Any], name: str):
    assert greet.validate(given_).values["name"] == name
    assert greet.validate({"more": {"\ud83d": ["\udc00"]}}).values["more"] == {"\ufffd": ["\ufffd"]}


def test_results_become_text():
    line = Line(item="Vase", price=Decimal("12.50"), code=SecretStr("swordfish"))
    assert result_text("Sent.\n") == "Sent.\n"
    assert result_text(None) == "Done."
    assert result_text(line) == '{"item":"Vase","price":12.5,"code":"••••••••"}'
    assert result_text([line, Colour.RED, date(2026, 1, 2), timedelta(minutes=1)]) == (
        '[{"item":"Vase","price":12.5,"code":"••••••••"},"red","2026-01-02","PT1M"]'
    )
    assert result_text({"sum": math.nan}) == "{'sum': nan}"
    assert result_text("\ud800 \ud83d\ude00") == "\ufffd 😀"
    endless: list[Any] = []
    endless.append(endless)
    assert result_text(endless) == "[[...]]"
    assert result_text(object()).startswith("<object object")


def deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


HUGE: dict[str, tuple[Any, str]] = {
    "a text": ("ab" * 10_000_000, "19900000 of 20000000 characters left out here"),
    "bytes": (b"ab" * 10_000_000, "of 20000002 characters left out here"),
    "bytes that are no text": (b"\xff" * 5_000_000, "of 20000003 characters left out here"),
    "a list": (list(range(2_000_000)), "of 2000000 items left out"),
    "texts": (["x" * 50] * 400_000, "of 400000 items left out"),
    "an object": ({f"key {n}": n for n in range(500_000)}, "of 500000 entries left out"),
    "a set": (frozenset(range(500_000)), "of 500000 items left out"),
    "a text within": ({"page": "ab" * 10_000_000, "next": [1] * 10}, "of 20000000 characters left out here"),
    "objects within": ({"rows": [{"n": n, "text": "x" * 20} for n in range(100_000)]}, "of 100000 items left out"),
    "a model": (Line(item="x" * 20_000_000, price=Decimal(1)), "of 20000000 characters left out here"),
    "deep": (deep(100_000), "The result, of type list, cannot be written as text."),
    "a number": (10**100_000, "The result, of type int, cannot be written as text."),
    "a number within": ([10**100_000], "The result, of type list, cannot be written as text."),
    "not a number": ({"x": [math.nan] * 1_000_000}, "of 1000000 items left out"),
}


@pytest.mark.parametrize("what", HUGE)
def test_a_huge_result_is_cut_and_says_so(what: str):
    result, says = HUGE[what]
    text = result_text(result)
    assert says in text
    assert len(text) < 150_000


def test_a_cut_text_keeps_its_head_and_its_tail():
    text = result_text("head" + "x" * 200_000 + "tail")
    assert text.startswith("headxxx")
    assert text.endswith("xxxtail")
    assert result_text("x" * 100_000) == "x" * 100_000
    assert json.loads(result_text({"a": "x" * 200_000, "b": 1}))["…"] == "1 of 2 entries left out"


def test_a_generator_is_not_run():
    def endless() -> Any:
        while True:
            yield 1

    said = "generator that was not read; the tool has to return a list"
    assert result_text(endless()) == f'"{said}"'
    assert result_text({"rows": endless()}) == f'{{"rows":"{said}"}}'


def test_canonical_json_has_one_form():
    assert canonical_json({"b": 1, "a": ["é", 1.0, True, None], 3: Decimal("2.0")}) == (
        '{"3":2,"a":["é",1.0,true,null],"b":1}'.encode()
    )
