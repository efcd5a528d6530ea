"""How many tokens a model reads, as servers say it: each in a place of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from graphs.models import window_lookup
from graphs.models.window_lookup import lookup, size_in
from tests.support.waiting import until

OPENAI = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "openai"}]}
OTHERS = {"id": "other", "context_length": 999_999}


@asynccontextmanager
async def serving(answers: Mapping[str, Any]) -> AsyncIterator[tuple[str, list[str]]]:
    """A server with these answers by path, and what it was asked."""
    asked: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(f"{request.method} {request.path}")
        found = answers.get(request.path)
        if isinstance(found, bytes):
            return web.Response(body=found, content_type="text/html")
        return web.json_response(found) if found is not None else web.Response(status=404, text="no such page")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", asked
    finally:
        await runner.cleanup()


async def found(answers: Mapping[str, Any], model: str = "m") -> int | None:
    async with serving(answers) as (url, _):
        return await lookup(api_key="key", base_url=f"{url}/v1", model=model)()


SERVERS: dict[str, tuple[Mapping[str, Any], int | None]] = {
    "vllm": ({"/v1/models": {"data": [OTHERS, {"id": "m", "max_model_len": 8192}]}}, 8192),
    "openrouter": (
        {
            "/v1/models": {
                "data": [OTHERS, {"id": "m", "context_length": 200_000, "top_provider": {"context_length": 32_768}}]
            }
        },
        32_768,
    ),
    "mistral": ({"/v1/models/m": {"id": "m", "max_context_length": 131_072}}, 131_072),
    "groq": ({"/v1/models": {"data": [{"id": "m", "context_window": 131_072}]}}, 131_072),
    "together": ({"/v1/models": [OTHERS, {"id": "m", "context_length": 32_768}]}, 32_768),
    "llama.cpp that is loaded with less than it was trained for": (
        {
            "/v1/models": {"data": [{"id": "/models/some.gguf", "meta": {"n_ctx_train": 262_144}}]},
            "/props": {"default_generation_settings": {"n_ctx": 4096}},
        },
        4096,
    ),
    "llama.cpp that says how it runs": (
        {"/v1/models": {"data": [{"id": "a.gguf", "meta": {"n_ctx": 4096, "n_ctx_train": 262_144}}]}},
        4096,
    ),
    "llama.cpp in another place": (
        {"/v1/models": OPENAI, "/props": {"default_generation_settings": {"n_ctx": 4096}}},
        4096,
    ),
    "lm studio": (
        {
            "/api/v0/models/m": {"id": "m", "max_context_length": 131_072, "loaded_context_length": 4096},
            "/v1/models": OPENAI,
        },
        4096,
    ),
    "ollama that has it loaded": (
        {
            "/api/ps": {"models": [{"name": "m:latest", "model": "m:latest", "context_length": 4096}]},
            "/v1/models": OPENAI,
        },
        4096,
    ),
    "ollama": (
        {
            "/api/ps": {"models": []},
            "/v1/models": OPENAI,
            "/api/show": {"model_info": {"qwen2.context_length": 32_768}},
        },
        32_768,
    ),
    "ollama with a setting that is none": (
        {"/api/show": {"model_info": {"qwen2.context_length": 32_768}, "parameters": "num_ctx many\nstop <x>"}},
        32_768,
    ),
    "ollama with a setting": (
        {"/api/show": {"model_info": {"qwen2.context_length": 32_768}, "parameters": "temperature 1\nnum_ctx   8192"}},
        8192,
    ),
    "gemini": ({"/v1/models": {"models": [{"name": "models/m", "inputTokenLimit": 1_048_576}]}}, 1_048_576),
    "anthropic": ({"/v1/models/m": {"id": "m", "max_input_tokens": 200_000}}, 200_000),
    "openai": ({"/v1/models/m": OPENAI["data"][0], "/v1/models": OPENAI}, None),
    "nothing at all": ({}, None),
    "a page": ({"/v1/models": b"<html>context_length 5000</html>"}, None),
    "nonsense": (
        {"/v1/models": {"data": [{"id": "m", "context_length": "very long"}, 7, None]}, "/v1/models/m": [[]]},
        None,
    ),
    "another model's": ({"/v1/models": {"data": [OTHERS]}}, None),
}


@pytest.mark.parametrize("server", SERVERS)
async def test_it_is_found_where_a_server_says_it(server: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(window_lookup, "LOADED_WITHIN", 1)
    answers, size = SERVERS[server]
    assert await found(answers) == size


async def test_a_model_that_ollama_is_about_to_load_is_waited_for():
    """It runs with less than it was trained for, and leaves out the rest without a word."""
    answers: dict[str, Any] = {"/api/ps": {"models": []}, "/api/show": {"model_info": {"qwen3.context_length": 40_960}}}
    async with serving(answers) as (url, asked):
        look = asyncio.ensure_future(lookup(api_key="key", base_url=f"{url}/v1", model="m")())
        await until(lambda: "POST /api/show" in asked or None, "the model to be asked for")
        answers["/api/ps"] = {"models": [{"name": "m", "context_length": 4096}]}
        assert await look == 4096


async def test_a_name_with_a_slash_is_asked_for_as_it_is():
    answers = {"/v1/models/org/name": {"id": "org/name", "context_length": 4096}}
    assert await found(answers, "org/name") == 4096


async def test_a_server_that_is_not_there_says_nothing():
    async with serving({}) as (url, _):
        pass
    assert await lookup(api_key="key", base_url=f"{url}/v1", model="m")() is None


@pytest.mark.parametrize("value", [True, 0, -1, 12, 10**12, None, "x", 1.5, [4096], {"a": 4096}])
def test_what_can_be_no_size_is_none(value: Any):
    assert size_in({"context_length": value}) is None
