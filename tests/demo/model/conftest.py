"""The demo model's server in this process, and the real client for it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from bot.demo.model import Model, serve_model


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with serve_model() as model:
        yield model


@pytest.fixture
async def client(model: Model) -> AsyncIterator[AsyncOpenAI]:
    """The real client, as the agent uses it, without its retries."""
    async with client_for(model.url) as client:
        yield client


@pytest.fixture
async def http(model: Model) -> AsyncIterator[aiohttp.ClientSession]:
    """Plain HTTP to the model's port, with a key."""
    base = f"http://127.0.0.1:{model.port}"
    async with aiohttp.ClientSession(base, headers={"Authorization": "Bearer any"}) as session:
        yield session


def client_for(url: str) -> AsyncOpenAI:
    """A client without proxies, which do not reach this machine's loopback, and certificates: it is plain HTTP."""
    http = DefaultAsyncHttpxClient(trust_env=False, verify=False)
    return AsyncOpenAI(base_url=url, api_key="any", max_retries=0, http_client=http)
