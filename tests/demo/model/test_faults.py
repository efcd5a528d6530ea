"""Taking the model down on purpose, and what it heard."""

import asyncio
from typing import Any

import aiohttp
import pytest
from openai import APIConnectionError, APITimeoutError, AsyncOpenAI, InternalServerError, RateLimitError

HELLO: Any = [{"role": "user", "content": "hello"}]


async def ask(client: AsyncOpenAI) -> str:
    answer = await client.chat.completions.create(model="any", messages=HELLO)
    return answer.choices[0].message.content or ""


async def fault(http: aiohttp.ClientSession, **body: Any) -> None:
    async with http.post("/faults", json=body) as response:
        assert response.status == 200, await response.text()


async def test_an_error_so_many_times(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, status=503, times=2)
    for _ in range(2):
        with pytest.raises(InternalServerError):
            await ask(client)
    assert "Hello" in await ask(client)


async def test_too_many_requests_say_when_to_come_back(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, status=429, retry_after=2)
    with pytest.raises(RateLimitError) as refusal:
        await ask(client)
    assert refusal.value.response.headers["retry-after"] == "2"


async def test_the_clients_own_retries_get_through(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, status=500, retry_after=0.01)
    assert "Hello" in await ask(client.with_options(max_retries=1))


async def test_hanging_until_the_client_gives_up(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, hang=True)
    with pytest.raises(APITimeoutError):
        await ask(client.with_options(timeout=0.1))
    assert "Hello" in await ask(client)


async def test_clearing_lets_a_hanging_request_go_on(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, hang=True, times=5)
    hanging = asyncio.create_task(ask(client))
    async with asyncio.timeout(10):
        while not await requests(http):
            pass
        await fault(http, clear=True)
        assert "Hello" in await hanging
        assert "Hello" in await ask(client)


async def test_a_stream_that_breaks_off(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, cut=3)
    stream = await client.chat.completions.create(model="any", messages=HELLO, stream=True)
    chunks = [await anext(stream) for _ in range(3)]
    assert chunks[-1].choices[0].delta.content
    with pytest.raises(APIConnectionError):
        await anext(stream)


async def test_a_late_answer(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, delay=0.05)
    started = asyncio.get_running_loop().time()
    await ask(client)
    assert asyncio.get_running_loop().time() - started >= 0.05


async def test_the_requests_it_got_are_kept_in_sequence(client: AsyncOpenAI, http: aiohttp.ClientSession) -> None:
    await fault(http, status=500)
    with pytest.raises(InternalServerError):
        await ask(client)
    await client.chat.completions.create(model="other", messages=[{"role": "user", "content": "bye"}])
    first, second = await requests(http)
    assert first == {"model": "any", "messages": HELLO}
    assert (second["model"], second["messages"][0]["content"]) == ("other", "bye")


@pytest.mark.parametrize(
    "body",
    [{}, [], {"status": 200}, {"status": 500, "hang": True}, {"hang": True, "x": 1}, {"status": 500, "times": 0}],
)
async def test_a_fault_it_does_not_know_is_refused(http: aiohttp.ClientSession, body: Any) -> None:
    async with http.post("/faults", json=body) as response:
        assert response.status == 400


async def requests(http: aiohttp.ClientSession) -> list[Any]:
    async with http.get("/requests") as response:
        return (await response.json())["requests"]
