"""What Web API methods look up first: a conversation, a message, a person; with Slack's name for each failure."""

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.faults import NOTHING_AT_ALL
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Conversation, Person
from bot.demo.workspace.workspace import Workspace


def conversation(workspace: Workspace, channel: str) -> Conversation:
    """A conversation that the bot can see: any public channel, and what it is a member of."""
    found = workspace.team.conversation(channel)
    if found is None or (found.kind != "channel" and workspace.team.bot.id not in found.members):
        raise SlackError("channel_not_found")
    return found


def writable(workspace: Workspace, channel: str) -> Conversation:
    """A conversation that the bot may write to. A user's id means the direct message with that user."""
    named = next((each.id for each in workspace.team.conversations if channel == f"#{each.name}"), channel)
    direct = workspace.team.dm(named) if workspace.team.user(named) else None
    found = direct or conversation(workspace, named)
    if workspace.team.bot.id not in found.members:
        raise SlackError("not_in_channel")
    refusal = "is_archived" if found.archived else workspace.faults.refusal(found.id)
    if refusal in NOTHING_AT_ALL:
        raise SlackError(refusal)
    return found


def open_to_posts(workspace: Workspace, channel: str, thread_ts: str | None = None) -> Conversation:
    """A conversation, and a thread of it, that takes new messages of the bot."""
    found = writable(workspace, channel)
    if refusal := workspace.faults.refusal(found.id, thread_ts):
        raise SlackError(refusal)
    return found


def message(workspace: Workspace, channel: str, ts: str) -> Message:
    """A message that everybody in the channel sees."""
    found = workspace.history.get(channel, ts)
    if found is None or found.ephemeral_to:
        raise SlackError("message_not_found")
    return found


def own_message(workspace: Workspace, channel: str, ts: str, error: str) -> Message:
    """A message that the bot wrote itself; `error` is what Slack says about somebody else's."""
    found = message(workspace, channel, ts)
    if found.user != workspace.team.bot.id:
        raise SlackError(error)
    return found


def person(workspace: Workspace, user: str) -> Person:
    found = workspace.team.user(user)
    if found is None:
        raise SlackError("user_not_found")
    return found
