"""A server's description of a tool → the tool as the agent has it: its policy, its title, its arguments. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphs.agent.described import DescribedArguments
from graphs.agent.errors import ToolError
from graphs.agent.policy import Approval
from graphs.agent.titles import Title
from graphs.agent.tools import Tool
from graphs.mcp.definition import Definition
from graphs.mcp.names import tool_name, wire_name
from graphs.mcp.spec import ServerSpec
from storage.pins import Pin

AnyTool = Tool[..., Any]

LONGEST_DESCRIPTION = 4000
"""Characters of a description that a model is told."""

LONGEST_TITLE = 80
"""Characters of what a server calls a tool."""

LONGEST_VALUE = 40
MOST_VALUES = 3
"""Of the arguments that stand in a call's title."""

BLOCKED = (
    "The server {server} describes its tool {tool!r} otherwise than when it was allowed. An admin has to allow it "
    "first; until then it is not run."
)


@dataclass(frozen=True)
class Policy:
    """How the tools of servers are asked about. `approval` is for each that has no rule of its own; `ruled` makes of a
    tool the one that the configuration's rules want.
    """

    approval: Approval
    ruled: Callable[[AnyTool], AnyTool]


def tool_of(
    spec: ServerSpec, definition: Definition, function: Callable[..., Any], policy: Policy, *, is_blocked: bool
) -> AnyTool:
    """The tool. One that `is_blocked` is known, so that its calls are shown and told as what they are, and is neither
    offered nor run.

    It asks, unless a server that is trusted in this says that it only reads. What a server says otherwise can only
    make it stricter: that it is destructive counts where it says so itself, since the protocol takes it of every tool
    that says nothing, and a second question for each call would be read by nobody.
    """
    name = tool_name(spec.name, definition.name)
    fixed = {each: value for each, value in spec.fixed.items() if each in definition.schema.get("properties", {})}
    only_reads = spec.trust_annotations and definition.says("readOnlyHint")
    idempotent = definition.says("idempotentHint")
    signature = DescribedArguments(dict(definition.schema), fixed)
    made: AnyTool = Tool(
        name=name,
        description=_cut(definition.description, LONGEST_DESCRIPTION) or f"{definition.name}, of {spec.name}.",
        parameters=_offered(definition.schema, fixed),
        schema_digest=definition.digest,
        approval=None if only_reads else policy.approval,
        idempotent=idempotent,
        destructive=definition.says("destructiveHint") and not definition.says("readOnlyHint"),
        repeatable=only_reads or idempotent,
        timeout=None,  # the server has its own, from when the call is sent
        title=Title(name, _titling(definition, signature), is_code=False),
        check=_Refusing(BLOCKED.format(server=spec.name, tool=definition.name)) if is_blocked else None,
        preview=None,
        function=function,
        signature=signature,
        wire=wire_name(spec.name, definition.name),
        offered=not is_blocked,
        own_rule_binds=False,
    )
    return policy.ruled(made)


def pinned_tool(spec: ServerSpec, pin: Pin, policy: Policy) -> AnyTool:
    """The tool that a pin says, for whoever only looks at it: there is nothing behind it that could be called."""
    definition = Definition.read(pin.definition)
    return tool_of(spec, definition, _nothing, policy, is_blocked=pin.changed is not None)


def _nothing(values: object) -> None:
    raise ToolError("This tool was made to be looked at, and is not run.")


@dataclass(frozen=True)
class _Refusing:
    """A check that lets nothing pass."""

    why: str

    def __call__(self, values: object) -> str:
        return self.why


def _offered(schema: Mapping[str, Any], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without what is fixed, as models and forms read it."""
    properties: dict[str, Any] = dict(schema.get("properties") or {})
    offered: dict[str, Any] = {**schema, "properties": {n: part for n, part in properties.items() if n not in fixed}}
    if fixed and "required" in schema:
        offered["required"] = [name for name in schema["required"] if name not in fixed]
    return offered


def _titling(definition: Definition, signature: DescribedArguments) -> Callable[[Any], str]:
    """What a call is called: its server's words for the tool, and its first arguments; those that are fixed are the
    same in every call.
    """
    words = definition.name.replace("_", " ").replace("-", " ").strip() or definition.name
    said = _cut(" ".join((definition.title or "").split()) or words[:1].upper() + words[1:], LONGEST_TITLE)

    def write(values: Mapping[str, Any]) -> str:
        told = [name for name in signature.names if name in values and name not in signature.fixed]
        shown = [name for name in told if name not in signature.secret][:MOST_VALUES]
        parts = [f"{name.replace('_', ' ')} {_value(values[name])}" for name in shown]
        if len(values.keys() - signature.fixed.keys()) > len(parts):
            parts.append("…")
        return f"{said} ({', '.join(parts)})" if parts else said

    return write


def _value(value: object) -> str:
    """A value as JSON writes it; a word as it is."""
    if isinstance(value, str) and value.isascii() and value.replace("_", "").replace("-", "").isalnum():
        return _cut(value, LONGEST_VALUE)
    return _cut(json.dumps(value, ensure_ascii=False), LONGEST_VALUE)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
