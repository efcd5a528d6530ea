"""Conditions in CEL: what is true of which arguments, what is refused, and what cannot be worked out."""

import logging
import threading
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from graphs.agent.conditions.condition import LONGEST, Condition
from graphs.agent.errors import InvalidCondition, Unworkable
from graphs.agent.tools import tool


class Line(BaseModel):
    sku: str
    price: Decimal


@tool
async def pay(
    amount: Decimal = Decimal(80),
    count: int = 5,
    ratio: float = 1.5,
    name: str = "abc",
    note: str | None = None,
    urgent: bool = False,
    items: list[int] = [],  # noqa: B006 - pydantic copies it
    prices: set[Decimal] = set(),  # noqa: B006
    lines: list[Line] = [],  # noqa: B006
    code: SecretStr = SecretStr("hunter2"),  # noqa: B008
) -> None:
    """Pay."""


def holds(text: str, **given: Any) -> bool:
    return Condition(text).holds(pay.validate(given))


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("args.amount > 50", {}, True),
        ("args.amount > 80", {}, False),
        ("args.amount == 80.0", {}, True),
        ("args.amount != 80.0", {}, False),
        ("args.amount >= 0.1", {"amount": "0.1"}, True),
        ("args.amount > 0.1", {"amount": "0.1"}, False),
        ("args.amount > 0.1", {"amount": "0.10000000000000000000000001"}, True),
        ("args.amount > 9", {"amount": "10.00000000000000000000000001"}, True),  # as texts, "10…" comes before "9"
        ("args.amount * 2 > 159.5 && 2 * args.amount == 160", {}, True),
        ("args.amount - 30 < args.count * 11", {}, True),
        ("-args.amount < 0", {}, True),
        ("args.amount in [79, 80]", {}, True),
        ("[args.amount] == [80.0] && [[args.amount]] != [[81]]", {}, True),
        ("{'a': args.amount} == {'a': 80} && {'a': args.amount} != {'b': 80}", {}, True),
        ("[args.amount, 1] == ['80', 2]", {}, False),
        ("args.items == [] && [args.note] == [null]", {}, True),
        ("args.amount in [79.0, 81.0]", {}, False),
        ("int(args.amount) + 1 == 81", {}, True),
        ("args.count > 4.5", {}, True),
        ("args.count > 5", {"count": 2**80}, True),
        ("args.count == 5 || args.count < -5", {"count": -(2**80)}, True),
        ("args.ratio < 2 && args.ratio * 2 == 3", {}, True),
        ("args.note == null", {}, True),
        ("args.note != null", {"note": "x"}, True),
        ("args.note in [1]", {}, False),
        ("has(args.note) && !has(args.missing)", {}, True),
        ("!args.urgent", {}, True),
        ("args.urgent ? args.amount > 1 : args.amount > 100", {}, False),
        ("args.name.startsWith('ab') && args.name.size() == 3", {}, True),
        ("args.name.matches('^a.c$')", {}, True),
        ("args.name in ['abd', 'abe']", {}, False),
        ("args.items.exists(each, each > 3)", {"items": [1, 5]}, True),
        ("args.items.all(each, each > 3)", {"items": [1, 5]}, False),
        ("args.items.filter(each, each > 3).size() == 1", {"items": [1, 5]}, True),
        ("args.prices.exists(each, each > 9)", {"prices": ["10.00000000000000000000000001"]}, True),
        ("args.lines.exists(each, each.price > 50 && each.sku != 'a')", {"lines": [{"sku": "b", "price": 51}]}, True),
        ("args.code == 'hunter2'", {}, True),
        ("args.missing > 5 || true", {}, True),
        ("args.name == 'x' // a comment", {}, False),
        ("args.urgent || " * 80 + "!args.urgent", {}, True),
        ("((((((((args.urgent))))))))", {}, False),
    ],
)
def test_what_is_true_of_which_arguments(text: str, given: dict[str, Any], expected: bool):
    assert holds(text, **given) is expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("args.amount >", "it ends too early|it cannot be read from character"),
        ("args.amount > > 5", "it cannot be read from character 15 on"),
        ("args.amount >\n> 5", "it cannot be read from line 2, character 1 on"),
        ("amount > 5", "there is no 'amount' \\(character 1\\); a call's arguments are args.NAME"),
        ("args.amount > limit", "there is no 'limit' \\(character 15\\)"),
        ("now() > 5", "there is no function 'now' \\(character 1\\)"),
        ("args.name.lower() == 'x'", "there is no function 'lower' \\(character 11\\)"),
        ("args.items.reduce(a, b, 0, a + b) > 3", "there is no function 'reduce'"),
        ("args.items.all(each > 3)", "all \\(character 12\\) takes a name and an expression"),
        ("args.items.all(each, other > 3)", "there is no 'other'"),
        ("Message{a: 1} == args.name", "there is no 'Message'|it makes an object"),
        ("(" * 900 + "true" + ")" * 900, "it is nested too deeply"),
        ("true && " * 150 + "true", "it is nested too deeply"),
        ("true || " * LONGEST + "true", "characters"),
    ],
)
def test_what_is_no_condition_is_refused_when_it_is_read(text: str, says: str):
    with pytest.raises(InvalidCondition, match=says):
        Condition(text)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("args.missing > 5", {}),
        ("args.name > 5", {}),
        ("args.amount > '5'", {}),
        ("args.amount == '80'", {}),
        ("args.amount != '80'", {}),
        ("args.amount in ['80', '90']", {}),
        ("args.count == 'a'", {"count": 2**80}),
        ("args.lines.map(each, each.price) == ['1.50']", {"lines": [{"sku": "a", "price": "1.50"}]}),
        ("args.note.size() > 5", {}),
        ("args.amount", {}),
        ("args.name", {}),
        ("args.amount / 0 > 5", {}),
        ("!args.note", {}),
        ("!args.name", {}),
        ("!args.count", {}),
        ("args.note && true", {}),
        ("args.note || false", {}),
        ("args.name || false", {}),
        ("args.count && true", {}),
        ("args.name ? false : false", {}),
        ("args.note ? false : false", {}),
        ("args.note > 1", {}),
        ("args.items.all(each, each.price > 50)", {"items": [1]}),
        ("args.items.exists(each, each > 'a')", {"items": [1]}),
        ("args.name.all(each, each > 1)", {}),
        ("size(args.count) > 5", {}),
        ("args.count + 1 > 5", {"count": 2**63 - 1}),
        ("args.name in args.name", {}),
        ("args.name.matches('(')", {}),
        ("args.name.matches(args.note)", {"note": "("}),
        ("timestamp(args.name) > timestamp('2026-01-01T00:00:00Z')", {}),
        ("[1][3] == 1", {}),
    ],
)
def test_what_cannot_be_worked_out_says_so(text: str, given: dict[str, Any]):
    with pytest.raises(Unworkable):
        holds(text, **given)


@pytest.mark.parametrize(
    "text",
    [
        "args.items.all(a, args.items.all(b, a + b > -1))",
        "args.items.all(a, args.items == args.items)",
        "args.items.map(a, args.name + args.name).size() > 1",
        "args.items.all(a, args.name.matches('x*y'))",
        "args.items.all(a, a in args.items)",
        "has(args.items.map(a, args.items.map(b, args.items.map(c, c)))[0].x)",
    ],
)
def test_work_without_end_is_given_up(text: str):
    with pytest.raises(Unworkable, match="too long"):
        holds(text, items=list(range(3000)), name="x" * 100_000)


def test_nothing_of_the_arguments_is_said_or_logged(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    for text in ("args.code > 5", "args.code.matches(args.note)", "args.code.getHours() == 1", "[1][args.code] == 2"):
        with pytest.raises(Unworkable) as refused:
            holds(text, note="(hunter2")
        assert "hunter2" not in str(refused.value)
        assert refused.value.__cause__ is None
    assert "hunter2" not in caplog.text + "".join(capfd.readouterr())


def test_it_is_evaluated_in_many_threads_at_once():
    condition = Condition("args.items.exists(each, each == args.count) && args.amount > 50")
    found: list[bool] = []

    def look(count: int) -> None:
        arguments = pay.validate({"count": count, "items": list(range(0, 40, 2))})
        found.extend(condition.holds(arguments) is (count % 2 == 0) for _ in range(20))

    threads = [threading.Thread(target=look, args=(count,)) for count in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [True] * 160


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("args.amount > 50", "amount is over 50"),
        (
            "args.amount >= 50.5 && args.name != 'x' && args.urgent",
            "amount is at least 50.5 and name is not x and urgent is set",
        ),
        ("args.name == 'x' || !args.urgent", "name is x or urgent is not set"),
        ("args.name in ['x', 'y']", "name is one of x, y"),
        ("(args.order_id) == 7", "order id is 7"),
        ("args.code == 'hunter2'", "its rule asks for these arguments"),
        ("args.items.all(each, each > 3)", "its rule asks for these arguments"),
        ("args.a.b > 3", "its rule asks for these arguments"),
        ("args.amount * 2 > 3", "its rule asks for these arguments"),
        ("has(args.name)", "its rule asks for these arguments"),
        ("args.items == []", "its rule asks for these arguments"),
        ("args.name == 'x' || args.items != []", "its rule asks for these arguments"),
        ("args.name == 'a\\nb'", "its rule asks for these arguments"),
        (f"args.name == '{'x' * 200}'", "its rule asks for these arguments"),
    ],
)
def test_plain_ones_are_put_into_words(text: str, words: str):
    assert Condition(text).in_words({"code"}) == words


PIECES = [
    *[
        "args",
        "amount",
        "name",
        "items",
        "note",
        "code",
        "urgent",
        "missing",
        "each",
        ".",
        ".",
        ".",
        "(",
        ")",
        "[",
        "]",
    ],
    *["{", "}", ",", ":", "?", "!", "-", "+", "*", "/", "%", "<", "<=", ">", ">=", "==", "!=", "in", "&&", "||", "//"],
    *["1", "0", "-1", "1.5", "1e999", "99999999999999999999", "7u", "'a'", '"b"', r"r'\'", "b'x'", "true", "null"],
    *["has", "size", "matches", "contains", "all", "exists", "map", "filter", "exists_one", "timestamp", "duration"],
    *["int", "double", "string", "bytes", "bool", "type", "dyn", "getHours", "google", "Message"],
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join) | st.text(max_size=40))
def test_whatever_is_written_holds_or_is_refused_or_unworkable(text: str):
    try:
        condition = Condition(text)
    except InvalidCondition:
        return
    assert condition.in_words().isprintable()
    for given_ in ({}, {"items": [1, 2], "note": "x", "urgent": True}):
        try:
            held = condition.holds(pay.validate(given_))
        except Unworkable:
            continue
        assert held in (True, False)
