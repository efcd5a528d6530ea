"""A conversation that is more than the model reads, empty replies, and turns that failed: the thread goes on."""

from __future__ import annotations

import json
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from graphs.agent.agent import Agent
from graphs.agent.tools import tool
from graphs.models.chat import ChatModel
from graphs.models.errors import ModelUnavailable
from graphs.models.window import Window
from storage import Storage
from tests.agent.conversing import CONFIG, THREAD
from tests.models.chat_server import Answer, ChatServer, call, chunk, serve, sse
from tests.support.rows import claims_of

SAYS_HI = Answer([sse(chunk({"content": "Hi!"}), chunk({}, "stop"))])
SAYS_NOTHING = Answer([sse(chunk({"content": " "}), chunk({}, "stop"))])
TOO_LONG = Answer(status=400, body={"error": {"message": "prompt is too long: 9 tokens > 8 maximum"}})
CUT = "A tool returned more than the model can read: it was told the beginning and the end."
LEFT_OUT = "This conversation has become too long for the model: I no longer see its older part."


@tool
async def look(what: str) -> str:
    """Look something up."""
    return f"{what} {'x' * 300}"


@tool
async def dump(what: str) -> str:
    """Return everything."""
    return f"{what} " + "row " * 20_000


@tool(repeatable=False)
async def note(what: str) -> str:
    """Note something down."""
    return f"{what} {'x' * 300}"


class Thread:
    """One thread of an agent over a real wire to the scripted server."""

    def __init__(self, storage: Storage, server: ChatServer, window: Window | None = None) -> None:
        self.storage = storage
        self.server = server
        self.window = window or Window()
        self.said = 0

    async def say(self, text: str, by: str = "U0ANA") -> dict[str, Any]:
        """Write; the reply's message."""
        self.said += 1
        message = {"role": "user", "content": text, "id": f"m{self.said}", "by": by}
        async with aclosing(ChatModel(api_key="k", model="m", base_url=self.server.url, max_retries=0)) as model:
            graph = Agent("Be brief.", [look, dump, note]).compile(model, self.storage, window=self.window)
            result = await graph.ainvoke({"messages": [message]}, CONFIG, by=by)
        self.messages: list[dict[str, Any]] = result["messages"]
        return self.messages[-1]

    def sent(self) -> list[dict[str, Any]]:
        """The messages of the last request."""
        return self.server.requests[-1]["messages"]


def asks_for(what: str, name: str) -> Answer:
    """By a call whose id is the same each time."""
    return Answer([sse(chunk(call(0, json.dumps({"what": what}), id="call_0", name=name)), chunk({}, "tool_calls"))])


def reads_at_most(size: int) -> Any:
    """A server whose model reads so many characters; it looks something up for each message that says so."""

    def answer(request: dict[str, Any]) -> Answer:
        messages = request["messages"]
        assert_whole(messages)
        if len(json.dumps(messages)) > size:
            return TOO_LONG
        verb, _, what = messages[-1]["content"].partition(" ")
        return asks_for(what, verb) if verb in ("look", "note", "dump") else SAYS_HI

    return answer


def assert_whole(messages: list[dict[str, Any]]) -> None:
    """Every result stands behind its call, every call has its result, and what is said alternates."""
    called = [each["id"] for message in messages for each in message.get("tool_calls", ())]
    told = [message["tool_call_id"] for message in messages if message["role"] == "tool"]
    assert called == told
    assert messages[0]["role"] == "system"
    assert messages[1]["role"] == "user"
    roles = [message["role"] for message in messages if message["role"] != "tool" and "tool_calls" not in message]
    assert all(one != other for one, other in pairwise(roles)), roles


async def test_older_turns_are_left_out_whole_and_that_is_said_once(storage: Storage):
    async with serve(reads_at_most(1200)) as server:
        thread = Thread(storage, server)
        replies = [await thread.say(f"look {word}") for word in ("one", "two", "three")]
        contents = json.dumps(thread.sent())
        assert "look one" not in contents
        assert "look three" in contents
        before = len(server.requests)
        last = await thread.say("thanks")
    assert [reply["content"] for reply in replies] == ["Hi!"] * 3
    notices = [reply.get("notice") for reply in [*replies, last]]
    assert notices.count(LEFT_OUT) == 1, notices
    assert len(server.requests) == before + 1, "what was left out is not tried again"


async def test_with_a_known_window_nothing_is_refused_first_and_it_is_said_once(storage: Storage):
    async with serve(reads_at_most(12_000)) as server:
        thread = Thread(storage, server, Window(3_000))
        replies = [await thread.say(f"look {'o' * 900}{number}") for number in range(14)]
    assert [reply["content"] for reply in replies] == ["Hi!"] * 14
    assert [reply.get("notice") for reply in replies].count(LEFT_OUT) == 1
    assert len(server.requests) == 28, "none was refused"


async def test_a_large_result_is_cut_for_a_small_window_the_same_each_time_and_that_is_said_once(storage: Storage):
    async with serve(reads_at_most(20_000)) as server:
        thread = Thread(storage, server, Window(8_192))
        replies = [await thread.say(f"dump {word}") for word in ("one", "two")]
        results = [[m["content"] for m in request["messages"] if m["role"] == "tool"] for request in server.requests]
    assert [reply["content"] for reply in replies] == ["Hi!", "Hi!"]
    assert [reply.get("notice") for reply in replies] == [CUT, None]
    assert "characters left out here: there is no room for more" in results[1][0]
    assert results[3][0] == results[2][0] == results[1][0]
    kept = [len(message["content"]) for message in thread.messages if message["role"] == "tool"]
    assert kept == [80_004, 80_004]


async def test_a_result_that_the_server_refuses_is_cut_until_it_is_taken(storage: Storage):
    async with serve(reads_at_most(30_000)) as server:
        reply = await Thread(storage, server).say("dump one")
    assert (reply["content"], reply["notice"]) == ("Hi!", CUT)


async def test_a_size_that_a_refusal_names_is_known_from_then_on(storage: Storage):
    refused = "This model's maximum context length is 4096 tokens. However, your messages resulted in 9001 tokens."
    too_long = Answer(status=400, body={"error": {"message": refused, "code": "context_length_exceeded"}})
    async with serve(SAYS_HI, too_long, SAYS_HI) as server:
        thread = Thread(storage, server)
        for text in ("one", "x" * 9_000, "two", "y" * 9_000):
            await thread.say(text)
        assert thread.window.size == 4096
    assert len(server.requests) == 5, "the last one was shortened before it was sent"


async def test_once_a_refusal_named_a_size_only_what_does_not_fit_it_is_left_out(storage: Storage):
    reads = reads_at_most(20_000)
    named = Answer(status=400, body={"error": {"message": "This model's maximum context length is 8192 tokens."}})

    def names_it(request: dict[str, Any]) -> Answer:
        answer = reads(request)
        return named if answer is TOO_LONG else answer

    async with serve(names_it) as server:
        thread = Thread(storage, server)
        await thread.say("hello")
        reply = await thread.say("dump one")
    assert (reply["content"], reply["notice"]) == ("Hi!", CUT), "the older turn is short"
    assert thread.sent()[1]["content"] == "hello"
    assert len(server.requests) == 4, "it was refused once"


async def test_a_call_is_never_taken_for_one_of_a_turn_that_was_left_out(storage: Storage):
    async with serve(reads_at_most(1600)) as server:
        thread = Thread(storage, server)
        replies = [await thread.say(f"note {word}") for word in ("one", "two", "three", "four")]
    assert [reply["content"] for reply in replies] == ["Hi!"] * 4
    assert "note one" not in json.dumps(thread.sent())
    claims = await storage.read(lambda db: claims_of(db, THREAD))
    assert len({claim.key for claim in claims}) == 4


async def test_a_message_that_is_too_long_by_itself_is_told_and_the_next_one_is_read(storage: Storage):
    async with serve(reads_at_most(2000)) as server:
        thread = Thread(storage, server)
        await thread.say("hello")
        with pytest.raises(ModelUnavailable) as error:
            await thread.say("long " + "x" * 3000)
        reply = await thread.say("short")
    assert type(error.value) is ModelUnavailable
    assert str(error.value) == (
        "This has become too long for the model. Write something shorter, or start a new conversation."
    )
    assert reply["content"] == "Hi!"
    assert [each["content"] for each in thread.sent()[1:]] == ["short"]


async def test_a_reply_of_nothing_is_asked_for_once_more(storage: Storage):
    async with serve(SAYS_NOTHING, SAYS_HI) as server:
        reply = await Thread(storage, server).say("hello")
    assert reply["content"] == "Hi!"
    assert "notice" not in reply
    assert len(server.requests) == 2


async def test_a_model_that_has_nothing_to_say_is_told_of_in_a_sentence_and_the_thread_goes_on(storage: Storage):
    async with serve(SAYS_NOTHING, SAYS_NOTHING, SAYS_HI) as server:
        thread = Thread(storage, server)
        reply = await thread.say("hello")
        assert reply["notice"] == "The model answered with nothing. Write again, perhaps in other words."
        assert (await thread.say("again"))["content"] == "Hi!"
        assert_whole(thread.sent())
    assert all(each["content"].strip() for each in thread.sent())


@pytest.mark.parametrize(("by", "said"), [("U0ANA", ["refund 1", "hello"]), ("U0LEA", ["hello"])])
async def test_what_follows_a_turn_that_failed_alternates(storage: Storage, by: str, said: list[str]):
    broken = Answer(status=500, body={"error": {"message": "oops"}})
    async with serve(broken, SAYS_HI) as server:
        thread = Thread(storage, server)
        with pytest.raises(ModelUnavailable):
            await thread.say("refund 1", by="U0ANA")
        await thread.say("hello", by=by)
    assert_whole(thread.sent())
    assert [each["content"] for each in thread.sent() if each["role"] == "user"] == said


async def test_what_came_with_a_call_goes_back_after_a_restart_and_is_no_content(storage: Storage):
    signature = {"extra_content": {"google": {"thought_signature": "c2lnbmVk"}}}
    calls = sse(
        chunk({"reasoning_content": "Let me look."}),
        chunk({"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "look", "arguments": '{"what":"it"}'}}]}),
        chunk({"tool_calls": [{"index": 0, **signature}]}, "tool_calls"),
    )
    async with serve(Answer([calls]), SAYS_HI) as server:
        thread = Thread(storage, server)
        await thread.say("hello")
        await thread.say("again")  # by a model of its own, as after a restart
    for request in server.requests[1:]:
        calling = request["messages"][2]
        assert calling["reasoning_content"] == "Let me look."
        assert calling["content"] is None
        assert calling["tool_calls"][0]["extra_content"] == signature["extra_content"]
