"""chat.startStream, appendStream, stopStream: a reply that appears while it is written."""

from typing import Any

from bot.demo.workspace.blocks.block_kit import TASK_STATES
from bot.demo.workspace.blocks.ids import with_ids
from bot.demo.workspace.blocks.limits import MARKDOWN_LENGTH
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.agent import read_state
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.methods.chat import thread_root
from bot.demo.workspace.methods.content import check_blocks, read_metadata
from bot.demo.workspace.people import Conversation
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

CHUNK_TEXT = 256
"""Characters of each text of a task's or a plan's chunk."""


async def start_stream(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.open_to_posts(
        workspace, arguments.required("channel", "channel_not_found"), arguments.required("thread_ts")
    )
    thread_ts = thread_root(workspace, conversation.id, arguments.required("thread_ts"))
    _check_recipient(workspace, arguments, conversation)
    message = Message(
        channel=conversation.id,
        ts=workspace.history.new_ts(),
        user=workspace.team.bot.id,
        text="",
        thread_ts=thread_ts,
        stream_started=workspace.clock(),
    )
    _append(message, arguments)
    workspace.post(message)
    return {"channel": conversation.id, "ts": message.ts}


async def append_stream(workspace: Workspace, arguments: Arguments) -> Json:
    message = _open_stream(workspace, arguments)
    _append(message, arguments)
    workspace.change(message, before=None)
    return {"channel": message.channel, "ts": message.ts}


async def stop_stream(workspace: Workspace, arguments: Arguments) -> Json:
    message = _open_stream(workspace, arguments)
    closing = check_blocks(arguments.structure("blocks") or [])
    metadata = read_metadata(arguments)
    status = read_state(arguments.text("session_status")) if arguments.get("session_status") else None
    before = message.to_slack(workspace.team)
    _append(message, arguments)
    message.blocks = [*(message.blocks or []), *closing]
    message.metadata = metadata
    message.stream_started = None
    workspace.change(message, before)
    if status:
        workspace.set_session(message.channel, message.root_ts, status=status)
    told = message.to_slack(workspace.team, with_metadata=True)
    return {"channel": message.channel, "ts": message.ts, "message": told}


def _check_recipient(workspace: Workspace, arguments: Arguments, conversation: Conversation) -> None:
    """In channels a stream is written for somebody."""
    if conversation.kind == "dm":
        return
    if not arguments.get("recipient_team_id"):
        raise SlackError("missing_recipient_team_id")
    if not arguments.get("recipient_user_id"):
        raise SlackError("missing_recipient_user_id")
    lookups.person(workspace, arguments.text("recipient_user_id"))


def _open_stream(workspace: Workspace, arguments: Arguments) -> Message:
    """The message that is being written. A stream dies five minutes after its start."""
    conversation = lookups.writable(workspace, arguments.required("channel", "channel_not_found"))
    message = lookups.own_message(workspace, conversation.id, arguments.text("ts"), "message_not_owned_by_app")
    if not workspace.stream_lives(message):
        raise SlackError("message_not_in_streaming_state")
    return message


def _append(message: Message, arguments: Arguments) -> None:
    """Adds text and chunks. The text is markdown, so it stands in a markdown block; `text` is the fallback.

    Everything is checked before the message changes.
    """
    texts, blocks = [arguments.text("markdown_text")], list(message.blocks or [])
    for chunk in arguments.objects("chunks"):
        match chunk:
            case {"type": "markdown_text", "text": str(text)}:
                texts.append(text)
            case {"type": "task_update", "id": str(task), "title": str(), "status": str()}:
                _put_task(blocks, task, chunk)
            case {"type": "plan_update", "title": str(title)} if len(title) <= CHUNK_TEXT:
                _put(blocks, "plan", {"type": "plan", "block_id": "plan", "title": title, "tasks": []})
            case {"type": "blocks", "blocks": added}:
                blocks += check_blocks(added)
            case _:
                raise SlackError("invalid_chunks")
    if any(len(text) > MARKDOWN_LENGTH for text in texts):
        raise SlackError("msg_too_long")
    message.text += "".join(texts)
    if message.text:
        _put(blocks, "stream", {"type": "markdown", "block_id": "stream", "text": message.text})
    message.blocks = with_ids(blocks) or None


def _put_task(blocks: list[Json], task: str, chunk: Json) -> None:
    """A task chunk adds a task card, or brings the one with its id up to date: details and output are appended."""
    texts = {name: chunk.get(name) or "" for name in ("details", "output")}
    if chunk["status"] not in TASK_STATES or any(
        not isinstance(text, str) or len(text) > CHUNK_TEXT for text in (chunk["title"], *texts.values())
    ):
        raise SlackError("invalid_chunks")
    known = next((block for block in blocks if block["block_id"] == f"task-{task}"), {})
    card = known | {"type": "task_card", "task_id": task, "block_id": f"task-{task}"}
    card |= {name: chunk[name] for name in ("title", "status", "sources") if chunk.get(name)}
    card |= {name: _longer(known.get(name), text) for name, text in texts.items() if text}
    _put(blocks, f"task-{task}", card)


def _longer(known: Json | None, text: str) -> Json:
    """A rich text with more at its end."""
    before: list[Json] = known["elements"][0]["elements"] if known else []
    section = {"type": "rich_text_section", "elements": [*before, {"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}


def _put(blocks: list[Json], block_id: str, block: Json) -> None:
    """Replaces the block of that id, or adds it."""
    for index, each in enumerate(blocks):
        if each["block_id"] == block_id:
            blocks[index] = block
            return
    blocks.append(block)
