"""How long a model is waited for, and when it is asked once more: the same over both wires."""

import asyncio
import email.utils
import json
import time
from contextlib import aclosing
from typing import Any

import httpx2
import openai
import pytest

from graphs.models import attempts
from graphs.models.connection import Deadlines
from graphs.models.model import Usage
from graphs.models.provider_words import retry_after
from tests.models.asking import BEGUN, SAYS_HI, ask, both, model_at, refusal_by
from tests.models.chat_server import Answer, call, chunk, serve, sse
from tests.models.responses_events import called, ended

SHORT = {"Retry-After-Ms": "1"}
LONG = 30.0
"""Seconds that no test waits."""


def refusal(status: int, **headers: str) -> Answer:
    return Answer(status=status, body={"error": {"message": "not now"}}, headers=headers)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.001)


@both
@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 529])
async def test_what_passes_is_tried_again(wire: str, status: int):
    async with (
        serve(refusal(status, **SHORT), refusal(status, **SHORT), Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=2)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"
    assert len(server.requests) == 3
    assert server.requests[0] == server.requests[2]


@both
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 413, 422])
async def test_what_stays_is_not(wire: str, status: int):
    async with serve(refusal(status, **SHORT)) as server:
        assert not (await refusal_by(server, wire, max_retries=2)).retryable
    assert len(server.requests) == 1


@both
async def test_it_is_given_up_in_the_end(wire: str):
    async with serve(refusal(503, **SHORT)) as server:
        error = await refusal_by(server, wire, max_retries=2)
    assert str(error) == "The model's provider has a problem of its own. Please try again in a moment."
    assert error.retryable
    assert len(server.requests) == 3


@both
async def test_who_has_no_credit_is_not_asked_again(wire: str):
    unpaid = Answer(status=429, body={"error": {"message": "pay", "code": "insufficient_quota"}}, headers=SHORT)
    async with serve(unpaid) as server:
        assert "no credit left" in str(await refusal_by(server, wire, max_retries=2))
    assert len(server.requests) == 1


@both
async def test_the_server_may_say_whether(wire: str):
    async with serve(refusal(503, **SHORT, **{"x-should-retry": "false"})) as server:
        await refusal_by(server, wire, max_retries=2)
    assert len(server.requests) == 1


@both
@pytest.mark.parametrize("form", ["seconds", "milliseconds", "a date", "in the body"])
async def test_the_server_is_left_alone_for_as_long_as_it_says(wire: str, form: str):
    date = email.utils.formatdate(time.time() + 2, usegmt=True)  # whole seconds: one to two from now
    headers = {"Retry-After": {"seconds": "1", "a date": date}.get(form, ""), "Retry-After-Ms": "1000"}
    del headers["Retry-After" if form == "milliseconds" else "Retry-After-Ms"]
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}]
    busy = Answer(status=429, body=[{"error": {"code": 429, "details": details}}])
    if form != "in the body":
        busy = Answer(status=429, body={}, headers=headers)
    async with (
        serve(busy, Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        await ask(model)
    first, second = server.times
    assert 0.9 <= second - first < 5


@both
@pytest.mark.parametrize(
    ("status", "seconds", "says"),
    [
        (429, "61", "The model is busy. Please try again in a minute."),
        (429, "91", "The model is busy. Please try again in 2 minutes."),
        (429, "3600", "The model is busy. Please try again in 60 minutes."),
        (429, "86400", "The model is busy. Please try again in 24 hours."),
        (429, "172801", "The model is busy. Please try again in 3 days."),
        (503, "600", "The model's provider has a problem of its own. Please try again in 10 minutes."),
    ],
)
async def test_who_is_to_wait_for_long_is_told_at_once(wire: str, status: int, seconds: str, says: str):
    async with serve(refusal(status, **{"Retry-After": seconds})) as server:
        error = await refusal_by(server, wire, max_retries=2)
    assert (str(error), error.retryable) == (says, True)
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e300"}, None),
        ({"retry-after": "1796104396"}, None),
        ({"retry-after": "Wed, 21 Oct 9999 07:28:00 GMT"}, None),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "250"}, 0.25),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0.0),
        ({"retry-after": "Thu, 99 Jan 99999999 00:00:00 GMT"}, None),
    ],
)
def test_what_a_server_asks_for_is_read(headers: dict[str, str], seconds: float | None):
    response = httpx2.Response(429, headers=headers, request=httpx2.Request("POST", "http://host/"))
    assert retry_after(openai.RateLimitError("busy", response=response, body=None)) == seconds


# An answer that goes wrong on its way.

BUSY = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}
FAILED = {"error": {"message": "oops", "type": "server_error"}}
UNSAID = {"error": {"message": "", "code": 503}}
UNPAID = {"error": {"message": "pay", "code": "insufficient_quota"}}
BAD = {"error": {"message": "no", "type": "invalid_request_error"}}


def event(data: Any) -> bytes:
    return f"data: {json.dumps(data)}\n\n".encode()


@both
@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("body", [event(BUSY), event(FAILED), event(UNSAID), b"", b": hi\n\n"])
async def test_an_error_in_the_place_of_a_reply_is_no_end(wire: str, body: bytes):
    async with (
        serve(Answer([body]), Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"
    assert len(server.requests) == 2


@both
@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("data", "says", "requests"),
    [
        (BUSY, "The model is busy. Please try again in a minute.", 2),
        (FAILED, "The model's provider reported an error. Please try again in a moment.", 2),
        (BAD, "The model's provider reported an error. It did not accept the request.", 1),
        (
            UNPAID,
            "The account with the model's provider has no",
            1,
        ),
    ],
)
async def test_it_is_told_in_a_sentence(wire: str, data: Any, says: str, requests: int):
    async with serve(Answer([event(data)])) as server:
        error = await refusal_by(server, wire, max_retries=1)
    assert str(error).startswith(says)
    assert error.retryable == (requests > 1)
    assert len(server.requests) == requests


@both
@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("end", ["close", "cut"])
async def test_what_was_shown_is_not_asked_for_again(wire: str, end: str):
    async with serve(Answer([BEGUN[wire]], end=end)) as server:
        error = await refusal_by(server, wire, max_retries=2)
    assert "broke off" in str(error)
    assert error.retryable
    assert len(server.requests) == 1


@both
@pytest.mark.usefixtures("soon")
async def test_a_connection_that_breaks_before_anything_was_shown_is_made_again(wire: str):
    async with (
        serve(Answer([b": hi\n\n"], end="cut"), Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"


@both
async def test_a_connection_that_was_kept_and_is_closed_by_now_costs_no_attempt(wire: str):
    """As with llama.cpp, which says that it keeps connections."""
    body = SAYS_HI[wire]
    head = b"HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: %d\r\n\r\n" % len(body)
    came = 0

    async def once_each(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal came
        came += 1
        request = await reader.readuntil(b"\r\n\r\n")
        length = next(line for line in request.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))
        writer.write(head + body)
        await reader.read(1)  # the next request
        writer.transport.abort()

    async with await asyncio.start_server(once_each, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with aclosing(model_at(f"http://{host}:{port}/v1", wire, max_retries=0)) as model:
            assert (await ask(model))[1].text == "Hi!"
            assert (await ask(model))[1].text == "Hi!"
    assert came == 2


@both
@pytest.mark.usefixtures("soon")
async def test_a_piece_that_is_no_json_breaks_a_reply_off(wire: str):
    first, last = SAYS_HI[wire].split(b"\n\n", 1)
    empty = first.replace(b'"Hi"', b'""') + b"\n\n"
    async with (
        serve(Answer([empty + b'data: {"cut": \n\n' + last]), Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"
    assert len(server.requests) == 2


UNREADABLE = {
    "chat": sse(
        chunk(call(0, '{"number": 1,', id="a", name="pay")),
        chunk({}, "tool_calls"),
        chunk(None, usage={"prompt_tokens": 7, "completion_tokens": 2}),
    ),
    "responses": ended(called(arguments='{"number": 1,')),
}
"""A whole reply that calls with arguments which are no JSON."""


@both
@pytest.mark.usefixtures("soon")
async def test_a_call_with_arguments_that_are_no_json_is_asked_for_again(wire: str):
    async with (
        serve(Answer([UNREADABLE[wire]]), Answer([SAYS_HI[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        reply = (await ask(model))[1]
        assert (reply.text, reply.tool_calls) == ("Hi!", ())
    assert len(server.requests) == 2
    assert reply.tried == (Usage(7, 2),), "it is paid for"


@both
@pytest.mark.usefixtures("soon")
async def test_what_was_tried_in_vain_counts_too(wire: str):
    away = refusal(500)
    async with serve(Answer([UNREADABLE[wire]]), away, away) as server:
        error = await refusal_by(server, wire, max_retries=2)
    assert list(error.tried) == [Usage(7, 2)]


@both
@pytest.mark.usefixtures("soon")
async def test_where_that_does_not_help_the_tool_refuses_it_in_words(wire: str):
    async with (
        serve(Answer([UNREADABLE[wire]]), Answer([UNREADABLE[wire]])) as server,
        aclosing(model_at(server, wire, max_retries=1)) as model,
    ):
        (made,) = (await ask(model))[1].tool_calls
    assert (made.arguments, len(server.requests)) == ('{"number": 1,', 2)


# How long anything may take.


@both
@pytest.mark.parametrize(
    ("answer", "deadlines"),
    [
        (Answer(end="hang"), Deadlines(first=0.1, between=LONG, turn=LONG)),
        ("begun", Deadlines(first=LONG, between=0.1, turn=LONG)),
        ("begun", Deadlines(first=LONG, between=LONG, turn=0.3)),
        (Answer(end="hang"), Deadlines(first=LONG, between=LONG, turn=0.3)),
    ],
    ids=["first", "between", "turn", "turn before the first"],
)
async def test_silence_is_an_error_in_the_end_and_is_not_waited_out_twice(wire: str, answer: Any, deadlines: Deadlines):
    given = Answer([BEGUN[wire]], end="hang") if answer == "begun" else answer
    async with serve(given) as server:
        began = time.monotonic()
        error = await refusal_by(server, wire, deadlines=deadlines, max_retries=2)
        assert time.monotonic() - began < LONG / 2
        await asyncio.wait_for(server.gone.wait(), 10)
    assert str(error) == "The model did not answer in time. Please try again in a moment."
    assert error.retryable
    assert len(server.requests) == 1


@both
async def test_a_server_that_does_not_even_answer_is_waited_for_no_longer(wire: str):
    gone = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        gone.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        error = await refusal_by(f"http://{host}:{port}/v1", wire, deadlines=Deadlines(first=0.2))
        await asyncio.wait_for(gone.wait(), 10)
    assert "did not answer in time" in str(error)


@both
async def test_a_wait_that_the_turn_has_no_time_for_is_not_begun(wire: str):
    async with serve(refusal(429, **{"Retry-After": "30"})) as server:
        began = time.monotonic()
        error = await refusal_by(server, wire, deadlines=Deadlines(turn=10), max_retries=2)
        assert time.monotonic() - began < 5
    assert "busy" in str(error)


@both
async def test_who_stops_listening_gives_the_request_up(wire: str):
    async with serve(Answer([BEGUN[wire]], end="hang")) as server, aclosing(model_at(server, wire)) as model:
        async with aclosing(model.stream([{"role": "user", "content": "hello"}], ())) as stream:
            await anext(stream)
        await asyncio.wait_for(server.gone.wait(), 10)


@both
async def test_who_is_cancelled_while_it_waits_is_gone_at_once(wire: str):
    async with (
        serve(refusal(429, **{"Retry-After": "30"})) as server,
        aclosing(model_at(server, wire, max_retries=2)) as model,
    ):
        asking = asyncio.create_task(ask(model))
        await server.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert len(server.requests) == 1
