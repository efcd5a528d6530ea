"""The page's side of the HTTP server: what a browser, the tour and the tests call. JSON in, JSON out.

The calls after `/client/stop` are in `stage_api`.

| call | does |
| --- | --- |
| `GET /client/boot?user=U` | `{token, team, bot, note, me, users, groups, channels, home, waiting, |
|   | waiting_in, sessions, commands}`; no `user`: the first |
| `GET /client/history?user=U&channel=C` | `{messages}`, oldest first, with replies and what only the user sees |
| `GET /client/events?user=U` | server-sent events (below) |
| `POST /client/messages {user, channel, text, thread_ts?}` | posts as that person → `{message}`; a text that starts |
|   | with "/" is a command, as in Slack's composer → `{acked, text?}` |
| `POST /client/edits {user, channel, ts, text}` | changes a message of one's own → `{message}` |
| `POST /client/deletions {user, channel, ts}` | deletes a message of one's own, or one that only they see → `{}` |
| `POST /client/actions {user, channel, message_ts, block_id, action_id, …}` | a click, with what was chosen |
|   | (`value`, `selected_option`, …); in a view, `view_id` instead of channel and message_ts → `{acked, text?}` |
| `POST /client/suggestions {user, block_id, action_id, value, …}` | the choices of an external select for what was |
|   | typed, in a message or a view as above → `{options}`, `{option_groups}` or `{failed: text}` |
| `POST /client/views/{id}/submit {user, values}` | `{}` closed, `{errors}`, `{view}` or `{failed: text}` |
| `POST /client/views/{id}/close {user}` | closes the modal → `{}` |
| `POST /client/home {user, tab}` | the person opens the bot's "messages" or "home" tab (app_home_opened) → `{}` |
| `POST /client/stop {user, channel, thread_ts}` | the person presses Stop (agent_session_stopped) → `{}` |
| `POST /client/zone {user, zone}` | the time zone that the person is in (`users.info` tells it) → `{}` |
| `GET /client/files/{id}?user=U` | an uploaded file, for members of a conversation that it stands in |
| `GET /client/tables` | `{tables: [{name, columns, rows, keys, count}]}` of the side panel (see `panel`) |
| `GET /client/journal?after=N` | `[{n, at, kind: event, ack, call or fault, …}]` |
| `POST /client/faults {redeliver?, http?, disconnect?, expire_streams?, closed?, without_scopes?}` | it goes wrong on |
|   | purpose (see `faults`) → `{}` |

Server-sent events carry `type` and the whole new object: `message`, `message_changed`, `message_deleted`, `ephemeral`
(`message`), `view_opened`, `view_updated`, `view_closed`, `home` (`view`), `status` (`channel, thread_ts, status`),
`session` (`channel, thread_ts, session: {status, title}`), `prompts` (`channel, thread_ts, title, prompts`), `tables`
(`tables`), `waiting` (`waiting`: how many messages wait for whom, `waiting_in`: and where), `click_failed` (`channel,
message_ts` or `view_id`, `action_id, text`), `bot` (`connected`).

Errors are 400 or 404 with `{"error": "one sentence"}`. There is no login: the `user` of a call says who acts.
A POST needs `Authorization: Bearer TOKEN` with the `token` that boot tells, else it is a 403: it is of this start, and
no other web page can read it.
"""

import asyncio
from dataclasses import asdict
from typing import Any

from aiohttp import web

from bot.demo.workspace import events
from bot.demo.workspace.commands import is_command, run_command
from bot.demo.workspace.errors import ClientError
from bot.demo.workspace.interactions import Interactions
from bot.demo.workspace.messages import Message
from bot.demo.workspace.orders import read_order
from bot.demo.workspace.people import Person
from bot.demo.workspace.screens import CLOSED
from bot.demo.workspace.text import to_wire
from bot.demo.workspace.views import View
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

HEARTBEAT = 15.0
"""Seconds after which a silent event stream gets a comment, so that nobody in between closes it."""


class ClientApi:
    """The handlers of the page's side."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._interactions = Interactions(workspace)

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/client/boot", self.boot),
            web.get("/client/history", self.history),
            web.get("/client/events", self.events, allow_head=False),
            web.post("/client/messages", self.post),
            web.post("/client/edits", self.edit),
            web.post("/client/deletions", self.delete),
            web.post("/client/actions", self.click),
            web.post("/client/suggestions", self.suggest),
            web.post("/client/views/{view}/submit", self.submit),
            web.post("/client/views/{view}/close", self.close),
            web.post("/client/home", self.open_home),
            web.post("/client/stop", self.stop),
            web.post("/client/zone", self.zone),
        ]

    async def boot(self, request: web.Request) -> web.Response:
        workspace, team = self._workspace, self._workspace.team
        me = self._person(request.query.get("user", team.people[0].id))
        home = workspace.views.home(me.id)
        told = {
            "token": workspace.tokens.page,
            "team": {"id": team.id, "name": team.name},
            "bot": {"id": team.bot.id, "name": team.bot.handle, "connected": bool(workspace.connections)},
            "note": workspace.note,
            "waiting": workspace.waiting.counts,
            "waiting_in": workspace.waiting.places,
            "me": me.to_client(),
            "users": [user.to_client() for user in team.users],
            "groups": [{"id": group.id, "handle": group.handle} for group in team.groups],
            "channels": [each.to_client(me.id) for each in team.conversations_of(me.id)],
            "home": home and home.to_slack(team),
            "sessions": workspace.sessions_of(me.id),
            "commands": [asdict(command) for command in team.commands],
        }
        return web.json_response(told, headers={"Cache-Control": "no-store"})  # its token is for this page only

    async def history(self, request: web.Request) -> web.Response:
        user, channel = request.query.get("user", ""), request.query.get("channel", "")
        conversation = self._workspace.conversation_of(user, channel)
        messages = self._workspace.history.of(conversation.id)
        visible = [message for message in messages if message.ephemeral_to in (None, user)]
        return web.json_response({"messages": [self._workspace.to_client(message) for message in visible]})

    async def events(self, request: web.Request) -> web.StreamResponse:
        user = self._person(request.query.get("user", ""))
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        screen = self._workspace.screens.open(user.id)
        try:
            await response.write(b": connected\n\n")
            while (event := await _next_event(screen.unread)) != CLOSED:
                await response.write(event)
        except ConnectionError:
            pass  # the page was closed
        finally:
            self._workspace.screens.close(screen)
        return response

    async def post(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "channel", "text")
        conversation = self._workspace.conversation_of(order["user"], order["channel"])
        if not order["text"].strip():
            raise ClientError("A message needs some text.")
        thread_ts = self._thread(conversation.id, order.get("thread_ts"))
        if is_command(order["text"]):
            answer = await run_command(self._workspace, order["user"], conversation, order["text"], thread_ts)
            return web.json_response(answer)
        message = Message(
            channel=conversation.id,
            ts=self._workspace.history.new_ts(),
            user=order["user"],
            text=to_wire(order["text"], self._workspace.team),
            thread_ts=thread_ts,
        )
        message.client_msg_id = f"local-{message.ts}"
        self._workspace.post(message)
        return web.json_response({"message": self._workspace.to_client(message)})

    async def edit(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "channel", "ts", "text")
        message = self._own_message(order)
        before = message.to_slack(self._workspace.team)
        message.text = to_wire(order["text"], self._workspace.team)
        message.edited_ts = self._workspace.history.new_ts()
        self._workspace.change(message, before)
        return web.json_response({"message": self._workspace.to_client(message)})

    async def delete(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "channel", "ts")
        self._workspace.delete(self._own_message(order))
        return web.json_response({})

    async def click(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "block_id", "action_id")
        user, block_id, action_id = order["user"], order["block_id"], order["action_id"]
        if view_id := order.get("view_id"):
            view = self._view(view_id, user)
            return web.json_response(await self._interactions.click_view(user, view, block_id, action_id, order))
        message = self._visible_message(user, order.get("channel", ""), order.get("message_ts", ""))
        return web.json_response(await self._interactions.click_message(user, message, block_id, action_id, order))

    async def suggest(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "block_id", "action_id", "value")
        view_id = order.get("view_id")
        if view_id:
            place: View | Message = self._view(view_id, order["user"])
        else:
            place = self._visible_message(order["user"], order.get("channel", ""), order.get("message_ts", ""))
        given = (order["block_id"], order["action_id"], order["value"])
        return web.json_response(await self._interactions.suggest(order["user"], place, *given))

    async def submit(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user")
        view = self._view(request.match_info["view"], order["user"])
        return web.json_response(await self._interactions.submit(order["user"], view, order.get("values", {})))

    async def close(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user")
        self._interactions.close(order["user"], self._view(request.match_info["view"], order["user"]))
        return web.json_response({})

    async def open_home(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "tab")
        workspace = self._workspace
        direct, home = workspace.team.dm(self._person(order["user"]).id), workspace.views.home(order["user"])
        if direct is None:
            raise ClientError(f"{order['user']!r} has no direct message with the bot.", 404)
        view = home and home.to_slack(workspace.team)
        ts = workspace.history.new_ts()
        workspace.send_event(events.app_home_opened(order["user"], direct.id, order["tab"], view, ts))
        return web.json_response({})

    async def stop(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "channel", "thread_ts")
        workspace, thread_ts = self._workspace, order["thread_ts"]
        conversation = workspace.conversation_of(order["user"], order["channel"])
        replies = workspace.history.replies(conversation.id, thread_ts)
        streaming = [message.ts for message in replies if message.stream_started is not None]
        ts = workspace.history.new_ts()
        workspace.send_event(events.agent_session_stopped(order["user"], conversation.id, thread_ts, streaming, ts))
        return web.json_response({})

    async def zone(self, request: web.Request) -> web.Response:
        order = await read_order(request, "user", "zone")
        self._workspace.set_zone(self._person(order["user"]).id, order["zone"])
        return web.json_response({})

    def _person(self, user: str) -> Person:
        person = next((each for each in self._workspace.team.people if each.id == user), None)
        if person is None:
            raise ClientError(f"There is no person {user!r} here.", 404)
        return person

    def _thread(self, channel: str, thread_ts: str | None) -> str | None:
        if not thread_ts:
            return None
        parent = self._workspace.history.get(channel, thread_ts)
        if parent is None:
            raise ClientError(f"There is no message {thread_ts!r} to reply to.", 404)
        return parent.root_ts

    def _visible_message(self, user: str, channel: str, ts: str) -> Message:
        conversation = self._workspace.conversation_of(user, channel)
        message = self._workspace.history.get(conversation.id, ts)
        if message is None or message.ephemeral_to not in (None, user):
            raise ClientError(f"There is no message {ts!r} in {channel!r}.", 404)
        return message

    def _own_message(self, order: Json) -> Message:
        """A message that the person wrote, or that only they see (deleting it puts it away)."""
        message = self._visible_message(order["user"], order["channel"], order["ts"])
        if order["user"] not in (message.user, message.ephemeral_to):
            raise ClientError("This message was written by somebody else.")
        return message

    def _view(self, view_id: str, user: str) -> View:
        view = self._workspace.views.get(view_id)
        if view is None or view.user != user:
            raise ClientError("This dialog is not open any more.", 404)
        return view


async def _next_event(unread: asyncio.Queue[bytes]) -> bytes:
    """The next event, or a comment after a while of silence."""
    try:
        async with asyncio.timeout(HEARTBEAT):
            return await unread.get()
    except TimeoutError:
        return b": still here\n\n"
