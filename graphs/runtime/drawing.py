"""A graph as a picture: its nodes and edges as data, and as Mermaid text."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from graphs.errors import RendererMissing
from graphs.runtime import left_out
from graphs.runtime.program import Topology
from graphs.runtime.types import END, START

RENDERER = "mmdc"
_LABELS = {START: "(start)", END: "(end)"}


@dataclass(frozen=True)
class DrawnNode:
    """A node, `outer:inner` for one of a graph within. `name` is its own."""

    id: str
    name: str
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class DrawnEdge:
    """What leads from one node to another; a `conditional` one is decided at run time, `data` is its label."""

    source: str
    target: str
    data: str | None = None
    conditional: bool = False


@dataclass(frozen=True)
class Drawing(left_out.LeavesOut):
    """What leads where. `graphs` are the nodes that were drawn as the graphs that they are."""

    nodes: Mapping[str, DrawnNode]
    edges: Sequence[DrawnEdge]
    graphs: Sequence[str] = ()

    left_out = left_out.OF_DRAWINGS

    def draw_mermaid(self, **more: Any) -> str:
        """Mermaid text. Dotted lines are decided at run time, a graph within is a box."""
        left_out.refuse("draw_mermaid", more)
        ids = {name: f"n{number}" for number, name in enumerate(self.nodes)}
        lines = ["flowchart TD", *self._boxes("", ids, "    ")]
        lines += [f"    {ids[edge.source]} --> {ids[edge.target]}" for edge in self.edges if not edge.conditional]
        for edge in self.edges:
            if edge.conditional:
                arrow = "-.->" if edge.data is None else f'-. "{_quoted(edge.data)}" .->'
                lines.append(f"    {ids[edge.source]} {arrow} {ids[edge.target]}")
        return "\n".join(lines)

    def _boxes(self, within: str, ids: Mapping[str, str], indent: str) -> list[str]:
        """The nodes of the graph that is drawn in a node, and boxes for the graphs in it."""
        lines: list[str] = []
        for id_, node in self.nodes.items():
            if _graph_of(id_) == within:
                lines.append(f'{indent}{ids[id_]}["{_quoted(_LABELS.get(node.name, node.name))}"]')
        for number, graph in enumerate(self.graphs):
            if _graph_of(graph) == within:
                name = graph.rpartition(":")[2]
                lines.append(f'{indent}subgraph g{number}["{_quoted(name)}"]')
                lines += [*self._boxes(graph, ids, indent + "    "), f"{indent}end"]
        return lines

    def draw_mermaid_png(self, output_file_path: str | None = None, **more: Any) -> bytes:
        """The picture as PNG, written to `output_file_path` too when there is one. Mermaid's own command line draws it.

        Raises `RendererMissing` when that is not there, or does not draw it.
        """
        left_out.refuse("draw_mermaid_png", more)
        if (renderer := shutil.which(RENDERER)) is None:
            raise RendererMissing(
                f"drawing a PNG needs Mermaid's command line ({RENDERER}) on the PATH: "
                "`npm install -g @mermaid-js/mermaid-cli`; or paste what draw_mermaid() gives where Mermaid is shown"
            )
        with TemporaryDirectory() as folder:
            text, picture = Path(folder, "graph.mmd"), Path(folder, "graph.png")
            text.write_text(self.draw_mermaid(), encoding="utf-8")
            command = [renderer, "-i", str(text), "-o", str(picture)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
            if not picture.exists():
                raise RendererMissing(f"{RENDERER} did not draw it: {done.stderr.strip() or done.stdout.strip()}")
            drawn = picture.read_bytes()
        if output_file_path is not None:
            Path(output_file_path).write_bytes(drawn)
        return drawn


def drawn(topology: Topology) -> Drawing:
    """The drawing of a graph whose nodes are boxes that nobody looks into."""
    nodes = {START: DrawnNode(START, START)}
    nodes |= {node.name: DrawnNode(node.name, node.name, node.metadata) for node in topology.nodes.values()}
    return Drawing(nodes | {END: DrawnNode(END, END)}, _edges(topology))


def _edges(topology: Topology) -> list[DrawnEdge]:
    found = [DrawnEdge(source, target) for source, targets in topology.edges.items() for target in targets]
    found += [DrawnEdge(source, join.target) for join in topology.joins for source in join.sources]
    inside = {*topology.nodes, END}
    for node in topology.nodes.values():
        to = [each for each in node.destinations if each in inside]
        found += [DrawnEdge(node.name, each, node.labels.get(each), conditional=True) for each in to]
    for source, branches in topology.branches.items():
        for branch in branches:
            targets = {name: name for name in (*topology.nodes, END)} if branch.targets is None else branch.targets
            for said, target in targets.items():
                label = None if said == target else str(said)
                found.append(DrawnEdge(source, target, label, conditional=True))
    led = {edge.source for edge in found}
    ends = [node.name for node in topology.nodes.values() if node.name not in led and not node.anywhere]
    return found + [DrawnEdge(name, END) for name in ends]


def inlined(outer: Drawing, name: str, inner: Drawing) -> Drawing:
    """The drawing with another in the place of a node. Where the other one begins, or ends, with one node, its START,
    or END, is left out.
    """
    first, last = _only(inner.edges, "source", START), _only(inner.edges, "target", END)
    first_id, last_id = (first.target if first else START), (last.source if last else END)
    left = {id_ for id_, edge in ((START, first), (END, last)) if edge is not None}
    nodes: dict[str, DrawnNode] = {}
    for id_, node in outer.nodes.items():
        if id_ != name:
            nodes[id_] = node
            continue
        kept = [each for each in inner.nodes.values() if each.id not in left]
        nodes |= {f"{name}:{each.id}": replace(each, id=f"{name}:{each.id}") for each in kept}
    edges = [
        replace(
            edge,
            source=f"{name}:{last_id}" if edge.source == name else edge.source,
            target=f"{name}:{first_id}" if edge.target == name else edge.target,
        )
        for edge in outer.edges
    ]
    within = [edge for edge in inner.edges if edge not in (first, last)]
    edges += [replace(edge, source=f"{name}:{edge.source}", target=f"{name}:{edge.target}") for edge in within]
    return Drawing(nodes, edges, [*outer.graphs, name, *(f"{name}:{graph}" for graph in inner.graphs)])


def _only(edges: Sequence[DrawnEdge], end: str, node: str) -> DrawnEdge | None:
    """The edge at this end of a graph, if it is the only one and always taken."""
    found = [edge for edge in edges if getattr(edge, end) == node]
    return found[0] if len(found) == 1 and not found[0].conditional else None


def _graph_of(id_: str) -> str:
    return id_.rpartition(":")[0]


def _quoted(text: str) -> str:
    return text.replace('"', "#quot;")
