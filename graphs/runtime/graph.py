"""Building a graph, and checking it before it can run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal, get_args, get_origin, get_type_hints

from graphs.errors import InvalidGraph
from graphs.runtime import reach
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.program import Branch, Join, Node, Program, Topology, check
from graphs.runtime.retrying import Retries, Timeout, policies, seconds
from graphs.runtime.state import StateSchema
from graphs.runtime.types import END, START, Command
from storage import Storage


class StateGraph:
    """A graph over one state: add nodes and edges, then `compile` it.

    A node is `async def` or `def` (run in a worker thread), takes the state (and, if it names them, `runtime` and
    `config`) and returns an update, a `Command`, a list of those, or None.
    """

    def __init__(self, state: type, *, context_schema: type | None = None) -> None:
        self.schema = StateSchema(state)
        self.context_schema = context_schema
        self.topology = Topology()

    def add_node(
        self,
        node: str | Callable[..., Any],
        fn: Callable[..., Any] | None = None,
        *,
        retry_policy: Retries = None,
        timeout: Timeout = None,
        destinations: Sequence[str] | None = None,
        starts: int | None = None,
    ) -> StateGraph:
        """Add a node under `node`, or under its function's name. `timeout` is in seconds, for one attempt.

        A node that takes the process along would do so at each start. `starts` is how often it is begun in one place;
        after that its task has failed with `CutShort`, and whoever wants it begins it anew. None: as often as it takes.
        """
        name, fn = (node, fn) if isinstance(node, str) else (getattr(node, "__name__", type(node).__name__), node)
        if fn is None:
            raise InvalidGraph(f"node {name!r} has no function")
        if name in (START, END) or "/" in name:
            raise InvalidGraph(f"{name!r} cannot be a node's name")
        if name in self.topology.nodes:
            raise InvalidGraph(f"there are two nodes named {name!r}")
        declared = tuple(destinations) if destinations is not None else _declared(fn)
        self.topology.nodes[name] = Node(
            fn,
            name,
            policies(retry_policy) or (),
            seconds(timeout),
            declared or (),
            anywhere=_leads_anywhere(fn, declared),
            outward=reach.commands_caller(fn),
            starts=starts,
        )
        return self

    def add_edge(self, source: str | Sequence[str], target: str) -> StateGraph:
        """`target` runs after `source`; after all of them when there are several."""
        if isinstance(source, str):
            self.topology.edges.setdefault(source, []).append(target)
        else:
            self.topology.joins.append(Join(tuple(source), target))
        return self

    def add_conditional_edges(
        self, source: str, router: Callable[..., Any], path_map: dict[Any, str] | Sequence[str] | None = None
    ) -> StateGraph:
        """After `source`, `router` says where to go: a node, a `Send`, a list of those, or a key of `path_map`."""
        if path_map is None:
            declared = _literals(_return_hint(router))
            targets = {name: name for name in declared} if declared else None
        else:
            targets = path_map if isinstance(path_map, dict) else {name: name for name in path_map}
        self.topology.branches.setdefault(source, []).append(Branch(router, targets))
        return self

    def add_sequence(self, nodes: Iterable[Callable[..., Any]]) -> StateGraph:
        """Nodes one after the other."""
        previous: str | None = None
        for node in nodes:
            name = getattr(node, "__name__", type(node).__name__)
            self.add_node(name, node)
            if previous is not None:
                self.add_edge(previous, name)
            previous = name
        return self

    def set_entry_point(self, node: str) -> StateGraph:
        return self.add_edge(START, node)

    def set_finish_point(self, node: str) -> StateGraph:
        return self.add_edge(node, END)

    def compile(
        self,
        checkpointer: Storage | bool | None = None,
        *,
        interrupt_before: Sequence[str] | Literal["*"] = (),
        interrupt_after: Sequence[str] | Literal["*"] = (),
        name: str = "graph",
    ) -> CompiledGraph:
        """Check the graph and make it runnable. Raises `InvalidGraph` that names the node or edge to mend.

        With a storage as `checkpointer` its threads are durable. Called inside a node of another graph it runs in the
        caller's thread, with the caller's checkpointer, unless it has one and is given the id of another thread. True:
        it keeps its state there between calls; False: nothing of it is stored there, and it cannot ask.
        """
        check(self.topology)
        program = Program(name, self.schema, self.topology)
        return CompiledGraph(program, checkpointer, before=interrupt_before, after=interrupt_after)


def _leads_anywhere(fn: Callable[..., Any], declared: tuple[str, ...] | None) -> bool:
    if isinstance(fn, CompiledGraph):
        return reach.leads_out(fn.program)
    return reach.calls_graphs(fn) or (declared is None and reach.mentions_command(fn))


def _declared(fn: Callable[..., Any]) -> tuple[str, ...] | None:
    """Where a node's return annotation says that it may go; None when it says nothing."""
    hint = _return_hint(fn)
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Command:
            return _literals(get_args(part)[0])
    return None


def _return_hint(fn: Callable[..., Any]) -> Any:
    try:
        return get_type_hints(fn if inspect.isroutine(fn) else type(fn).__call__).get("return")
    except (NameError, TypeError, AttributeError):  # an annotation that cannot be evaluated here declares nothing
        return None


def _literals(hint: Any) -> tuple[str, ...]:
    if get_origin(hint) is Literal:
        return tuple(get_args(hint))
    return tuple(name for part in get_args(hint) for name in _literals(part))
