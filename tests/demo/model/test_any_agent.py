"""Tools that nobody wrote the model for: called by name or by their words, never with what their schema refuses."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.demo.model.talking import Talk, served, tool

TOOLS = [
    tool("publish", "Publish an entry.", ["entry"], entry={"type": "string", "description": "What to publish."}),
    tool(
        "book_room",
        "Book a room for a meeting.",
        ["room", "people"],
        room={"type": "string", "enum": ["Blue", "Green"]},
        people={"type": "integer", "minimum": 1, "maximum": 20},
        catering={"type": "boolean", "default": False},
    ),
    tool(
        "pay",
        "Pay from an account.",
        ["account", "amount"],
        account={"type": "string", "pattern": "^[A-Z]"},
        amount={"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": "^x"}]},
        tags={"type": "array", "items": {"$ref": "#/$defs/Tag"}},
    ),
]
TOOLS[2]["parameters"]["$defs"] = {"Tag": {"type": "string"}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served() as url:
        yield url


SAID: list[tuple[str, list[tuple[str, dict[str, Any]]]]] = [
    ('publish "the prices"', [("publish", {"entry": "the prices"})]),
    ("publish the prices", [("publish", {"entry": "the prices"})]),
    ("publish entry=the new prices", [("publish", {"entry": "the new prices"})]),
    ('publish {"entry": "a=b"}', [("publish", {"entry": "a=b"})]),
    ("book_room room=Blue people=4 catering=yes", [("book_room", {"room": "Blue", "people": 4, "catering": True})]),
    ("please book the green room for 5 people", [("book_room", {"room": "Green", "people": 5})]),
    ("pay 12,50 euro from account A17", [("pay", {"account": "A17", "amount": 12.5})]),
    ("pay account=A17 amount=80 tags=a, b", [("pay", {"account": "A17", "amount": 80, "tags": ["a", "b"]})]),
    ("pay account=A amount=1 tags=A", [("pay", {"account": "A", "amount": 1, "tags": ["A"]})]),
    ("publish entry=a\npublish entry=b", [("publish", {"entry": "a"}), ("publish", {"entry": "b"})]),
    ("book_room room=Red people=4", []),
    ("what is the weather", []),
    ("don't publish the prices", []),
    ("please do not book the green room for 5 people", []),
    ("never mind", []),
]


@pytest.mark.parametrize(("text", "calls"), SAID, ids=[text for text, _ in SAID])
def test_a_tool_is_called_by_its_name_or_its_words(url: str, text: str, calls: list[Any]) -> None:
    talk = Talk(url, TOOLS, lambda _name, _given: "Noted.")
    talk.say(text)
    assert talk.calls == calls


def test_what_is_missing_is_asked_for(url: str) -> None:
    talk = Talk(url, TOOLS, lambda _name, _given: '{"booked": true, "room": "Blue"}')
    assert "room and people" in talk.say("book_room")
    assert "booked yes, room Blue" in talk.say("room=Blue people=3")
    assert talk.calls == [("book_room", {"room": "Blue", "people": 3})]


def test_it_says_what_it_is_and_what_can_be_typed(url: str) -> None:
    said = Talk(url, TOOLS).say("what is the weather")
    assert "script, not an AI" in said
    assert "- `book_room room=… people=…`" in said


TEXT, WHOLE, AMOUNT = {"type": "string"}, {"type": "integer"}, {"type": "number", "exclusiveMinimum": 0}
OPTIONAL, STAGES = {"type": "string", "default": ""}, {"type": "string", "enum": ["staging", "production"]}
OFFICE = [
    tool("put_up", "Hang a notice somewhere.", ["notice", "wall"], notice=TEXT, wall=TEXT),
    tool("reserve_table", "Book a table.", ["restaurant", "guests"], restaurant=TEXT, guests=WHOLE, day=OPTIONAL),
    tool("count_chairs", "Say how many chairs there are."),
    tool("deploy", "Deploy a service.", ["service", "version"], service=TEXT, version=TEXT, environment=STAGES),
    tool("service_status", "How a service is doing.", ["service"], service=TEXT),
    tool("rollback", "Go back to the version before.", ["service"], service=TEXT, reason=OPTIONAL),
    tool("transfer", "Transfer money.", ["from_account", "amount"], from_account=TEXT, to_account=TEXT, amount=AMOUNT),
    tool("send_invoice", "Send an invoice.", ["customer", "amount"], customer=TEXT, amount=AMOUNT, due_in_days=WHOLE),
]
EXAMPLES = ["hang the menu on the kitchen door", "book us something at Luigi's for 4 guests", "how is checkout doing?"]
AS_EXAMPLES: list[tuple[str, tuple[str, dict[str, Any]]]] = [
    (EXAMPLES[0], ("put_up", {"notice": "menu", "wall": "kitchen door"})),
    ("hang the rota on the front door", ("put_up", {"notice": "rota", "wall": "front door"})),
    (EXAMPLES[1], ("reserve_table", {"restaurant": "Luigi's", "guests": 4})),
    (
        "book us something at Mario's for 6 guests on Sunday",
        ("reserve_table", {"restaurant": "Mario's", "guests": 6, "day": "Sunday"}),
    ),
    ("how many chairs are there?", ("count_chairs", {})),
    (EXAMPLES[2], ("service_status", {"service": "checkout"})),
    (
        "deploy checkout 1.4.2 to production",
        ("deploy", {"service": "checkout", "version": "1.4.2", "environment": "production"}),
    ),
    ("roll back checkout, it throws errors", ("rollback", {"service": "checkout", "reason": "it throws errors"})),
    ("transfer 250 euro from A1 to B2", ("transfer", {"from_account": "A1", "to_account": "B2", "amount": 250})),
    (
        "invoice Acme for 1200 euro, due in 14 days",
        ("send_invoice", {"customer": "Acme", "amount": 1200, "due_in_days": 14}),
    ),
]


@pytest.mark.parametrize(("text", "call"), AS_EXAMPLES, ids=[text for text, _ in AS_EXAMPLES])
def test_an_example_leads_to_the_tool_that_it_is_about(text: str, call: Any) -> None:
    with served(EXAMPLES) as url:
        talk = Talk(url, OFFICE, lambda _name, _given: "Noted.")
        talk.say(text)
    assert talk.calls == [call]


def test_the_examples_and_typed_forms_are_offered() -> None:
    with served(EXAMPLES) as url:
        said = Talk(url, OFFICE).say("lovely weather today")
    offered = [line.removeprefix("- ") for line in said.splitlines() if line.startswith("- ")]
    assert offered[:5] == [*EXAMPLES, "`put_up notice=… wall=…`", "`reserve_table restaurant=… guests=…`"]


names = st.sampled_from(
    ["publish", "book_room", "pay", "room", "people=", "amount=", "account", "A1", "Blue", "{", '"x"']
)
texts = st.lists(names | st.text(max_size=6) | st.integers().map(str) | st.floats().map(str), max_size=9).map(" ".join)


@given(texts, st.text(max_size=40))
def test_no_text_gives_an_error_or_a_call_that_does_not_fit(url: str, text: str, result: str) -> None:
    Talk(url, TOOLS, lambda _name, _given: result).say(text)
