"""chat.*: posting, changing and deleting messages. Streams are in streams."""

from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.methods.content import read_content
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]


def thread_root(workspace: Workspace, channel: str, thread_ts: str | None) -> str | None:
    """The root that a reply belongs to. Slack takes any message of the thread."""
    if not thread_ts:
        return None
    parent = workspace.history.get(channel, thread_ts)
    return parent.root_ts if parent else thread_ts


async def post_message(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.open_to_posts(
        workspace, arguments.required("channel", "channel_not_found"), arguments.optional("thread_ts")
    )
    content = read_content(arguments)
    if content.empty:
        raise SlackError("no_text")
    message = Message(
        channel=conversation.id,
        ts=workspace.history.new_ts(),
        user=workspace.team.bot.id,
        text=content.text or "",
        thread_ts=thread_root(workspace, conversation.id, arguments.optional("thread_ts")),
        blocks=content.blocks,
        metadata=content.metadata,
    )
    workspace.post(message)
    told = message.to_slack(workspace.team, with_metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "message": told}


async def update(workspace: Workspace, arguments: Arguments) -> Json:
    """Replaces what a message shows. Text without blocks removes the blocks; metadata stays unless it is given."""
    conversation = lookups.writable(workspace, arguments.required("channel", "channel_not_found"))
    message = lookups.own_message(workspace, conversation.id, arguments.text("ts"), "cant_update_message")
    if workspace.stream_lives(message):
        raise SlackError("streaming_state_conflict")
    content = read_content(arguments)
    if content.text is None and content.blocks is None:
        raise SlackError("no_text")
    before = message.to_slack(workspace.team)
    if content.text is not None:
        message.text = content.text
    message.blocks = content.blocks
    message.stream_started = None
    message.metadata = content.metadata or message.metadata
    if not content.blocks:
        message.edited_ts = workspace.history.new_ts()  # with blocks, Slack shows no "(edited)"
    workspace.change(message, before)
    told = message.to_slack(workspace.team, with_metadata=True)
    return {"channel": conversation.id, "ts": message.ts, "text": message.text, "message": told}


async def delete(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.writable(workspace, arguments.required("channel", "channel_not_found"))
    message = lookups.own_message(workspace, conversation.id, arguments.text("ts"), "cant_delete_message")
    workspace.delete(message)
    return {"channel": conversation.id, "ts": message.ts}


async def post_ephemeral(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.open_to_posts(workspace, arguments.required("channel", "channel_not_found"))
    user = arguments.required("user", "user_not_found")
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    content = read_content(arguments)
    if content.empty:
        raise SlackError("no_text")
    message = Message(
        channel=conversation.id,
        ts=workspace.history.new_ts(),
        user=workspace.team.bot.id,
        text=content.text or "",
        thread_ts=thread_root(workspace, conversation.id, arguments.optional("thread_ts")),
        blocks=content.blocks,
        ephemeral_to=user,
    )
    workspace.post_ephemeral(message)
    return {"message_ts": message.ts}


async def get_permalink(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.conversation(workspace, arguments.required("channel", "channel_not_found"))
    message = lookups.message(workspace, conversation.id, arguments.text("message_ts"))
    anchor = f"p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={conversation.id}" if message.thread_ts else ""
    return {"channel": conversation.id, "permalink": f"{workspace.url}/archives/{conversation.id}/{anchor}{thread}"}


async def add_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    message, name, bot = _reaction(workspace, arguments)
    users = message.reactions.setdefault(name, [])
    if bot in users:
        raise SlackError("already_reacted")
    users.append(bot)
    workspace.change(message, before=None)
    return {}


async def remove_reaction(workspace: Workspace, arguments: Arguments) -> Json:
    message, name, bot = _reaction(workspace, arguments)
    users = message.reactions.get(name, [])
    if bot not in users:
        raise SlackError("no_reaction")
    users.remove(bot)
    if not users:
        del message.reactions[name]
    workspace.change(message, before=None)
    return {}


def _reaction(workspace: Workspace, arguments: Arguments) -> tuple[Message, str, str]:
    conversation = lookups.writable(workspace, arguments.required("channel", "channel_not_found"))
    message = lookups.message(workspace, conversation.id, arguments.text("timestamp"))
    return message, arguments.required("name", "invalid_name").strip(":"), workspace.team.bot.id
