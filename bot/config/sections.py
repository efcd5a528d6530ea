"""The sections that there are, as types. The description of a field says what it has to be, for a line about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    TypeAdapter,
    ValidationError,
)

from bot.config.lines import Path
from bot.config.problems import File, dotted
from bot.durations import duration
from bot.settings import AgentPath
from graphs.agent.conditions.condition import Condition
from graphs.agent.errors import InvalidCondition
from graphs.agent.governing import Rule, Said
from graphs.approvals.decisions import Verb

Collected = TypeVar("Collected", bound=Collection[str])


def _some(given: Collected) -> Collected:
    if not given:
        raise ValueError("is empty")
    return given


def _answerable(given: frozenset[Verb]) -> frozenset[Verb]:
    """With a way for a call to end otherwise than in a no."""
    if not given - {"reject"}:
        raise ValueError
    return given


def _condition(given: object) -> Condition:
    if not isinstance(given, str):
        raise ValueError("it is no text")
    return Condition(given)


Channel = Annotated[
    str, Field(pattern=r"^(#[^\s#]{1,80}|[CG][A-Z0-9]{2,})$", description='"#name" of a channel, or its id')
]
Approver = Annotated[str, Field(pattern=r"^(requester|channel|[UWS][A-Z0-9]{2,})$")]
User = Annotated[str, Field(pattern=r"^[UW][A-Z0-9]{2,}$")]
AGENTS: TypeAdapter[dict[Channel, AgentPath]] = TypeAdapter(dict[Channel, AgentPath])


class Section(BaseModel):
    """Of a known set of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, hide_input_in_errors=True)


class Admins(Section):
    users: tuple[User, ...] = Field(default=(), description="a list of people's ids (U…, W…)")


class Model(Section):
    context_window: Annotated[StrictInt, Field(ge=1)] | None = Field(
        default=None, description="a number of tokens, 1 or more"
    )


class Retention(Section):
    """What is not kept for ever."""

    finished_threads: Annotated[timedelta, BeforeValidator(duration)] | None = Field(
        default=None, description='a duration like "90d" or "24h"'
    )


class Approvals(Section):
    """What a line may say of who decides: for every tool that asks, or in a rule."""

    approvers: Annotated[tuple[Approver, ...], AfterValidator(_some)] | None = Field(
        default=None, description='a list of "requester", "channel", people (U…, W…) and user groups (S…)'
    )
    quorum: Annotated[StrictInt, Field(ge=1)] | None = Field(default=None, description="a number of people, 1 or more")
    self_approval: StrictBool | None = Field(default=None, description="true or false")
    allow: Annotated[frozenset[Verb], AfterValidator(_answerable)] | None = Field(
        default=None, description="a list of approve, edit, reject and respond, more than reject alone"
    )
    expires_after: Annotated[timedelta, BeforeValidator(duration)] | None = Field(
        default=None, description='a duration like "24h", "90m", "2d" or "30s"'
    )

    @property
    def said(self) -> Said:
        return Said(
            approvers=self.approvers,
            quorum=self.quorum,
            self_approval=self.self_approval,
            allow=self.allow,
            expires_after=self.expires_after,
        )


class RuleSection(Approvals):
    tool: str = Field(min_length=1, description="the name of a tool, or a pattern of names like git.*")
    when: Annotated[Condition, BeforeValidator(_condition)] | None = Field(default=None, description="a condition")
    ask: StrictBool = Field(default=True, description="true or false")

    def rule(self, place: str) -> Rule:
        return Rule(tool=self.tool, when=self.when, ask=self.ask, said=self.said, place=place)


S = TypeVar("S", bound=Section)


def validated(kind: type[S], tree: object, path: Path, file: File) -> S | None:
    """The section, or None and a problem for each thing that is wrong with it."""
    try:
        return kind.model_validate(tree)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _add(kind.model_fields, each, path, file)
    return None


def agents(tree: object, file: File) -> dict[str, str]:
    """Paths by channel; what is wrong with one takes nothing from the others."""
    if not isinstance(tree, Mapping):
        file.add(("agents",), "agents is no table")
        return {}
    found: dict[str, str] = {}
    for channel, path in cast("Mapping[str, object]", tree).items():
        try:
            found |= AGENTS.validate_python({channel: path})
        except ValidationError as error:
            for each in error.errors():
                at: Path = ("agents", channel)
                if each["loc"][-1] == "[key]":
                    file.add(at, f'{channel!r} is no channel; write "#name" or its id')
                elif at not in file.absent:
                    file.add(at, f"{dotted(at)} is not module:attribute{file.shown(at, each['input'])}")
    return found


def _add(fields: Mapping[str, Any], error: Any, path: Path, file: File) -> None:
    loc = tuple(each for each in error["loc"] if each != "[key]")
    at = (*path, *loc)
    where = dotted((*path, *loc[:1]))
    cause = (error.get("ctx") or {}).get("error")
    if at in file.absent:
        return
    if error["type"] == "extra_forbidden":
        file.add(at, f"there is no {dotted(at)}; there is {', '.join(fields)}")
    elif error["type"] == "missing":
        file.add(at, f"{where} is missing: {fields[str(loc[0])].description}")
    elif isinstance(cause, InvalidCondition):
        file.add(at, f"{where} is no condition" if file.is_hidden(at) else f"{where}: {cause}")
    elif not loc:
        file.add(at, f"{dotted(path)} is no table")
    else:
        said = fields[str(loc[0])].description
        file.add(at, f"{where} is not {said}{file.shown(at, error['input'])}")
