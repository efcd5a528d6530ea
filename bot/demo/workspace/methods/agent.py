"""assistant.threads.* and agents.sessions.*: what the page shows of the agent at work."""

from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

SESSION_STATES = ("active", "processing", "suspended", "closed")
TITLE_LENGTH = 200
PROMPTS = 4


async def set_status(workspace: Workspace, arguments: Arguments) -> Json:
    """The line under a thread that says what the agent does; empty clears it."""
    conversation = lookups.writable(workspace, arguments.required("channel_id", "channel_not_found"))
    thread_ts = arguments.required("thread_ts", "invalid_thread_ts")
    workspace.show_status(conversation, thread_ts, arguments.text("status"))
    return {}


async def set_title(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.writable(workspace, arguments.required("channel_id", "channel_not_found"))
    thread_ts = arguments.required("thread_ts", "invalid_thread_ts")
    workspace.set_session(conversation.id, thread_ts, title=arguments.required("title"))
    return {}


async def set_suggested_prompts(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.writable(workspace, arguments.required("channel_id", "channel_not_found"))
    prompts = arguments.objects("prompts")
    if not 1 <= len(prompts) <= PROMPTS:
        raise SlackError("invalid_arguments", [f"[ERROR] prompts must have 1 to {PROMPTS} items"])
    if not all(each.get("title") and each.get("message") for each in prompts):
        raise SlackError("invalid_arguments", ["[ERROR] a prompt needs a title and a message"])
    workspace.screens.tell(
        conversation.members,
        "prompts",
        channel=conversation.id,
        thread_ts=arguments.get("thread_ts"),
        title=arguments.get("title"),
        prompts=prompts,
    )
    return {}


async def set_session_status(workspace: Workspace, arguments: Arguments) -> Json:
    """The state of an agent session: working, waiting for somebody, done."""
    conversation = lookups.writable(workspace, arguments.required("channel_id", "channel_not_found"))
    status = read_state(arguments.required("status"))
    title = _title(arguments) if arguments.get("title") else None
    workspace.set_session(conversation.id, arguments.text("thread_ts"), status=status, title=title)
    return {}


async def rename_session(workspace: Workspace, arguments: Arguments) -> Json:
    conversation = lookups.writable(workspace, arguments.required("channel_id", "channel_not_found"))
    workspace.set_session(conversation.id, arguments.text("thread_ts"), title=_title(arguments))
    return {}


def read_state(status: str) -> str:
    """A session's state. Raises SlackError for one that sessions do not have."""
    if status not in SESSION_STATES:
        raise SlackError("invalid_arguments", [f"[ERROR] status must be one of {', '.join(SESSION_STATES)}"])
    return status


def _title(arguments: Arguments) -> str:
    title = arguments.required("title")
    if len(title) > TITLE_LENGTH:
        raise SlackError("invalid_arguments", [f"[ERROR] must be less than {TITLE_LENGTH + 1} characters"])
    return title
