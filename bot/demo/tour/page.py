"""The workspace as its page sees it: people who write, click and fill in forms, and live news of what changed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from bot.demo.tour import reading
from bot.demo.tour.effects import Row

T = TypeVar("T")
Json = dict[str, Any]

DEADLINE = 30.0
"""Seconds that each step may take: a model far away needs some."""


class TourFailed(Exception):
    """A step did not do what it should. Says what was expected and what came."""


@dataclass(frozen=True)
class Thread:
    """A conversation, named by its first message."""

    channel: str
    ts: str


@dataclass(frozen=True)
class Person:
    """Somebody at the page."""

    id: str
    name: str

    @property
    def first_name(self) -> str:
        return self.name.split()[0]


class Page:
    """One open page for each of several people. `people` are by handle; `names` by user id, the bot's included."""

    def __init__(self, http: aiohttp.ClientSession, url: str, boot: Json) -> None:
        self._http = http
        self._url = url
        self._news = asyncio.Event()
        self._opened: dict[str, Json] = {}
        self._headers = {"Authorization": f"Bearer {boot['token']}"}
        self.note: str = boot["note"]
        self.bot = boot["bot"]["id"]
        self.names: dict[str, str] = {user["id"]: user["real_name"] for user in boot["users"]}
        self.people = {user["name"]: Person(user["id"], user["real_name"]) for user in boot["users"]}

    async def say(self, who: Person, channel: str, text: str, thread: Thread | None = None) -> Thread:
        """Write a message; the thread that it starts or stands in."""
        place = {} if thread is None else {"thread_ts": thread.ts}
        answer = await self.post("/client/messages", user=who.id, channel=channel, text=text, **place)
        return thread or Thread(channel, answer["message"]["ts"])

    async def click(self, who: Person, message: Json, label: str) -> None:
        button, block_id = reading.button(message, label)
        answer = await self.post(
            "/client/actions",
            user=who.id,
            channel=message["channel"],
            message_ts=message["ts"],
            block_id=block_id,
            action_id=button["action_id"],
        )
        if not answer["acked"]:
            raise TourFailed(f"expected the bot to take the click on {label!r} within 3 seconds; it did not")

    async def open_form(self, who: Person, message: Json, label: str) -> Json:
        """Click what opens a modal; its view."""
        self._opened.pop(who.id, None)
        await self.click(who, message, label)

        async def opened() -> Json | None:
            return self._opened.get(who.id)

        return await self.until(opened, f"a form after the click on {label!r}")

    async def submit(self, who: Person, view: Json, values: Mapping[str, str]) -> dict[str, str]:
        """Send a modal with these texts by block id, all else left as it was. What is wrong with them, by block id."""
        state = {
            block_id: {reading.input_of(view, block_id)["element"]["action_id"]: {"value": text}}
            for block_id, text in values.items()
        }
        answer = await self.post(f"/client/views/{view['id']}/submit", user=who.id, values=state)
        if "failed" in answer or "view" in answer:
            raise TourFailed(f"expected the form to be taken or to name the field; got {json.dumps(answer)[:300]}")
        return answer.get("errors", {})

    async def thread(self, who: Person, thread: Thread) -> list[Json]:
        """The thread as this person sees it, with what only they see."""
        answer = await self.get("/client/history", user=who.id, channel=thread.channel)
        return [each for each in answer["messages"] if thread.ts in (each["ts"], each.get("thread_ts"))]

    async def tables(self) -> dict[str, list[Row]]:
        """The side panel: rows by table."""
        return {
            table["name"]: [
                {column: str(cell) for column, cell in zip(table["columns"], row, strict=True)} for row in table["rows"]
            ]
            for table in (await self.get("/client/tables"))["tables"]
        }

    async def until(self, look: Callable[[], Awaitable[T | None]], expected: str) -> T:
        """What `look` finds; it looks again whenever the page hears of a change. Raises `TourFailed` after a while."""
        try:
            async with asyncio.timeout(DEADLINE):
                while True:
                    self._news.clear()
                    if (found := await look()) is not None:
                        return found
                    await self._news.wait()
        except TimeoutError:
            raise TourFailed(f"expected {expected}; it did not come within {DEADLINE:.0f} seconds") from None

    async def get(self, path: str, **query: str) -> Json:
        async with self._http.get(self._url + path, params=query) as response:
            return await _answer(path, response)

    async def post(self, path: str, **body: Any) -> Json:
        async with self._http.post(self._url + path, json=body, headers=self._headers) as response:
            return await _answer(path, response)

    async def listen(self, who: Person, ready: asyncio.Event) -> None:
        """Hear what this person's page is told, until cancelled."""
        stream_for_ever = aiohttp.ClientTimeout(total=None)
        query = {"user": who.id}
        async with self._http.get(f"{self._url}/client/events", params=query, timeout=stream_for_ever) as stream:
            async for line in stream.content:
                ready.set()
                if line.startswith(b"data: "):
                    event = json.loads(line.removeprefix(b"data: "))
                    if event["type"] == "view_opened":
                        self._opened[who.id] = event["view"]
                    self._news.set()


@asynccontextmanager
async def open_page(url: str) -> AsyncGenerator[Page]:
    """Look at the workspace at `url` as everybody in it."""
    async with aiohttp.ClientSession() as http:
        async with http.get(f"{url}/client/boot") as response:
            page = Page(http, url, await _answer("/client/boot", response))
        people = [person for person in page.people.values() if person.id != page.bot]
        ready = [asyncio.Event() for _ in people]
        listeners = [
            asyncio.create_task(page.listen(person, heard)) for person, heard in zip(people, ready, strict=True)
        ]
        try:
            await asyncio.gather(*(heard.wait() for heard in ready))
            yield page
        finally:
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)


async def _answer(path: str, response: aiohttp.ClientResponse) -> Json:
    answer = await response.json()
    if response.status >= 400:
        raise TourFailed(f"the workspace refused {path}: {answer.get('error', response.reason)}")
    return answer
