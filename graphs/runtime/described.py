"""What a compiled graph tells of itself: its nodes, its schemas, its picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphs.runtime.drawing import Drawing, drawn, inlined
from graphs.runtime.left_out import NoRunnable
from graphs.runtime.program import Node, Program
from graphs.runtime.types import Config


class Described(NoRunnable):
    """A graph by its program."""

    program: Program
    builder: Any = None
    """The `StateGraph` that it was compiled from."""

    @property
    def nodes(self) -> Mapping[str, Node]:
        return self.program.topology.nodes

    @property
    def context_schema(self) -> Any:
        return self.program.context.type

    def get_input_jsonschema(self, config: Config | None = None) -> dict[str, Any]:
        return self.program.takes.json_schema()

    def get_output_jsonschema(self, config: Config | None = None) -> dict[str, Any]:
        return self.program.gives.json_schema()

    def get_context_jsonschema(self) -> dict[str, Any] | None:
        """None when the graph declares no context."""
        return self.program.context.json_schema()

    def get_graph(self, config: Config | None = None, *, xray: int | bool = False) -> Drawing:
        """The graph's picture. `xray`: how many levels of the graphs that are its nodes are looked into, True for all;
        their nodes are "node:inner".
        """
        drawing = drawn(self.program.topology)
        deeper = xray if isinstance(xray, bool) else xray - 1
        for name, node in self.program.topology.nodes.items() if xray else ():
            if isinstance(node.fn, Described):
                drawing = inlined(drawing, name, node.fn.get_graph(xray=deeper))
        return drawing

    async def aget_graph(self, config: Config | None = None, *, xray: int | bool = False) -> Drawing:
        """As `get_graph`."""
        return self.get_graph(config, xray=xray)
