"""Clicks and submissions: what the bot is asked, and what its ack does."""

from typing import Any

from bot.demo.workspace.blocks.form_values import STATE_FIELDS, input_errors, state_values
from bot.demo.workspace.blocks.ids import find_element, options, with_ids
from bot.demo.workspace.blocks.limits import view_problems
from bot.demo.workspace.errors import ClientError, SlackError
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Conversation
from bot.demo.workspace.suggestions import EXTERNAL, suggest
from bot.demo.workspace.views import View
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

NOT_CONNECTED = "{bot} is not running at the moment, so nothing happened. Try again when it is back."
NOT_ACKED = "{bot} did not answer within 3 seconds. Try again."
VIEW_FAILED = "We had some trouble connecting. Try again?"
"""What Slack's client says in a modal whose submission was not acked, or acked with a view that is not valid."""

CHOICES = ("selected_option", "selected_options", *(field for field, _ in STATE_FIELDS.values()))


class Interactions:
    """What people do with the bot's buttons and modals."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    async def click_message(self, user: str, message: Message, block_id: str, action_id: str, given: Json) -> Json:
        """A click on an element of a message. Returns `{acked}` or `{acked: false, text}`."""
        element = find_element(message.blocks or [], block_id, action_id)
        if element is None or user not in element.get("visible_to_user_ids", [user]):
            raise ClientError(f"The message has no element {action_id!r} in a block {block_id!r}.", 404)
        conversation = self._workspace.conversation_of(user, message.channel)
        payload = self._base("block_actions", user) | self._message_place(message, conversation, user)
        payload["trigger_id"] = self._workspace.permissions.issue_trigger(user)
        payload["state"] = {"values": state_values(message.blocks or [], given.get("state", {}))}
        payload["actions"] = [self._action(element, block_id, given)]
        return await self._click(user, payload, channel=message.channel, message_ts=message.ts, action_id=action_id)

    async def click_view(self, user: str, view: View, block_id: str, action_id: str, given: Json) -> Json:
        """A click on an element of a modal or the home tab."""
        element = find_element(view.body["blocks"], block_id, action_id)
        if element is None:
            raise ClientError(f"The view has no element {action_id!r} in a block {block_id!r}.", 404)
        action = self._action(element, block_id, given)
        entered = {name: action[name] for name in CHOICES if name in action}
        known = view.values | {block_id: view.values.get(block_id, {}) | {action_id: entered}}
        view.values = state_values(view.body["blocks"], known | given.get("state", {}))
        payload = self._base("block_actions", user) | {
            "container": {"type": "view", "view_id": view.id},
            "trigger_id": self._workspace.permissions.issue_trigger(user, view.id),
            "view": view.to_slack(self._workspace.team),
            "actions": [action],
        }
        return await self._click(user, payload, view_id=view.id, action_id=action_id)

    async def suggest(self, user: str, place: View | Message, block_id: str, action_id: str, typed: str) -> Json:
        """What an external select of a view or of a message offers for what was `typed` (see `suggestions`)."""
        blocks = place.body["blocks"] if isinstance(place, View) else place.blocks or []
        element = find_element(blocks, block_id, action_id)
        if element is None or element["type"] not in EXTERNAL:
            raise ClientError(f"There is no select {action_id!r} in a block {block_id!r} that loads its choices.", 404)
        payload = self._base("block_suggestion", user)
        if isinstance(place, View):
            payload["container"] = {"type": "view", "view_id": place.id}
            payload["view"] = place.to_slack(self._workspace.team)
        else:
            conversation = self._workspace.conversation_of(user, place.channel)
            payload |= self._message_place(place, conversation, user)
            del payload["response_url"]
        return await suggest(self._workspace, payload, element, block_id, typed)

    async def submit(self, user: str, view: View, given: Json) -> Json:
        """The submit button of a modal: `{}` closed, `{errors}`, `{view}` updated or pushed, or `{failed}`."""
        blocks = view.body["blocks"]
        view.values = state_values(blocks, view.values | given)
        if errors := input_errors(blocks, view.values):
            return {"errors": errors}
        payload = self._base("view_submission", user) | {
            "trigger_id": self._workspace.permissions.issue_trigger(user, view.id),
            "view": view.to_slack(self._workspace.team),
            "response_urls": [],
        }
        ack = await self._workspace.socket_mode.ask("interactive", payload)
        if ack is None or not _understood(view, ack):
            return {"failed": VIEW_FAILED}
        return self._after_submission(view, ack)

    def close(self, user: str, view: View) -> None:
        """The person closes a modal without submitting."""
        workspace = self._workspace
        cleared = bool(view.body.get("clear_on_close"))
        self._close(workspace.views.stack(view) if cleared else [view])
        if view.body.get("notify_on_close"):
            payload = self._base("view_closed", user) | {"view": view.to_slack(workspace.team), "is_cleared": cleared}
            workspace.tasks.start(workspace.socket_mode.ask("interactive", payload))

    def _after_submission(self, view: View, ack: Json) -> Json:
        """Does what the ack's `response_action` says."""
        workspace = self._workspace
        match ack.get("response_action"):
            case "errors":
                return {"errors": ack["errors"]}
            case "update":
                workspace.views.update(view, _with_ids(ack["view"]))
                workspace.show_view("view_updated", view)
                return {"view": view.to_slack(workspace.team)}
            case "push":
                return self._push(view, _with_ids(ack["view"]))
            case "clear":
                self._close(workspace.views.stack(view))
            case _:
                self._close([view])
        return {}

    def _push(self, below: View, body: Json) -> Json:
        workspace = self._workspace
        try:
            pushed = workspace.views.open(below.user, body, below)
        except SlackError:  # the stack is full, or the external_id is taken
            return {"failed": VIEW_FAILED}
        workspace.show_view("view_opened", pushed)
        return {"view": pushed.to_slack(workspace.team)}

    def _close(self, views: list[View]) -> None:
        for view in views:
            self._workspace.views.close(view)
            self._workspace.show_view("view_closed", view)

    async def _click(self, user: str, payload: Json, **place: Any) -> Json:
        workspace = self._workspace
        connected = bool(workspace.connections)
        if await workspace.socket_mode.ask("interactive", payload) is not None:
            return {"acked": True}
        text = (NOT_ACKED if connected else NOT_CONNECTED).format(bot=workspace.team.bot.real_name)
        workspace.screens.tell([user], "click_failed", text=text, **place)
        return {"acked": False, "text": text}

    def _base(self, kind: str, user: str) -> Json:
        team = self._workspace.team
        person = team.user(user)
        name = person.handle if person else user
        return {
            "type": kind,
            "user": {"id": user, "username": name, "name": name, "team_id": team.id},
            "api_app_id": team.app_id,
            "token": "local",
            "team": {"id": team.id, "domain": team.domain},
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _message_place(self, message: Message, conversation: Conversation, user: str) -> Json:
        """Where a click happened, as block_actions says it."""
        workspace = self._workspace
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": message.channel,
            "is_ephemeral": message.ephemeral_to is not None,
        }
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        name = "directmessage" if conversation.kind == "dm" else conversation.name
        place: Json = {"container": container, "channel": {"id": message.channel, "name": name}}
        if message.ephemeral_to is None:
            place["message"] = message.to_slack(workspace.team, with_metadata=True)
        token = workspace.permissions.issue_response(message.channel, message.ts, user)
        return place | {"response_url": f"{workspace.url}/response/{token}"}

    def _action(self, element: Json, block_id: str, given: Json) -> Json:
        """One entry of `actions`: the element's own value, or what was chosen in it."""
        action: Json = {"type": element["type"], "action_id": element["action_id"], "block_id": block_id}
        action |= {name: element[name] for name in ("text", "value", "style", "placeholder", "icon") if name in element}
        if element["type"] == "feedback_buttons":
            action |= _feedback(element, given)
        elif element["type"] not in ("button", "icon_button"):
            action |= {name: given[name] for name in ("value", *CHOICES) if name in given}
            action |= _whole_options(element, action)
        return action | {"action_ts": self._workspace.history.new_ts()}


def _understood(view: View, ack: Json) -> bool:
    """Whether Slack's client could do what the ack says: errors at blocks that are there, a view that is valid."""
    match ack.get("response_action"):
        case "errors":
            known = {block["block_id"] for block in view.body["blocks"]}
            return bool(ack.get("errors")) and set(ack["errors"]) <= known
        case "update" | "push":
            return isinstance(ack.get("view"), dict) and not view_problems(ack["view"])
        case _:
            return True


def _feedback(element: Json, given: Json) -> Json:
    """The text and the value of the feedback button that was pressed. Raises ClientError for one that is not there."""
    for button in (element["positive_button"], element["negative_button"]):
        if button["value"] == given.get("value"):
            return {"text": button["text"], "value": button["value"]}
    raise ClientError(f"{element['action_id']!r} has no button {given.get('value')!r}.")


def _whole_options(element: Json, action: Json) -> Json:
    """Chosen options as the element defines them. Raises ClientError for one that it does not offer."""
    offered = {option["value"]: option for option in options(element)}
    chosen: Json = {}
    try:
        if offered and (option := action.get("selected_option")):
            chosen["selected_option"] = offered[str(option.get("value"))]
        if offered and "selected_options" in action:
            chosen["selected_options"] = [offered[str(option.get("value"))] for option in action["selected_options"]]
    except KeyError as error:
        raise ClientError(f"{element['action_id']!r} has no option {error.args[0]!r}.") from None
    return chosen


def _with_ids(body: Json) -> Json:
    return body | {"blocks": with_ids(body["blocks"])}
