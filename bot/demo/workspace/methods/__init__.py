"""The Web API methods that this workspace knows: one table. Everything else is answered `unknown_method`."""

from collections.abc import Awaitable, Callable
from typing import Any

from bot.demo.workspace.methods import agent, chat, conversations, files, people, streams, views
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.workspace import Workspace

Method = Callable[[Workspace, Arguments], Awaitable[dict[str, Any]]]
"""Takes the call's arguments and returns the answer without `ok`; refuses by raising SlackError."""


async def open_connection(workspace: Workspace, arguments: Arguments) -> dict[str, Any]:
    """Where to connect for Socket Mode. The ticket in the address works once."""
    return {"url": f"{workspace.url.replace('http', 'ws', 1)}/link?ticket={workspace.issue_ticket()}"}


METHODS: dict[str, Method] = {
    "agents.sessions.rename": agent.rename_session,
    "agents.sessions.setStatus": agent.set_session_status,
    "apps.connections.open": open_connection,
    "assistant.threads.setStatus": agent.set_status,
    "assistant.threads.setSuggestedPrompts": agent.set_suggested_prompts,
    "assistant.threads.setTitle": agent.set_title,
    "auth.test": people.auth_test,
    "bots.info": people.bots_info,
    "chat.appendStream": streams.append_stream,
    "chat.delete": chat.delete,
    "chat.getPermalink": chat.get_permalink,
    "chat.postEphemeral": chat.post_ephemeral,
    "chat.postMessage": chat.post_message,
    "chat.startStream": streams.start_stream,
    "chat.stopStream": streams.stop_stream,
    "chat.update": chat.update,
    "conversations.history": conversations.history,
    "conversations.info": conversations.info,
    "conversations.list": conversations.list_conversations,
    "conversations.members": conversations.members,
    "conversations.open": conversations.open_conversation,
    "conversations.replies": conversations.replies,
    "files.completeUploadExternal": files.complete_upload,
    "files.getUploadURLExternal": files.get_upload_url,
    "reactions.add": chat.add_reaction,
    "reactions.remove": chat.remove_reaction,
    "team.info": people.team_info,
    "usergroups.list": people.usergroups_list,
    "usergroups.users.list": people.usergroups_users_list,
    "users.info": people.users_info,
    "users.list": people.users_list,
    "views.open": views.open_view,
    "views.publish": views.publish_view,
    "views.push": views.push_view,
    "views.update": views.update_view,
}

READ_BY_GET = frozenset(
    {
        "auth.test",
        "bots.info",
        "chat.getPermalink",
        "conversations.history",
        "conversations.info",
        "conversations.list",
        "conversations.members",
        "conversations.replies",
        "files.getUploadURLExternal",  # changes nothing that anybody sees; Slack's client asks for it so
        "team.info",
        "usergroups.list",
        "usergroups.users.list",
        "users.info",
        "users.list",
    }
)
"""The methods that only read, which Slack's clients call by GET. No other takes anything but a POST."""
