"""The tools that an agent has, by name: those that are declared, and those of sources, which come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, cast

from graphs.agent.errors import InvalidTool, UnknownTool
from graphs.agent.tools import Tool


class Source(Protocol):
    """Tools that come and go while the program runs, as those of an MCP server do."""

    @property
    def tools(self) -> Mapping[str, Tool[..., Any]]:
        """Those there are now, by name: the same object until they change."""
        ...

    async def ready(self) -> None:
        """Returns once it has looked what tools there are, or has waited long enough for that. Raises nothing."""
        ...


class Toolbox(Mapping[str, Tool[..., Any]]):
    """Tools by name, in their order, then those of the `sources`. A tool is found by its wire name too, which is what
    models call it. Raises InvalidTool for two of one name; an unknown name is UnknownTool. Where a source has a name
    that is taken, it is the other's.
    """

    def __init__(self, tools: Iterable[Tool[..., Any]], sources: Sequence[Source] = ()) -> None:
        self._declared: dict[str, Tool[..., Any]] = {}
        self.sources = sources
        for each in tools:
            if not isinstance(cast(object, each), Tool):
                raise InvalidTool(getattr(each, "__name__", repr(each)), "it is not a tool. Put @tool above it.")
            if each.name in self._declared:
                raise InvalidTool(each.name, "two tools have this name. Rename one of the functions.")
            self._declared[each.name] = each
        self._seen: Sequence[Mapping[str, Tool[..., Any]]] | None = None
        self._known: Mapping[str, Tool[..., Any]] = {}
        self._by_wire_name: Mapping[str, Tool[..., Any]] = {}
        self._definitions: Sequence[Mapping[str, Any]] = ()

    async def ready(self) -> None:
        """To be awaited before a model is told of the tools."""
        if self.sources:
            await asyncio.gather(*(each.ready() for each in self.sources))

    @property
    def declared(self) -> Mapping[str, Tool[..., Any]]:
        """Those that are there from the start."""
        return self._declared

    def __getitem__(self, name: str) -> Tool[..., Any]:
        found = self.find(name)
        if found is None:
            raise UnknownTool(name, (wire for wire, each in self._by_wire_name.items() if each.offered))
        return found

    def find(self, name: str) -> Tool[..., Any] | None:
        """The tool of this name, if there is one: what a model or a record names may not be there."""
        self._look()
        return self._known.get(name) or self._by_wire_name.get(name)

    def __iter__(self) -> Iterator[str]:
        self._look()
        return iter(self._known)

    def __len__(self) -> int:
        self._look()
        return len(self._known)

    @property
    def definitions(self) -> Sequence[Mapping[str, Any]]:
        """All tools that are offered, as Chat Completions takes them: the same object until they change."""
        self._look()
        return self._definitions

    def _look(self) -> None:
        seen = [each.tools for each in self.sources]
        if self._seen is None or any(now is not then for now, then in zip(seen, self._seen, strict=True)):
            known = dict(self._declared)
            wired = {each.wire_name: each for each in known.values()}
            for each in (each for tools in seen for each in tools.values()):
                if each.name not in known and each.wire_name not in wired:
                    known[each.name] = wired[each.wire_name] = each
            self._seen, self._known, self._by_wire_name = seen, known, wired
            self._definitions = tuple(each.definition() for each in known.values() if each.offered)
