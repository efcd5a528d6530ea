"""Asking a model of either wire once, and what came of it."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any

import pytest

from graphs.models.chat import ChatModel
from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model, ModelReply
from graphs.models.responses import ResponsesModel
from tests.models import chat_server, responses_events
from tests.models.chat_server import Answer, ChatServer, chunk, sse

KEY = "sk-very-secret"
HELLO: list[dict[str, Any]] = [{"role": "user", "content": "hello", "id": "u1", "by": "U0ANA"}]

WIRES: dict[str, type[ChatModel | ResponsesModel]] = {"chat": ChatModel, "responses": ResponsesModel}
SAYS_HI = {
    "chat": sse(chunk({"content": "Hi"}), chunk({"content": "!"}), chunk({}, "stop")),
    "responses": responses_events.SAYS_HI,
}
BEGUN = {"chat": sse(chunk({"content": "Hi"}), done=False), "responses": responses_events.piece("Hi")}
"""An answer of which the rest is missing."""

both = pytest.mark.parametrize("wire", list(WIRES))


def model_at(server: ChatServer | str, wire: str, **options: Any) -> ChatModel | ResponsesModel:
    settings: dict[str, Any] = {"max_retries": 0} | options
    url = server if isinstance(server, str) else server.url
    return WIRES[wire](api_key=KEY, model="m", base_url=url, **settings)


async def ask(model: Model, messages: Any = HELLO, tools: Any = ()) -> tuple[list[str], ModelReply]:
    """The pieces of text, and the reply at the end."""
    pieces: list[str] = []
    async with aclosing(model.stream(messages, tools)) as stream:
        async for part in stream:
            if isinstance(part, ModelReply):
                return pieces, part
            pieces.append(part.text)
    raise AssertionError("no reply came")


async def reply_to(wire: str, *pieces: bytes, messages: Any = HELLO, **options: Any) -> tuple[list[str], ModelReply]:
    async with chat_server.serve(Answer(list(pieces))) as server, aclosing(model_at(server, wire, **options)) as model:
        return await ask(model, messages)


async def refusal_by(server: ChatServer | str, wire: str, **options: Any) -> ModelUnavailable:
    async with aclosing(model_at(server, wire, **options)) as model:
        with pytest.raises(ModelUnavailable) as error:
            await ask(model)
    return error.value
