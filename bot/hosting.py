"""What answers where: an agent, or a graph of one's own, by channel."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphs.agent.toolbox import Toolbox
from graphs.runtime.compiled import CompiledGraph, thread_id_of
from graphs.runtime.types import Config, StateSnapshot
from storage import Connection
from storage.ids import ThreadId

MESSAGES = "messages"
"""Where a state has its conversation."""


@dataclass(frozen=True)
class Hosted:
    """What answers in a conversation. A graph of one's own has no tools that we know of: it `is_own`."""

    graph: CompiledGraph
    toolbox: Toolbox = field(default_factory=lambda: Toolbox([]))
    examples: Sequence[str] = ()
    is_own: bool = False

    @functools.cached_property
    def state_schema(self) -> dict[str, Any]:
        """The JSON Schema of what a person is shown of its state: all but the conversation."""
        fields = {name: each for name, each in self.graph.program.schema.fields.items() if name != MESSAGES}
        return {
            "type": "object",
            "properties": {
                name: {} if each.adapter is None else each.adapter.json_schema() for name, each in fields.items()
            },
        }

    @functools.cached_property
    def edit_schema(self) -> dict[str, Any]:
        """Of what they may edit too: where a reducer adds what is written to what is there, nothing takes its place."""
        kept = {name for name, each in self.graph.program.schema.fields.items() if each.reducer is None}
        shown = self.state_schema["properties"]
        return {"type": "object", "properties": {name: each for name, each in shown.items() if name in kept}}


@dataclass(frozen=True)
class Hosts:
    """Everything that is hosted: by channel id, and for all other conversations. It runs the threads of each."""

    default: Hosted
    by_channel: Mapping[str, Hosted] = field(default_factory=dict[str, Hosted])

    def of(self, thread_id: ThreadId) -> Hosted:
        """What answers in the conversation of this thread."""
        channel = thread_id.split("/")[1] if thread_id.count("/") == 2 else ""
        return self.by_channel.get(channel, self.default)

    def own_state(self, thread_id: ThreadId) -> Mapping[str, bool] | None:
        """What is shown of a thread's state, and whether it may be edited, where a graph of one's own answers there."""
        hosted = self.of(thread_id)
        if not hosted.is_own:
            return None
        return {name: name in hosted.edit_schema["properties"] for name in hosted.state_schema["properties"]}

    @functools.cached_property
    def toolbox(self) -> Toolbox:
        """The tools of all agents. Raises InvalidTool where two have different ones of one name."""
        all_of_them = [each.toolbox for each in (self.default, *self.by_channel.values())]
        tools = {id(tool): tool for each in all_of_them for tool in each.declared.values()}
        sources = {id(source): source for each in all_of_them for source in each.sources}
        return Toolbox(tools.values(), list(sources.values()))

    async def astream(self, input: Any, config: Config | None = None, **options: Any) -> AsyncGenerator[Any]:  # noqa: A002
        """As `CompiledGraph.astream` in several modes. What a graph of one's own streams is shown once it is whole."""
        hosted = self._named(config)
        chunks = hosted.graph.astream(input, config, **options)
        try:
            async for chunk in chunks:
                if not (hosted.is_own and chunk[0] == MESSAGES):
                    yield chunk
        finally:
            await chunks.aclose()

    async def aget_state(self, config: Config) -> StateSnapshot:
        return _told(self._named(config), config, await self._named(config).graph.aget_state(config))

    def state_on(self, db: Connection, config: Config) -> StateSnapshot:
        """As `CompiledGraph.state_on`; a job."""
        return _told(self._named(config), config, self._named(config).graph.state_on(db, config))

    async def aend(self, config: Config, values: Any, also: Callable[[Connection], None] = lambda db: None) -> None:
        await self._named(config).graph.aend(config, values, also)

    def _named(self, config: Config | None) -> Hosted:
        return self.of(thread_id_of(config or {}))


def _told(hosted: Hosted, config: Config, snapshot: StateSnapshot) -> StateSnapshot:
    """The state as it is shown. Of the messages of a graph of one's own only what people and it say counts; they may
    have any id, or none, so they are named by the thread that they are in; and they are marked as its `own`.
    """
    if not hosted.is_own:
        return snapshot
    thread_id = thread_id_of(config)
    found: list[dict[str, Any]] = []
    for number, message in enumerate(snapshot.values.get(MESSAGES) or ()):
        if not isinstance(message, Mapping) or message.get("role") not in ("user", "assistant"):
            continue
        said: Mapping[str, Any] = message
        content = said.get("content")
        plain = {**said, "content": content if isinstance(content, str) else "" if content is None else str(content)}
        plain.pop("tool_calls", None)
        if said["role"] == "assistant":
            name = f"{thread_id}\0{said.get('id') or number}"
            plain["own"] = True
            plain["id"] = hashlib.sha256(name.encode()).hexdigest()[:32]
        found.append({"id": str(number), **plain})
    return replace(snapshot, values={**snapshot.values, MESSAGES: found})
