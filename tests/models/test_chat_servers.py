"""Servers that speak Chat Completions in their own way, over real HTTP on loopback: what they send means the same."""

import asyncio
import json
import re
from contextlib import aclosing
from typing import Any

import pytest

from graphs.models.chat import ChatModel
from graphs.models.connection import Deadlines
from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.model import ModelReply
from tests.models.chat_server import Answer, ChatServer, call, chunk, serve, sse
from tests.models.odd_streams import CALLS, CUT, NO_CALLS, ONLY_CLOSED, REASONS, SHAPES, THOUGHTS, Case, recorded

HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello", "id": "u1", "by": "U0ANA"}]
SAYS_HI = sse(chunk({"content": "Hi!"}), chunk({}, "stop"))


def model_at(server: ChatServer, **options: Any) -> ChatModel:
    settings: dict[str, Any] = {"max_retries": 0} | options
    return ChatModel(api_key="sk-very-secret", model="m", base_url=server.url, **settings)


async def ask(model: ChatModel, messages: Any = HELLO) -> tuple[list[str], ModelReply]:
    pieces: list[str] = []
    async with aclosing(model.stream(messages, ())) as stream:
        async for event in stream:
            if isinstance(event, ModelReply):
                return pieces, event
            pieces.append(event.text)
    raise AssertionError("no reply came")


async def reply_to(body: bytes, **options: Any) -> tuple[list[str], ModelReply]:
    async with serve(Answer([body])) as server, aclosing(model_at(server, **options)) as model:
        return await ask(model)


def answers(file: str) -> list[tuple[int, Any]]:
    """Recorded refusals: a line is a status and a body."""
    lines = recorded(file).decode().splitlines()
    return [(int(line[:3]), json.loads(line[4:])) for line in lines]


async def refusal_by(server: ChatServer) -> ModelUnavailable:
    async with aclosing(model_at(server)) as model:
        with pytest.raises(ModelUnavailable) as error:
            await ask(model)
    return error.value


@pytest.mark.parametrize("cases", [CALLS, SHAPES, THOUGHTS], ids=["calls", "shapes", "thoughts"])
@pytest.mark.parametrize("size", [1_000_000, 7, 1], ids=["whole", "by sevens", "byte by byte"])
async def test_what_a_server_sends_is_read(cases: list[Case], size: int):
    async with (
        serve(*(Answer(pieces_of(case.body, size)) for case in cases)) as server,
        aclosing(model_at(server)) as model,
    ):
        for case in cases:
            given, reply = await ask(model)
            assert reply.text == case.text, case.file
            assert [(each.name, json.loads(each.arguments or "{}")) for each in reply.tool_calls] == [
                (name, json.loads(arguments or "{}")) for name, arguments in case.calls
            ], case.file
            assert len({each.id for each in reply.tool_calls} - {""}) == len(case.calls), f"an id each: {case.file}"
            assert "".join(given) == case.text, f"something else was given on the way: {case.file}"
            assert reply.finish == ("tool_calls" if case.calls else "stop"), case.file


def pieces_of(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


async def test_thoughts_that_the_server_opened_are_not_said_and_not_streamed_the_next_time():
    async with serve(Answer([ONLY_CLOSED.body])) as server, aclosing(model_at(server)) as model:
        _, first = await ask(model)
        pieces, second = await ask(model)
    assert first.text == second.text == "".join(pieces) == "Hello!"


@pytest.mark.parametrize("file", NO_CALLS)
async def test_a_call_of_a_reply_that_is_not_whole_is_no_call(file: str):
    with pytest.raises(ModelUnavailable) as error:
        await reply_to(recorded(file))
    assert error.value.retryable


@pytest.mark.parametrize("reason", REASONS)
async def test_calls_of_a_reply_that_was_cut_are_dropped(reason: str):
    _, reply = await reply_to(recorded(CUT).replace(b"REASON", reason.encode()))
    assert (reply.text, reply.tool_calls) == ("Well", ())
    assert reply.finish == ("length" if "length" in reason or "tokens" in reason.lower() else "content_filter")
    assert reply.notice is not None


@pytest.mark.parametrize("last", ['"finish_reason":"stop"', '"finish_reason":"tool_calls"'])
async def test_a_reply_that_was_cut_stays_cut_whatever_is_said_last(last: str):
    body = recorded(CUT).replace(b"REASON", b"length")
    more = f'data: {{"choices":[{{"delta":{{}},{last}}}]}}\n\n'.encode()
    _, reply = await reply_to(body.replace(b"data: [DONE]", more + b"data: [DONE]"))
    assert (reply.tool_calls, reply.finish) == ((), "length")


async def test_the_reason_of_the_model_behind_the_server_counts_when_it_says_that_the_reply_was_cut():
    reason = b'tool_calls","native_finish_reason":"MAX_TOKENS'
    _, reply = await reply_to(recorded(CUT).replace(b"REASON", reason))
    assert (reply.tool_calls, reply.finish) == ((), "length")


@pytest.mark.parametrize("end", ["cut", "hang"])
async def test_words_that_are_finished_are_a_reply_however_the_connection_ends(end: str):
    body = sse(chunk({"content": "Hi!"}), chunk({}, "stop"), done=False)
    async with (
        serve(Answer([body], end=end)) as server,
        aclosing(model_at(server, deadlines=Deadlines(between=0.5))) as model,
    ):
        assert await ask(model) == (["Hi!"], ModelReply("Hi!"))


@pytest.mark.parametrize("end", ["cut", "hang"])
async def test_calls_are_not_whole_when_the_connection_breaks(end: str):
    body = sse(chunk(call(0, "{}", id="a", name="ring"), "tool_calls"), done=False)
    async with (
        serve(Answer([body], end=end)) as server,
        aclosing(model_at(server, deadlines=Deadlines(between=0.5))) as model,
    ):
        with pytest.raises(ModelUnavailable):
            await ask(model)


PAGE = b"<html>Please log in</html>"
NO_REPLIES = {
    "a page": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(PAGE), PAGE),
    "an empty object": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
    "a sentence": b'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n"busy"',
    "a head that is too large": b"HTTP/1.1 200 OK\r\nX-Trace: %s\r\n\r\n" % (b"a" * 20_000),
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
}


@pytest.mark.parametrize("answer", NO_REPLIES)
async def test_what_is_no_reply_is_said_to_be_none(answer: str):
    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"}")
        writer.write(NO_REPLIES[answer])
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(give, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        error = await refusal_by(ChatServer(f"http://{host}:{port}/v1", []))
    assert str(error).startswith("The model's server sent something that is no reply; ")
    assert len(str(error.__cause__)) > 20, "the log has its cause"
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("status", "words"),
    [(402, "has no credit left"), (408, "has a problem of its own"), (529, "has a problem of its own")],
)
async def test_what_is_no_fault_of_the_request_is_not_said_to_be_one(status: int, words: str):
    async with serve(Answer(status=status, body={"error": {"message": "no"}})) as server:
        assert words in str(await refusal_by(server))


async def test_a_reply_that_broke_off_unseen_is_asked_for_again():
    broken = Answer([recorded("cut-off-behind-a-whole-call.sse")], end="cut")
    async with serve(broken, broken, Answer([SAYS_HI])) as server, aclosing(model_at(server, max_retries=2)) as model:
        assert (await ask(model))[1] == ModelReply("Hi!")
        assert len(server.requests) == 3


# What came with a call goes back with it.

SIGNED = sse(
    chunk({"role": "assistant", "reasoning_content": "Pay", "content": None}),
    chunk({"reasoning_content": " it."}),
    chunk({"reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0}]}),
    chunk({"reasoning_details": [{"type": "reasoning.text", "text": "b", "index": 0}]}),
    chunk(call(0, "{", id="a", type="function", name="pay")),
    chunk({"tool_calls": [{"index": 0, "extra_content": {"google": {"thought_signature": "c2ln"}}}]}),
    chunk({"tool_calls": [{"index": 0, "function": {"arguments": "}", "x_note": "kept"}, "x_call": 7}]}),
    chunk({"x_trace": {"a": {"b": "1"}}}),
    chunk({"x_trace": {"a": {"c": [2]}}}, "tool_calls"),
)


async def conversation_with(server: ChatServer) -> list[dict[str, Any]]:
    """A call, as it is stored, with its result."""
    async with aclosing(model_at(server)) as model:
        _, reply = await ask(model)
    stored = json.loads(json.dumps(reply.message()))
    return [*HELLO, stored, {"role": "tool", "tool_call_id": "a", "content": "Done."}]


async def test_what_came_with_a_call_goes_back_with_it():
    async with serve(Answer([SIGNED]), Answer([SAYS_HI])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server)) as another:  # as after a restart
            await ask(another, conversation)
    assert conversation[1]["content"] == ""
    assert server.requests[1]["messages"][1] == {
        "role": "assistant",
        "content": None,
        "reasoning_content": "Pay it.",
        "reasoning_details": [{"type": "reasoning.text", "text": "ab", "index": 0}],
        "x_trace": {"a": {"b": "1", "c": [2]}},
        "tool_calls": [
            {
                "id": "a",
                "type": "function",
                "function": {"name": "pay", "arguments": "{}", "x_note": "kept"},
                "extra_content": {"google": {"thought_signature": "c2ln"}},
                "x_call": 7,
            }
        ],
    }


async def test_it_goes_back_to_the_same_server_only():
    async with serve(Answer([SIGNED])) as server, serve(Answer([SAYS_HI])) as other:
        conversation = await conversation_with(server)
        other.url = other.url.replace("127.0.0.1", "localhost")
        async with aclosing(model_at(other)) as model:
            await ask(model, conversation)
    assert set(other.requests[0]["messages"][1]) == {"role", "content", "tool_calls"}
    assert set(other.requests[0]["messages"][1]["tool_calls"][0]) == {"id", "type", "function"}


async def test_thoughts_in_parts_go_back_as_they_came():
    case = next(each for each in SHAPES if each.file.startswith("mistral"))
    async with serve(Answer([case.body]), Answer([SAYS_HI])) as server, aclosing(model_at(server)) as model:
        _, reply = await ask(model)
        await ask(model, [*HELLO, reply.message(), HELLO[0]])
    sent = server.requests[1]["messages"][1]["content"]
    assert {"type": "thinking", "thinking": [{"type": "text", "text": "Hm. "}]} in sent
    assert "".join(part["text"] for part in sent if part["type"] == "text") == "Hello!"


async def test_what_goes_back_is_bounded():
    more = chunk({"reasoning_content": "x" * 1_000_000, "signature": "s"})
    async with (
        serve(Answer([sse(more, chunk({"content": "Hi"}, "stop"))])) as server,
        aclosing(model_at(server)) as model,
    ):
        _, reply = await ask(model)
    assert reply.extra is not None
    assert reply.extra["message"] == {"signature": "s"}


# What a server does not take is left out.

REFUSALS = answers("refuses-stream-options.txt")


@pytest.mark.parametrize(("status", "body"), REFUSALS)
async def test_a_server_that_refuses_the_count_of_tokens_is_asked_without_it_from_then_on(status: int, body: Any):
    async with (
        serve(Answer(status=status, body=body), Answer([SAYS_HI])) as server,
        aclosing(model_at(server)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"
        assert (await ask(model))[1].text == "Hi!"
    assert ["stream_options" in request for request in server.requests] == [True, False, False]
    assert all(request["stream"] for request in server.requests)


async def test_a_server_that_does_not_stream_is_asked_for_a_whole_answer():
    refusal = Answer(status=400, body={"error": {"message": "This model does not support streaming"}})
    whole = Answer([b'{"choices":[{"message":{"content":"Hi!"},"finish_reason":"stop"}]}'])
    async with serve(refusal, whole) as server, aclosing(model_at(server)) as model:
        assert (await ask(model))[1].text == "Hi!"
        await ask(model)
    assert [request["stream"] for request in server.requests] == [True, False, False]


@pytest.mark.parametrize(
    "message",
    [
        "reasoning_content is not allowed in messages",
        "Unexpected field 'extra_content' in tool call",
        "property 'x_trace' is unsupported",
    ],
)
async def test_a_server_that_refuses_its_own_fields_gets_none(message: str):
    refusal = Answer(status=400, body={"error": {"message": message}})
    async with serve(Answer([SIGNED]), refusal, Answer([SAYS_HI])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server)) as model:
            assert (await ask(model, conversation))[1].text == "Hi!"
    assert "reasoning_content" in server.requests[1]["messages"][1]
    assert "reasoning_content" not in server.requests[2]["messages"][1]
    assert "stream_options" in server.requests[2]


CALLED: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    *HELLO,
    {"role": "assistant", "content": "", "tool_calls": [{"id": "a", "function": {"name": "ring", "arguments": "{}"}}]},
    {"role": "tool", "tool_call_id": "a", "content": "Done."},
]


@pytest.mark.parametrize(
    "message",
    [
        "messages.2.content: Input should be a valid string [type=string_type, input_value=None]",
        "Invalid value for 'content': expected a string, got null.",
        "content is required",
    ],
)
async def test_a_server_that_wants_words_in_every_message_gets_some(message: str):
    refusal = Answer(status=400, body={"error": {"message": message}})
    async with serve(refusal, Answer([SAYS_HI])) as server, aclosing(model_at(server)) as model:
        assert (await ask(model, CALLED))[1].text == "Hi!"
    assert [each["messages"][2]["content"] for each in server.requests] == [None, "(I call a tool.)"]
    assert "stream_options" in server.requests[1]


@pytest.mark.parametrize(
    "message",
    ["System role not supported", "Only user and assistant roles are supported, got system", "no system prompt"],
)
async def test_a_model_without_a_place_for_instructions_gets_them_with_what_is_said_first(message: str):
    refusal = Answer(status=400, body={"error": {"message": message}})
    async with serve(refusal, Answer([SAYS_HI])) as server, aclosing(model_at(server)) as model:
        assert (await ask(model, CALLED))[1].text == "Hi!"
    first = server.requests[1]["messages"][0]
    assert (first["role"], first["content"]) == ("user", "Be brief.\n\nhello")


@pytest.mark.parametrize(
    "message",
    [
        "Tool call id was call_1:a but must be a-z, A-Z, 0-9, with a length of 9.",
        "messages.2.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        "Invalid 'messages[2].tool_calls[0].id': string too long. Expected a string with maximum length 40.",
        "Invalid tool_call_id: call_1:a",
    ],
)
async def test_a_server_that_refuses_the_ids_of_calls_gets_others(message: str):
    code = "string_above_max_length" if "too long" in message else None
    refusal = Answer(status=400, body={"error": {"message": message, "code": code}})
    async with serve(Answer([SIGNED]), refusal, Answer([SAYS_HI])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server)) as model:
            assert (await ask(model, conversation))[1].text == "Hi!"
    asked, calling, result = server.requests[2]["messages"]
    assert asked["content"] == "hello"
    (call,) = calling["tool_calls"]
    assert re.fullmatch(r"[a-z0-9]{9}", call["id"])
    assert result["tool_call_id"] == call["id"]
    assert call["extra_content"] == {"google": {"thought_signature": "c2ln"}}
    assert "stream_options" in server.requests[2]


async def test_fields_that_the_server_wants_back_are_not_left_out():
    body = {"error": {"message": "The reasoning_content of an assistant message is missing; it must be passed back"}}
    async with serve(Answer([SIGNED]), Answer(status=400, body=body)) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server)) as model:
            with pytest.raises(ModelUnavailable):
                await ask(model, conversation)
    assert all("reasoning_content" in each["messages"][1] for each in server.requests[1:])


async def test_a_refusal_of_something_else_is_told_at_once():
    async with serve(Answer(status=400, body={"error": {"message": "temperature"}})) as server:
        assert "did not accept the request" in str(await refusal_by(server))
    assert len(server.requests) == 1


async def test_what_is_refused_for_ever_is_told_in_the_end():
    async with serve(
        Answer(status=400, body={"error": {"message": "Extra inputs are not permitted: stream"}})
    ) as server:
        assert "did not accept the request" in str(await refusal_by(server))
    assert len(server.requests) == 3


# "Too long" in many words.

TOO_LONG = answers("too-long.txt")


@pytest.mark.parametrize(("status", "body"), TOO_LONG)
async def test_too_long_is_recognised_in_every_servers_words(status: int, body: Any):
    async with serve(Answer(status=status, body=body)) as server:
        error = await refusal_by(server)
    assert isinstance(error, TooLong)
    assert "too long for the model" in str(error)


NOT_TOO_LONG = answers("not-too-long.txt")


@pytest.mark.parametrize(("status", "body"), NOT_TOO_LONG)
async def test_nothing_else_is_taken_for_too_long(status: int, body: Any):
    async with serve(Answer(status=status, body=body)) as server:
        assert not isinstance(await refusal_by(server), TooLong)


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "registry.ollama.ai/library/gemma does not support tools"),
        (404, "No endpoints found that support tool use."),
        (400, "`tools` is not supported with this model"),
    ],
)
async def test_a_model_without_tools_is_named(status: int, message: str):
    async with serve(Answer(status=status, body={"error": {"message": message}})) as server:
        assert str(await refusal_by(server)).startswith("The model 'm' cannot use tools; ")


# What is sent.

WRITTEN = [
    ("", "{}"),
    ("null", "{}"),
    ('"{\\"a\\": 1}"', '{"a": 1}'),
    ('{"a": ', '{"unreadable":"{\\"a\\": "}'),
    ("[1]", '{"unreadable":"[1]"}'),
]


async def test_nothing_is_sent_empty_and_replies_stand_between_messages():
    calls = [
        {"id": f"c{number}", "type": "function", "function": {"name": "pay the man", "arguments": written}}
        for number, (written, _) in enumerate(WRITTEN)
    ]
    results = [{"role": "tool", "tool_call_id": each["id"], "content": ""} for each in calls]
    messages = [
        {"role": "system", "content": " "},
        {"role": "user", "content": "", "by": "U0ANA"},
        {"role": "assistant", "content": ""},
        {"role": "user", "content": "one", "by": "U0ANA"},
        {"role": "user", "content": "two", "by": "U0LEA"},
        {"role": "assistant", "content": "", "tool_calls": calls},
        *results,
        {"role": "user", "content": "three", "by": "U0ANA"},
    ]
    async with serve(Answer([SAYS_HI])) as server, aclosing(model_at(server)) as model:
        await ask(model, messages)
    sent = server.requests[0]["messages"]
    assert all(each["content"] or each.get("tool_calls") for each in sent)
    assert [each["role"] for each in sent if each["role"] != "tool"] == [
        *("user", "assistant", "user", "assistant", "user", "assistant", "assistant", "user")
    ]
    assert [each["content"] for each in sent if each["role"] == "user"][1:] == ["one", "two", "three"]
    assert sent[0]["content"].startswith("What can you do?")
    calling = next(each for each in sent if each.get("tool_calls"))
    assert [each["function"]["arguments"] for each in calling["tool_calls"]] == [sent for _, sent in WRITTEN]
    assert {each["function"]["name"] for each in calling["tool_calls"]} == {"pay_the_man"}
