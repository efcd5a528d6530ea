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
        ({"a": 1, "b": None, "c": 3}, "Cancel order (a 1, b null, …)"),
        ({"a": "1", "b": 1}, 'Cancel order (a "1", b 1)'),
        ({"text": "y" * 10_000}, 'Cancel order (text "yyyy'),
    ],
)
def test_a_call_is_told_from_its_neighbours(args: dict[str, Any], said: str) -> None:
    assert title("cancel_order", args).startswith(said)
    assert len(title("cancel_order", args)) < 300
