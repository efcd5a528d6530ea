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
from typing import Any, Protocol, TypedDict, TypeVar

from bot.hosting import Hosted
from bot.people.directory import CannotTell
from bot.people.people import People
from graphs.agent.question_desk import QUESTION
from graphs.errors import GraphError, ThreadBusy, ThreadWaiting
from graphs.runtime.asking import APPROVERS, Question, ask
from graphs.runtime.configs import config_of
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
    """A tool that its server describes differently than when it was allowed; `digest` is that of how it does now, `at`
    when that was seen. `is_new`: nobody has decided about it.
    """

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def is_new(self) -> bool: ...
    @property
    def difference(self) -> Sequence[str]: ...


AnyChange = TypeVar("AnyChange", bound=Change)


class Pins(Protocol[AnyChange]):
    """Where tools are pinned; see `graphs.mcp.servers.Servers`."""

    @property
    def changed(self) -> asyncio.Event: ...
    async def changes(self) -> Sequence[AnyChange]: ...
    async def allow(self, change: AnyChange, by: str) -> bool: ...
    async def keep_blocked(self, change: AnyChange, by: str) -> bool: ...


class Asked(TypedDict):
    """One change, as it is asked about. `admins` are those who may decide."""

    messages: list[dict[str, Any]]
    name: str
    digest: str
    difference: list[str]
    admins: list[str]


def hosted(storage: Storage, pins: Pins[Any]) -> Hosted:
    """What asks, in the threads of such changes."""

    async def ask_admins(asked: Asked) -> dict[str, Any]:
        answer = ask(_question(asked))
        decide = pins.allow if answer.value == ALLOW else pins.keep_blocked
        for change in await pins.changes():
            if (change.name, change.digest) == (asked["name"], asked["digest"]):
                await decide(change, answer.by or "")
        return {}

    graph = StateGraph(Asked).add_node("ask_admins", ask_admins)
    graph.add_edge(START, "ask_admins").add_edge("ask_admins", END)
    return Hosted(graph.compile(storage, name="changed tool"), is_own=True)


def _question(asked: Asked) -> Question:
    payload = {
        "question": f"Allow {asked['name']} as its server describes it now? Until then it is not offered.",
        "what_changed": "\n".join(asked["difference"]),
    }
    return Question(payload, response_schema={"enum": [ALLOW, KEEP_BLOCKED]}, terms={APPROVERS: asked["admins"]})


@dataclass
class Changes:
    """Asks about each change once, and takes back what nobody needs to decide any more."""

    storage: Storage
    people: People
    pins: Pins[Any]
    asking: Hosted
    team: str
    admins: Sequence[str]

    def __post_init__(self) -> None:
        self._stopping = False
        self._warned: set[ThreadId] = set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self.pins.changed.clear()
            try:
                await self._look()
            except (GraphError, CannotTell, StorageUnavailable) as error:
                logger.info("admins are not asked about changed tools now: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.pins.changed.wait()

    def stop(self) -> None:
        self._stopping = True
        self.pins.changed.set()

    async def _look(self) -> None:
        wanted = {self._thread_of(change): change for change in await self.pins.changes() if change.is_new}
        for thread_id in await self._waiting():
            if thread_id not in wanted:
                with contextlib.suppress(ThreadBusy):
                    await self.asking.graph.aend(config_of(thread_id), {})
        for thread_id, change in wanted.items():
            if await self.storage.read(lambda db, thread_id=thread_id: threads.get(db, thread_id)) is None:
                await self._ask(thread_id, change)

    def _thread_of(self, change: Change) -> ThreadId:
        """The thread in which these admins are asked about this change. The same again, later, is another one."""
        name = json.dumps([change.name, change.digest, change.at, sorted(self.admins)])
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
                logger.warning("%s changed and is not offered to the model: %s", change.name, self._lack)
            return
        await self.storage.write(lambda db: posts.begin(db, thread_id, self.team, Place(channel, "")), thread_id)
        asked = Asked(
            messages=[],
            name=change.name,
            digest=change.digest,
            difference=list(change.difference),
            admins=list(self.admins),
        )
        with contextlib.suppress(ThreadBusy, ThreadWaiting):  # another process asks, or has asked
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
