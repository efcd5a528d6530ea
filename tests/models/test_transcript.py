"""C5: every tool call has exactly one tool message, directly after it; C4: every outcome reads differently."""

import asyncio
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.agent import tool_messages
from graphs.agent.errors import InvalidArguments, Problem, UnknownTool
from graphs.models.chat_request import chat_message
from graphs.models.transcript import Message, call_ids, tool_message
from graphs.models.transcript import complete as completing


def assistant(*ids: str, content: str = "") -> dict[str, Any]:
    calls = [{"id": each, "type": "function", "function": {"name": "pay", "arguments": "{}"}} for each in ids]
    return {"role": "assistant", "content": content, "id": "m", "tool_calls": calls}


def user(content: str) -> dict[str, Any]:
    return {"role": "user", "content": content, "id": "u", "author": "U0ANA"}


def lost(call_id: str) -> str:
    return f"made up for {call_id}"


def complete(transcript: Sequence[Message], outcome_of: Callable[[str], str]) -> list[Message]:
    async def outcomes_of(ids: Sequence[str]) -> dict[str, str]:
        return {call_id: outcome_of(call_id) for call_id in ids}

    return asyncio.run(completing(transcript, outcomes_of))


messages = st.lists(
    st.one_of(
        st.builds(user, st.text()),
        st.builds(assistant, content=st.text()),
        st.lists(st.sampled_from("abcd"), max_size=3, unique=True).map(lambda ids: assistant(*ids)),
        st.builds(tool_message, st.sampled_from("abcde"), st.text()),
    ),
    max_size=12,
)


@given(messages)
def test_c5_every_call_has_exactly_one_tool_message_directly_after_it(transcript: list[dict[str, Any]]):
    completed = complete(transcript, lost)
    rest = list(completed)
    while rest:
        message = rest.pop(0)
        assert message["role"] != "tool", "a tool message that answers no call"
        for call_id in call_ids(message):
            answer = rest.pop(0)
            assert (answer["role"], answer["tool_call_id"]) == ("tool", call_id)
    assert [each for each in completed if each["role"] != "tool"] == [
        each for each in transcript if each["role"] != "tool"
    ]
    assert complete(completed, pytest.fail) == completed


@given(messages)
def test_c5_no_answer_is_invented_or_told_of_another_call(transcript: list[dict[str, Any]]):
    said = {(each["tool_call_id"], each["content"]) for each in transcript if each["role"] == "tool"}
    for message in complete(transcript, lost):
        if message["role"] == "tool":
            pair = (message["tool_call_id"], message["content"])
            assert pair in said or pair[1] == lost(pair[0])


def test_c5_missing_answers_are_filled_in_and_those_there_are_put_in_order():
    transcript = [
        user("hi"),
        assistant("a", "b", "c"),
        tool_message("c", "3"),
        user("still there?"),
        tool_message("a", "1"),
    ]
    assert complete(transcript, lost) == [
        user("hi"),
        assistant("a", "b", "c"),
        tool_message("a", "1"),
        tool_message("b", "made up for b"),
        tool_message("c", "3"),
        user("still there?"),
    ]


def test_c5_the_first_of_two_answers_wins_and_orphans_are_dropped():
    transcript = [tool_message("a", "too early"), assistant("a"), tool_message("a", "1"), tool_message("a", "2")]
    assert complete([*transcript, tool_message("z", "?")], lost) == [assistant("a"), tool_message("a", "1")]


def test_c5_an_id_that_comes_again_belongs_to_the_nearest_call():
    transcript = [assistant("a"), tool_message("a", "1"), assistant("a"), tool_message("a", "2")]
    assert complete(transcript, pytest.fail) == transcript


def test_what_was_there_stays_the_very_same_object():
    transcript = [user("hi"), assistant("a"), tool_message("a", "1")]
    completed = complete(transcript, pytest.fail)
    assert [id(message) for message in completed] == [id(message) for message in transcript]


def test_c5_what_is_missing_is_asked_for_at_once():
    asked: list[Sequence[str]] = []

    async def outcomes_of(ids: Sequence[str]) -> dict[str, str]:
        asked.append(ids)
        return {call_id: lost(call_id) for call_id in ids}

    transcript = [assistant("a", "b"), tool_message("a", "1"), assistant("a", "c")]
    completed = asyncio.run(completing(transcript, outcomes_of))
    assert asked == [["b", "a", "c"]]
    assert [message["content"] for message in completed if message["role"] == "tool"] == [
        "1",
        lost("b"),
        lost("a"),
        lost("c"),
    ]


def test_only_what_the_wire_knows_is_sent():
    done = tool_message("a", "1") | {"id": "t", "status": "done"}
    assert [chat_message(message) for message in (user("hi"), assistant("a"), done, assistant(content="bye"))] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": assistant("a")["tool_calls"]},
        {"role": "tool", "content": "1", "tool_call_id": "a"},
        {"role": "assistant", "content": "bye"},
    ]


OUTCOMES = {
    "Rejected": tool_messages.rejected("@lea", "too much"),
    "Answered": tool_messages.responded("@lea", "It is done already."),
    "Edited": tool_messages.edited(["@lea"], {"amount": 80}, {"amount": 30}, "Refunded 30.", ran=True),
    "Expired": tool_messages.expired(),
    "Cancelled": tool_messages.cancelled(),
    "Failed": tool_messages.failed("the bank is closed"),
    "Timed out": tool_messages.timed_out(60),
    "In doubt": tool_messages.in_doubt(),
    "Done": tool_messages.was_done("@lea"),
    "Stale": tool_messages.stale(),
    "Invalid": tool_messages.invalid(InvalidArguments("pay", [Problem("amount", "Field required")])),
    "Unknown": tool_messages.unknown(UnknownTool("refund", ["pay"])),
    "Lost": tool_messages.lost(),
}


@pytest.mark.parametrize("word", OUTCOMES)
def test_c4_an_outcome_starts_with_its_own_word(word: str):
    assert OUTCOMES[word].startswith(word)


def test_c4_no_outcome_is_told_as_another():
    for one, other in combinations(OUTCOMES, 2):
        assert not OUTCOMES[one].startswith(other)
        assert OUTCOMES[one] != OUTCOMES[other]


@pytest.mark.parametrize("word", ["Rejected", "Answered", "Expired", "Cancelled", "Stale", "Invalid", "Unknown"])
def test_c4_a_call_that_did_not_run_says_so(word: str):
    assert "did not run" in OUTCOMES[word]


@pytest.mark.parametrize("word", ["Edited", "Failed", "Timed out", "In doubt", "Done", "Lost"])
def test_c4_a_call_that_may_have_run_never_says_it_did_not(word: str):
    assert "did not run" not in OUTCOMES[word]


def test_c4_a_rejection_gives_the_reason_if_there_is_one():
    assert tool_messages.rejected("@lea", "too much") == "Rejected by @lea: too much. The call did not run."
    assert tool_messages.rejected("@lea", "Really?") == "Rejected by @lea: Really? The call did not run."
    assert tool_messages.rejected("@lea") == "Rejected by @lea, without a reason. The call did not run."


def test_c3_an_edit_tells_what_ran_instead():
    assert OUTCOMES["Edited"] == (
        'Edited by @lea before it ran. Proposed: {"amount": 80}. Ran instead: {"amount": 30}. Result: Refunded 30.'
    )


def test_what_a_huge_edit_was_is_told_in_few_words():
    long = {"text": "begin" + "x" * 1_000_000 + "end"}
    told = tool_messages.edited(["@lea"], long, {"text": "short"}, "Written.", ran=True)
    assert len(told) < 12_000
    assert 'Proposed: {"text": "beginxxx' in told
    assert "990020 of 1000020 characters left out here" in told
    assert 'xxxend"}. Ran instead: {"text": "short"}. Result: Written.' in told
