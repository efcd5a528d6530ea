"""Commands to the caller: what a node of a graph called inside another tells the node that called its graph to do.

`Command(graph=Command.PARENT)` ends the graph that it is given in. Its update and its goto are then those of the
caller's node, whose own result does not count.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from graphs.errors import InvalidUpdateError
from graphs.runtime.calling import GraphBubbleUp, Paused
from graphs.runtime.state import StateSchema, Write, dump
from graphs.runtime.types import Command, Send

Target = str | Send
"""Where a task leads: a node, or one with a private input."""


@dataclass(frozen=True, slots=True)
class Upward:
    """A command to the caller's node: what it writes, by the keys of the caller's state, and where it leads."""

    writes: list[Write]
    targets: list[Target]


class ParentCommand(GraphBubbleUp):
    """Unwinds a node that called a graph, when a node of that graph commands in its place."""

    def __init__(self, commands: Iterable[Upward]) -> None:
        self.commands = list(commands)
        super().__init__()

    @property
    def writes(self) -> list[Write]:
        return [write for command in self.commands for write in command.writes]

    @property
    def targets(self) -> list[Target]:
        return [target for command in self.commands for target in command.targets]


def one_of(signals: BaseExceptionGroup[GraphBubbleUp]) -> GraphBubbleUp:
    """What stands for several signals: a question before all, since nothing counts until it is answered."""
    found = list(_flat(signals))
    if any(isinstance(signal, Paused) for signal in found):
        return Paused()
    return ParentCommand(
        command for signal in found if isinstance(signal, ParentCommand) for command in signal.commands
    )


def _flat(group: BaseExceptionGroup[GraphBubbleUp]) -> Iterable[GraphBubbleUp]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _flat(each)
        else:
            yield each


def upward(command: Command[Any], node: str, schema: StateSchema, caller: str, *, stored: bool) -> Upward:
    """A node's command as one to the `caller`, a node of a graph with this schema; `stored` when it must be storable.

    Raises `InvalidUpdateError` for what the caller's state does not take.
    """
    try:
        writes = schema.writes(caller, command.update)
        writes = schema.normalise(writes) if stored else writes
    except InvalidUpdateError as error:
        raise InvalidUpdateError(f"the command of node {node!r} to the graph that called its own: {error}") from error
    targets = command.targets()
    return Upward(writes, [normalised(target) for target in targets] if stored else targets)


def normalised(target: Target) -> Target:
    """The target, with the private input of a `Send` as a restart would give it."""
    if isinstance(target, str):
        return target
    return Send(target.node, json.loads(dump(target.arg, f"the input sent to {target.node!r}")))


def dump_upward(commands: Iterable[Upward], schema: StateSchema) -> list[Any]:
    """[{"writes": [[key, value], ...], "targets": [...]}, ...]; the schema is the caller's."""
    return [
        {
            "writes": [[write.key, json.loads(schema.dump_write(write))] for write in command.writes],
            "targets": plain_targets(command.targets),
        }
        for command in commands
    ]


def load_upward(plain: Iterable[Any], schema: StateSchema, caller: str) -> list[Upward]:
    return [
        Upward(
            [schema.load_write(caller, key, json.dumps(value)) for key, value in command["writes"]],
            load_targets(command["targets"]),
        )
        for command in plain
    ]


def plain_targets(targets: Iterable[Target]) -> list[Any]:
    """["node" | {"node", "arg"}, ...]"""
    return [{"node": t.node, "arg": t.arg} if isinstance(t, Send) else t for t in targets]


def load_targets(plain: Iterable[Any]) -> list[Target]:
    return [target if isinstance(target, str) else Send(target["node"], target["arg"]) for target in plain]
