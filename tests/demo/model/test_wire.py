"""The Chat Completions wire, read by the real client and byte by byte."""

import json
from typing import Any

import aiohttp
import pytest
from openai import AsyncOpenAI, NotFoundError

from bot.demo.model import serve_model
from tests.demo.model.conftest import client_for
from tests.demo.model.talking import DESK, tool

TOOLS: Any = [{"type": "function", "function": function} for function in DESK]
GREET = tool("greet_person", "Greet a person.", ["text"], text={"type": "string"})
TWO_LOOKUPS = "where is order 1042 and where is order 1043"


def user(text: str) -> Any:
    return [{"role": "user", "content": text}]


async def test_a_text_is_streamed_in_small_pieces(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(model="any", messages=user("hello"), tools=TOOLS, stream=True)
    chunks = [chunk async for chunk in stream]
    deltas = [chunk.choices[0].delta for chunk in chunks]
    assert (deltas[0].role, deltas[0].content) == ("assistant", "")
    pieces = [delta.content for delta in deltas[1:] if delta.content]
    assert len(pieces) > 10
    whole = await client.chat.completions.create(model="any", messages=user("hello"), tools=TOOLS)
    assert "".join(pieces) == whole.choices[0].message.content
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert {chunk.id for chunk in chunks} == {chunks[0].id}
    assert all(chunk.usage is None for chunk in chunks)


async def test_tool_calls_are_streamed_by_index_with_cut_up_arguments(client: AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="any", messages=user(TWO_LOOKUPS), tools=TOOLS, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    parts = [call for chunk in chunks if chunk.choices for call in chunk.choices[0].delta.tool_calls or []]
    for index, number in enumerate((1042, 1043)):
        first, *later = [part for part in parts if part.index == index]
        assert first.id
        assert first.type == "function"
        assert first.function
        assert (first.function.name, first.function.arguments) == ("find_order", "")
        pieces = [part.function.arguments or "" for part in later if part.function]
        assert json.loads("".join(pieces)) == {"order_id": number}
        assert len(pieces) > 3
        assert not any(str(number) in piece for piece in pieces), "the number is cut in two"
        assert all(part.id is None and part.function and part.function.name is None for part in later)
    assert len({part.id for part in parts if part.id}) == 2
    assert [chunk.choices[0].finish_reason for chunk in chunks[-2:-1]] == ["tool_calls"]
    assert chunks[-1].choices == []
    assert chunks[-1].usage
    assert chunks[-1].usage.total_tokens > chunks[-1].usage.completion_tokens > 0


async def test_a_whole_answer_has_the_same_calls(client: AsyncOpenAI) -> None:
    answer = await client.chat.completions.create(model="any", messages=user(TWO_LOOKUPS), tools=TOOLS)
    message = answer.choices[0].message
    assert message.content is None
    calls = [call.function for call in message.tool_calls or [] if call.type == "function"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("find_order", {"order_id": 1042}),
        ("find_order", {"order_id": 1043}),
    ]
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.usage
    assert answer.model == "any"


async def test_letters_of_any_script_survive_the_cutting(client: AsyncOpenAI) -> None:
    tools: Any = [{"type": "function", "function": GREET}]
    messages = user("greet “Grüße aus Łódź, 你好 👋🏽”")
    async with client.chat.completions.stream(model="any", messages=messages, tools=tools) as stream:
        final = await stream.get_final_completion()
    [call] = final.choices[0].message.tool_calls or []
    assert json.loads(call.function.arguments) == {"text": "Grüße aus Łódź, 你好 👋🏽"}


async def test_the_stream_is_events_that_end_with_done(http: aiohttp.ClientSession) -> None:
    body = {"model": "any", "messages": user("hello"), "stream": True}
    async with http.post("/v1/chat/completions", json=body) as response:
        assert response.content_type == "text/event-stream"
        events = (await response.text()).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    assert all(json.loads(event.removeprefix("data: "))["object"] == "chat.completion.chunk" for event in events[:-2])


async def test_a_conversation_goes_on_over_the_wire(client: AsyncOpenAI) -> None:
    messages = user("where is order 1042?")
    first = await client.chat.completions.create(model="any", messages=messages, tools=TOOLS)
    message = first.choices[0].message
    [call] = message.tool_calls or []
    messages += [message.model_dump(include={"role", "content", "tool_calls"})]
    messages += [{"role": "tool", "tool_call_id": call.id, "content": "Failed: there is no order 1042"}]
    second = await client.chat.completions.create(model="any", messages=messages, tools=TOOLS)
    assert "There is no order 1042" in (second.choices[0].message.content or "")


async def test_tool_choice_none_and_one_call_at_a_time(client: AsyncOpenAI) -> None:
    silent = await client.chat.completions.create(
        model="any", messages=user(TWO_LOOKUPS), tools=TOOLS, tool_choice="none"
    )
    assert not silent.choices[0].message.tool_calls
    single = await client.chat.completions.create(
        model="any", messages=user(TWO_LOOKUPS), tools=TOOLS, parallel_tool_calls=False
    )
    assert len(single.choices[0].message.tool_calls or []) == 1


async def test_the_models_are_listed(client: AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["demo-model"]
    assert (await client.models.retrieve("demo-model")).id == "demo-model"


async def test_the_responses_api_is_not_there(client: AsyncOpenAI) -> None:
    with pytest.raises(NotFoundError, match="Invalid URL"):
        await client.responses.create(model="any", input="hello")


async def test_latency_is_between_the_chunks() -> None:
    async with serve_model(latency=0.001) as model, client_for(model.url) as client:
        stream = await client.chat.completions.create(model="any", messages=user("thanks"), stream=True)
        assert "".join([chunk.choices[0].delta.content or "" async for chunk in stream]).startswith("You're welcome!")


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://localhost:1"}, {"Sec-Fetch-Site": "same-site"}, {"Host": "evil.example"}]
)
async def test_other_web_pages_are_kept_out(headers: dict, http: aiohttp.ClientSession):
    for method, path in (("POST", "/faults"), ("GET", "/requests"), ("POST", "/v1/chat/completions")):
        async with http.request(method, path, data="{}", headers=headers) as response:
            assert response.status == 403
