"""Asking a server how many tokens its model reads. OpenAI's own wire has no place for that; most others have one of
their own, in the model's entry or beside the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, cast
from urllib.parse import quote, urlsplit

import openai
from openai import AsyncOpenAI, DefaultAioHttpClient

from graphs.models.connection import is_loopback
from graphs.models.window import is_believable

# As the server runs it comes before as the model was trained: llama.cpp and LM Studio may load it with less.
_FIELDS = (
    "loaded_context_length",  # LM Studio
    "max_model_len",  # vLLM, SGLang
    "n_ctx",  # llama.cpp
    "max_context_length",  # Mistral, LM Studio
    "context_window",  # Groq, Vercel's gateway
    "context_length",  # OpenRouter, Together, Fireworks, Cohere, Moonshot, Ollama
    "max_input_tokens",  # Anthropic, GitHub Models
    "max_prompt_tokens",
    "inputTokenLimit",  # Gemini
    "n_ctx_train",  # llama.cpp before it said more
)

_INSIDE = ("meta", "top_provider", "limits", "metadata", "capabilities", "model_spec", "default_generation_settings")
"""Where an entry may have them."""

CONNECT_WITHIN = 5.0
"""Seconds."""

LOADED_WITHIN = 12
"""Seconds that Ollama may take to load a model, until it counts what the model was trained for."""


def lookup(*, api_key: str, base_url: str, model: str) -> Callable[[], Awaitable[int | None]]:
    """Asks that server, with connections that are closed again."""

    async def look() -> int | None:
        # Proxies are taken from the environment, and no proxy reaches this machine's own loopback.
        trusts = not is_loopback(base_url)
        http = DefaultAioHttpClient(base_url=base_url, timeout=CONNECT_WITHIN, trust_env=trusts)
        async with AsyncOpenAI(api_key=api_key, base_url=base_url, max_retries=0, http_client=http) as client:
            return await context_window(client, model)

    return look


async def context_window(client: AsyncOpenAI, model: str) -> int | None:
    """The most tokens that a request may have; None where the server does not say. Never raises what a server may
    answer.
    """
    async with aclosing(_answers(client, model)) as answers:
        async for answer in answers:
            sizes = [size for entry in _entries(answer, model) if (size := size_in(entry)) is not None]
            if sizes:
                return min(sizes)
    return None


async def _answers(client: AsyncOpenAI, model: str) -> AsyncGenerator[Any]:
    """What the server says in each of the places, as they are asked for."""
    base = urlsplit(str(client.base_url))
    root = f"{base.scheme}://{base.netloc}"
    if base.scheme == "http":  # a server of one's own: as it runs there
        yield await _get(client, f"{root}/api/v0/models/{quote(model)}")  # LM Studio
        yield await _get(client, f"{root}/api/ps")  # Ollama, of what is loaded
        yield await _get(client, f"{root}/props")  # llama.cpp
    yield await _get(client, f"/models/{quote(model, safe='/')}")
    yield await _get(client, "/models")
    if base.scheme == "http":
        shown = await _post(client, f"{root}/api/show", {"model": model})
        yield _set_in(shown)
        if (trained := _trained_in(shown)) is not None:
            yield await _once_loaded(client, f"{root}/api/ps", model)
            yield trained


async def _get(client: AsyncOpenAI, path: str) -> Any:
    try:
        return await client.get(path, cast_to=cast("Any", object), options={"security": {"bearer_auth": True}})
    except (openai.OpenAIError, ValueError):
        return None


async def _post(client: AsyncOpenAI, path: str, body: Mapping[str, Any]) -> Any:
    try:
        return await client.post(
            path, body=body, cast_to=cast("Any", object), options={"security": {"bearer_auth": True}}
        )
    except (openai.OpenAIError, ValueError):
        return None


async def _once_loaded(client: AsyncOpenAI, path: str, model: str) -> Any:
    """What Ollama says of a model that it loads for the request beside which this is asked: with how much it runs,
    which is mostly less than it was trained for. None where it takes too long.
    """
    for _ in range(LOADED_WITHIN):
        answer = await _get(client, path)
        if any(size_in(entry) is not None for entry in _entries(answer, model)):
            return answer
        await asyncio.sleep(1)
    return None


def _set_in(answer: Any) -> Any:
    """What a model's file sets stands in `parameters`."""
    lines = [line.split() for line in str(_mapping(answer).get("parameters") or "").splitlines()]
    return {"context_length": next((words[1] for words in lines if len(words) == 2 and words[0] == "num_ctx"), None)}


def _trained_in(answer: Any) -> Any:
    """`model_info` has the length under the name of the model's family."""
    info = _mapping(_mapping(answer).get("model_info"))
    found = next((value for key, value in info.items() if key.endswith(".context_length")), None)
    return None if found is None else {"context_length": found}


def _entries(answer: Any, model: str) -> Iterator[Mapping[str, Any]]:
    """What an answer says of this model: all of it, or its entries of this name."""
    if isinstance(answer, str):
        return
    fields = _mapping(answer)
    listed = fields.get("data", fields.get("models", answer))
    if not isinstance(listed, list):
        yield fields
        return
    entries = [_mapping(each) for each in cast("list[Any]", listed)]
    named = [each for each in entries if model in _names(each)]
    yield from named
    if not named and len(entries) == 1 and "meta" in entries[0]:
        yield entries[0]  # llama.cpp serves one model, and takes any name for it


def _names(entry: Mapping[str, Any]) -> Sequence[str]:
    names = [str(entry.get(key) or "") for key in ("id", "name", "model", "canonical_slug")]
    aliases = entry.get("aliases")
    more = [str(each) for each in cast("list[Any]", aliases)] if isinstance(aliases, list) else []
    return [
        *names,
        *more,
        *(name.removeprefix("models/") for name in names),
        *(n.removesuffix(":latest") for n in names),
    ]


def size_in(entry: Mapping[str, Any]) -> int | None:
    """The most tokens that this entry of a list of models names; None where it names none. Pure."""
    inside = [entry, *(_mapping(entry.get(key)) for key in _INSIDE)]
    for name in _FIELDS:
        found = [size for each in inside if (size := _size(each.get(name))) is not None]
        if found:
            return min(found)
    return None


def _size(value: Any) -> int | None:
    is_text = isinstance(value, str) and value.isdecimal()
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value == value // 1
    size = int(value) if is_text or is_number else 0
    return size if is_believable(size) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
