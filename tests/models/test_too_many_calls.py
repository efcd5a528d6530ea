"""A model that calls without end: it is not waited for, and a person reads why nothing ran."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from graphs.models.chat import ChatModel
from graphs.models.chat_calls import MOST_CALLS
from graphs.models.errors import TooManyCalls
from tests.models.chat_server import Answer, call, chunk, serve, sse


async def reply(model: ChatModel) -> None:
    async with aclosing(model.stream([{"role": "user", "content": "go"}], [])) as parts:
        async for _ in parts:
            pass


async def test_it_is_cut_off_with_a_sentence():
    calls = [chunk(call(n, "{}", id=f"c{n}", name="look")) for n in range(MOST_CALLS + 1)]
    async with (
        serve(Answer([sse(*calls, done=False)], end="hang")) as server,
        aclosing(ChatModel(api_key="k", model="m", base_url=server.url)) as model,
    ):
        with pytest.raises(TooManyCalls) as error:
            await reply(model)
        await server.gone.wait()
    assert str(error.value) == (
        "The model called more than 128 tools in one reply, so none was run. Ask for less at a time."
    )
    assert not error.value.retryable
    assert len(server.requests) == 1
