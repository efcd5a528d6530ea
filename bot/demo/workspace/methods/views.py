"""views.*: modals and the home tab."""

from typing import Any

from bot.demo.workspace.blocks.ids import with_ids
from bot.demo.workspace.blocks.limits import view_problems
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods import lookups
from bot.demo.workspace.methods.arguments import Arguments
from bot.demo.workspace.views import check_hash
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]


async def open_view(workspace: Workspace, arguments: Arguments) -> Json:
    """Opens a modal for whoever acted. The trigger is exchanged only for a view that is valid."""
    body = _read_view(arguments, "modal")
    trigger = workspace.permissions.exchange_trigger(arguments.required("trigger_id"))
    view = workspace.views.open(trigger.user, body)
    workspace.show_view("view_opened", view)
    return {"view": view.to_slack(workspace.team)}


async def push_view(workspace: Workspace, arguments: Arguments) -> Json:
    """Puts a modal on top of the one that the trigger came from."""
    body = _read_view(arguments, "modal")
    trigger = workspace.permissions.exchange_trigger(arguments.required("trigger_id"))
    below = workspace.views.get(trigger.view_id) if trigger.view_id else None
    if below is None:
        raise SlackError("not_found")
    view = workspace.views.open(trigger.user, body, below)
    workspace.show_view("view_opened", view)
    return {"view": view.to_slack(workspace.team)}


async def update_view(workspace: Workspace, arguments: Arguments) -> Json:
    """Replaces what an open modal shows, unless it changed since the bot last saw it (`hash`)."""
    if external_id := arguments.text("external_id"):
        view = workspace.views.by_external_id(external_id)
    else:
        view = workspace.views.get(arguments.required("view_id"))
    if view is None:
        raise SlackError("not_found")
    check_hash(view, arguments.get("hash"))
    workspace.views.update(view, _read_view(arguments, view.body["type"]))
    workspace.show_view("view_updated", view)
    return {"view": view.to_slack(workspace.team)}


async def publish_view(workspace: Workspace, arguments: Arguments) -> Json:
    """Shows the bot's home tab to one person."""
    person = lookups.person(workspace, arguments.required("user_id"))
    body = _read_view(arguments, "home")
    check_hash(workspace.views.home(person.id), arguments.get("hash"))
    view = workspace.views.publish(person.id, body)
    workspace.show_view("home", view)
    return {"view": view.to_slack(workspace.team)}


def _read_view(arguments: Arguments, kind: str) -> Json:
    """The view of a call, checked. Slack calls a bad view `invalid_arguments`."""
    body = arguments.structure("view")
    if not isinstance(body, dict):
        raise SlackError("invalid_arguments", ["[ERROR] missing required field: view"])
    if body.get("type") != kind:
        raise SlackError("invalid_arguments", [f"[ERROR] must be {kind} [json-pointer:/view/type]"])
    if problems := view_problems(body):
        raise SlackError("invalid_arguments", problems)
    return body | {"blocks": with_ids(body["blocks"])}
