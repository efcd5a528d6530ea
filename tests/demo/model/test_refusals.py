"""What the endpoint refuses, and how."""

import re
from typing import Any

import aiohttp
import pytest
from openai import BadRequestError

from bot.demo.model import Model
from tests.demo.model.conftest import client_for

USER = {"role": "user", "content": "hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "found"}
SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "required": []}
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
    "The following tool_call_ids did not have response messages: call_1"
)


def function(**changes: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "look", "parameters": SCHEMA, **changes}}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"messages": [USER], "model": None}, "you must provide a model parameter"),
    ({"messages": None}, "Missing required parameter: 'messages'"),
    ({"messages": []}, "Invalid 'messages': empty array"),
    ({"messages": ["hello"]}, "Invalid value: 'None'. Supported values are: 'system'"),
    ({"messages": [{"role": "robot", "content": "hello"}]}, "Invalid value: 'robot'"),
    ({"messages": [{"role": ["user"], "content": "hello"}]}, "Invalid value: "),
    ({"messages": [{"role": "user"}]}, "Invalid type for 'messages[0].content'"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "Invalid type for 'messages[0].content'"),
    ({"messages": [{**USER, "id": "m1"}]}, "Unknown parameter: 'messages[0].id'"),
    ({"messages": [{**USER, "name": "Ana Ruiz"}]}, "Invalid 'messages[0].name': string does not match pattern"),
    ({"messages": [USER, {"role": "assistant", "content": None}]}, "Invalid type for 'messages[1].content'"),
    ({"messages": [USER, {**CALLING, "tool_calls": []}]}, "Invalid type for 'messages[1].content'"),
    (
        {"messages": [USER, {**CALLING, "content": "", "tool_calls": []}]},
        "Invalid 'messages[1].tool_calls': empty array",
    ),
    ({"messages": [USER, CALLING]}, UNANSWERED),
    ({"messages": [USER, CALLING, USER]}, UNANSWERED),
    ({"messages": [USER, CALLING, USER, RESULT]}, UNANSWERED),
    ({"messages": [USER, {**CALLING, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}, RESULT]}, "messages: call_2"),
    ({"messages": [USER, RESULT]}, "must be a response to a preceeding message with 'tool_calls'"),
    ({"messages": [USER, CALLING, {**RESULT, "tool_call_id": "call_9"}]}, "must be a response to a preceeding"),
    (
        {"messages": [USER, CALLING, RESULT, RESULT]},
        "Duplicate value for 'tool_call_id' of 'call_1', in messages[2] and",
    ),
    ({"messages": [USER, CALLING, {"role": "tool", "content": "x"}]}, "Missing parameter 'messages[2].tool_call_id'"),
    ({"messages": [USER, {**CALLING, "tool_calls": [{**CALL, "id": "c" * 41}]}]}, "string too long"),
    (
        {"messages": [USER, {**CALLING, "tool_calls": [{**CALL, "function": {"name": "look", "arguments": {}}}]}]},
        "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got dict",
    ),
    ({"messages": [USER], "tools": []}, "is not an array of tools with at least one item"),
    ({"messages": [USER], "tools": [{"type": "function"}]}, "Missing required parameter: 'tools[0].function'"),
    ({"messages": [USER], "tools": [function(name="look up")]}, "Invalid 'tools[0].function.name'"),
    ({"messages": [USER], "tools": [function(), function()]}, "Tool names must be unique: 'look'"),
    ({"messages": [USER], "tools": [function(parameters={"type": "string"})]}, "Invalid schema for function 'look'"),
    ({"messages": [USER], "tools": [function(parameters={})]}, "schema must be a JSON Schema of 'type: \"object\"'"),
    ({"messages": [USER], "tools": [function(strict=True)]}, "'additionalProperties' is required to be supplied"),
    (
        {"messages": [USER], "tools": [function(strict=True, parameters={**SCHEMA, "additionalProperties": False})]},
        "'required' is required to be supplied",
    ),
    ({"messages": [USER], "stream_options": {"include_usage": True}}, "only allowed when 'stream' is enabled"),
    ({"messages": [USER], "tool_choice": "auto"}, "'tool_choice' is only allowed when 'tools' are specified"),
    ({"messages": [USER], "n": 2}, "'n' must be 1"),
]


@pytest.mark.parametrize(("body", "message"), REFUSED, ids=[message for _body, message in REFUSED])
async def test_it_refuses_with_400(http: aiohttp.ClientSession, body: dict[str, Any], message: str) -> None:
    async with http.post("/v1/chat/completions", json={"model": "any", **body}) as response:
        assert response.status == 400
        error = (await response.json())["error"]
    assert message in error["message"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "system", "content": "be brief"}, {"role": "developer", "content": "really"}, USER],
        [{"role": "user", "content": [{"type": "text", "text": "hello"}], "name": "ana"}],
        [USER, CALLING, RESULT],
        [USER, {**CALLING, "content": "I look."}, {**RESULT, "content": [{"type": "text", "text": "found"}]}, USER],
        [USER, CALLING, RESULT, CALLING, RESULT],
        [{"role": "assistant", "content": "hello"}],
    ],
)
async def test_it_takes_every_legal_transcript(http: aiohttp.ClientSession, messages: list[Any]) -> None:
    async with http.post("/v1/chat/completions", json={"model": "any", "messages": messages}) as response:
        assert response.status == 200, await response.text()


async def test_the_real_client_reads_the_refusal(model: Model) -> None:
    async with client_for(model.url) as client:
        messages: Any = [USER, CALLING]
        with pytest.raises(BadRequestError, match=re.escape("did not have response messages: call_1")) as refusal:
            await client.chat.completions.create(model="any", messages=messages, stream=True)
    assert refusal.value.param == "messages.[1].role"


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Basic YTpi"])
async def test_without_a_key_it_answers_401(model: Model, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    async with aiohttp.ClientSession(headers=headers) as session:
        for path in ("/chat/completions", "/models"):
            method = session.post if path.startswith("/chat") else session.get
            async with method(model.url + path) as response:
                assert response.status == 401
                assert "API key" in (await response.json())["error"]["message"]


async def test_what_is_no_json_or_no_url(http: aiohttp.ClientSession) -> None:
    async with http.post("/v1/chat/completions", data=b"{") as response:
        assert (response.status, "parse the JSON" in (await response.json())["error"]["message"]) == (400, True)
    async with http.post("/v1/chat/completions", json=[]) as response:
        assert response.status == 400
    async with http.get("/v1/embeddings") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, None)
    async with http.get("/v1/chat/completions") as response:
        assert (response.status, "Not allowed" in (await response.json())["error"]["message"]) == (405, True)
