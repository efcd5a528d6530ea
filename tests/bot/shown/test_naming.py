"""A call in a line that people read: names in words, first arguments, nothing hidden, nothing long."""

from typing import Any

import pytest

from bot.shown.naming import in_words, title


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cancel_order", "Cancel order"),
        ("pay", "Pay"),
        ("sendEmail", "SendEmail"),
        ("a-b__c", "A b c"),
        ("_", "_"),
        ("a\nb", "A b"),
    ],
)
def test_a_name_in_words(name: str, words: str) -> None:
    assert in_words(name) == words


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ({}, "Cancel order"),
        ({"order_id": 7}, "Cancel order (order id 7)"),
        ({"order_id": 7, "reason": "late\nvery"}, 'Cancel order (order id 7, reason "late\\nvery")'),
        ({"a": 1, "b": None, "c": 3}, "Cancel order (a 1, b null, c 3)"),
        ({"a": "1", "b": 1}, 'Cancel order (a "1", b 1)'),
        ({"text": "y" * 10_000}, 'Cancel order (text "yyyy'),
    ],
)
def test_a_call_is_told_from_its_neighbours(args: dict[str, Any], said: str) -> None:
    assert title("cancel_order", args).startswith(said)
    assert len(title("cancel_order", args)) < 300


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 2, "c": 4}),
        ({"text": "y" * 70 + "1"}, {"text": "y" * 70 + "2"}),
        ({"text": "y" * 59 + "  z"}, {"text": "y" * 59 + "   z"}),
        ({f"a{n}": n for n in range(20)}, {f"a{n}": n for n in range(19)} | {"a19": 0}),
        ({"a": "b x"}, {"a_b": "x"}),
        ({"n" * 90 + "1": 1}, {"n" * 90 + "2": 1}),
    ],
)
def test_no_two_calls_have_one_name(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert title("pay", one) != title("pay", other)
    assert len(title("pay", one)) < 800
