"""Whatever events a server sends, reading them ends in a reply, or in one that broke off; each word is said once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphs.models.replies import BrokeOff
from graphs.models.responses_reply import ResponsesReply
from graphs.models.responses_request import ResponsesRequests
from graphs.models.transcript import call_ids
from tests.models.responses_events import called, said, thought

TEXTS = st.sampled_from(["", "a", "b", "{}", '{"a":1}', "{", "}", "\ud83d", "\ude00", "<think>", "</think>"])
EVENT_NAMES = """response.created response.output_item.added response.output_item.done response.output_text.delta
response.output_text.done response.refusal.delta response.refusal.done response.content_part.done
response.function_call_arguments.delta response.function_call_arguments.done response.reasoning_text.delta
response.completed response.incomplete response.done response.new x"""
NAMES = """type item item_id output_index content_index delta text refusal arguments name call_id id response output
status content summary encrypted_content usage incomplete_details reason role x"""
KINDS = st.sampled_from(EVENT_NAMES.split())
KEYS = st.sampled_from(NAMES.split())
STATUSES = st.sampled_from(["completed", "in_progress", "incomplete", None])
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
ITEMS = st.fixed_dictionaries(
    {"type": st.sampled_from(["message", "function_call", "reasoning", "x"])},
    optional={
        "id": TEXTS | st.none(),
        "call_id": TEXTS | st.none(),
        "name": TEXTS | st.none(),
        "arguments": ANYTHING,
        "content": ANYTHING,
        "encrypted_content": TEXTS,
        "status": STATUSES,
    },
)
RESPONSES = st.fixed_dictionaries({}, optional={"status": STATUSES, "output": st.lists(ITEMS, max_size=4) | ANYTHING})
EVENTS = st.fixed_dictionaries(
    {"type": KINDS},
    optional={
        "item": ITEMS | ANYTHING,
        "item_id": TEXTS,
        "output_index": st.integers(0, 2) | st.none(),
        "delta": TEXTS | ANYTHING,
        "text": TEXTS,
        "arguments": TEXTS,
        "name": TEXTS,
        "response": RESPONSES | ANYTHING,
    },
)


@given(st.lists(EVENTS | st.dictionaries(KEYS, ANYTHING, max_size=4), max_size=8), st.booleans())
def test_every_shape_is_a_reply_or_one_that_broke_off(events: list[dict[str, Any]], is_complete: bool):
    reply, ids = ResponsesReply("s"), iter(range(1000))
    given_ = [reply.add(event, "") for event in events if reply.reported_error(event, "") is None]
    reply.is_complete |= is_complete
    try:
        given_.append(reply.end())
        whole = reply.whole([], lambda: f"new{next(ids)}")
    except BrokeOff:
        return
    assert whole.text == "".join(given_) or reply.starts_in_thought
    message = {**whole.message(), "id": "r"}
    json.dumps(message, ensure_ascii=False, allow_nan=False).encode()
    assert len(set(call_ids(message))) == len(whole.tool_calls)
    sent = json.loads(ResponsesRequests("m", "s").body([{"role": "user", "content": "a"}, message], ()))
    calls = [item for item in sent["input"] if item["type"] == "function_call"]
    assert [item["call_id"] for item in calls] == [call.id for call in whole.tool_calls]
    assert all(isinstance(json.loads(item["arguments"]), dict) and item["name"] for item in calls)


WORDS = st.lists(st.text("ab \n", max_size=5), max_size=4)


@dataclass(frozen=True)
class Manner:
    """Which of the events that OpenAI has for an item a server sends, and whether it numbers items."""

    announces: bool
    sends_pieces: bool
    sends_parts: bool
    sends_items: bool
    sends_output: bool
    numbers: bool

    def message(self, item: dict[str, Any], words: list[str], index: int) -> Iterator[dict[str, Any]]:
        place = {"item_id": item["id"], "content_index": 0} | self.number(index)
        yield from self.added({**item, "content": []}, index)
        if self.sends_pieces:
            yield from ({"type": "response.output_text.delta", "delta": word} | place for word in words)
        if self.sends_parts:
            yield {"type": "response.output_text.done", "text": "".join(words)} | place
        yield from self.done(item, index)

    def call(self, item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
        place, arguments = {"item_id": item["id"]} | self.number(index), item["arguments"]
        yield from self.added({**item, "arguments": ""}, index)
        for each in (arguments[:4], arguments[4:]) if self.sends_pieces else ():
            yield {"type": "response.function_call_arguments.delta", "delta": each} | place
        if self.sends_parts:
            yield {"type": "response.function_call_arguments.done", "arguments": arguments} | place
        yield from self.done(item, index)

    def number(self, index: int) -> dict[str, Any]:
        return {"output_index": index} if self.numbers else {}

    def added(self, item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
        if self.announces:
            yield {"type": "response.output_item.added", "item": item} | self.number(index)

    def done(self, item: dict[str, Any], index: int) -> Iterator[dict[str, Any]]:
        if self.sends_items:
            yield {"type": "response.output_item.done", "item": item} | self.number(index)


def _tells_all(manner: Manner) -> bool:
    """Whether these events say it all: the name of a call, its end, and where one message ends."""
    is_named = manner.announces or manner.sends_items or manner.sends_output
    is_ended = manner.sends_items or manner.sends_output or manner.sends_parts
    return is_named and is_ended and (manner.numbers or manner.sends_items or manner.sends_output)


MANNERS = st.builds(Manner, *[st.booleans()] * 6).filter(_tells_all)


@given(MANNERS, st.lists(WORDS, max_size=2), st.lists(st.integers(0, 9), max_size=3))
def test_it_does_not_matter_which_events_tell_it(manner: Manner, messages: list[list[str]], numbers: list[int]):
    output: list[dict[str, Any]] = [thought()]
    events: list[dict[str, Any]] = []
    for words in messages:
        item = said("".join(words), id=f"msg_{len(output)}")
        events += manner.message(item, words, len(output))
        output.append(item)
    for number in numbers:
        item = called(f"call_{len(output)}", f'{{"number":{number}}}')
        events += manner.call(item, len(output))
        output.append(item)
    last = {"status": "completed", "output": output if manner.sends_output else []}
    reply, ids = ResponsesReply("s"), iter(range(1000))
    given_ = [reply.add(event, "") for event in [*events, {"type": "response.completed", "response": last}]]
    given_.append(reply.end())
    whole = reply.whole([], lambda: f"new{next(ids)}")
    assert "".join(given_) == whole.text
    if manner.numbers or manner.sends_items or not (manner.sends_pieces or manner.sends_parts):
        assert whole.text.strip() == "\n\n".join(filter(None, map("".join, messages))).strip()
    assert [json.loads(call.arguments)["number"] for call in whole.tool_calls] == numbers
