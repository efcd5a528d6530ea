"""What the log may say of anything that Slack delivers: ids, and its kind. It is looked at before anybody reads it, so
what is not as it should be is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from bot.inbound import payloads
from graphs.texts.log_ids import LogId

Kind = Literal["event", "action", "view", "options", "command", "other"]

_KINDS: Mapping[str, Kind] = {
    payloads.EVENT: "event",
    payloads.COMMAND: "command",
    payloads.CLICK: "action",
    payloads.FORM: "view",
    payloads.SUGGESTION: "options",
}

_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def kind(body: Any) -> Kind:
    """What kind of delivery it is."""
    return _KINDS.get(payloads.kind(body) or "", "other")


def ids(body: Any) -> dict[LogId, str | None]:
    """Whose it is, and what it is about, as far as it says so."""
    found: dict[LogId, Any] = {
        "team": _at(body, "team_id") or _at(body, "team", "id") or _at(body, "user", "team_id"),
        "channel": _at(body, "event", "channel") or _at(body, "container", "channel_id") or _at(body, "channel_id"),
        "person": _at(body, "event", "user") or _at(body, "user", "id") or _at(body, "user_id"),
        "event": _at(body, "event_id"),
        "ts": _at(body, "event", "ts") or _at(body, "container", "message_ts"),
        "question": _at(body, "actions", 0, "value") or _at(body, "view", "private_metadata"),
    }
    return {name: value for name, value in found.items() if isinstance(value, str) and _ID.fullmatch(value)}


def _at(body: Any, *path: str | int) -> Any:
    """What stands there; None where nothing does."""
    for step in path:
        match body, step:
            case Mapping(), str():
                body = body.get(step)
            case list(), int():
                body = body[step] if step < len(body) else None
            case _:
                return None
    return body
