"""Slash commands: what a person types after a "/", and what the bot's ack says to it."""

import re
from typing import Any

from bot.demo.workspace.answers import post_answer
from bot.demo.workspace.errors import ClientError, SlackError
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.people import Conversation
from bot.demo.workspace.text import to_wire
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

COMMAND = re.compile(r"(?P<name>/[\w-]+)(?:\s+(?P<rest>.*))?", re.DOTALL)


def is_command(text: str) -> bool:
    """Whether Slack takes a text for a command rather than for a message."""
    return COMMAND.fullmatch(text.strip()) is not None


async def run_command(
    workspace: Workspace, user: str, conversation: Conversation, text: str, thread_ts: str | None
) -> Json:
    """Sends a command to the bot and shows what its ack says. Returns `{acked}`, with the `text` of why not.

    `thread_ts` goes with it when it was typed in a thread. Raises ClientError for a command that nobody has.
    """
    typed = COMMAND.fullmatch(text.strip())
    name = typed["name"] if typed else text
    if not any(command.name == name for command in workspace.team.commands):
        raise ClientError(f"{name} is not a valid command. In Slack, messages that start with “/” are commands.")
    token = workspace.permissions.issue_response(conversation.id, "", user, thread_ts)
    rest = to_wire((typed["rest"] if typed else None) or "", workspace.team)
    payload = _payload(workspace, user, conversation, name, rest) | {
        "response_url": f"{workspace.url}/response/{token}",
        "trigger_id": workspace.permissions.issue_trigger(user),
    }
    ack = await workspace.socket_mode.ask("slash_commands", payload | ({"thread_ts": thread_ts} if thread_ts else {}))
    if ack is None:
        bot = workspace.team.bot.real_name
        return {"acked": False, "text": f"{name} failed: {bot} did not answer within 3 seconds."}
    if ack.get("text") or ack.get("blocks"):
        try:
            post_answer(workspace, workspace.permissions.use_response(token), Arguments(ack))
        except SlackError as error:
            return {"acked": False, "text": f"{name} failed: its answer was refused ({error})."}
    return {"acked": True}


def _payload(workspace: Workspace, user: str, conversation: Conversation, name: str, rest: str) -> Json:
    """Flat, as Slack sends it: a form's fields rather than objects."""
    team = workspace.team
    person = team.user(user)
    return {
        "token": "local",
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": conversation.id,
        "channel_name": "directmessage" if conversation.kind == "dm" else conversation.name,
        "user_id": user,
        "user_name": person.handle if person else user,
        "command": name,
        "text": rest,
        "api_app_id": team.app_id,
        "is_enterprise_install": "false",
    }
