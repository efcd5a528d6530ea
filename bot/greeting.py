"""What a start says, once it is connected: where it works, for whom and with what, and which model. Three lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from bot.http_mode import ENDPOINT
from bot.settings import Settings
from graphs.agent.toolbox import Toolbox
from graphs.models.connection import OPENAI_URL

NAMED = 12
"""Tools that are named."""


def lines(settings: Settings, identity: Mapping[str, str], toolbox: Toolbox | None) -> list[str]:
    """`identity` is what Slack said of the token; `toolbox` None for a graph, whose questions are its own."""
    for_whom = f"{_who(settings)}, with {_with_what(settings, toolbox)}"
    return [_where(settings, identity), for_whom, _which_model(settings)]


def _where(settings: Settings, identity: Mapping[str, str]) -> str:
    team, name = identity.get("team") or identity["team_id"], identity.get("user") or identity["user_id"]
    by = "by Socket Mode" if settings.slack_app_token is not None else f"on port {settings.port}, at {ENDPOINT}"
    return f"Connected to {team} as @{name}, {by}"


def _who(settings: Settings) -> str:
    if not settings.signoff_users:
        return "For all full members"
    return f"For the {len(settings.signoff_users)} people and groups of SIGNOFF_USERS"


def _with_what(settings: Settings, toolbox: Toolbox | None) -> str:
    if toolbox is None:
        return f"the graph {settings.signoff_agent}"
    asking = [name for name, tool in toolbox.items() if tool.may_ask]
    others = [name for name, tool in toolbox.items() if not tool.may_ask]
    said = [f"{what} {_named(names)}" for what, names in (("asks before", asking), ("runs", others)) if names]
    return f"the agent {settings.signoff_agent}" + (f": {'; '.join(said)}" if said else ", which has no tools")


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _which_model(settings: Settings) -> str:
    return f"Model {settings.openai_model} at {urlsplit(settings.openai_base_url or OPENAI_URL).hostname}"
