"""What the bot answers an interaction with: at its response_url, or in the ack of a command."""

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.methods.content import read_content
from bot.demo.workspace.triggers import ResponseUrl
from bot.demo.workspace.workspace import Workspace


def post_answer(workspace: Workspace, target: ResponseUrl, arguments: Arguments) -> None:
    """Posts, replaces or deletes what `arguments` say, for whoever acted. Raises SlackError as Slack names it."""
    replaces, deletes = arguments.flag("replace_original"), arguments.flag("delete_original")
    original = workspace.history.get(target.channel, target.message_ts) if target.message_ts else None
    if (replaces or deletes) and original is None and target.message_ts:
        raise SlackError("message_not_found")
    if deletes:
        if original is not None:
            workspace.delete(original)
        return
    if original is not None and replaces:
        _replace(workspace, original, arguments)
        return
    answer = _new_message(workspace, target, arguments)
    if answer.ephemeral_to is None:
        workspace.post(answer)
    else:
        workspace.post_ephemeral(answer)
    target.message_ts = target.message_ts or answer.ts  # a command has no message: what it was answered is its original


def _replace(workspace: Workspace, original: Message, arguments: Arguments) -> None:
    content = read_content(arguments)
    before = original.to_slack(workspace.team)
    original.text, original.blocks = content.text or "", content.blocks
    workspace.change(original, before)


def _new_message(workspace: Workspace, target: ResponseUrl, arguments: Arguments) -> Message:
    content = read_content(arguments)
    if content.empty:
        raise SlackError("no_text")
    return Message(
        channel=target.channel,
        ts=workspace.history.new_ts(),
        user=workspace.team.bot.id,
        text=content.text or "",
        thread_ts=arguments.optional("thread_ts") or target.thread_ts,
        blocks=content.blocks,
        ephemeral_to=None if arguments.text("response_type") == "in_channel" else target.user,
    )
