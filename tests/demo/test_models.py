"""Which model the demo talks to, against a program that answers as Ollama does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.demo.models import SCRIPT, choose_model


@asynccontextmanager
async def ollama(models: dict[str, Any], status: int = 200) -> AsyncIterator[str]:
    """`models` are capabilities by name."""

    async def tags(_request: web.Request) -> web.Response:
        return web.json_response({"models": [{"name": name} for name in models]}, status=status)

    async def show(request: web.Request) -> web.Response:
        return web.json_response({"capabilities": models[(await request.json())["model"]]})

    app = web.Application()
    app.add_routes([web.get("/api/tags", tags), web.post("/api/show", show)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_the_first_model_that_can_call_tools_is_used() -> None:
    async with ollama({"small": ["completion"], "qwen3:8b": ["completion", "tools"], "other": ["tools"]}) as url:
        choice = await choose_model({}, url)
    assert choice.environment["OPENAI_BASE_URL"] == f"{url}/v1"
    assert (choice.environment["OPENAI_MODEL"], choice.environment["OPENAI_API_KEY"]) == ("qwen3:8b", "ollama")
    assert "qwen3:8b" in choice.name
    assert "Ollama" in choice.name


async def test_a_key_goes_first() -> None:
    async with ollama({"qwen3:8b": ["tools"]}) as url:
        choice = await choose_model({"OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt-x", "HOME": "/"}, url)
    assert choice.name == "gpt-x"
    assert choice.environment == {"OPENAI_API_KEY": "k", "OPENAI_MODEL": "gpt-x"}


async def test_without_one_the_script_answers() -> None:
    async with ollama({"small": ["completion"]}) as url:
        assert await choose_model({}, url) == SCRIPT
    assert await choose_model({}, url) == SCRIPT, "nothing answers there any more"
    async with ollama({"odd": None}) as url:
        assert await choose_model({}, url) == SCRIPT
    async with ollama({}, status=500) as url:
        assert await choose_model({}, url) == SCRIPT


async def test_nobody_looks_where_it_is_not_told_to() -> None:
    assert await choose_model({}, None) == SCRIPT
