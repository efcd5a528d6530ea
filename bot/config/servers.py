"""MCP servers: those of `[mcp.NAME]`, and those of a JSON file that other programs read too (`mcp_config`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, cast

from bot.config import secrets
from bot.config.lines import Path, json_lines
from bot.config.problems import File, dotted
from bot.config.sections import Server, validated
from graphs.mcp.spec import TIMEOUT, ServerSpec

KEY = "mcpServers"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")


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
        text = path.read_text("utf-8")
        tree: Any = json.loads(text)
    except json.JSONDecodeError as error:
        file.add(at, f"{path.name}, line {error.lineno}: it is no JSON ({error.msg})")
        return [], None
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        said = getattr(error, "strerror", None) or "it is no text in UTF-8"
        file.add(at, f"mcp_config is {given!r}, which cannot be read: {said}")
        return [], None
    if not isinstance(tree, dict) or KEY not in tree:
        file.add(at, f"{path.name} has no {KEY}")
        return [], None
    other = File(path.name, json_lines(text))
    servers: Any = {KEY: cast("dict[str, Any]", tree)[KEY]}
    secrets.look(servers, other)
    return of(other.filled(servers)[KEY], (KEY,), other), other
