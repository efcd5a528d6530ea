"""Asking the admins about a tool that its server describes differently than before: until one of them says yes, the
model is not told of it.

Each change is a thread whose graph asks. Its card is in the direct message of one admin, and the others have copies,
as approvers elsewhere have them; so restarts, double clicks and two admins at once need nothing of their own here.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict

from bot.hosting import Hosted
from bot.people.directory import CannotTell
from bot.people.people import People
from graphs.agent.question_desk import QUESTION
from graphs.errors import GraphError, ThreadBusy
from graphs.runtime.asking import APPROVERS, Question, ask
from graphs.runtime.compiled import config_of
from graphs.runtime.graph import StateGraph
from graphs.runtime.types import END, START
from storage import Storage, posts, threads
from storage.errors import StorageUnavailable
from storage.ids import ThreadId
from storage.posts import Place

logger = logging.getLogger(__name__)

CHANNEL = "pins"
"""Stands in the id of such a thread where others have the channel: that depends on who can be reached."""

ALLOW, KEEP_BLOCKED = "allow", "keep_blocked"

MOST_WAITING = 1000
"""Questions of all threads that are looked through for those of changes."""

LOOK_EVERY = 60.0
"""Seconds after which it is looked again even when nothing was heard of: an admin may be within reach by now."""


class Change(Protocol):
    """A tool whose server describes it differently than when it was allowed; `digest` is that of how it does now."""

    @property
    def server(self) -> str: ...
    @property
    def tool(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def difference(self) -> str: ...


class Pins(Protocol):
    """Where tools are pinned."""

    @property
    def news(self) -> asyncio.Event:
        """Set when it may have changed what there is to ask about."""
        ...

    def changed(self) -> Sequence[Change]:
        """The changes that nobody has decided about."""
        ...

    async def decide(self, server: str, tool: str, digest: str, *, allow: bool, by: str) -> None:
        """Have the tool used as it is now, or not. Nothing happens where it has changed again."""
        ...


class Asked(TypedDict):
    """One change, as it is asked about. `admins` are those who may decide."""

    messages: list[dict[str, Any]]
    server: str
    tool: str
    digest: str
    difference: str
    admins: list[str]


def hosted(storage: Storage, pins: Pins) -> Hosted:
    """What asks, in the threads of such changes."""

    async def ask_admins(asked: Asked) -> dict[str, Any]:
        answer = ask(_question(asked))
        allow = answer.value == ALLOW
        await pins.decide(asked["server"], asked["tool"], asked["digest"], allow=allow, by=answer.by or "")
        return {}

    graph = StateGraph(Asked).add_node("ask_admins", ask_admins)
    graph.add_edge(START, "ask_admins").add_edge("ask_admins", END)
    return Hosted(graph.compile(storage, name="changed tool"), is_own=True)


def _question(asked: Asked) -> Question:
    payload = {
        "question": f"Go on using {asked['tool']} of the server {asked['server']} as it is described now?",
        "what_changed": asked["difference"],
        "until_then": "It is not offered to the model, and nothing of it runs.",
    }
    return Question(payload, response_schema={"enum": [ALLOW, KEEP_BLOCKED]}, terms={APPROVERS: asked["admins"]})


@dataclass
class Changes:
    """Asks about each change once, and takes back what nobody needs to decide any more."""

    storage: Storage
    people: People
    pins: Pins
    asking: Hosted
    team: str
    admins: Sequence[str]

    def __post_init__(self) -> None:
        self._stopping = False
        self._warned: set[ThreadId] = set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self.pins.news.clear()
            try:
                await self._look()
            except (GraphError, CannotTell, StorageUnavailable) as error:
                logger.info("admins are not asked about changed tools now: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.pins.news.wait()

    def stop(self) -> None:
        self._stopping = True
        self.pins.news.set()

    async def _look(self) -> None:
        wanted = {self._thread_of(change): change for change in self.pins.changed()}
        for thread_id in await self._waiting():
            if thread_id not in wanted:
                with contextlib.suppress(ThreadBusy):
                    await self.asking.graph.aend(config_of(thread_id), {})
        for thread_id, change in wanted.items():
            if await self.storage.read(lambda db, thread_id=thread_id: threads.get(db, thread_id)) is None:
                await self._ask(thread_id, change)

    def _thread_of(self, change: Change) -> ThreadId:
        """The thread in which these admins are asked about this change."""
        name = json.dumps([change.server, change.tool, change.digest, sorted(self.admins)])
        return ThreadId(f"{self.team}/{CHANNEL}/{hashlib.sha256(name.encode()).hexdigest()[:32]}")

    async def _waiting(self) -> set[ThreadId]:
        """The threads in which somebody is asked."""
        rows = await self.storage.interrupts(status="waiting", kind=QUESTION, limit=MOST_WAITING)
        return {row.thread_id for row in rows if row.thread_id.startswith(f"{self.team}/{CHANNEL}/")}

    async def _ask(self, thread_id: ThreadId, change: Change) -> None:
        channel = await self._reachable()
        if channel is None:
            if thread_id not in self._warned:
                self._warned.add(thread_id)
                logger.warning("%s of server %s changed and is not offered: %s", change.tool, change.server, self._lack)
            return
        await self.storage.write(lambda db: posts.begin(db, thread_id, self.team, Place(channel, "")))
        asked = Asked(
            messages=[],
            server=change.server,
            tool=change.tool,
            digest=change.digest,
            difference=change.difference,
            admins=list(self.admins),
        )
        with contextlib.suppress(ThreadBusy):
            await self.asking.graph.ainvoke(asked, config_of(thread_id))

    async def _reachable(self) -> str | None:
        """The direct message of the first admin who has one."""
        for admin in self.admins:
            if (channel := await self.people.direct_message(admin)) is not None:
                return channel
        return None

    @property
    def _lack(self) -> str:
        if not self.admins:
            return "signoff.toml names nobody under [admins] who could allow it"
        return "none of the admins can be sent a direct message"
