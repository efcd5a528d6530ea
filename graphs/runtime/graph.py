"""Building a graph, and checking it before it can run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self, cast

from graphs.errors import InvalidGraph
from graphs.runtime import breakpoints, left_out, reach
from graphs.runtime.annotations import (
    checked_function,
    declared_destinations,
    declared_targets,
    name_of,
)
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.context_schema import ContextSchema
from graphs.runtime.ledger import handler_of
from graphs.runtime.program import Branch, Join, Node, Program, Topology, check
from graphs.runtime.retrying import Retries, Timeout, policies, seconds
from graphs.runtime.shapes import Shape, annotated
from graphs.runtime.state import StateSchema
from graphs.runtime.surface import AllOfIt, SomeKeys
from graphs.runtime.types import END, START
from storage import Storage

DEFAULT_HANDLER = "__default_error_handler__"


class StateGraph:
    """A graph over one state: add nodes and edges, then `compile` it.

    A node is `async def` or `def` (run in a worker thread), takes the state (and, if it names them, `runtime` and
    `config`) and returns an update, a `Command`, a list of those, or None.

    `input_schema` and `output_schema` have the keys that a caller gives, and gets as a result; the state's keys are
    those of all classes together. `context_schema` is the class of the `context` that a caller passes.
    """

    def __init__(
        self,
        state_schema: Any,
        context_schema: Any = None,
        *,
        input_schema: Any = None,
        output_schema: Any = None,
        **more: Any,
    ) -> None:
        left_out.refuse("StateGraph", more)
        self.state_schema = state_schema
        self.context_schema = context_schema
        self.input_schema = input_schema or state_schema
        self.output_schema = output_schema or state_schema
        self.schema = StateSchema(state_schema)
        self.schema.add(self.input_schema)
        self.schema.add(self.output_schema)
        self.topology = Topology()
        self._defaults: dict[str, Any] = {}

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self.topology.nodes

    def add_node(
        self,
        node: str | Callable[..., Any],
        action: Callable[..., Any] | None = None,
        *,
        defer: bool = False,
        metadata: Mapping[str, Any] | None = None,
        input_schema: Any = None,
        retry_policy: Retries = None,
        error_handler: Callable[..., Any] | None = None,
        destinations: Sequence[str] | Mapping[str, str] | None = None,
        timeout: Timeout = None,
        starts: int | None = None,
        **more: Any,
    ) -> Self:
        """Add a node under `node`, or under its function's name.

        It is given the state as `input_schema` has it, else as the state class says that its first parameter is
        annotated with, whose keys become keys of the state; else as the graph's own. `defer`: it waits until nothing
        else is due. Of several policies the first counts that applies. `timeout` is for one attempt. `error_handler`
        ends the task in the node's place when it failed after its retries: a function of the state, and of a
        `NodeError` if it takes one, that returns what a node may. The node's edges are not followed then; it says where
        to go by a `Command`. It never sees a question, and no other handler sees what it raises. `destinations`
        are the nodes that its `Command`s go to, with labels for the drawing if it is a dict; `metadata` is for the
        drawing too.

        A node that takes the process along would do so at each start. `starts` is how often it is begun in one place;
        after that its task has failed with `CutShort`, and whoever wants it begins it anew. None: as often as it takes.
        """
        left_out.refuse("add_node", more)
        name, fn = (node, action) if isinstance(node, str) else (name_of(node), node)
        fn = checked_function(name, fn)
        left_out.check_parameters(name, fn)
        if name in (START, END, DEFAULT_HANDLER) or "/" in name or name.startswith(handler_of("")):
            raise InvalidGraph(f"{name!r} cannot be a node's name")
        if name in self.topology.nodes:
            raise InvalidGraph(f"there are two nodes named {name!r}")
        declared = None if destinations is None else tuple(destinations)
        made = replace(
            _declared(fn, name, declared),
            retries=policies(retry_policy),
            timeout=seconds(timeout),
            labels=dict(destinations) if isinstance(destinations, Mapping) else {},
            starts=starts,
            sees=self._shape(fn, input_schema),
            defer=defer,
            metadata=metadata,
        )
        if error_handler is not None:
            made = made.handled_by(_handler(error_handler, handler_of(name)))
        self.topology.nodes[name] = made
        return self

    def _shape(self, fn: Callable[..., Any], given: Any = None) -> Shape | None:
        """The class that a function wants the state as; None when it does not say."""
        wanted = given if given is not None else annotated(fn)
        return None if wanted is None else self.schema.add(wanted)

    def set_node_defaults(
        self,
        *,
        retry_policy: Retries = None,
        error_handler: Callable[..., Any] | None = None,
        timeout: Timeout = None,
        **more: Any,
    ) -> Self:
        """What holds for each node, whenever it is added, that is not told otherwise itself; not for graphs within.
        Retries and timeout are for error handlers too.
        """
        left_out.refuse("set_node_defaults", more)
        given = {
            "retries": policies(retry_policy),
            "timeout": seconds(timeout),
            "handler": None if error_handler is None else _handler(error_handler, DEFAULT_HANDLER),
        }
        self._defaults |= {name: value for name, value in given.items() if value is not None}
        return self

    def add_edge(self, start_key: str | Sequence[str], end_key: str) -> Self:
        """`end_key` runs after `start_key`; after all of them when there are several."""
        sources = [start_key] if isinstance(start_key, str) else list(start_key)
        if END in sources or end_key == START or not sources:
            raise InvalidGraph(
                f"no edge leads from {start_key!r} to {end_key!r}: END has none after it, START none before"
            )
        if isinstance(start_key, str):
            self.topology.edges.setdefault(start_key, []).append(end_key)
        else:
            self.topology.joins.append(Join(tuple(sources), end_key))
        return self

    def add_conditional_edges(
        self, source: str, path: Callable[..., Any], path_map: Mapping[Any, str] | Sequence[str] | None = None
    ) -> Self:
        """After `source`, `path` says where to go: a node, a `Send`, a list of those, or a key of `path_map`."""
        checked_function(name_of(path), path)
        if path_map is None:
            declared = declared_targets(path)
            targets = {name: name for name in declared} if declared else None
        else:
            targets = dict(path_map) if isinstance(path_map, Mapping) else {name: name for name in path_map}
        self.topology.branches.setdefault(source, []).append(Branch(path, targets, self._shape(path)))
        return self

    def add_sequence(self, nodes: Iterable[Callable[..., Any] | tuple[str, Callable[..., Any]]]) -> Self:
        """Nodes one after the other, each a function or (name, function)."""
        previous: str | None = None
        for node in nodes:
            name, fn = cast("tuple[str, Any]", node) if isinstance(node, tuple) else (name_of(node), node)
            self.add_node(name, fn)
            if previous is not None:
                self.add_edge(previous, name)
            previous = name
        if previous is None:
            raise InvalidGraph("a sequence has at least one node")
        return self

    def set_entry_point(self, key: str) -> Self:
        return self.add_edge(START, key)

    def set_conditional_entry_point(
        self, path: Callable[..., Any], path_map: Mapping[Any, str] | Sequence[str] | None = None
    ) -> Self:
        """`path` says where an input leads, as in `add_conditional_edges`."""
        return self.add_conditional_edges(START, path, path_map)

    def set_finish_point(self, key: str) -> Self:
        return self.add_edge(key, END)

    def validate(self, interrupt: Sequence[str] | None = None) -> Self:
        """Raises `InvalidGraph` that names the node or edge to mend, `ValueError` for a node to `interrupt` at that is
        not there.
        """
        breakpoints.check(interrupt or (), self._checked_topology().nodes)
        return self

    def _checked_topology(self) -> Topology:
        topology = self.topology.copy()
        topology.nodes = {name: self._with_defaults(node) for name, node in topology.nodes.items()}
        check(topology)
        return topology

    def compile(
        self,
        checkpointer: Storage | bool | None = None,
        *,
        interrupt_before: Sequence[str] | Literal["*"] | None = None,
        interrupt_after: Sequence[str] | Literal["*"] | None = None,
        name: str | None = None,
        **more: Any,
    ) -> CompiledGraph:
        """Check the graph and make it runnable, as it is now. Raises `InvalidGraph` that names the node or edge to
        mend.

        With a storage as `checkpointer` its threads are durable. Called inside a node of another graph it runs in the
        caller's thread, with the caller's checkpointer, unless it has one and is given the id of another thread. True:
        it keeps its state there between calls; False: nothing of it is stored there, and it cannot ask.
        """
        left_out.refuse("compile", more)
        schema, topology = self.schema.copy(), self._checked_topology()
        takes, gives = schema.add(self.input_schema), schema.add(self.output_schema)
        program = Program(
            name or "graph",
            schema,
            topology,
            takes,
            gives,
            ContextSchema(self.context_schema),
            AllOfIt() if len(gives.keys) == len(schema.fields) else SomeKeys(gives.keys),
        )
        graph = CompiledGraph(program, checkpointer, before=interrupt_before or (), after=interrupt_after or ())
        graph.builder = self
        return graph

    def _with_defaults(self, node: Node) -> Node:
        policy = {name: value for name, value in self._defaults.items() if name != "handler"}
        missing = {name: value for name, value in policy.items() if getattr(node, name) is None}
        node = replace(node, **missing) if missing else node
        handler: Node | None = node.handler or self._defaults.get("handler")
        if handler is None:
            return node
        missing = {name: value for name, value in policy.items() if getattr(handler, name) is None}
        return node.handled_by(replace(handler, sees=node.sees, **missing))


def _declared(fn: Callable[..., Any], name: str, destinations: tuple[str, ...] | None = None) -> Node:
    """A node that leads where it says, or where its annotations and its code do."""
    declared = destinations if destinations is not None else declared_destinations(fn)
    anywhere = _leads_anywhere(fn, declared)
    return Node(fn, name, destinations=declared or (), anywhere=anywhere, outward=reach.commands_caller(fn))


def _handler(fn: Any, name: str) -> Node:
    return _declared(checked_function(name, fn), name)


def _leads_anywhere(fn: Callable[..., Any], declared: tuple[str, ...] | None) -> bool:
    if isinstance(fn, CompiledGraph):
        return reach.leads_out(fn.program)
    return reach.calls_graphs(fn) or (declared is None and reach.mentions_command(fn))
