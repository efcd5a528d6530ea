"""files.*: the three steps of an upload (`files_upload_v2` of the official clients)."""

import mimetypes
import secrets
from typing import Any

from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.methods.chat import thread_root
from bot.demo.workspace.methods.content import check_blocks
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]


async def get_upload_url(workspace: Workspace, arguments: Arguments) -> Json:
    """Step one: a place for the bytes. Step two is a POST of them to `upload_url` (see web_api)."""
    name = arguments.required("filename")
    length = arguments.number("length", 0)
    if length <= 0:
        raise SlackError("invalid_arguments", ["[ERROR] length must be more than 0"])
    file_id = f"F{secrets.token_hex(5).upper()}"
    workspace.uploads[file_id] = {
        "id": file_id,
        "created": int(workspace.clock()),
        "name": name,
        "title": name,
        "mimetype": mimetypes.guess_type(name)[0] or "text/plain",
        "filetype": name.rpartition(".")[2] or "text",
        "user": workspace.team.bot.id,
        "size": length,
        "url_private": f"{workspace.url}/client/files/{file_id}",
        "url_private_download": f"{workspace.url}/client/files/{file_id}",
        "permalink": f"{workspace.url}/client/files/{file_id}",
    }
    return {"upload_url": f"{workspace.url}/upload/{file_id}", "file_id": file_id}


async def complete_upload(workspace: Workspace, arguments: Arguments) -> Json:
    """Step three: the files become a message, when a channel is given."""
    named = arguments.objects("files")
    if not named:
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: files"])
    files: list[Json] = []
    for each in named:
        stored = workspace.store.file(str(each.get("id")))
        if stored is None:
            raise SlackError("file_not_found")
        files.append(stored[0] | {"title": each.get("title") or stored[0]["name"]})
    channel = arguments.text("channel_id") or arguments.text("channels").partition(",")[0]
    if channel:
        _share(workspace, arguments, channel, files)
    for file in files:
        workspace.uploads.pop(file["id"], None)
    return {"files": files}


def _share(workspace: Workspace, arguments: Arguments, channel: str, files: list[Json]) -> None:
    conversation = lookups.writable(workspace, channel)
    blocks = arguments.structure("blocks")
    message = Message(
        channel=conversation.id,
        ts=workspace.history.new_ts(),
        user=workspace.team.bot.id,
        text=arguments.text("initial_comment"),
        thread_ts=thread_root(workspace, conversation.id, arguments.optional("thread_ts")),
        blocks=check_blocks(blocks) if blocks else None,
        files=files,
    )
    workspace.post(message)
