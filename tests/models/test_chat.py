"""The Chat Completions wire, over real HTTP on loopback: streams however they are cut, errors however they come."""

import asyncio
import json
import socket
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.demo.model import serve_model
from graphs.agent.errors import InvalidArguments
from graphs.agent.tools import tool
from graphs.models.chat import ChatModel
from graphs.models.connection import Deadlines, is_loopback
from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model, ModelReply, TextDelta, ToolCall, Usage
from tests.models.chat_server import Answer, ChatServer, call, chunk, serve, sse

KEY = "sk-very-secret"
HELLO = [{"role": "user", "content": "hello", "id": "u1", "author": "U0ANA"}]
SAYS_HI = sse(
    chunk({"role": "assistant", "content": ""}), chunk({"content": "Hi"}), chunk({"content": "!"}), chunk({}, "stop")
)


@tool
async def pay(number: int, amount: Decimal) -> None:
    """Pay."""


def model_at(url: str, **options: Any) -> ChatModel:
    settings: dict[str, Any] = {"max_retries": 0} | options
    return ChatModel(api_key=KEY, model="m", base_url=url, **settings)


async def everything(model: Model, messages: Any = HELLO, tools: Any = ()) -> tuple[list[str], ModelReply]:
    """The pieces of text, and the reply at the end."""
    pieces: list[str] = []
    reply = None
    async with aclosing(model), aclosing(model.stream(messages, tools)) as stream:
        async for event in stream:
            assert reply is None, "something came after the reply"
            if isinstance(event, TextDelta):
                pieces.append(event.text)
            else:
                reply = event
    assert reply is not None
    assert "".join(pieces) == reply.text
    return pieces, reply


async def reply_to(*pieces: bytes, messages: Any = HELLO, **options: Any) -> ModelReply:
    async with serve(Answer(list(pieces))) as server:
        return (await everything(model_at(server.url, **options), messages))[1]


async def refusal(*answers: Answer, **options: Any) -> tuple[ModelUnavailable, ChatServer]:
    async with serve(*answers) as server:
        with pytest.raises(ModelUnavailable) as error:
            await everything(model_at(server.url, **options))
        return error.value, server


async def test_text_comes_piece_by_piece_and_then_whole():
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
    async with serve(Answer([SAYS_HI.replace(b"data: [DONE]\n\n", b""), sse(chunk(None, usage=usage))])) as server:
        pieces, reply = await everything(model_at(server.url))
    assert pieces == ["Hi", "!"]
    assert reply == ModelReply("Hi!")
    assert reply.usage == Usage(7, 2)
    assert reply.notice is None
    assert reply.message() == {"role": "assistant", "content": "Hi!"}


async def test_only_the_wires_own_keys_are_sent_and_the_key_only_in_its_header():
    async with serve(Answer([SAYS_HI])) as server:
        await everything(model_at(server.url), HELLO, [pay.definition()])
        await everything(model_at(server.url), HELLO)
    assert server.requests[0] == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "tools": [pay.definition()],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert "tools" not in server.requests[1]
    assert KEY not in json.dumps(server.requests)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert server.headers[0]["Content-Type"] == "application/json"


async def test_a_key_for_administering_the_account_is_never_sent(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-secret")
    async with serve(Answer([SAYS_HI])) as server:
        await everything(model_at(server.url))
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert "sk-admin-secret" not in str(server.headers)


async def test_chunks_may_leave_out_nearly_everything():
    reply = await reply_to(
        b'data: {"choices": []}\n\n',
        b'data: {"choices": [{"delta": {"content": "Hi"}}], "usage": null}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [{"index": null, "function": {"name": "pay"}}]}}]}\n\n',
        b'data: {"choices": [{"delta": null, "finish_reason": "stop"}]}\n\n',
        new_id=lambda: "call_1",
    )
    assert reply == ModelReply("Hi", (ToolCall("call_1", "pay", ""),), "tool_calls")


CALLS = sse(
    chunk({"role": "assistant", "content": None}),
    chunk({"content": "Let me pay: ünïcödé ✓"}),
    chunk(call(0, id="call_a", type="function", name="pay")),
    chunk(call(0, '{"num')),
    chunk(call(1, id="call_b", type="function", name="pay")),
    chunk(call(0, 'ber":1,"amount":80.5}')),
    chunk(call(1, '{"number":2,')),
    chunk(call(1, '"amount":1}')),
    chunk({}, "tool_calls"),
)
PAYS = ModelReply(
    "Let me pay: ünïcödé ✓",
    (ToolCall("call_a", "pay", '{"number":1,"amount":80.5}'), ToolCall("call_b", "pay", '{"number":2,"amount":1}')),
    "tool_calls",
)


async def test_calls_are_put_together_by_their_index():
    reply = await reply_to(CALLS)
    assert reply == PAYS
    assert reply.message()["tool_calls"][0] == {
        "id": "call_a",
        "type": "function",
        "function": {"name": "pay", "arguments": '{"number":1,"amount":80.5}'},
    }


@settings(max_examples=25)
@given(st.lists(st.integers(1, len(CALLS) - 1), max_size=12, unique=True).map(sorted))
def test_it_does_not_matter_where_the_bytes_are_cut(cuts: list[int]):
    pieces = [CALLS[start:end] for start, end in zip([0, *cuts], [*cuts, len(CALLS)], strict=True)]
    assert asyncio.run(reply_to(*pieces)) == PAYS


async def test_comments_and_line_ends_of_every_kind_are_read():
    assert await reply_to(b": keep-alive\r\n\r\n", CALLS.replace(b"\n", b"\r\n")) == PAYS


async def test_servers_that_number_all_calls_0_are_understood():
    reply = await reply_to(
        sse(
            chunk(call(0, '{"number":1,"amount":1}', id="a", name="pay")),
            chunk(call(0, '{"number":2,"amount":2}', id="b", name="pay")),
            chunk({}, "stop"),
        )
    )
    assert [(each.id, each.arguments) for each in reply.tool_calls] == [
        ("a", '{"number":1,"amount":1}'),
        ("b", '{"number":2,"amount":2}'),
    ]
    assert reply.finish == "tool_calls"


async def test_an_id_that_is_missing_or_was_used_before_is_replaced():
    ids = iter(["call_new1", "call_new2", "call_new3"])
    used = {"id": "a", "type": "function", "function": {"name": "pay", "arguments": "{}"}}
    before = [
        *HELLO,
        {"role": "assistant", "content": "", "tool_calls": [used]},
        {"role": "tool", "tool_call_id": "a", "content": ""},
    ]
    reply = await reply_to(
        sse(
            chunk(call(0, "{}", id="a", name="pay")),
            chunk(call(1, "{}", name="pay")),
            chunk(call(2, "{}", id="b", name="pay")),
            chunk(call(3, "{}", id="b", name="pay")),
            chunk({}, "tool_calls"),
        ),
        messages=before,
        new_id=lambda: next(ids),
    )
    assert [each.id for each in reply.tool_calls] == ["call_new1", "call_new2", "b", "call_new3"]


async def test_arguments_that_are_no_json_are_passed_on_as_they_are():
    reply = await reply_to(sse(chunk(call(0, '{"number": 1,', id="a", name="pay")), chunk({}, "tool_calls")))
    assert reply.tool_calls[0].arguments == '{"number": 1,'
    with pytest.raises(InvalidArguments, match="Invalid JSON"):
        pay.validate(reply.tool_calls[0].arguments)


async def test_a_reply_cut_at_the_length_limit_says_so():
    reply = await reply_to(sse(chunk({"content": "Once upon"}), chunk({}, "length")))
    assert (reply.text, reply.finish) == ("Once upon", "length")
    assert reply.notice == "The reply was cut off at the model's length limit."


async def test_calls_of_a_filtered_reply_are_dropped():
    reply = await reply_to(
        sse(chunk({"content": "I"}), chunk(call(0, "{}", id="a", name="pay")), chunk({}, "content_filter"))
    )
    assert reply == ModelReply("I", (), "content_filter")
    assert reply.notice == "The model's provider withheld part of this reply."


async def test_a_refusal_is_what_the_model_says():
    assert await reply_to(sse(chunk({"refusal": "I cannot "}), chunk({"refusal": "do that."}), chunk({}, "stop"))) == (
        ModelReply("I cannot do that.")
    )


async def test_a_reply_of_nothing_says_so():
    assert (await reply_to(sse(chunk({}, "stop")))).notice == (
        "The model answered with nothing. Write again, perhaps in other words."
    )


@pytest.mark.parametrize(("end", "trouble"), [("close", "broke_off"), ("cut", "unreachable")])
async def test_a_reply_that_breaks_off_is_not_taken_for_whole(end: str, trouble: str):
    error, server = await refusal(Answer([sse(chunk({"content": "Hi"}), done=False)], end=end), max_retries=2)
    assert "broke off" in str(error)
    assert error.retryable
    assert error.trouble == trouble
    assert len(server.requests) == 1, "a reply whose beginning was shown must not be asked for again"


@pytest.mark.parametrize(
    ("status", "body", "says", "retryable", "trouble"),
    [
        (401, {"error": {"message": f"bad key {KEY}", "code": "invalid_api_key"}}, "OPENAI_API_KEY", False, "key"),
        (403, {"error": {"message": "no"}}, "OPENAI_API_KEY", False, "key"),
        (404, {"error": {"message": "no model"}}, "does not have the model 'm'", False, "not_found"),
        (404, {"detail": "Not Found"}, "nothing at this address", False, "not_found"),
        (404, b"<html>404: the model page</html>", "nothing at this address", False, "not_found"),
        (
            400,
            {"error": {"message": "long", "code": "context_length_exceeded"}},
            "too long for the model",
            False,
            "too_long",
        ),
        (400, {"error": {"message": "bad"}}, "did not accept the request", False, "refused"),
        (422, {"error": "x"}, "did not accept the request", False, "refused"),
        (429, {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}, "busy", True, "busy"),
        (429, {"error": {"message": "pay", "code": "insufficient_quota"}}, "no credit", False, "no_credit"),
        (500, {"error": {"message": "oops"}}, "a problem of its own", True, "server"),
        (503, "not json at all", "a problem of its own", True, "server"),
    ],
)
async def test_a_refusal_is_one_sentence_without_our_secrets(
    status: int, body: Any, says: str, retryable: bool, trouble: str
):
    error, _ = await refusal(Answer(status=status, body=body))
    assert says in str(error)
    assert error.retryable is retryable
    assert error.trouble == trouble
    assert KEY not in str(error)
    assert str(error).count(".") == str(error).count(". ") + 1
    assert error.__cause__ is not None


async def test_an_error_in_the_middle_of_a_stream_is_an_error():
    error, _ = await refusal(
        Answer([sse(chunk({"content": "Hi"}), done=False), b'data: {"error": {"message": "overloaded"}}\n\n'])
    )
    assert str(error) == "The model's provider reported an error. Please try again in a moment."
    assert error.retryable


@pytest.mark.parametrize("pieces", [[b"data: not json\n\n"], [b'data: {"object": "list"}\n\n'], [b"data: [1]\n\n"]])
async def test_what_is_no_reply_is_told_as_such(pieces: list[bytes]):
    error, _ = await refusal(Answer(pieces))
    assert "something that is no reply" in str(error)
    assert not error.retryable
    assert error.trouble == "unreadable"


async def test_a_page_in_place_of_a_stream_is_no_reply():
    error, _ = await refusal(Answer([b"<html>Welcome</html>"], headers={"Content-Type": "text/html"}))
    assert "sent something that is no reply" in str(error)


async def test_a_request_that_got_no_answer_is_repeated_a_few_times():
    busy = Answer(status=429, body={"error": {"message": "slow down"}}, headers={"Retry-After-Ms": "1"})
    async with serve(busy, busy, Answer([SAYS_HI])) as server:
        _, reply = await everything(model_at(server.url, max_retries=2))
    assert reply.text == "Hi!"
    assert len(server.requests) == 3
    error, server = await refusal(busy, max_retries=1)
    assert "busy" in str(error)
    assert len(server.requests) == 2


async def test_silence_is_an_error_in_the_end():
    for pieces in ([], [sse(chunk({"content": "Hi"}), done=False)]):
        error, server = await refusal(Answer(pieces, end="hang"), deadlines=Deadlines(first=0.5, between=0.05))
        assert "did not answer in time" in str(error)
        assert error.retryable
        await asyncio.wait_for(server.gone.wait(), 10)


async def test_a_server_that_only_says_that_it_is_at_work_is_waited_for_no_longer_than_that():
    error, server = await refusal(Answer([b": at work\n\n"], end="hang"), deadlines=Deadlines(turn=0.3))
    assert "did not answer in time" in str(error)
    await asyncio.wait_for(server.gone.wait(), 10)


async def test_a_server_that_is_not_there_is_an_error():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(ModelUnavailable, match="could not be reached"):
        await everything(model_at(f"http://127.0.0.1:{port}/v1"))


async def test_who_stops_listening_gives_the_request_up():
    async with serve(Answer([sse(chunk({"content": "Hi"}), done=False)], end="hang")) as server:
        model = model_at(server.url)
        async with aclosing(model.stream(HELLO, ())) as stream:
            assert await anext(stream) == TextDelta("Hi")
        async with aclosing(model):
            await asyncio.wait_for(server.gone.wait(), 10)


async def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    assert (await reply_to(SAYS_HI)).text == "Hi!"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:8000/v1", True),
        ("http://127.8.8.8/v1", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:11434/v1", True),
        ("http://model.localhost/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://localhost.example.com/v1", False),
        ("nonsense", False),
    ],
)
def test_this_machines_addresses_are_known(url: str, loopback: bool):
    assert is_loopback(url) is loopback


async def test_it_talks_to_the_demo_model(tmp_path: Path):
    script = tmp_path / "script.json"
    arguments = {"number": 1042, "amount": 80.5}
    script.write_text(
        json.dumps([{"text": "Paying.", "tool_calls": [{"name": "pay", "arguments": arguments}]}, {"text": "Paid."}])
    )
    transcript: list[dict[str, Any]] = list(HELLO)
    async with serve_model(script=script) as served:
        _, first = await everything(model_at(served.url), transcript, [pay.definition()])
        assert first.text == "Paying."
        assert pay.validate(first.tool_calls[0].arguments).values == arguments
        assert first.usage is not None
        transcript.append(first.message())
        with pytest.raises(ModelUnavailable, match="did not accept"):  # a call without its tool message
            await everything(model_at(served.url), transcript, [pay.definition()])
        transcript.append({"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "Done."})
        _, second = await everything(model_at(served.url), transcript, [pay.definition()])
        assert second.text == "Paid."


@pytest.mark.parametrize("content", ["", " \n"])
async def test_a_mention_alone_is_answered_with_what_it_can_do(content: str):
    async with serve_model() as served:
        _, reply = await everything(model_at(served.url), [{"role": "user", "content": content}], [pay.definition()])
    assert "what I can do" in reply.text
