"""The Responses wire, over real HTTP on loopback: what is sent, what comes back with it, what is left out."""

import asyncio
import json
from contextlib import aclosing
from typing import Any

import pytest

from graphs.agent.tools import tool
from graphs.models.errors import TooLong
from graphs.models.model import ModelReply, ToolCall, Usage
from tests.models.asking import HELLO, KEY, SAYS_HI, ask, model_at, refusal_by
from tests.models.chat_server import Answer, ChatServer, call, chunk, serve, sse
from tests.models.responses_events import called, ended, piece, said, thought

WIRE = "responses"
HI = SAYS_HI[WIRE]
SYSTEM = {"role": "system", "content": "Be brief."}
DONE = {"role": "tool", "tool_call_id": "a", "content": "Done."}


@tool
async def pay(number: int) -> None:
    """Pay."""


async def sent(messages: list[dict[str, Any]], tools: Any = (), *answers: Answer) -> list[dict[str, Any]]:
    """The requests that are made for a reply to these messages."""
    async with serve(*(answers or (Answer([HI]),))) as server, aclosing(model_at(server, WIRE)) as model:
        await ask(model, messages, tools)
    return server.requests


async def test_text_comes_piece_by_piece_and_then_whole():
    async with serve(Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        pieces, reply = await ask(model)
    assert (pieces, reply.text, reply.usage) == (["Hi", "!"], "Hi!", Usage(7, 2))
    assert model.name == "m"


async def test_nothing_depends_on_what_the_provider_keeps_and_the_key_is_only_in_its_header():
    async with serve(Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        await ask(model, [SYSTEM, *HELLO], [pay.definition()])
        await ask(model)
    definition = pay.definition()["function"]
    assert server.requests[0] == {
        "model": "m",
        "stream": True,
        "store": False,
        "include": ["reasoning.encrypted_content"],
        "instructions": "Be brief.",
        "tools": [{"type": "function", "strict": False, **definition}],
        "input": [{"type": "message", "role": "user", "content": "hello"}],
    }
    assert not {"tools", "instructions"} & set(server.requests[1])
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in json.dumps(server.requests)


# What came with a reply goes back with it.

THOUGHT_AND_CALLED = [
    thought(summary=[{"type": "summary_text", "text": "Pay it."}]),
    said("Let me pay.", phase="commentary"),
    called("a", '{"number":1}'),
    thought("gBBB", id="rs_2"),
    called("b", '{"number":2}'),
]


async def conversation_with(server: ChatServer, **options: Any) -> list[dict[str, Any]]:
    """Two calls, as they are stored, with their results."""
    async with aclosing(model_at(server, WIRE, **options)) as model:
        _, reply = await ask(model)
    stored = json.loads(json.dumps(reply.message()))
    return [*HELLO, stored, DONE, {**DONE, "tool_call_id": "b"}]


async def test_all_items_go_back_in_the_order_in_which_they_came():
    async with serve(Answer([ended(*THOUGHT_AND_CALLED)]), Answer([HI])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server, WIRE)) as another:  # as after a restart
            await ask(another, conversation)
    assert server.requests[1]["input"] == [
        {"type": "message", "role": "user", "content": "hello"},
        *THOUGHT_AND_CALLED,
        {"type": "function_call_output", "call_id": "a", "output": "Done."},
        {"type": "function_call_output", "call_id": "b", "output": "Done."},
    ]


async def test_no_thought_is_shown_or_said():
    async with serve(Answer([ended(*THOUGHT_AND_CALLED)])) as server:
        conversation = await conversation_with(server)
    assert conversation[1]["content"] == "Let me pay."
    assert conversation[1]["tool_calls"] == [
        ToolCall("a", "pay", '{"number":1}').message(),
        ToolCall("b", "pay", '{"number":2}').message(),
    ]


async def test_a_call_goes_back_under_the_id_that_it_has_here():
    async with (
        serve(Answer([ended(thought(), called("a"))]), Answer([HI])) as server,
        aclosing(model_at(server, WIRE)) as model,
    ):
        _, reply = await ask(model)
        renamed = reply.apart_from({"a"}, lambda: "new1").message()
        await ask(model, [*HELLO, renamed, {**DONE, "tool_call_id": "new1"}])
    _, reasoning, calling, output = server.requests[1]["input"]
    assert reasoning == thought()
    assert (calling["call_id"], calling["id"], output["call_id"]) == ("new1", "fc_a", "new1")


@pytest.mark.parametrize("other", ["another server", "another model", "another wire"])
async def test_items_go_back_only_to_whom_they_came_from(other: str):
    async with serve(Answer([ended(*THOUGHT_AND_CALLED)])) as server, serve(Answer([HI])) as next_one:
        conversation = await conversation_with(server)
        url = next_one.url.replace("127.0.0.1", "localhost") if other == "another server" else next_one.url
        model_name = "n" if other == "another model" else "m"
        if other == "another wire":
            conversation[1]["extra"]["server"] = "chat 127.0.0.1"
        async with aclosing(type(model_at(url, WIRE))(api_key=KEY, model=model_name, base_url=url)) as model:
            await ask(model, conversation)
    plain = [
        {key: item[key] for key in ("type", "call_id", "name", "arguments")}
        for item in (called("a", '{"number":1}'), called("b", '{"number":2}'))
    ]
    assert next_one.requests[0]["input"][1:4] == [
        {"type": "message", "role": "assistant", "content": "Let me pay."},
        *plain,
    ]


async def test_thoughts_that_are_kept_at_the_provider_do_not_go_back():
    unreadable = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": None}
    async with (
        serve(Answer([ended(unreadable, called("a"))]), Answer([HI])) as server,
        aclosing(model_at(server, WIRE)) as model,
    ):
        _, reply = await ask(model)
        await ask(model, [*HELLO, reply.message(), DONE])
    assert [item["type"] for item in server.requests[1]["input"]] == [
        "message",
        "function_call",
        "function_call_output",
    ]


async def test_a_message_without_words_does_not_go_back():
    async with (
        serve(Answer([ended(thought(), said("", content=[]), called("a"))]), Answer([HI])) as server,
        aclosing(model_at(server, WIRE)) as model,
    ):
        _, reply = await ask(model)
        await ask(model, [*HELLO, reply.message(), DONE])
    assert [item["type"] for item in server.requests[1]["input"][1:3]] == ["reasoning", "function_call"]


async def test_what_was_said_goes_back_where_the_last_event_left_it_out():
    body = piece("Let me pay.") + ended(thought(), called("a"))
    async with serve(Answer([body]), Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        _, reply = await ask(model)
        await ask(model, [*HELLO, reply.message(), DONE])
    _, reasoning, message, calling, _ = server.requests[1]["input"]
    assert (reasoning["type"], message["content"], calling["id"]) == ("reasoning", "Let me pay.", "fc_a")


async def test_thoughts_in_the_text_do_not_go_back():
    text = "<think>Hm.</think>Hello!"
    async with (
        serve(Answer([piece(text) + ended(said(text))]), Answer([HI])) as server,
        aclosing(model_at(server, WIRE)) as model,
    ):
        _, reply = await ask(model)
        await ask(model, [*HELLO, reply.message(), HELLO[0]])
    assert server.requests[1]["input"][1] == {"type": "message", "role": "assistant", "content": "Hello!"}


async def test_what_goes_back_is_bounded():
    async with (
        serve(Answer([ended(thought("x" * 1_000_000), called("a"))])) as server,
        aclosing(model_at(server, WIRE)) as model,
    ):
        _, reply = await ask(model)
    assert reply.extra is None
    assert len(reply.tool_calls) == 1


# A conversation goes on over the other wire.


async def test_what_chat_completions_began_goes_on_over_responses():
    signed = sse(
        chunk({"content": "Paying.", "reasoning_content": "Pay it."}),
        chunk(call(0, '{"number":1}', id="a", name="pay")),
        chunk({}, "tool_calls"),
    )
    async with (
        serve(Answer([signed]), Answer([HI])) as server,
        aclosing(model_at(server, "chat")) as chat,
        aclosing(model_at(server, WIRE)) as responses,
    ):
        _, reply = await ask(chat)
        assert reply.extra is not None
        await ask(responses, [SYSTEM, *HELLO, reply.message(), DONE])
    assert server.paths == ["/v1/chat/completions", "/v1/responses"]
    assert server.requests[1]["input"][1:] == [
        {"type": "message", "role": "assistant", "content": "Paying."},
        {"type": "function_call", "call_id": "a", "name": "pay", "arguments": '{"number":1}'},
        {"type": "function_call_output", "call_id": "a", "output": "Done."},
    ]


async def test_what_responses_began_goes_on_over_chat_completions():
    async with serve(Answer([ended(*THOUGHT_AND_CALLED)]), Answer([SAYS_HI["chat"]])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server, "chat")) as model:
            await ask(model, [SYSTEM, *conversation])
    assert server.requests[1]["messages"][2] == {
        "role": "assistant",
        "content": "Let me pay.",
        "tool_calls": [
            ToolCall(id_, "pay", args).message() for id_, args in (("a", '{"number":1}'), ("b", '{"number":2}'))
        ],
    }


async def test_nothing_is_sent_empty_and_replies_stand_between_messages():
    messages = [
        {"role": "system", "content": " "},
        {"role": "user", "content": "one", "by": "U0ANA"},
        {"role": "user", "content": "two", "by": "U0LEA"},
        {"role": "assistant", "content": "", "tool_calls": [ToolCall("a", "pay the man", "{").message()]},
        {**DONE, "content": ""},
    ]
    (request,) = await sent(messages)
    assert "instructions" not in request
    assert [item.get("role") or item["type"] for item in request["input"]] == [
        *("user", "assistant", "user", "function_call", "function_call_output")
    ]
    assert request["input"][3]["name"] == "pay_the_man"
    assert json.loads(request["input"][3]["arguments"]) == {"unreadable": "{"}
    assert request["input"][4]["output"] == "(The tool returned nothing.)"


async def test_what_was_sent_before_is_sent_again_byte_for_byte():
    long = [{**HELLO[0], "id": f"u{number}", "role": "user" if number % 2 == 0 else "assistant"} for number in range(9)]
    async with serve(Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        for length in (3, 5, 9, 1):
            await ask(model, [SYSTEM, *long[:length]])
    assert [len(request["input"]) for request in server.requests] == [3, 5, 9, 1]
    assert server.requests[2]["input"][:5] == server.requests[1]["input"]


# What a server does not take is left out.


@pytest.mark.parametrize(
    ("status", "error", "missing"),
    [
        (400, {"message": "Encrypted content is not supported with this model.", "param": "include"}, "include"),
        (422, {"message": "include.0: Input should be 'file_search_call.results'"}, "include"),
        (400, {"message": "Unknown parameter: 'store'.", "param": "store"}, "store"),
        (400, {"message": "streaming is not supported"}, "stream"),
    ],
)
async def test_a_server_that_refuses_an_option_is_asked_without_it_from_then_on(status: int, error: Any, missing: str):
    refusal = Answer(status=status, body={"error": error})
    async with serve(refusal, Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        assert (await ask(model))[1].text == "Hi!"
        await ask(model)
    assert [bool(request.get(missing, missing == "store" and "store" in request)) for request in server.requests] == (
        [True, False, False] if missing != "store" else [False, False, False]
    )
    assert len(server.requests) == 3


async def test_a_server_that_knows_no_strict_tools_and_no_instructions_gets_none():
    refusals = [
        Answer(status=400, body={"error": {"message": "Unknown parameter: 'tools[0].strict'."}}),
        Answer(status=400, body={"error": {"message": "instructions: Extra inputs are not permitted"}}),
    ]
    requests = await sent([SYSTEM, *HELLO], [pay.definition()], *refusals, Answer([HI]))
    assert "strict" not in requests[2]["tools"][0]
    assert requests[2]["input"] == [{"type": "message", "role": "user", "content": "Be brief.\n\nhello"}]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, {"message": "The encrypted content gAAA could not be verified.", "code": "invalid_encrypted_content"}),
        (404, {"message": "Item with id 'rs_1' not found. Items are not persisted", "param": "input", "code": None}),
        (400, {"message": "Item 'rs_1' of type 'reasoning' was provided without its required following item."}),
        (400, {"message": "Invalid value: 'reasoning'.", "param": "input[1].type: reasoning"}),
    ],
)
async def test_a_server_that_refuses_its_own_items_gets_what_was_said_alone(status: int, error: Any):
    refusal = Answer(status=status, body={"error": error})
    async with serve(Answer([ended(*THOUGHT_AND_CALLED)]), refusal, Answer([HI])) as server:
        conversation = await conversation_with(server)
        async with aclosing(model_at(server, WIRE)) as model:
            assert (await ask(model, conversation))[1].text == "Hi!"
    assert "reasoning" in json.dumps(server.requests[1]["input"])
    assert "reasoning" not in json.dumps(server.requests[2]["input"])
    assert server.requests[2]["include"] == ["reasoning.encrypted_content"]


@pytest.mark.parametrize(
    "message",
    [
        "Unsupported parameter: store",
        "store: Extra inputs are not permitted",
        "[{'type': 'extra_forbidden', 'loc': ('body', 'store'), 'msg': 'Extra inputs'}]",
        "create() got an unexpected keyword argument 'store'",
        "`store` is not supported",
    ],
)
async def test_a_server_that_does_not_know_store_gets_none(message: str):
    requests = await sent(HELLO, (), Answer(status=400, body={"error": {"message": message}}), Answer([HI]))
    assert "store" not in requests[1]


@pytest.mark.parametrize(
    "message",
    [
        "Item not found. Items are not persisted when `store` is set to false. Try again with `store` set to true.",
        "What was written of your store goes against our policy.",
    ],
)
async def test_nothing_is_kept_at_a_provider_because_of_a_word(message: str):
    async with serve(Answer(status=400, body={"error": {"message": message}}), Answer([HI])) as server:
        await refusal_by(server, WIRE)
    assert [request["store"] for request in server.requests] == [False]


async def test_a_server_that_refuses_the_ids_of_calls_gets_others():
    refusal = Answer(status=400, body={"error": {"message": "Invalid 'input[1].call_id': string too long."}})
    messages = [*HELLO, {"role": "assistant", "content": "", "tool_calls": [ToolCall("a" * 99, "pay", "{}").message()]}]
    messages.append({**DONE, "tool_call_id": "a" * 99})
    requests = await sent(messages, (), refusal, Answer([HI]))
    _, calling, output = requests[1]["input"]
    assert calling["call_id"] == output["call_id"]
    assert len(calling["call_id"]) == 9


async def test_a_refusal_of_something_else_is_told_at_once():
    async with serve(Answer(status=400, body={"error": {"message": "temperature"}})) as server:
        assert "did not accept the request" in str(await refusal_by(server, WIRE))
    assert len(server.requests) == 1


async def test_too_long_is_told_in_a_stream_as_well():
    error = {"code": "context_length_exceeded", "message": "Your input exceeds the context window of this model."}
    for answer in (Answer(status=400, body={"error": error}), Answer([ended(status="failed", error=error)])):
        async with serve(answer) as server:
            assert isinstance(await refusal_by(server, WIRE, max_retries=2), TooLong)
        assert len(server.requests) == 1


async def test_two_conversations_at_once_do_not_mix():
    async with serve(Answer([HI]), Answer([ended(called("a"))])) as server, aclosing(model_at(server, WIRE)) as model:
        replies = await asyncio.gather(ask(model), ask(model, [{"role": "user", "content": "pay", "id": "u2"}]))
    assert sorted(len(reply.tool_calls) for _, reply in replies) == [0, 1]


async def test_it_has_the_shape_of_the_reply_that_chat_completions_gives():
    async with serve(Answer([HI])) as server, aclosing(model_at(server, WIRE)) as model:
        _, reply = await ask(model)
    assert {key: value for key, value in reply.message().items() if key != "extra"} == ModelReply("Hi!").message()
