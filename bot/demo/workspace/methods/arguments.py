"""The arguments of a Web API call, however they came: JSON body, form fields or query."""

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from bot.demo.workspace.errors import SlackError


class Arguments(dict[str, Any]):
    """Named arguments; None and absent are the same."""

    def text(self, name: str, default: str = "") -> str:
        value = self.get(name)
        return default if value is None else str(value)

    def optional(self, name: str) -> str | None:
        """A text that may be absent; an empty one counts as absent."""
        return self.text(name) or None

    def required(self, name: str, error: str = "invalid_arguments") -> str:
        """A text that must be there. Raises SlackError(`error`)."""
        value = self.text(name)
        if not value:
            raise SlackError(error, [f"[ERROR] missing required field: {name}"])
        return value

    def structure(self, name: str) -> Any:
        """A list or an object, given as JSON or as JSON text."""
        value = self.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise SlackError("invalid_json" if name != "blocks" else "invalid_blocks_format") from None

    def objects(self, name: str) -> list[dict[str, Any]]:
        """A list of objects; absent is empty."""
        value = self.structure(name) or []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise SlackError("invalid_arguments", [f"[ERROR] {name} must be a list of objects"])
        return value

    def flag(self, name: str) -> bool:
        return str(self.get(name, "")).lower() in ("true", "1")

    def number(self, name: str, default: int) -> int:
        value = self.get(name)
        if value is None:
            return default
        try:
            return int(str(value))
        except ValueError:
            raise SlackError("invalid_arguments", [f"[ERROR] {name} must be a number"]) from None


async def read_arguments(request: web.Request) -> Arguments:
    """Reads a call the way the official clients make it: Python mostly sends JSON, Node sends forms."""
    arguments = Arguments(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, Mapping):
            raise SlackError("json_not_object")
        arguments.update(body)
    elif request.can_read_body:
        arguments.update(await request.post())
    return arguments
