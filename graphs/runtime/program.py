"""A program: a graph's state, its nodes and what leads from each to the next; and whether that holds together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from graphs.errors import InvalidGraph, InvalidUpdateError
from graphs.runtime.calling import awaitable
from graphs.runtime.context_schema import ContextSchema
from graphs.runtime.injected import Kind, extras_of
from graphs.runtime.shapes import Shape
from graphs.runtime.state import StateSchema, Write
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
    """A node as declared. `anywhere`: it may lead to nodes that it does not declare, by a `Command` of its own or of a
    graph called in it. `outward`: it may command the node that calls its graph. `starts`: how often it is begun in a
    place where each time the process ends; None: as often as it takes. `sees` is the class that it is given the state
    as, None for the graph's own. A node that is to `defer` runs when nothing else is due. `handler` runs in its place
    when it failed.
    """

    name: str
    retries: tuple[RetryPolicy, ...] | None = None
    timeout: float | None = None
    destinations: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the drawing says of a destination."""
    anywhere: bool = False
    outward: bool = False
    starts: int | None = None
    sees: Shape | None = None
    defer: bool = False
    metadata: Mapping[str, Any] | None = None
    handler: Node | None = None

    def handled_by(self, handler: Node) -> Node:
        """The node with this handler, which may lead where the handler does."""
        return replace(
            self,
            handler=handler,
            destinations=tuple(dict.fromkeys(self.destinations + handler.destinations)),
            anywhere=self.anywhere or handler.anywhere,
            outward=self.outward or handler.outward,
        )


@dataclass(frozen=True)
class Branch(Called):
    """A router after a node. `targets` maps what it returns to nodes; None: it returns nodes. `sees` is the class that
    it is given the state as, None for its node's. It waits for no place among the functions that block.
    """

    targets: dict[Any, str] | None
    sees: Shape | None = None

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

    def copy(self) -> Topology:
        """The topology as it is, whatever is added to this one later."""
        edges = {source: list(targets) for source, targets in self.edges.items()}
        branches = {source: list(found) for source, found in self.branches.items()}
        return Topology(dict(self.nodes), edges, branches, list(self.joins))


@dataclass(frozen=True, eq=False)
class Program:
    """A graph that has been checked: what every run of it goes by. Inputs have the keys of `takes`, results those of
    `gives`, and `context` makes what nodes get of the context that a caller passes.
    """

    name: str
    schema: StateSchema
    topology: Topology
    takes: Shape
    gives: Shape
    context: ContextSchema = field(default_factory=ContextSchema)
    surface: Surface = field(default_factory=AllOfIt)

    def argument(self, node: Node, values: Mapping[str, Any]) -> Any:
        """The state as a node is given it."""
        return (node.sees or self.schema.shape).view(values)

    def sent(self, node: Node, arg: Any) -> Any:
        """The private input of a task. A node that asks for a class of its own gets an instance, where it makes one."""
        shape = node.sees
        if shape is None or not shape.is_instance or not isinstance(arg, Mapping):
            return arg
        return shape.made(cast("Mapping[str, Any]", arg))

    def routed(self, branch: Branch, source: str, values: Mapping[str, Any]) -> Any:
        """The state as a router after this node is given it."""
        node = self.topology.nodes.get(source)
        shape = branch.sees or (node.sees if node is not None else None) or self.schema.shape
        return shape.view(values)

    def given(self, value: Any, *, first: bool) -> list[Write]:
        """An input, as writes. Raises `InvalidUpdateError` for a key that no input has, and where the `first` input of
        a thread does not make an instance of its class.
        """
        writes = self.schema.writes(START, self.surface.given(value))
        keys = self.takes.keys
        if unknown := [write.key for write in writes if write.key not in keys]:
            raise InvalidUpdateError(
                f"the input has {unknown[0]!r}, which {self.takes.name} does not declare: its keys are {sorted(keys)!r}"
            )
        if first and self.takes.is_instance:
            values = {**self.schema.initial(), **{write.key: write.value for write in writes}}
            self.takes.view(values)
        return writes


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
        inside = {*topology.nodes, END}
        found += [(node.name, target) for target in node.destinations if target in inside or not node.outward]
    return found
