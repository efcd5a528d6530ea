"""Arguments that a JSON Schema describes."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.agent.arguments import Arguments, reopen, validate
from graphs.agent.described import DescribedArguments
from graphs.agent.errors import ArgumentsChanged, InvalidArguments, Problem
from graphs.texts.canonical import MASK

ODD = ["a.b", "$x", "_y", "model_config", "schéma", "self", "idempotency_key", "copy", "", "a b", "\u202e"]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def of(properties: dict[str, Any], **more: Any) -> DescribedArguments:
    return DescribedArguments({"type": "object", "properties": properties, **more})


def read(signature: DescribedArguments, given: Any) -> Arguments:
    return validate("t", signature, given if isinstance(given, dict) else json.dumps(given))


def problems(signature: DescribedArguments, given: Any) -> list[Problem]:
    with pytest.raises(InvalidArguments) as refused:
        read(signature, given)
    return refused.value.problems


@given(st.dictionaries(st.sampled_from(ODD) | st.text(max_size=5), json_values, max_size=5))
def test_c2_what_was_given_is_what_is_shown_stored_and_passed(values: dict[str, Any]):
    signature = of({})
    arguments = read(signature, values)
    assert arguments.values == arguments.shown == json.loads(json.dumps(arguments.values))
    assert signature.passed(reopen(arguments, signature)) == ((arguments.values,), {})
    assert read(signature, arguments.values).data == arguments.data


def test_names_of_all_kinds_are_arguments():
    signature = of({name: {"type": "string"} for name in ODD}, additionalProperties=False)
    assert read(signature, dict.fromkeys(ODD, "v")).values == dict.fromkeys(ODD, "v")
    assert list(signature.names) == ODD


def test_two_hundred_arguments_are_read_and_each_problem_is_told_up_to_a_hundred():
    signature = of({f"a{n}": {"type": "integer"} for n in range(200)})
    assert len(read(signature, {f"a{n}": n for n in range(200)}).values) == 200
    told = problems(signature, {f"a{n}": "x" for n in range(200)})
    assert len(told) == 101
    assert str(told[-1]) == "and 100 more problems"


def test_no_default_is_invented():
    assert read(of({"a": {"type": "integer", "default": 7}}), {}).values == {}


def test_it_is_a_difference_whether_there_are_other_arguments():
    assert read(of({}), {"x": 1}).values == {"x": 1}
    (told,) = problems(of({"a": {}}, additionalProperties=False), {"x": 1})
    assert (told.field, told.message) == ("x", "There is no such argument. The arguments are: a")
    assert read(of({}, additionalProperties={"type": "integer"}), {"x": 1}).values == {"x": 1}
    assert problems(of({}, additionalProperties={"type": "integer"}), {"x": "y"})[0].field == "x"


@pytest.mark.parametrize(
    ("part", "value", "kind"),
    [
        ({"type": "integer"}, "x", "int_type"),
        ({"type": ["string", "null"]}, 1, "string_type"),
        ({"minimum": 5}, 1, "greater_than_equal"),
        ({"maxLength": 2}, "xyz", "string_too_long"),
        ({"enum": ["a", "b"]}, "c", "enum"),
        ({"pattern": "^a+$"}, "b", "string_pattern_mismatch"),
        ({"format": "date", "type": "string"}, "tomorrow", ""),
        ({"$ref": "#/$defs/small"}, 11, "less_than_equal"),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "x", ""),
        ({"not": {}}, 1, ""),
    ],
)
def test_a_problem_names_its_argument_in_words_that_forms_know(part: Any, value: Any, kind: str):
    (told,) = problems(of({"a": part}, **{"$defs": {"small": {"maximum": 10}}}), {"a": value})
    assert (told.field, told.kind) == ("a", kind)


def test_what_is_missing_is_a_problem_of_its_field():
    (told,) = problems(of({"a": {}}, required=["a"]), {})
    assert (told.field, told.kind) == ("a", "missing")


@pytest.mark.parametrize("given", [[1], "x", 3, None])
def test_what_is_no_object_is_refused(given: Any):
    signature = of({"a": {}}, required=["a"])
    assert problems(signature, given)


def test_no_problem_repeats_what_was_given():
    signature = of({"a": {"type": "string", "pattern": "^x$", "writeOnly": True}, "b": {"enum": [1]}})
    assert "hunter2" not in str(problems(signature, {"a": "hunter2", "b": "hunter2"}))


def test_secrets_are_masked_wherever_they_are_and_passed_in_clear():
    parts = {"pin": {"type": "integer", "writeOnly": True}, "login": {"$ref": "#/$defs/login"}, "open": {}}
    defs = {"login": {"properties": {"password": {"type": "string", "format": "password"}}}}
    signature = of(parts, **{"$defs": defs})
    arguments = read(signature, {"pin": 4711, "login": {"password": "hunter2"}, "open": "yes"})
    assert arguments.shown == {"pin": MASK, "login": MASK, "open": "yes"}
    assert set(arguments.secrets) == {"4711", "hunter2"}
    assert reopen(arguments, signature)["pin"] == 4711


def test_a_pattern_without_end_is_matched_in_time():
    signature = of({"a": {"type": "string", "pattern": "^(a+)+$"}}, patternProperties={"^(b+)+$": {"type": "integer"}})
    begun = time.perf_counter()
    assert problems(signature, {"a": "a" * 5000 + "!", "b" * 5000: "x"})
    assert time.perf_counter() - begun < 2


def test_a_pattern_that_looks_ahead_is_left_to_the_server():
    assert read(of({"a": {"type": "string", "pattern": "^(?=x)y"}}), {"a": "z"}).values == {"a": "z"}


def test_what_is_fixed_is_put_in_whatever_was_given():
    signature = DescribedArguments({"type": "object", "properties": {"a": {}, "b": {}}}, {"a": "ours"})
    assert read(signature, {"b": 1}).values == read(signature, {"a": "theirs", "b": 1}).values == {"a": "ours", "b": 1}


def test_what_is_fixed_otherwise_by_now_does_not_run():
    before = DescribedArguments({"type": "object"}, {"a": 1})
    with pytest.raises(ArgumentsChanged):
        reopen(read(before, {}), DescribedArguments({"type": "object"}, {"a": 2}))


def test_true_is_not_one():
    with pytest.raises(InvalidArguments):
        read(of({"a": {"const": 1}}), {"a": True})
    assert read(of({}), {"a": True}).digest != read(of({}), {"a": 1}).digest
