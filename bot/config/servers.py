"""MCP servers: those of `[mcp.NAME]`, and those of a JSON file that other programs read too (`mcp_config`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal, cast

from pydantic import BeforeValidator, Field, JsonValue, StrictBool

from bot.config import secrets
from bot.config.lines import Path, json_lines
from bot.config.problems import File, dotted
from bot.config.sections import Channel, Section, validated
from bot.durations import duration
from graphs.mcp.spec import TIMEOUT, ServerSpec

KEY = "mcpServers"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

Transport = Literal["stdio", "http", "streamable-http", "streamable_http", "streamableHttp"]


def _seconds(given: object) -> float:
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    return duration(given).total_seconds()


class Server(Section):
    """The keys of an `mcpServers` entry, and ours."""

    command: str | None = Field(default=None, min_length=1, description="the program to start")
    args: tuple[str, ...] = Field(default=(), description="a list of texts")
    env: dict[str, str] = Field(default_factory=dict[str, str], description="a table of texts")
    cwd: str | None = Field(default=None, description="a folder")
    url: str | None = Field(
        default=None, pattern=r"^https?://[^\s/?#]+[^\s#]*$", description="an address like https://host/path"
    )
    headers: dict[str, str] = Field(default_factory=dict[str, str], description="a table of texts")
    type: Transport | None = Field(default=None, description="stdio or http (SSE alone is not spoken here)")
    transport: Transport | None = Field(default=None, description="stdio or http (SSE alone is not spoken here)")
    fixed: dict[str, JsonValue] = Field(
        default_factory=dict[str, JsonValue], description="a table of arguments by name"
    )
    trust_annotations: StrictBool = Field(default=False, description="true or false")
    channels: tuple[Channel, ...] = Field(default=(), description='a list of "#name" of channels, or their ids')
    timeout: Annotated[float, BeforeValidator(_seconds), Field(gt=0, le=86400)] | None = Field(
        default=None, description='seconds above zero, or a duration like "90s"'
    )

    @property
    def wrong(self) -> str | None:
        """What of it does not go together, as a clause."""
        if self.command is not None and self.url is not None:
            return "has a command and a url: keep the one that is meant"
        if self.command is None and self.url is None:
            return "has neither a command nor a url"
        kinds = {each == "stdio" for each in (self.type, self.transport) if each is not None}
        if kinds and kinds != {self.command is not None}:
            return f"has a {'command' if self.command else 'url'} and is said to be of another type"
        if self.command is not None and self.headers:
            return "has a command and headers, which only a url has"
        if self.url is not None and (self.args or self.env or self.cwd):
            return "has a url, and args, env or cwd, which only a command has"
        return None


def of(tree: object, prefix: Path, file: File) -> list[ServerSpec]:
    """Those of a table of servers by name, as far as nothing is wrong with them."""
    if not isinstance(tree, Mapping):
        file.add(prefix, f"{dotted(prefix)} is no table of servers by name")
        return []
    found: list[ServerSpec] = []
    for name, entry in cast("Mapping[str, object]", tree).items():
        path = (*prefix, name)
        if not _NAME.fullmatch(name):
            file.add(path, f"{name!r} is no name for a server: letters, digits, - and _, at most 40")
        if (server := validated(Server, entry, path, file)) is None:
            continue
        if server.wrong is not None:
            file.add(path, f"{dotted(path)} {server.wrong}")
        else:
            found.append(_spec(name, server, file.place(path)))
    return found


def _spec(name: str, server: Server, place: str) -> ServerSpec:
    return ServerSpec(
        name=name,
        command=server.command,
        args=server.args,
        env=server.env,
        cwd=server.cwd,
        url=server.url,
        headers=server.headers,
        fixed=server.fixed,
        trust_annotations=server.trust_annotations,
        channels=server.channels,
        timeout=TIMEOUT if server.timeout is None else server.timeout,
        place=place,
    )


class _Twice(Exception):
    """A key that stands twice in one object; the message is the key."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(repr(next(name for name in names if names.count(name) > 1)))
    return found


def of_json(given: object, folder: FilePath, file: File) -> tuple[list[ServerSpec], File | None]:
    """Those of the file that `mcp_config` names, from the folder that signoff.toml is in; and what is wrong there."""
    at: Path = ("mcp_config",)
    if not isinstance(given, str) or not given.strip():
        file.add(at, "mcp_config is not the path of a JSON file")
        return [], None
    if at in file.absent:
        return [], None
    path = folder / given
    try:
        text = path.read_text("utf-8-sig")
        tree: Any = json.loads(text, object_pairs_hook=_once)
    except _Twice as error:
        file.add(at, f"{path.name} has {error} twice in one place")
        return [], None
    except json.JSONDecodeError as error:
        file.add(at, f"{path.name}, line {error.lineno}: it is no JSON ({error.msg})")
        return [], None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = getattr(error, "strerror", None) or "it is no text in UTF-8"
        file.add(at, f"mcp_config {'' if file.is_hidden(at) else f'is {given!r}, which '}cannot be read: {said}")
        return [], None
    if not isinstance(tree, dict) or KEY not in tree:
        file.add(at, f"{path.name} has no {KEY}")
        return [], None
    other = File(path.name, json_lines(text))
    servers: Any = {KEY: cast("dict[str, Any]", tree)[KEY]}
    secrets.look(servers, other)
    return of(other.filled(servers)[KEY], (KEY,), other), other
