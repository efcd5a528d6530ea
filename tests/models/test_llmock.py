"""Both wires against llmock: a provider on a real socket that fails in the ways of providers, and judges who asked."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import aclosing
from typing import Any

import pytest
import pytest_asyncio
from llmock.pytest_plugin import LLMock
from llmock.testing import LLMockServer

from graphs.agent.tools import tool
from graphs.models import attempts
from graphs.models.chat import ChatModel
from graphs.models.connection import Deadlines
from graphs.models.errors import ModelUnavailable, TooLong
from graphs.models.model import ModelReply
from graphs.models.responses import ResponsesModel
from tests.models.asking import WIRES, ask, model_at

Model = ChatModel | ResponsesModel
PAY: list[dict[str, Any]] = [{"role": "user", "content": "pay order 1042"}]


@tool
async def pay(number: int) -> None:
    """Pay an order."""


@pytest.fixture(scope="module")
def provider_process() -> Generator[LLMockServer]:
    with LLMockServer() as server:
        yield server


@pytest.fixture
def provider(provider_process: LLMockServer, monkeypatch: pytest.MonkeyPatch) -> LLMock:
    monkeypatch.setattr(attempts, "FIRST_PAUSE", 0.06)
    return LLMock(provider_process).reset()


@pytest_asyncio.fixture(params=list(WIRES))
async def model(provider: LLMock, request: pytest.FixtureRequest) -> AsyncGenerator[Model]:
    deadlines = Deadlines(first=5, between=0.3)
    async with aclosing(model_at(provider.base_url(), request.param, max_retries=2, deadlines=deadlines)) as model:
        yield model


async def call(model: Model) -> ModelReply:
    """A reply that calls the tool, and says nothing."""
    _, reply = await ask(model, PAY, [pay.definition()])
    assert [each.name for each in reply.tool_calls] == ["pay"]
    return reply


async def test_a_whole_conversation(model: Model, provider: LLMock):
    provider.call_tool("pay", {"number": 1042})
    reply = await call(model)
    assert pay.validate(reply.tool_calls[0].arguments).values == {"number": 1042}
    result = {"role": "tool", "tool_call_id": reply.tool_calls[0].id, "content": "Paid."}
    provider.reply("It is paid.")
    pieces, last = await ask(model, [*PAY, reply.message(), result], [pay.definition()])
    assert (last.text, last.finish) == ("It is paid.", "stop")
    assert len(pieces) > 1
    assert last.usage is not None
    assert last.usage.prompt_tokens > 0
    provider.assert_resilient(strict=True)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
async def test_what_passes_is_tried_again(model: Model, provider: LLMock, status: int):
    provider.fail(status, times=2)
    await call(model)
    assert len(provider.requests) == 3
    provider.assert_resilient(strict=True)


async def test_a_limit_is_kept_to(model: Model, provider: LLMock):
    provider.rate_limit(times=2, retry_after=0.2)
    await call(model)
    provider.assert_resilient(strict=True)


async def test_a_long_limit_is_told_in_minutes(model: Model, provider: LLMock):
    provider.rate_limit(times=None, retry_after=180)
    with pytest.raises(ModelUnavailable, match=r"The model is busy. Please try again in 3 minutes\.") as error:
        await call(model)
    assert error.value.retryable
    assert len(provider.requests) == 1


async def test_an_outage_is_told(model: Model, provider: LLMock):
    provider.outage()
    with pytest.raises(ModelUnavailable, match="has a problem of its own") as error:
        await call(model)
    assert error.value.retryable
    assert len(provider.requests) == 3
    provider.assert_resilient()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_what_stays_is_asked_once(model: Model, provider: LLMock, status: int):
    provider.fail(status, times=None)
    with pytest.raises(ModelUnavailable) as error:
        await call(model)
    assert not error.value.retryable
    assert len(provider.requests) == 1
    provider.assert_resilient(strict=True)


async def test_too_long_is_recognised(model: Model, provider: LLMock):
    provider.context_overflow()
    with pytest.raises(TooLong):
        await call(model)
    provider.assert_resilient(strict=True)


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt"])
@pytest.mark.parametrize("after", [1, 2, 3])
async def test_a_call_that_breaks_off_is_asked_for_again(model: Model, provider: LLMock, fault: str, after: int):
    provider.call_tool("pay", {"number": 1042}, times=None)
    getattr(provider, fault)(after_chunks=after)
    reply = await call(model)
    assert pay.validate(reply.tool_calls[0].arguments).values == {"number": 1042}
    assert len(provider.requests) == 2
    provider.assert_resilient()


@pytest.mark.parametrize("fault", ["disconnect", "truncate", "corrupt"])
async def test_a_text_that_breaks_off_is_never_taken_for_whole(model: Model, provider: LLMock, fault: str):
    provider.reply("One two three four five six seven eight nine ten.", times=None)
    getattr(provider, fault)(after_chunks=7)
    with pytest.raises(ModelUnavailable) as error:
        await ask(model, PAY)
    assert error.value.retryable
    # Its verdict would have it asked for again; but people have seen its beginning.
    assert len(provider.requests) == 1


async def test_a_stream_that_stalls_is_given_up(model: Model, provider: LLMock):
    provider.stall(after_chunks=2, seconds=20)
    with pytest.raises(ModelUnavailable, match="did not answer in time") as error:
        await call(model)
    assert error.value.retryable
    provider.assert_resilient()


async def test_a_slow_first_token_is_waited_for(model: Model, provider: LLMock):
    provider.slow_first_token(0.2)
    await call(model)
    provider.assert_resilient(strict=True)


async def test_arguments_that_are_no_json_are_asked_for_again(model: Model, provider: LLMock):
    provider.break_tool_call("malformed_arguments")
    reply = await call(model)
    assert not reply.is_unreadable
    provider.assert_resilient(strict=True)
