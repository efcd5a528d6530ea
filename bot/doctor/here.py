"""What is on this side: the database, and the model."""

from __future__ import annotations

from collections.abc import Sequence

from bot.doctor.finding import Finding, wrong
from bot.settings import Settings
from graphs.agent.chat import OPENAI_URL, ChatModel
from graphs.agent.errors import ModelUnavailable
from graphs.agent.model import ModelReply
from graphs.agent.tools import tool
from storage import health

LITTLE = 200 * 2**20
"""Bytes of free space under which it is said."""

ASKED = [
    {"role": "system", "content": "You check that tools can be called. Call the tool that you are asked to call."},
    {"role": "user", "content": "call_me word=ready", "id": "doctor"},
]


@tool
def call_me(word: str) -> str:
    """Be called, to see that a model can call tools.

    Args:
        word: Any word.
    """
    return word


async def database(settings: Settings) -> Sequence[Finding]:
    """Whether it can be opened, and is nobody else's business."""
    found = health.look(settings.database_url)
    if found is None:
        return [Finding("Database", "it is in memory: nothing is kept when the bot stops.")]
    if found.problem:
        return [wrong("Database", f"{found.problem} Look at DATABASE_URL.")]
    findings = [
        Finding("Database", f"{found.path} {'is there' if found.exists else 'can be made'}, and can be written.")
    ]
    if found.mode & 0o077:
        said = f"{found.path} can be read by others ({found.mode:o}). Say chmod 600 {found.path}."
        findings.append(wrong("Database", said))
    if found.free < LITTLE:
        findings.append(wrong("Database", f"only {found.free // 2**20} MB are free beside {found.path}. Make room."))
    return findings


async def model(settings: Settings) -> Sequence[Finding]:
    """A real call, which has to call a tool."""
    named = f"{settings.openai_model} at {settings.openai_base_url or OPENAI_URL}"
    asked = ChatModel(
        api_key=settings.openai_api_key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url or OPENAI_URL,
        max_retries=0,
    )
    reply: ModelReply | None = None
    try:
        async for part in asked.stream(ASKED, [call_me.definition()]):
            reply = part if isinstance(part, ModelReply) else reply
    except ModelUnavailable as error:
        why = f" ({error.__cause__})" if error.__cause__ is not None else ""
        return [wrong("Model", f"{named}: {error}{why} Look at OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_MODEL.")]
    finally:
        await asked.aclose()
    if reply is None or not reply.message().get("tool_calls"):
        return [wrong("Model", f"{named} answers, and calls no tool. Choose a model that can call tools.")]
    return [Finding("Model", f"{named} answers, and calls a tool.")]
