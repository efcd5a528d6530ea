"""What the bot is told, as Slack words it: the Events API's payloads. Pure functions."""

import uuid
from typing import Any

from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Conversation, Team

Json = dict[str, Any]


def envelope(team: Team, event: Json, now: float) -> Json:
    """The outer payload around one event, with a fresh `event_id`."""
    return {
        "token": "local",
        "team_id": team.id,
        "api_app_id": team.app_id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{uuid.uuid4().hex[:16].upper()}",
        "event_time": int(now),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": team.id,
                "user_id": team.bot.id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def message(team: Team, posted: Message, conversation: Conversation) -> Json:
    """A new message, of a person or of the bot itself (Slack tells a bot its own posts too)."""
    event = posted.to_slack(team, with_metadata=True) | _where(conversation, posted.ts)
    return event | {"subtype": "file_share"} if posted.files and posted.user != team.bot.id else event


def app_mention(team: Team, posted: Message, conversation: Conversation) -> Json:
    """Sent beside `message`, with an `event_id` of its own, when the bot is mentioned in a channel."""
    return posted.to_slack(team) | {"type": "app_mention", "channel": conversation.id, "event_ts": posted.ts}


def message_changed(team: Team, before: Json, after: Message, conversation: Conversation, ts: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_changed",
        "message": after.to_slack(team, with_metadata=True),
        "previous_message": before,
        "hidden": True,
        "ts": ts,
    } | _where(conversation, ts)


def message_deleted(before: Json, conversation: Conversation, ts: str) -> Json:
    return {
        "type": "message",
        "subtype": "message_deleted",
        "previous_message": before,
        "deleted_ts": before["ts"],
        "hidden": True,
        "ts": ts,
    } | _where(conversation, ts)


def app_home_opened(user: str, channel: str, tab: str, view: Json | None, ts: str) -> Json:
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": ts}
    return event | {"view": view} if tab == "home" and view else event


def agent_session_stopped(user: str, channel: str, thread_ts: str, streaming: list[str], ts: str) -> Json:
    """Somebody pressed Stop. The app has to end its turn and set the session's status itself."""
    return {
        "type": "agent_session_stopped",
        "user": user,
        "channel": channel,
        "thread_ts": thread_ts,
        "streaming_message_ts": streaming,
        "event_ts": ts,
    }


def _where(conversation: Conversation, ts: str) -> Json:
    return {"channel": conversation.id, "channel_type": conversation.channel_type, "event_ts": ts}
