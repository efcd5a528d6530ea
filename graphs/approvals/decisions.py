"""The four decisions on a tool call, and their exact form as data (LangChain's shapes). Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never, cast

from graphs.errors import GraphError

Verb = Literal["approve", "edit", "reject", "respond"]

VERBS: frozenset[Verb] = frozenset({"approve", "edit", "reject", "respond"})


@dataclass(frozen=True)
class Approve:
    """Run the call as it was shown."""

    verb: Literal["approve"] = field(default="approve", init=False)


@dataclass(frozen=True)
class Edit:
    """Run it with other arguments: the original is superseded by an approval for these."""

    name: str
    args: Mapping[str, Any]
    verb: Literal["edit"] = field(default="edit", init=False)


@dataclass(frozen=True)
class Reject:
    """Do not run it. `message` is the reason, perhaps empty."""

    message: str = ""
    verb: Literal["reject"] = field(default="reject", init=False)


@dataclass(frozen=True)
class Respond:
    """Do not run it; `message` is what the model gets in the tool's place."""

    message: str
    verb: Literal["respond"] = field(default="respond", init=False)


Decision = Approve | Edit | Reject | Respond


UNREACHABLE = "unreachable"


def unreachable(why: str) -> dict[str, Any]:
    """What stands in the place of a decision when nobody could be asked for one; `why` is a sentence."""
    return {"type": UNREACHABLE, "message": why}


def why_unreachable(wire: object) -> str | None:
    """Why nobody could be asked, where that is what an answer says; None where it is a decision."""
    match cast("dict[str, Any]", wire) if isinstance(wire, dict) else None:
        case {"type": "unreachable", "message": str(why)}:
            return why
        case _:
            return None


class UnknownDecision(GraphError, ValueError):
    """Not one of the four decisions in its exact form. Nothing was decided."""

    def __init__(self) -> None:
        super().__init__(
            'expected {"type": "approve"}, {"type": "edit", "edited_action": {"name", "args"}}, '
            '{"type": "reject", "message"} or {"type": "respond", "message"}, and nothing beside it'
        )


_TEXT = {"type": "string"}


def _shape(verb: Verb, required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    properties = {"type": {"const": verb}, **required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": ["type", *required], "additionalProperties": False}


_ACTION = {
    "type": "object",
    "properties": {"name": _TEXT, "args": {"type": "object"}},
    "required": ["name", "args"],
    "additionalProperties": False,
}

DECISION_SCHEMA: Mapping[str, Any] = {
    "oneOf": [
        _shape("approve", {}),
        _shape("edit", {"edited_action": _ACTION}),
        _shape("reject", {}, {"message": _TEXT}),
        _shape("respond", {"message": _TEXT}),
    ]
}
"""What `parse_decision` takes, as JSON Schema, to be published with the question (LangChain's shapes)."""


def parse_decision(wire: object) -> Decision:
    """Read an answer to a tool approval. Raises UnknownDecision for all but the exact shapes: nothing else approves."""
    match cast("dict[str, Any]", wire) if isinstance(wire, dict) else None:
        case {"type": "approve", **rest} if not rest:
            return Approve()
        case {"type": "edit", "edited_action": {"name": str(name), "args": args, **more}, **rest} if not (rest or more):
            if isinstance(args, dict):
                return Edit(name, cast("dict[str, Any]", args))
        case {"type": "reject", **rest} if not rest:
            return Reject()
        case {"type": "reject", "message": str(message), **rest} if not rest:
            return Reject(message)
        case {"type": "respond", "message": str(message), **rest} if not rest:
            return Respond(message)
        case _:
            pass
    raise UnknownDecision


def as_answer(decision: Decision) -> dict[str, Any]:
    """The decision as `parse_decision` reads it."""
    match decision:
        case Approve():
            return {"type": "approve"}
        case Edit(name, args):
            return {"type": "edit", "edited_action": {"name": name, "args": dict(args)}}
        case Reject(message):
            return {"type": "reject", "message": message}
        case Respond(message):
            return {"type": "respond", "message": message}
        case _:
            assert_never(decision)
