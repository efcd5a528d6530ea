"""The manifest asks Slack for what the bot uses, and for nothing else."""

import json

from bot.manifest import EVENTS, METHOD_SCOPES, manifest, render

# Slack's reference pages of the events (docs.slack.dev/reference/events), written down apart from the code.
SCOPE_OF_EVENT = {
    "agent_session_stopped": None,
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

SCOPES_OF_METHODS = {
    "assistant:write",
    "chat:write",
    "commands",
    "files:write",
    "im:write",
    "users:read",
    "usergroups:read",
} | {
    "channels:read",  # conversations.info and conversations.members: a scope for each kind of conversation
    "groups:read",
    "im:read",
}


def test_every_event_has_its_scope_and_no_scope_is_asked_for_without_a_use() -> None:
    written = manifest()
    events = written["settings"]["event_subscriptions"]["bot_events"]
    scopes = written["oauth_config"]["scopes"]
    needed = {scope for event in events if (scope := SCOPE_OF_EVENT[event])}
    assert set(events) == SCOPE_OF_EVENT.keys() == EVENTS.keys()
    assert scopes.keys() == {"bot"}
    assert set(scopes["bot"]) == needed | SCOPES_OF_METHODS
    assert len(scopes["bot"]) == len(set(scopes["bot"]))
    assert all(METHOD_SCOPES.values())


def test_the_app_is_an_agent_in_socket_mode_whose_buttons_work() -> None:
    written = manifest()
    settings, features = written["settings"], written["features"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert "request_url" not in json.dumps(settings)
    assert features.keys() == {"agent_view", "app_home", "bot_user", "slash_commands"}
    assert features["app_home"]["home_tab_enabled"] is True
    assert features["app_home"]["messages_tab_enabled"] is True
    assert features["app_home"]["messages_tab_read_only_enabled"] is False


def test_the_command_is_one_that_slack_sends_where_it_sends_everything():
    (command,) = manifest()["features"]["slash_commands"]
    assert (command["command"], command["should_escape"], "url" in command) == ("/signoff", True, False)
    (command,) = manifest("https://bot.example.com/")["features"]["slash_commands"]
    assert command["url"] == "https://bot.example.com/slack/events"


def test_texts_are_within_slacks_limits() -> None:
    written = manifest()
    (command,) = written["features"]["slash_commands"]
    assert len(command["description"]) <= 100
    assert len(command["usage_hint"]) <= 100
    agent = written["features"]["agent_view"]
    assert len(written["display_information"]["name"]) <= 35
    assert len(written["display_information"]["description"]) <= 140
    assert len(agent["agent_description"]) <= 300
    assert len(agent["suggested_prompts"]) <= 4


def test_the_rendered_manifest_is_json_to_paste() -> None:
    assert json.loads(render()) == manifest()
    assert render().endswith("}\n")


def test_for_http_mode_it_names_where_slack_is_to_send_everything():
    settings = manifest("https://bot.example.com/")["settings"]
    assert settings["socket_mode_enabled"] is False
    for name in ("event_subscriptions", "interactivity"):
        assert settings[name]["request_url"] == "https://bot.example.com/slack/events"
    assert settings["interactivity"]["message_menu_options_url"] == "https://bot.example.com/slack/events"
    assert manifest()["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in render()
    assert "options_url" not in render()
