"""Which model the demo talks to: one with a key, one that Ollama runs on this machine, or the script."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

OLLAMA = "http://127.0.0.1:11434"
SCRIPT_NAME = "demo model: a script, not an AI"
LOOK_SECONDS = 1.0
MOST_LOOKED_AT = 20


@dataclass(frozen=True)
class Choice:
    """`name` is what the page says; `environment` is what the bot is told; for the script the demo tells it itself."""

    name: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    is_script: bool = False


SCRIPT = Choice(SCRIPT_NAME, is_script=True)


async def choose_model(outer: Mapping[str, str], ollama: str | None) -> Choice:
    """By the environment's key first, then an Ollama at the address `ollama` (None: do not look), else the script."""
    if outer.get("OPENAI_API_KEY"):
        chosen = {key: value for key, value in outer.items() if key.startswith("OPENAI_")}
        return Choice(outer.get("OPENAI_MODEL") or "your model", chosen)
    model = await ollama_model(ollama) if ollama else None
    if model is None:
        return SCRIPT
    environment = {
        "OPENAI_API_KEY": "ollama",
        "OPENAI_BASE_URL": f"{ollama}/v1",
        "OPENAI_MODEL": model,
        "LLM_API": "chat",
    }
    return Choice(f"{model}, run by Ollama on this machine", environment)


async def ollama_model(url: str) -> str | None:
    """The first model there that can call tools; None where nothing answers, and soon."""
    timeout = aiohttp.ClientTimeout(total=LOOK_SECONDS)
    try:
        async with aiohttp.ClientSession(url, timeout=timeout, trust_env=False) as http:
            async with http.get("/api/tags") as response:
                listed = await _json(response)
            for each in listed["models"][:MOST_LOOKED_AT]:
                async with http.post("/api/show", json={"model": each["name"]}) as response:
                    if "tools" in (await _json(response)).get("capabilities", ()):
                        return str(each["name"])
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None  # nothing is there, or it is something else
    return None


async def _json(response: aiohttp.ClientResponse) -> Any:
    response.raise_for_status()
    return await response.json(content_type=None)
