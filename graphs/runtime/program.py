"""A program: a graph's state, its nodes and what leads from each to the next; and whether that holds together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphs.errors import InvalidGraph
from graphs.runtime.calling import awaitable
from graphs.runtime.injected import Kind, extras_of
from graphs.runtime.state import StateSchema
from graphs.runtime.surface import AllOfIt, Surface
from graphs.runtime.types import END, START, RetryPolicy


@dataclass(frozen=True)
class Called:
    """A function that a run calls with the state: a node's, or a router."""

    fn: Callable[..., Any]

    @cached_property
    def call(self) -> Callable[..., Awaitable[Any]]:
        return awaitable(self.fn)

    @cached_property
    def extras(self) -> Mapping[str, Kind]:
        """The parameters that a run fills beside the state, and with what."""
        return extras_of(self.fn)


@dataclass(frozen=True)
class Node(Called):
    """A node as declared. `anywhere`: its code mentions `Command` and does not declare where it goes. `starts`: how
    often it is begun in a place where each time the process ends; None: as often as it takes.
    """

    name: str
    retry_policy: RetryPolicy | None = None
    timeout: float | None = None
    destinations: tuple[str, ...] = ()
    anywhere: bool = False
    starts: int | None = None


@dataclass(frozen=True)
class Branch(Called):
    """A router after a node. `targets` maps what it returns to nodes; None: it returns nodes. It waits for no place
    among the functions that block.
    """

    targets: dict[Any, str] | None

    @cached_property
    def call(self) -> Callable[..., Awaitable[Any]]:
        return awaitable(self.fn, bounded=False)


@dataclass(frozen=True)
class Join:
    """An edge from several nodes: its target is due when all of them have finished."""

    sources: tuple[str, ...]
    target: str

    @property
    def key(self) -> str:
        return f"{'+'.join(self.sources)}->{self.target}"


@dataclass
class Topology:
    """Nodes and what leads from each to the next."""

    nodes: dict[str, Node] = field(default_factory=dict[str, Node])
    edges: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    branches: dict[str, list[Branch]] = field(default_factory=dict[str, list[Branch]])
    joins: list[Join] = field(default_factory=list[Join])


@dataclass(frozen=True, eq=False)
class Program:
    """A graph that has been checked: what every run of it goes by."""

    name: str
    schema: StateSchema
    topology: Topology
    surface: Surface = field(default_factory=AllOfIt)


def check(topology: Topology) -> None:
    """Every target exists, there is an entry, every node can be reached."""
    names = set(topology.nodes)
    for source, target in _edges(topology):
        if source not in names | {START}:
            raise InvalidGraph(f"an edge starts at {source!r}, which is no node; the nodes are {sorted(names)!r}")
        if target not in names | {END}:
            raise InvalidGraph(f"an edge from {source!r} leads to {target!r}, which is no node: {sorted(names)!r}")
    reached, frontier = set[str](), [START]
    anywhere = {name for name, node in topology.nodes.items() if node.anywhere}
    anywhere |= {source for source, branches in topology.branches.items() if any(b.targets is None for b in branches)}
    if not topology.edges.get(START) and not topology.branches.get(START):
        raise InvalidGraph("the graph has no entry: add an edge from START")
    while frontier:
        source = frontier.pop()
        if source in reached:
            continue
        reached.add(source)
        if source in anywhere:
            return
        frontier += [target for origin, target in _edges(topology) if origin == source and target != END]
    if lost := sorted(names - reached):
        raise InvalidGraph(
            f"nothing leads to node {lost[0]!r}: add an edge to it, or name it in destinations= of a node"
        )


def _edges(topology: Topology) -> list[tuple[str, str]]:
    found = [(source, target) for source, targets in topology.edges.items() for target in targets]
    found += [(source, join.target) for join in topology.joins for source in join.sources]
    for source, branches in topology.branches.items():
        found += [(source, target) for branch in branches for target in (branch.targets or {}).values()]
    for node in topology.nodes.values():
        found += [(node.name, target) for target in node.destinations]
    return found
