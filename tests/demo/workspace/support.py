"""What the workspace's tests act with: a person at the page, a bot made with the real Bolt, a clock that is set."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Tokens, Workspace

Json = dict[str, Any]

Slack = Any
"""Slack's own client, an AsyncWebClient. Its answers are typed as if every field could be missing."""

TOKENS = Tokens(bot="xoxb-local", app="xapp-local")
"""What the bot of a test in one process is given. A workspace that is a program has tokens of its own."""

CARD = [
    {
        "type": "actions",
        "block_id": "decide",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "q1",
                "text": {"type": "plain_text", "text": "Approve"},
            }
        ],
    }
]

FORM = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Edit"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "amount",
            "label": {"type": "plain_text", "text": "amount"},
            "element": {"type": "number_input", "action_id": "v", "is_decimal_allowed": True, "initial_value": "80"},
        },
        {
            "type": "input",
            "block_id": "note",
            "optional": True,
            "label": {"type": "plain_text", "text": "note"},
            "element": {"type": "plain_text_input", "action_id": "v"},
        },
    ],
}


class Page:
    """A person at the page, through the client API."""

    def __init__(self, http: aiohttp.ClientSession, url: str, user: str = "U0ANA") -> None:
        self._http = http
        self.url = url
        self.user = user
        self._headers: dict[str, str] = {}

    def as_user(self, user: str) -> "Page":
        return Page(self._http, self.url, user)

    async def get(self, path: str, **query: str) -> Any:
        async with self._http.get(f"{self.url}{path}", params={"user": self.user} | query) as response:
            return await response.json()

    async def post(self, path: str, **body: Any) -> Json:
        return await self._send(path, {"user": self.user} | body)

    async def say(self, text: str, channel: str = "C0SUPPORT", **more: str) -> Json:
        return (await self.post("/client/messages", channel=channel, text=text, **more))["message"]

    async def command(self, text: str, channel: str = "C0SUPPORT", **more: str) -> Json:
        return await self.post("/client/messages", channel=channel, text=text, **more)

    async def messages(self, channel: str = "C0SUPPORT") -> list[Json]:
        return (await self.get("/client/history", channel=channel))["messages"]

    async def whispers(self, channel: str = "D0ANA") -> list[str]:
        """What only this person sees there."""
        return [each["text"] for each in await self.messages(channel) if each.get("ephemeral_to") == self.user]

    async def click(self, message: Json, block_id: str = "decide", action_id: str = "approve", **more: Any) -> Json:
        place = {"channel": message["channel"], "message_ts": message["ts"]}
        return await self.post("/client/actions", **place, block_id=block_id, action_id=action_id, **more)

    async def submit(self, view_id: str, **values: Json) -> Json:
        return await self.post(f"/client/views/{view_id}/submit", values=values)

    async def journal(self, kind: str) -> list[Json]:
        return [entry for entry in await self.get("/client/journal") if entry["kind"] == kind]

    async def fault(self, **order: Any) -> Json:
        return await self._send("/client/faults", order)

    async def _send(self, path: str, order: Json) -> Json:
        """With the page's token, as the page does."""
        if not self._headers:
            async with self._http.get(f"{self.url}/client/boot") as response:
                self._headers["Authorization"] = f"Bearer {(await response.json())['token']}"
        async with self._http.post(f"{self.url}{path}", json=order, headers=self._headers) as response:
            return await response.json()

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[list[Json]]:
        """The live events of the page, in a list that grows while the block runs."""
        seen: list[Json] = []
        async with self._http.get(f"{self.url}/client/events", params={"user": self.user}) as stream:
            await stream.content.readline()  # the greeting: from now on nothing is missed
            reader = asyncio.create_task(_read_events(stream, seen))
            try:
                yield seen
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)


async def _read_events(stream: aiohttp.ClientResponse, seen: list[Json]) -> None:
    async for line in stream.content:
        if line.startswith(b"data: "):
            seen += [json.loads(line.removeprefix(b"data: "))]


def slack_client(url: str, token: str = TOKENS.bot) -> Slack:
    return AsyncWebClient(token=token, base_url=f"{url}/api/")


@asynccontextmanager
async def connected(app: AsyncApp, token: str = TOKENS.app) -> AsyncIterator[AsyncSocketModeHandler]:
    """Connects a Bolt app by Socket Mode."""
    handler = AsyncSocketModeHandler(app, token)
    await handler.connect_async()
    try:
        yield handler
    finally:
        await handler.close_async()


def new_app(workspace: Workspace) -> AsyncApp:
    return AsyncApp(client=slack_client(workspace.url))
