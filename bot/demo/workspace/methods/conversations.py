"""conversations.*: what the bot can see of channels and threads."""

import re
from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.people import Conversation
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

PAGE = 100
LARGEST_PAGE = 1000

KINDS = {"channel": "public_channel", "private": "private_channel", "dm": "im"}
"""A conversation's kind → what conversations.list calls it in `types`."""


async def info(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.conversation(workspace, arguments.required("channel", "channel_not_found"))
    return {"channel": conversation.to_slack(workspace.team.bot.id)}


async def list_conversations(workspace: Workspace, arguments: Arguments) -> Json:
    wanted = arguments.text("types", "public_channel").split(",")
    bot = workspace.team.bot.id
    visible = [each for each in workspace.team.conversations if each.kind == "channel" or bot in each.members]
    listed = [each.to_slack(bot) for each in visible if KINDS[each.kind] in wanted]
    return {"channels": listed, "response_metadata": {"next_cursor": ""}}


async def members(workspace: Workspace, arguments: Arguments) -> Json:
    """Everybody in a conversation, the bot too; the cursor is an offset."""
    conversation = lookups.conversation(workspace, arguments.required("channel", "channel_not_found"))
    start = arguments.number("cursor", 0) if arguments.text("cursor") else 0
    end = start + min(arguments.number("limit", PAGE), LARGEST_PAGE)
    following = str(end) if end < len(conversation.members) else ""
    return {"members": list(conversation.members[start:end]), "response_metadata": {"next_cursor": following}}


async def open_conversation(workspace: Workspace, arguments: Arguments) -> Json:
    """The direct message with one person. Conversations of several are not part of this workspace."""
    if channel := arguments.text("channel"):
        direct = lookups.conversation(workspace, channel)
    else:
        users = arguments.required("users", "users_list_not_supplied").split(",")
        if len(users) != 1 or users[0] == workspace.team.bot.id:
            raise SlackError("invalid_user_combination")
        direct = workspace.team.dm(lookups.person(workspace, users[0]).id)
        if direct is None:
            raise SlackError("cannot_dm_user")
    told = direct.to_slack(workspace.team.bot.id) if arguments.flag("return_im") else {"id": direct.id}
    return {"no_op": True, "already_open": True, "channel": told}


async def history(workspace: Workspace, arguments: Arguments) -> Json:
    """A conversation's main column, newest first."""
    conversation = _readable(workspace, arguments)
    roots = [
        each for each in workspace.history.of(conversation.id) if each.root_ts == each.ts and not each.ephemeral_to
    ]
    return _page(workspace, arguments, list(reversed(roots)))


async def replies(workspace: Workspace, arguments: Arguments) -> Json:
    """A thread, oldest first, its root included."""
    conversation = _readable(workspace, arguments)
    given = workspace.history.get(conversation.id, arguments.required("ts", "thread_not_found"))
    root_ts = given.root_ts if given else arguments.text("ts")
    root = workspace.history.get(conversation.id, root_ts)
    thread = [*([root] if root else []), *workspace.history.replies(conversation.id, root_ts)]
    if not thread:
        raise SlackError("thread_not_found")
    return _page(workspace, arguments, thread)


def _readable(workspace: Workspace, arguments: Arguments) -> Conversation:
    conversation = lookups.conversation(workspace, arguments.required("channel", "channel_not_found"))
    if workspace.team.bot.id not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def _page(workspace: Workspace, arguments: Arguments, messages: list[Message]) -> Json:
    """One page between `oldest` and `latest` (exclusive unless `inclusive`); the cursor is an offset."""
    oldest, latest = _timestamp(arguments, "oldest", "0"), _timestamp(arguments, "latest", "9999999999")
    edges = {oldest, latest} if arguments.flag("inclusive") else set[str]()
    inside = [each for each in messages if float(oldest) < float(each.ts) < float(latest) or each.ts in edges]
    start = arguments.number("cursor", 0) if arguments.text("cursor") else 0
    end = start + min(arguments.number("limit", PAGE), LARGEST_PAGE)
    shown = [_told(workspace, each, arguments.flag("include_all_metadata")) for each in inside[start:end]]
    more = end < len(inside)
    return {
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": str(end) if more else ""},
    }


def _timestamp(arguments: Arguments, name: str, default: str) -> str:
    given = arguments.text(name) or default
    if not re.fullmatch(r"\d+(\.\d+)?", given):
        raise SlackError(f"invalid_ts_{name}")
    return given


def _told(workspace: Workspace, message: Message, with_metadata: bool) -> Json:
    """A message, with what Slack adds to the root of a thread."""
    told = message.to_slack(workspace.team, with_metadata=with_metadata)
    answers = workspace.history.replies(message.channel, message.ts)
    if answers:
        users = list(dict.fromkeys(answer.user for answer in answers))
        told |= {
            "thread_ts": message.ts,
            "reply_count": len(answers),
            "reply_users": users,
            "reply_users_count": len(users),
            "latest_reply": answers[-1].ts,
        }
    return told
