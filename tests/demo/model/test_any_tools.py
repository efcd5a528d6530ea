"""The rules over tools that nobody thought of: nothing is made up, and nothing is called with half of its arguments."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.model.reply import Call
from tests.demo.model.inventing import Request, ramblings, requests
from tests.demo.model.talking import DESK, Talk, Tool

few = settings(max_examples=40)
NUMERAL = re.compile(r"-?\d(?:[\d.,]*\d)?")


def stands_in(value: Any, schema: Any, text: str) -> bool:
    """Whether a value stands in a text: numbers in any spelling, options in any case, all else verbatim."""
    if isinstance(value, bool):
        return True
    if isinstance(value, (int, float)):
        return Decimal(str(value)) in set(numbers(text))
    if isinstance(value, list):
        return all(stands_in(item, schema.get("items", {}), text) for item in value)
    if "enum" in schema:
        return plain(value) in plain(text)
    return value in text


def numbers(text: str) -> Iterator[Decimal]:
    """Every number a person may mean by the numerals of a text."""
    for match in NUMERAL.finditer(text):
        for numeral in (match[0], match[0].lstrip("-")):
            for point, group in ((".", ","), (",", ".")):
                spelled = numeral.replace(group, "").replace(point, ".")
                if spelled.count(".") <= 1:
                    yield Decimal(spelled)


def plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.lower())


def assert_honest(talk: Talk, tools: list[Tool]) -> None:
    """Every value of every call stands in what the person wrote."""
    text = "\n".join(message["content"] for message in talk.messages if message["role"] == "user")
    schemas = {tool["name"]: tool["parameters"]["properties"] for tool in tools}
    for call in (call for calls in talk.calls() for call in calls):
        assert isinstance(call.arguments, dict)
        for name, value in call.arguments.items():
            assert stands_in(value, schemas[call.name][name], text), f"{name}={value!r} does not stand in {text!r}"


@few
@given(requests())
def test_a_request_that_says_everything_is_called_after_its_lookup(request: Request) -> None:
    talk = Talk(tools=[request.lookup, request.tool])
    talk.say(request.text())
    looked_up = Call(request.lookup["name"], {request.identifier.name: request.identifier.value})
    assert talk.calls() == [[looked_up], [Call(request.tool["name"], request.values())]]


@few
@given(requests(), st.data())
def test_what_is_left_out_is_asked_for_and_the_answer_goes_on(request: Request, data: st.DataObject) -> None:
    left_out = data.draw(st.sampled_from((request.identifier, *request.arguments)))
    talk = Talk(tools=[request.tool])
    asked = talk.say(request.text(without=left_out.name)).text or ""
    assert talk.calls() == []
    assert left_out.name.replace("_", " ") in asked
    talk.say(left_out.phrase)
    assert talk.calls() == [[Call(request.tool["name"], request.values())]]


@few
@given(st.lists(requests(), min_size=1, max_size=3, unique_by=lambda request: request.tool["name"]), st.data())
def test_whatever_is_written_no_value_is_made_up(drawn: list[Request], data: st.DataObject) -> None:
    tools = list({tool["name"]: tool for request in drawn for tool in (request.tool, request.lookup)}.values())
    talk = Talk(tools=tools)
    for _ in range(data.draw(st.integers(1, 3))):
        talk.say(data.draw(ramblings() | st.sampled_from([request.text() for request in drawn])))
    assert_honest(talk, tools)


@few
@given(st.lists(ramblings(), min_size=1, max_size=3))
def test_whatever_is_written_to_the_desk_no_value_is_made_up(texts: list[str]) -> None:
    talk = Talk()
    for text in texts:
        talk.say("refund order " + text)
    assert_honest(talk, list(DESK))


@few
@given(st.text(), st.lists(requests(), max_size=1))
def test_any_tool_message_is_told_and_never_repeats_a_call(result: str, drawn: list[Request]) -> None:
    for request in drawn:
        talk = Talk(tools=[request.lookup, request.tool], answer=lambda _call: result)
        talk.say(request.text())
        calls = [json.dumps([call.name, call.arguments], sort_keys=True) for calls in talk.calls() for call in calls]
        assert len(calls) == len(set(calls))
