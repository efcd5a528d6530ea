"""The people: one page's event stream, on which any number of conversations are held at once.

Light on purpose: one connection is read, nothing is polled per conversation, and what the workspace's journal says is
read now and then, because it forgets the oldest.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.agent import REPLY

Json = dict[str, Any]

USER, HOME, BOT = "U0ANA", "D0ANA", "U0SIGNOFF"
TEXT = "Parcel 7 has not arrived. Can you send it again?"
DOUBT = "may already have run"
CLICK_AGAIN = 1.0
"""Seconds after which a person clicks again: Slack said that the bot did not answer, and the button is still there."""

_SECONDS_EACH, _SECONDS = 0.5, 30.0  # how long all of them may take
_QUIET, _QUIET_DEADLINE = 1.0, 30.0
_JOURNAL_EVERY = 1.5


@dataclass
class Talk:
    """One conversation as its person has seen it."""

    cards: set[str] = field(default_factory=set)
    replies: set[str] = field(default_factory=set)
    messages: dict[str, Json] = field(default_factory=dict)
    in_doubt: bool = False
    clicked: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def doubled(self) -> int:
        """Posts that should not be there: a second card, a second reply, a piece of one beside it."""
        texts = [each["text"].strip() for each in self.messages.values()]
        pieces = sum(bool(text) and text != REPLY and REPLY.startswith(text) for text in texts)
        return max(len(self.cards) - 1, 0) + max(len(self.replies) - 1, 0) + pieces


class Crowd:
    """Everybody who talks to the bot, through one page. `again` is how often somebody clicked again."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._talks: dict[str, Talk] = {}
        self._clicks: set[asyncio.Task[None]] = set()
        self._told = asyncio.Event()
        self._read_to = 0
        self.again = 0
        self.calls: Counter[str] = Counter()
        self._asked: dict[str, float] = {}
        self._headers: dict[str, str] = {}
        self._acked: dict[str, float] = {}

    async def talk(self, number: int) -> tuple[list[Talk], float]:
        """Hold so many conversations at once. What became of them, and the seconds until the last had its reply."""
        begin = time.monotonic()
        talks = await asyncio.gather(*(self._say() for _ in range(number)))
        try:
            async with asyncio.timeout(_SECONDS + _SECONDS_EACH * number):
                await asyncio.gather(*(each.done.wait() for each in talks))
        except TimeoutError:
            pass  # those without a reply are counted
        return talks, time.monotonic() - begin

    async def quiet(self) -> None:
        """Until nothing has been shown for a while."""
        end = time.monotonic() + _QUIET_DEADLINE
        while time.monotonic() < end:
            self._told.clear()
            try:
                await asyncio.wait_for(self._told.wait(), _QUIET)
            except TimeoutError:
                return

    async def connected(self, bots: int) -> None:
        """Until every bot has opened its connection."""
        while self.calls["apps.connections.open"] < bots or not (await self._get("/client/boot"))["bot"]["connected"]:
            await asyncio.sleep(0.05)
            await self.read_journal()

    def forget(self) -> None:
        """What was counted until now is not to be."""
        self.calls.clear()
        self._asked.clear()
        self._acked.clear()

    def acks(self) -> list[float]:
        """Seconds from each click to its ack; infinite when none came."""
        return [self._acked.get(envelope, float("inf")) - asked for envelope, asked in self._asked.items()]

    async def watch(self) -> None:
        """Read the page's events, as long as it lives."""
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._http.get(f"{self._url}/client/events", params={"user": USER}, timeout=timeout) as stream:
            async for line in stream.content:
                if line.startswith(b"data: "):
                    self._see(json.loads(line.removeprefix(b"data: ")))

    async def keep_journal(self) -> None:
        while True:
            await self.read_journal()
            await asyncio.sleep(_JOURNAL_EVERY)

    async def read_journal(self) -> None:
        for entry in await self._get("/client/journal", after=str(self._read_to)):
            if entry["n"] <= self._read_to:
                continue
            self._read_to = entry["n"]
            if entry["kind"] == "call":
                self.calls[entry["method"]] += 1
            elif entry["kind"] == "event" and entry.get("payload", {}).get("type") == "block_actions":
                self._asked[entry["envelope_id"]] = entry["at"]
            elif entry["kind"] == "ack":
                self._acked.setdefault(entry["envelope_id"], entry["at"])

    def _see(self, event: Json) -> None:
        message = event.get("message") or {}
        root = message.get("thread_ts")
        if message.get("user") != BOT or root is None or event["type"] not in ("message", "message_changed"):
            return
        self._told.set()
        talk = self._talks.setdefault(root, Talk())
        talk.messages[message["ts"]] = message
        talk.in_doubt |= DOUBT in json.dumps(message)
        if _button(message):
            talk.cards.add(message["ts"])
            if not talk.clicked:
                talk.clicked = True
                task = asyncio.create_task(self._click(talk, message["ts"]))
                self._clicks.add(task)
                task.add_done_callback(self._clicks.discard)
        elif _says(message, REPLY) and not message.get("streaming"):
            talk.replies.add(message["ts"])
            talk.done.set()

    async def _say(self) -> Talk:
        order = {"user": USER, "channel": HOME, "text": TEXT}
        ts = (await self._post("/client/messages", order))["message"]["ts"]
        return self._talks.setdefault(ts, Talk())

    async def _click(self, talk: Talk, ts: str) -> None:
        while button := _button(talk.messages[ts]):
            order = {"user": USER, "channel": HOME, "message_ts": ts, **button}
            if (await self._post("/client/actions", order)).get("acked"):
                return
            await asyncio.sleep(CLICK_AGAIN)
            self.again += 1

    async def _post(self, path: str, order: Json) -> Json:
        if not self._headers:
            self._headers["Authorization"] = f"Bearer {(await self._get('/client/boot'))['token']}"
        async with self._http.post(self._url + path, json=order, headers=self._headers) as response:
            return await response.json()

    async def _get(self, path: str, **query: str) -> Any:
        async with self._http.get(self._url + path, params=query) as response:
            return await response.json()


def _button(message: Json) -> Json | None:
    """Where Approve is on a card, as the workspace wants to be told."""
    for block in message.get("blocks") or ():
        for element in block.get("elements", ()) if block["type"] == "actions" else ():
            if element.get("text", {}).get("text") == "Approve":
                return {"block_id": block["block_id"], "action_id": element["action_id"]}
    return None


def _says(message: Json, text: str) -> bool:
    return any(text in each for each in (message["text"], *_texts(message.get("blocks") or [])))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from [inner] if name == "text" and isinstance(inner, str) else _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
