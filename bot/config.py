"""`signoff.toml`: what is hosted where. Never secrets; `${NAME}` in a text stands for that variable of the environment.

A problem is one line with its place in the file.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.settings import AgentPath, BadSettings, HostSettings, expanded

DEFAULT = Path("signoff.toml")
"""Read where it exists, and no other is named."""

_CHANNEL = r"^(#[^\s#]{1,80}|[CG][A-Z0-9]{2,})$"


class _File(BaseModel):
    """The sections that there are."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    agents: dict[str, AgentPath] = Field(default_factory=dict[str, AgentPath])


@dataclass(frozen=True)
class Config:
    """What the file says. `agents` are paths by channel (`#name` or id); `places` says where each stands."""

    agents: Mapping[str, str]
    places: Mapping[str, str]


def read(settings: HostSettings) -> Config:
    """The file that the settings name. Raises `BadSettings` with a line for each problem."""
    path = settings.signoff_config or DEFAULT
    if settings.signoff_config is None and not path.exists():
        return Config({}, {})
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "is not UTF-8"
        raise BadSettings([f"SIGNOFF_CONFIG is {str(path)!r}, which cannot be read: {said}"]) from error
    return parse(text, path.name)


def parse(text: str, name: str) -> Config:
    """The text of a file of this name."""
    try:
        tree = expanded(tomllib.loads(text))
        file = _File.model_validate(tree)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([f"{name}: {error}"]) from error
    except KeyError as error:
        at = _line(text, f"${{{error.args[0]}}}")
        raise BadSettings([f"{name}{at}: the environment has no {error.args[0]}"]) from error
    except ValidationError as error:
        raise BadSettings([_problem(text, name, each["loc"], each["type"]) for each in error.errors()]) from error
    wrong = [channel for channel in file.agents if not re.fullmatch(_CHANNEL, channel)]
    if wrong:
        lines = [f'{name}{_line(text, each)}: {each!r} is no channel; write "#name" or its id' for each in wrong]
        raise BadSettings(lines)
    return Config(file.agents, {channel: f"{name}{_line(text, channel)}" for channel in file.agents})


def _problem(text: str, name: str, location: tuple[int | str, ...], kind: str) -> str:
    where = ".".join(map(str, location))
    at = _line(text, str(location[-1]))
    if kind == "extra_forbidden":
        known = ", ".join(_File.model_fields)
        return f"{name}{at}: there is no {where}; there is {known}"
    return f"{name}{at}: {where} is not module:attribute"


def _line(text: str, key: str) -> str:
    """The first line that has this key."""
    for number, line in enumerate(text.splitlines(), 1):
        if key in line.partition("#  ")[0]:
            return f", line {number}"
    return ""


def channels(config: Config, known: Mapping[str, str]) -> dict[str, str]:
    """The channels as the configuration names them, by id; `known` are the ids by name. Raises `BadSettings`."""
    problems = [
        f"{config.places[channel]}: there is no channel {channel} that the bot can see. Make it, or invite the bot"
        for channel in config.agents
        if channel.startswith("#") and channel[1:] not in known
    ]
    if problems:
        raise BadSettings(problems)
    return {known[each[1:]] if each.startswith("#") else each: each for each in config.agents}


def described(settings: HostSettings) -> list[str]:
    """What answers where, and which line says so; for `signoff config check`. Raises `BadSettings`."""
    config, default = read(settings), settings.signoff_agent
    lines = [f"{channel}  {path}  ({config.places[channel]})" for channel, path in config.agents.items()]
    return [*lines, f"everywhere else  {default}  (SIGNOFF_AGENT)"]
