"""Whatever a server sends, reading it ends in a reply, or in one of two errors; and no text holds half a character."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from graphs.models.chat_reply import Reply, reported_error
from graphs.models.chat_request import ChatRequests
from graphs.models.event_stream import END, EventReader
from graphs.models.replies import BrokeOff
from graphs.models.transcript import call_ids

TEXTS = st.sampled_from(
    ["", "a", "{}", '{"a":1}', "{", "}", "\ud83d", "\ude00", "<think>", "</think>", "stop", "length"]
)
NAMES = """choices delta message content refusal tool_calls function function_call name arguments index id type text
finish_reason usage error extra_content reasoning_content x"""
KEYS = st.sampled_from(NAMES.split())
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(0, 2) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
CALLS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "index": st.sampled_from([0, 1, "0", None, 0.0]),
            "id": st.sampled_from(["", "a", "b", None, 7]),
            "function": st.fixed_dictionaries({}, optional={"name": TEXTS | st.none(), "arguments": ANYTHING}),
            "extra_content": ANYTHING,
        },
    ),
    max_size=3,
)
DELTAS = st.fixed_dictionaries({}, optional={"content": ANYTHING, "tool_calls": CALLS | ANYTHING, "x": ANYTHING})
CHUNKS = st.builds(
    lambda delta, finish: {"choices": [{"delta": delta, "finish_reason": finish}]}, DELTAS, TEXTS | st.none()
)


@given(st.lists(CHUNKS | st.dictionaries(KEYS, ANYTHING, max_size=4), max_size=6), st.booleans())
def test_every_shape_is_a_reply_or_one_that_broke_off(chunks: list[dict[str, Any]], is_complete: bool):
    reply, ids = Reply("s"), iter(range(1000))
    given_ = [reply.add(chunk) for chunk in chunks if reported_error(chunk) is None]
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
    sent = json.loads(ChatRequests("m", "s").body([{"role": "user", "content": "a"}, message], ()))
    for call in (call for each in sent["messages"] for call in each.get("tool_calls", ())):
        assert isinstance(json.loads(call["function"]["arguments"]), dict)
        assert call["function"]["name"]


PARTS = [
    "data: ",
    "data:",
    "{}",
    '{"a":1}',
    "[DONE]",
    "\n",
    "\r",
    "\n\n",
    ": ping\n",
    "event: error\n",
    "x",
    " ",
    "[",
    "{",
]
LINES = st.sampled_from([*(part.encode() for part in PARTS), b"\xff", b"\xef", b"\xbb\xbf"])


@given(st.lists(LINES, max_size=12))
def test_every_body_is_read_or_is_no_json(pieces: list[bytes]):
    found: list[list[Any]] = []
    for parts in (pieces, [b"".join(pieces)], [bytes([byte]) for byte in b"".join(pieces)]):
        reader, events = EventReader(), list[Any]()
        with contextlib.suppress(ValueError):
            for part in parts:
                events += [event.data if event is not END else "end" for event in reader.feed(part)]
            events += [event.data if event is not END else "end" for event in reader.end()]
            found.append(events)
    assert all(each == found[0] for each in found), "it does not matter how the bytes are cut"
