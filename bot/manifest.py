"""The Slack app's manifest: what the bot may see and do in a workspace, and no more than it uses."""

import json
from typing import Any

EVENTS: dict[str, str | None] = {
    "agent_session_stopped": "assistant:write",
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "channel_archive": "channels:read",
    "channel_deleted": "channels:read",
    "channel_left": "channels:read",
    "group_archive": "groups:read",
    "group_deleted": "groups:read",
    "group_left": "groups:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "tokens_revoked": None,
}
"""The events the bot listens to, each with the scope that Slack asks for it."""

METHOD_SCOPES: dict[str, str] = {
    "assistant:write": "the agent view: status line, suggested prompts",
    "channels:read": "who is in a channel, where everybody there may decide",
    "chat:write": "replies, streams and cards",
    "commands": "/signoff, which says what waits for somebody",
    "files:write": "arguments that are too long for a card",
    "groups:read": "who is in a private channel, and which approvers are not",
    "im:read": "whose direct message it is, and which approvers cannot see it",
    "im:write": "opening a direct message with an approver",
    "usergroups:read": "who is in a user group that decides, or that may talk to it",
    "users:read": "telling full members from guests and bots before a decision counts",
}
"""The scopes that Web API calls need, each with what it is for."""

_DESCRIPTION = "An agent that asks before it acts"
_AGENT_DESCRIPTION = "Tell me what you need. Before I do anything that matters, I ask the people who decide."


_COMMAND = {
    "command": "/signoff",
    "description": "What waits for you, and stop",
    "usage_hint": "[list | stop | help]",
    "should_escape": True,
}
"""`should_escape`: a person or channel in it comes as an id, and not as a name that somebody else may have."""

ENDPOINT = "/slack/events"
"""Where HTTP mode takes everything that Slack sends."""


def manifest(url: str | None = None) -> dict[str, Any]:
    """The manifest for "Create an app from a manifest" (docs.slack.dev/reference/app-manifest): for Socket Mode, or for
    HTTP mode at the public address `url`.

    The app-level token with `connections:write` is no part of a manifest; it is made on the app's page afterwards.
    """
    sent_to = {"request_url": url.rstrip("/") + ENDPOINT} if url is not None else {}
    asked_at = {"message_menu_options_url": sent_to["request_url"]} if sent_to else {}  # inputs with many options
    scopes = {scope for scope in EVENTS.values() if scope} | METHOD_SCOPES.keys()
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {"name": "Signoff", "description": _DESCRIPTION, "background_color": "#1d1c1d"},
        "features": {
            "agent_view": {
                "agent_description": _AGENT_DESCRIPTION,
                "suggested_prompts": [{"title": "What can you do?", "message": "What can you do?"}],
            },
            "app_home": {
                "home_tab_enabled": True,
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": "Signoff", "always_online": True},
            "slash_commands": [{**_COMMAND, **({"url": sent_to["request_url"]} if sent_to else {})}],
        },
        "oauth_config": {"scopes": {"bot": sorted(scopes)}},
        "settings": {
            "event_subscriptions": {**sent_to, "bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True, **sent_to, **asked_at},
            "org_deploy_enabled": False,
            "socket_mode_enabled": url is None,
            "token_rotation_enabled": False,
        },
    }


def render(url: str | None = None) -> str:
    """The manifest as JSON text to paste into Slack, with a newline at its end."""
    return json.dumps(manifest(url), indent=2, ensure_ascii=False) + "\n"
