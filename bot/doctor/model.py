"""Whether the model answers, and calls a tool when it is told to: a call as the bot makes it."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

from bot.doctor.case import Case
from bot.doctor.findings import Findings
from graphs.models.choosing import open_model
from graphs.models.connection import OPENAI_URL, Deadlines
from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model, ModelReply

SILENCE = 40.0
"""Seconds that the model may say nothing."""

TOOL = "report_ready"

_TOOL = {
    "type": "function",
    "function": {
        "name": TOOL,
        "description": "Report that you can call tools.",
        "parameters": {
            "type": "object",
            "properties": {"word": {"type": "string", "description": "The word that you were given."}},
            "required": ["word"],
            "additionalProperties": False,
        },
    },
}
_MESSAGES: tuple[dict[str, Any], ...] = (
    {"role": "system", "content": f"This is a test of tool calls. Call the tool {TOOL} once, and say nothing else."},
    {"role": "user", "content": f"call {TOOL} word=ready"},
)

_LOOK = "Look at OPENAI_MODEL, OPENAI_BASE_URL, OPENAI_API_KEY and LLM_API, and at what the provider says of its state"


async def model(case: Case, found: Findings) -> None:
    settings = case.settings
    name = f"{settings.openai_model} at {urlsplit(settings.openai_base_url or OPENAI_URL).hostname}"
    asked = open_model(
        api_key=settings.openai_api_key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url,
        api=settings.llm_api,
        deadlines=Deadlines(first=SILENCE, between=SILENCE),
        max_retries=0,
    )
    try:
        reply = await _reply(asked)
    except ModelUnavailable as error:
        cause = f" ({error.__cause__})" if error.__cause__ is not None else ""
        found.wrong(f"{name} gives no reply: {error}{cause}", _LOOK)
        return
    finally:
        await asked.aclose()
    if any(call.name == TOOL for call in reply.tool_calls):
        found.ok(f"{name} answers, and calls a tool")
    else:
        found.wrong(
            f"{name} answers, and did not call the tool that it was told to call",
            "Name one in OPENAI_MODEL that can call tools. A server of your own may need an option for it",
        )


async def _reply(asked: Model) -> ModelReply:
    reply = ModelReply("")
    async with aclosing(asked.stream(_MESSAGES, [_TOOL])) as parts:
        async for part in parts:
            if isinstance(part, ModelReply):
                reply = part
    return reply
