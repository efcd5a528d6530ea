"""The bytes of a request: whatever was sent before, they say exactly what the messages say now."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import tool
from graphs.models import chat_request
from graphs.models.chat_request import ChatRequests, chat_message

BETWEEN = {"role": "assistant", "content": "(There was no reply to this.)"}
SYSTEM = {"role": "system", "content": "Be brief."}


@tool
async def pay(number: int) -> None:
    """Pay."""


def message(number: int, content: str = "hi", conversation: str = "a") -> dict[str, Any]:
    return {
        "role": "user" if number % 2 == 0 else "assistant",
        "content": content,
        "id": f"{conversation}{number}",
        "by": "U0ANA",
    }


def sent(requests: ChatRequests, messages: list[dict[str, Any]], tools: Any = ()) -> dict[str, Any]:
    body = json.loads(requests.body(messages, tools))
    assert [each for each in body["messages"] if each != BETWEEN] == [chat_message(each) for each in messages]
    return body


def conversation(name: str, length: int) -> list[dict[str, Any]]:
    return [SYSTEM, *(message(number, conversation=name) for number in range(length))]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["hi", "ünïcödé \u2028 ✓"])), max_size=6),
        ),
        max_size=8,
    ),
    st.sampled_from([0, 60, 300, 10_000]),
)
def test_a_request_says_what_its_messages_say(turns: list[tuple[str, list[tuple[int, str]]]], kept_bytes: int):
    requests = ChatRequests("m", kept_bytes=kept_bytes)
    for name, parts in turns:
        sent(requests, [SYSTEM, *(message(number, content, name) for number, content in parts)])
        assert 0 <= requests.size <= kept_bytes


def test_what_was_sent_before_is_not_serialised_again(monkeypatch: Any):
    written: list[str] = []

    def counting(each: Any, server: str | None) -> dict[str, Any]:
        written.append(each.get("id", "system"))
        return chat_message(each, server)

    monkeypatch.setattr(chat_request, "chat_message", counting)
    requests = ChatRequests("m")
    long = conversation("a", 300)
    sent(requests, long[:-1])
    written.clear()
    sent(requests, long)
    assert written == ["a299"]
    read_anew = json.loads(json.dumps(long))  # as after a restart: equal, but other objects
    sent(requests, [*read_anew, message(300)])
    assert written == ["a299", "a300"]


def test_a_message_that_was_changed_is_sent_as_it_is_now():
    requests = ChatRequests("m")
    sent(requests, conversation("a", 3))
    sent(requests, [SYSTEM, message(0), message(1, "changed"), message(2)])
    sent(requests, [SYSTEM, message(0)])
    sent(requests, [{"role": "system", "content": "Be long."}, message(0), message(1)])


def test_two_conversations_are_kept_apart_and_the_one_used_longest_ago_goes_first():
    requests = ChatRequests("m")
    sent(requests, conversation("a", 1))
    one = requests.size
    requests = ChatRequests("m", kept_bytes=2 * one)
    for name in "abcab":
        sent(requests, conversation(name, 1))
        sent(requests, conversation(name, 1))
    assert requests.size == 2 * one


def test_a_conversation_that_is_larger_than_what_may_be_kept_is_sent_all_the_same():
    requests = ChatRequests("m", kept_bytes=10)
    sent(requests, conversation("a", 3))
    sent(requests, conversation("a", 4))
    assert requests.size == 0


def test_tools_are_there_when_there_are_some():
    requests = ChatRequests("m")
    box = Toolbox([pay])
    assert sent(requests, [SYSTEM], box.definitions)["tools"] == [pay.definition()]
    assert sent(requests, [SYSTEM], box.definitions)["tools"] == [pay.definition()]
    assert "tools" not in sent(requests, [SYSTEM])
