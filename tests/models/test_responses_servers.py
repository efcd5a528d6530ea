"""Servers that speak Responses in their own way, over real HTTP on loopback: what they send means the same."""

import json
from contextlib import aclosing

import pytest

from graphs.agent.errors import InvalidArguments
from graphs.agent.tools import tool
from graphs.models import attempts
from graphs.models.connection import Deadlines
from graphs.models.errors import ModelUnavailable, TooManyCalls
from graphs.models.model import ModelReply
from tests.models.asking import SAYS_HI, ask, model_at, refusal_by, reply_to
from tests.models.chat_server import Answer, serve
from tests.models.odd_responses import CUT, CUT_AND_COMPLETE, NO_CALLS, READ, REASONS, STREAMS
from tests.models.odd_streams import recorded
from tests.models.responses_events import called, ended, event, piece, said, thought

WIRE = "responses"


@pytest.mark.parametrize("size", [1_000_000, 7, 1], ids=["whole", "by sevens", "byte by byte"])
async def test_what_a_server_sends_is_read(size: int):
    bodies = [[case.body[at : at + size] for at in range(0, len(case.body), size)] for case in READ]
    async with serve(*map(Answer, bodies)) as server, aclosing(model_at(server, WIRE)) as model:
        for case in READ:
            given, reply = await ask(model)
            assert reply.text == case.text, case.file
            assert [(each.name, json.loads(each.arguments)) for each in reply.tool_calls] == [
                (name, json.loads(arguments)) for name, arguments in case.calls
            ], case.file
            assert len({each.id for each in reply.tool_calls} - {""}) == len(case.calls), f"an id each: {case.file}"
            assert "".join(given) == case.text, f"something else was given on the way: {case.file}"
            assert reply.finish == ("tool_calls" if case.calls else "stop"), case.file


def test_every_stream_that_is_there_is_read():
    named = {case.file for case in READ} | {*NO_CALLS, CUT, CUT_AND_COMPLETE}
    assert named == {f"responses/{file.name}" for file in STREAMS.iterdir()}


@pytest.mark.parametrize("file", NO_CALLS)
async def test_a_call_of_a_reply_that_is_not_whole_is_no_call(file: str):
    with pytest.raises(ModelUnavailable) as error:
        await reply_to(WIRE, recorded(file))
    assert error.value.retryable


@pytest.mark.parametrize("file", NO_CALLS)
async def test_the_model_is_asked_again_for_a_reply_that_is_not_whole(file: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.001)
    async with (
        serve(Answer([recorded(file)]), Answer([SAYS_HI[WIRE]])) as server,
        aclosing(model_at(server, WIRE, max_retries=1)) as model,
    ):
        assert (await ask(model))[1].text == "Hi!"
    assert len(server.requests) == 2


@pytest.mark.parametrize("reason", REASONS)
async def test_calls_of_a_reply_that_was_cut_are_dropped(reason: str):
    _, reply = await reply_to(WIRE, recorded(CUT).replace(b"REASON", reason.encode()))
    assert (reply.text, reply.tool_calls, reply.extra) == ("Well", (), None)
    assert reply.finish == ("content_filter" if reason in ("content_filter", "safety") else "length")
    assert reply.notice is not None


async def test_half_a_call_that_is_said_to_be_complete_is_refused_by_its_tool():
    @tool
    async def pay(number: int) -> None:
        """Pay."""

    _, reply = await reply_to(WIRE, recorded(CUT_AND_COMPLETE))
    with pytest.raises(InvalidArguments, match="Invalid JSON"):
        pay.validate(reply.tool_calls[0].arguments)


async def test_nothing_is_waited_for_behind_the_last_event():
    body = SAYS_HI[WIRE]
    async with serve(Answer([body], end="hang")) as server, aclosing(model_at(server, WIRE)) as model:
        assert (await ask(model))[1].text == "Hi!"


@pytest.mark.parametrize("end", ["cut", "hang"])
async def test_a_reply_without_its_last_event_is_not_whole_however_it_ends(end: str):
    body = event("response.output_item.done", output_index=0, item=called())
    async with serve(Answer([body], end=end)) as server:
        assert (await refusal_by(server, WIRE, deadlines=Deadlines(between=0.2))).retryable


async def test_an_answer_of_more_items_than_any_model_makes_is_none():
    item = called(arguments='{"a":1}')
    body = b"".join(event("response.output_item.added", output_index=n, item=item) for n in range(200))
    async with serve(Answer([body + ended()])) as server:
        assert isinstance(await refusal_by(server, WIRE), TooManyCalls)


async def test_half_a_pair_of_surrogates_goes_neither_to_people_nor_back():
    cut = '{"a":"\\ud83d"}'
    last = ended(said("Hi \ud83d"), called(arguments=cut), thought("\ud83d"))
    given, reply = await reply_to(WIRE, piece("Hi \ud83d") + last)
    json.dumps(reply.message(), ensure_ascii=False).encode()
    assert "".join(given) == reply.text == "Hi \ufffd"


async def test_thoughts_that_the_server_opened_are_not_said_the_next_time_either():
    body = piece("Hm.</think>Hello!") + ended(said("Hm.</think>Hello!"))
    async with serve(Answer([body])) as server, aclosing(model_at(server, WIRE)) as model:
        _, first = await ask(model)
        pieces, second = await ask(model)
    assert first.text == second.text == "".join(pieces) == "Hello!"


async def test_a_reply_of_nothing_says_so():
    _, reply = await reply_to(WIRE, ended())
    assert reply == ModelReply("")
    assert reply.is_nothing
