"""The local workspace itself: one team's conversations, and what happens when somebody says something."""

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal
from zoneinfo import available_timezones

from bot.demo.workspace import events
from bot.demo.workspace.background import Background
from bot.demo.workspace.connections import Connections
from bot.demo.workspace.errors import ClientError
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.history import History
from bot.demo.workspace.journal import Journal
from bot.demo.workspace.messages import Message
from bot.demo.workspace.panel import Panel, Table
from bot.demo.workspace.people import UTC, Conversation, Team
from bot.demo.workspace.screens import Screens
from bot.demo.workspace.socket_mode import SocketMode
from bot.demo.workspace.store import Store
from bot.demo.workspace.text import mentions
from bot.demo.workspace.tokens import Tokens
from bot.demo.workspace.triggers import Permissions
from bot.demo.workspace.views import View, Views
from bot.demo.workspace.waiting import Waiting

Json = dict[str, Any]

STREAM_LIFE = 5 * 60.0
"""Seconds after its start in which a stream can be written."""


class Workspace:
    """Holds the parts together. Whatever is said goes through `post`, `change` or `delete`: it is stored, shown on the
    pages that may see it, and told to the bot where the bot is a member.
    """

    def __init__(
        self,
        team: Team,
        file: Path | None,
        panel: Panel,
        note: str,
        clock: Callable[[], float],
        ack_timeout: float,
        tokens: Tokens,
    ) -> None:
        self.team = team
        self.note = note
        self.tokens = tokens
        self.clock = clock
        self.panel = panel
        self.url = ""  # known once the server listens
        self.bot_connected = asyncio.Event()
        self.bot_gone = asyncio.Event()
        self.tasks = Background()
        self.store = Store(file)
        self.journal = Journal(clock)
        self.faults = Faults()
        self.screens = Screens()
        self.history = History(self.store, clock)
        self.waiting = Waiting(team, self.history)
        self.views = Views(self.store)
        self.permissions = Permissions(clock)
        self.uploads: dict[str, Json] = {}  # announced files whose bytes may still come
        self._tickets: set[str] = set()
        self._sessions: dict[tuple[str, str], Json] = {}
        self._zones: dict[str, str] = {}
        self.connections = Connections(team.app_id, self.journal, self._connections_changed)
        self.socket_mode = SocketMode(
            self.connections, self.store, self.journal, self.faults, self.tasks, ack_timeout=ack_timeout
        )

    def start(self) -> None:
        """Begins what runs beside the requests; call it once the server listens."""
        self.tasks.start(self.panel.watch(self._tables_changed, lambda: bool(self.screens)))

    async def stop(self) -> None:
        await self.tasks.stop()
        self.store.close()

    def post(self, message: Message) -> None:
        """A message appears."""
        self.history.save(message)
        self._show_waiting(self.waiting.look(message))
        self._show("message", message)
        if message.thread_ts and (root := self.history.get(message.channel, message.thread_ts)):
            self._show("message_changed", root)  # its count of replies
        conversation = self._conversation(message)
        if message.user == self.team.bot.id and message.thread_ts:
            self.show_status(conversation, message.thread_ts, "")  # Slack clears it whenever the app posts
        self._tell_bot(conversation, events.message(self.team, message, conversation))
        spoken_to = message.user != self.team.bot.id and mentions(message.text, self.team.bot.id)
        if spoken_to and conversation.kind != "dm":
            self._tell_bot(conversation, events.app_mention(self.team, message, conversation))

    def post_ephemeral(self, message: Message) -> None:
        """A message appears for one person only. Nobody is told by an event."""
        self.history.save(message)
        self.screens.tell([message.ephemeral_to or ""], "ephemeral", message=message.to_client(0))

    def change(self, message: Message, before: Json | None) -> None:
        """A message changed. `before` is its earlier state as Slack tells it; None tells the bot nothing."""
        self.history.save(message)
        self._show_waiting(self.waiting.look(message))
        self._show("message_changed", message)
        if before is not None and message.ephemeral_to is None:
            conversation = self._conversation(message)
            changed = events.message_changed(self.team, before, message, conversation, self.history.new_ts())
            self._tell_bot(conversation, changed)

    def delete(self, message: Message) -> None:
        """A message disappears."""
        self.history.remove(message)
        self._show_waiting(self.waiting.forget(message))
        conversation = self._conversation(message)
        shown = {"channel": message.channel, "ts": message.ts, "message": message.to_client(0)}
        self.screens.tell(self._seen_by(message), "message_deleted", **shown)
        if message.thread_ts and (root := self.history.get(message.channel, message.thread_ts)):
            self._show("message_changed", root)
        if message.ephemeral_to is None:
            deleted = events.message_deleted(message.to_slack(self.team), conversation, self.history.new_ts())
            self._tell_bot(conversation, deleted)

    def show_status(self, conversation: Conversation, thread_ts: str, status: str) -> None:
        self.screens.tell(conversation.members, "status", channel=conversation.id, thread_ts=thread_ts, status=status)

    def show_view(self, kind: Literal["view_opened", "view_updated", "view_closed", "home"], view: View) -> None:
        self.screens.tell([view.user], kind, view=view.to_slack(self.team))

    def set_session(self, channel: str, thread_ts: str, *, status: str | None = None, title: str | None = None) -> None:
        """Keeps what is known of an agent session, and shows it."""
        session = self._sessions.setdefault((channel, thread_ts), {"status": "active", "title": ""})
        session |= {name: value for name, value in (("status", status), ("title", title)) if value is not None}
        if conversation := self.team.conversation(channel):
            self.screens.tell(conversation.members, "session", channel=channel, thread_ts=thread_ts, session=session)

    def sessions_of(self, user: str) -> list[Json]:
        """The agent sessions that a person sees, with the state that the bot last gave them."""
        seen = {conversation.id for conversation in self.team.conversations_of(user)}
        return [
            {"channel": channel, "thread_ts": thread_ts, "session": session}
            for (channel, thread_ts), session in self._sessions.items()
            if channel in seen
        ]

    def shows_file(self, user: str, file: str) -> bool:
        """Whether a message that the person sees has the file."""
        return user != self.team.bot.id and any(
            shown["id"] == file
            for conversation in self.team.conversations_of(user)
            for message in self.history.of(conversation.id)
            for shown in message.files
        )

    def zone_of(self, user: str) -> str:
        """The time zone that the person's page last told."""
        return self._zones.get(user, UTC)

    def set_zone(self, user: str, zone: str) -> None:
        if zone not in available_timezones():
            raise ClientError(f"{zone!r} is no time zone.")
        self._zones[user] = zone

    def stream_lives(self, message: Message) -> bool:
        """Whether the bot may still write to this message."""
        return message.stream_started is not None and self.clock() - message.stream_started < STREAM_LIFE

    def expire_streams(self) -> None:
        """What five minutes do to every stream that is open."""
        for message in self.history.streaming():
            message.stream_started = None
            self.change(message, before=None)

    def issue_ticket(self) -> str:
        """A permission to connect once."""
        ticket = secrets.token_urlsafe(16)
        self._tickets.add(ticket)
        return ticket

    def take_ticket(self, ticket: str) -> bool:
        known = ticket in self._tickets
        self._tickets.discard(ticket)
        return known

    def send_event(self, event: Json) -> None:
        """Tells the bot something that is not about a message."""
        self.socket_mode.send_event(events.envelope(self.team, event, self.clock()))

    def to_client(self, message: Message) -> Json:
        replies = self.history.replies(message.channel, message.ts)
        return message.to_client(len(replies))

    def conversation_of(self, user: str, channel: str) -> Conversation:
        """A conversation that a person sees (nobody acts as the bot here). Raises ClientError."""
        conversation = self.team.conversation(channel)
        if conversation is None or user not in conversation.members or user == self.team.bot.id:
            raise ClientError(f"{user!r} is in no conversation {channel!r}.", 404)
        return conversation

    def _show(self, kind: str, message: Message) -> None:
        self.screens.tell(self._seen_by(message), kind, message=self.to_client(message))

    def _show_waiting(self, changed: bool) -> None:
        if changed:
            self.screens.tell_all("waiting", waiting=self.waiting.counts, waiting_in=self.waiting.places)

    def _seen_by(self, message: Message) -> tuple[str, ...]:
        return (message.ephemeral_to,) if message.ephemeral_to else self._conversation(message).members

    def _conversation(self, message: Message) -> Conversation:
        conversation = self.team.conversation(message.channel)
        if conversation is None:
            raise ClientError(f"There is no conversation {message.channel!r}.", 404)
        return conversation

    def _tell_bot(self, conversation: Conversation, event: Json) -> None:
        if self.team.bot.id in conversation.members:
            self.send_event(event)

    def _connections_changed(self) -> None:
        now, before = (self.bot_connected, self.bot_gone) if self.connections else (self.bot_gone, self.bot_connected)
        now.set()
        before.clear()
        self.screens.tell_all("bot", connected=bool(self.connections))
        self.socket_mode.deliver()

    def _tables_changed(self, tables: list[Table]) -> None:
        self.screens.tell_all("tables", tables=tables)
