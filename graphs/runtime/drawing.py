"""A graph as a picture: Mermaid text."""

from __future__ import annotations

from dataclasses import dataclass

from graphs.runtime.program import Topology
from graphs.runtime.types import END, START


@dataclass(frozen=True)
class Drawing:
    """What leads where. Dotted lines are decided at run time."""

    topology: Topology

    def draw_mermaid(self) -> str:
        topology = self.topology
        names = [START, *topology.nodes, END]
        ids = {name: f"n{number}" for number, name in enumerate(names)}
        labels = {START: "(start)", END: "(end)"}
        lines = ["flowchart TD"]
        lines += [f'    {ids[name]}["{labels.get(name, name)}"]' for name in names]
        solid = [(source, target) for source, targets in topology.edges.items() for target in targets]
        solid += [(source, join.target) for join in topology.joins for source in join.sources]
        dotted = [(node.name, to) for node in topology.nodes.values() for to in node.destinations if to in ids]
        for source, branches in topology.branches.items():
            for branch in branches:
                targets = [*topology.nodes, END] if branch.targets is None else branch.targets.values()
                dotted += [(source, target) for target in targets]
        lines += [f"    {ids[source]} --> {ids[target]}" for source, target in solid]
        lines += [f"    {ids[source]} -.-> {ids[target]}" for source, target in dotted]
        return "\n".join(lines)
