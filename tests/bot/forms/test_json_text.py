"""A value as JSON for a person: nothing hidden in it, and the very same value again when nothing is changed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.forms.json_text import NotJson, parse, write
from bot.shown.text import visible
from graphs.texts.canonical import canonical_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_written_is_read_as_the_same_bytes_and_hides_nothing(value: Any) -> None:
    text = write(value)
    assert text is not None
    assert canonical_json(parse(text)) == canonical_json(value)
    assert not visible(text)[1] or len(text) > 3000
    assert "\r" not in text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (["a", "b"], '["a", "b"]'),
        ({"b": 1, "a": None}, '{"a": null, "b": 1}'),
        ("ä\u202eb", '"ä\\u202eb"'),
        (Decimal("80.10"), "80.1"),
        (-0.0, "-0.0"),
        (80.0, "80.0"),
    ],
)
def test_a_short_value_is_one_line(value: Any, text: str) -> None:
    assert write(value) == text


def test_a_longer_one_has_a_line_for_each_part_as_far_as_that_fits() -> None:
    assert (write(["y" * 50, "z" * 50]) or "").count("\n") == 3
    many = write(list(range(700))) or ""
    assert (many.count("\n"), len(many) <= 3000 or "\n" not in many) == (0, True)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {1, "a", object}])
def test_what_has_no_json_is_not_written(value: Any) -> None:
    assert write(value) is None


@pytest.mark.parametrize("text", ["", "{", "[1,]", "NaN", "-Infinity", '{"a":1,"a":1}', "1e99999", "[" * 100_000])
def test_what_is_no_json_says_why(text: str) -> None:
    with pytest.raises(NotJson) as caught:
        parse(text)
    assert str(caught.value).endswith(".")


@given(st.text())
def test_no_text_does_anything_else(text: str) -> None:
    try:
        value = parse(text)
    except NotJson:
        return
    assert json.loads(text) == value or isinstance(value, Decimal)
