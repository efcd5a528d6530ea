"""Slack's payloads → our types. The only place that knows how Slack nests things."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.forms.inputs import StateValues
from bot.shown.text import entities, one_line, shorten
from storage.ids import ThreadId
from storage.inbox import Delivery

Body = Mapping[str, Any]

MOST_FILES = 10
"""Files of one message that are named; Slack takes as many."""

UNREAD = "(Attached, and not read, because files cannot be read here: "
"""What stands before the names of files in a message that came with some."""

LONGEST_FILE_NAME = 100

PLAIN_SUBTYPES = (None, "file_share", "thread_broadcast")
"""What a person says. Everything else with a subtype is about a message, or from a program."""


EVENT, ADDRESS_CHECK, RATE_LIMITED = "event_callback", "url_verification", "app_rate_limited"
CLICK, SUGGESTION, FORM, COMMAND, CERTIFICATE_CHECK = "click", "suggestion", "form", "command", "certificate check"


@dataclass(frozen=True)
class SlackThread:
    """A thread of a channel or direct message. `thread_ts` is its first message."""

    team: str
    channel: str
    thread_ts: str

    @property
    def thread_id(self) -> ThreadId:
        """The runtime's name for it: one Slack thread is one runtime thread."""
        return ThreadId(f"{self.team}/{self.channel}/{self.thread_ts}")


@dataclass(frozen=True)
class SlackMessage:
    """Somebody wrote something: `text` is in Slack's markup (see `markup`), without a greeting of the bot. `addressed`:
    in a direct message, or naming the bot.
    """

    event_id: str
    thread: SlackThread
    ts: str
    user: str
    text: str
    addressed: bool

    def delivery(self) -> Delivery:
        return Delivery(
            self.event_id,
            "message",
            self.thread.thread_id,
            self.thread.team,
            self.thread.channel,
            self.ts,
            self.thread.thread_ts,
            self.user,
            self.text,
        )


@dataclass(frozen=True)
class Stop:
    """Somebody pressed Slack's own Stop in a thread at `ts`."""

    event_id: str
    thread: SlackThread
    ts: str
    user: str

    def delivery(self) -> Delivery:
        where = self.thread
        return Delivery(
            self.event_id, "stop", where.thread_id, where.team, where.channel, self.ts, where.thread_ts, self.user, ""
        )


@dataclass(frozen=True)
class Loss:
    """What people in a conversation see no more: one message; without a `ts`, the conversation."""

    channel: str
    ts: str | None


@dataclass(frozen=True)
class Person:
    """Who did it, as Slack says: never taken from a button or a form."""

    user: str
    team: str


@dataclass(frozen=True)
class Click:
    """A button was pressed. `action` says which kind, `value` is an opaque id, `message_ts` the message it is on, and
    `block_ids` are those of the message as Slack shows it.
    """

    person: Person
    thread: SlackThread
    action: str
    value: str
    trigger_id: str
    action_ts: str
    message_ts: str
    block_ids: tuple[str, ...] = ()

    @property
    def in_thread(self) -> bool:
        """Whether the message is a reply: the first message of a thread that nobody answered is not in one."""
        return self.message_ts != self.thread.thread_ts


@dataclass(frozen=True)
class Opening:
    """Somebody opened the bot's Home tab. `channel` is their direct message with the bot."""

    user: str
    channel: str


@dataclass(frozen=True)
class HomeClick:
    """A button was pressed on Home. `value` is an opaque id, `shown` tells which state of Home it was on."""

    person: Person
    value: str
    trigger_id: str
    shown: str


@dataclass(frozen=True)
class SlashCommand:
    """A slash command: `word` is what stands after its name, in small letters, and `rest` what follows that, as it was
    written. `thread_ts` is there where Slack says in which thread it was typed.
    """

    person: Person
    channel: str
    word: str
    rest: str
    thread_ts: str | None = None


@dataclass(frozen=True)
class Submission:
    """A modal was submitted. `metadata` is what we put there when it was opened, `callback_id` says which it is, and
    `root_id` is the lowest of the views that it lies on.
    """

    person: Person
    metadata: str
    values: StateValues
    view_id: str
    callback_id: str = ""
    root_id: str = ""


@dataclass(frozen=True)
class Suggestion:
    """Somebody looks for an option: `text` is what they typed, `form` the modal with its input."""

    form: Submission
    block_id: str
    text: str


def kind(body: Body) -> str | None:
    """What Slack sends: an event, what somebody did, a command, or a check of the address. None when it is none of
    these, or lacks what all of its kind have.
    """
    match body:
        case {"type": "event_callback", "event_id": str(), "team_id": str(), "event": {"type": str()}}:
            return EVENT
        case {"type": "url_verification", "challenge": str()}:
            return ADDRESS_CHECK
        case {"type": "app_rate_limited"}:
            return RATE_LIMITED
        case {"type": "block_actions", "user": {"id": str()}, "actions": [{"action_id": str(), "block_id": str()}]}:
            return CLICK
        case {"type": "block_suggestion", "user": {"id": str()}, "action_id": str(), "block_id": str()}:
            return SUGGESTION
        case {
            "type": "view_submission",
            "user": {"id": str()},
            "view": {"type": str(), "id": str(), "callback_id": str()},
        }:
            return FORM
        case {"command": str(), "user_id": str(), "team_id": str(), "channel_id": str()}:
            return COMMAND
        case {"ssl_check": "1"}:
            return CERTIFICATE_CHECK
        case _:
            return None


def message(body: Body, bot_user: str) -> SlackMessage | None:
    """A message that a person wrote, from an Events API body; None for anything else."""
    event = body.get("event", {})
    if event.get("type") not in ("message", "app_mention") or event.get("subtype") not in PLAIN_SUBTYPES:
        return None
    if event.get("bot_id") or not event.get("user") or event["user"] == bot_user:
        return None
    thread = SlackThread(body["team_id"], event["channel"], event.get("thread_ts") or event["ts"])
    text = event.get("text") or ""
    mention = rf"<@{re.escape(bot_user)}(?:\|[^<>]*)?>"
    addressed = event.get("channel_type") == "im" or event["type"] == "app_mention" or bool(re.search(mention, text))
    said = re.sub(mention, "@signoff", re.sub(rf"^\s*{mention}[\s:,]*", "", text))
    said = "\n\n".join(filter(None, (said.strip() and said, _attached(event))))
    return SlackMessage(body["event_id"], thread, event["ts"], event["user"], said, addressed)


CLOSING = frozenset(
    {"channel_archive", "channel_deleted", "channel_left", "group_archive", "group_deleted", "group_left"}
)
"""The events that end what the bot can show in a conversation."""


def loss(body: Body) -> Loss | None:
    """A message that was deleted, or a conversation that ended for the bot, from an Events API body."""
    event = body.get("event", {})
    if event.get("type") == "message" and event.get("subtype") == "message_deleted":
        return Loss(event["channel"], event["deleted_ts"])
    return Loss(event["channel"], None) if event.get("type") in CLOSING else None


def opening(body: Body) -> Opening | None:
    """From an Events API body; None for anything else."""
    event = body.get("event", {})
    if event.get("type") != "app_home_opened" or event.get("tab") != "home":
        return None
    return Opening(event["user"], event["channel"])


def home_click(body: Body) -> HomeClick:
    """A block action on a button of Home."""
    (action,) = body["actions"]
    view = body.get("view") or {}
    return HomeClick(_person(body), action.get("value", ""), body["trigger_id"], f"{view.get('id')}:{view.get('hash')}")


def command(body: Body) -> SlashCommand:
    """A slash command, whose fields stand side by side."""
    word, _, rest = (body.get("text") or "").strip().partition(" ")
    person = Person(body["user_id"], body["team_id"])
    return SlashCommand(person, body["channel_id"], word.lower(), rest.strip(), body.get("thread_ts") or None)


def stop(body: Body) -> Stop | None:
    """That somebody pressed Stop, from an Events API body; None for anything else."""
    event = body.get("event", {})
    if event.get("type") != "agent_session_stopped":
        return None
    thread = SlackThread(body["team_id"], event["channel"], event["thread_ts"])
    return Stop(body["event_id"], thread, event["event_ts"], event["user"])


def _attached(event: Body) -> str:
    """The files that came with a message, named: nothing here reads them. Marked up as Slack marks up a text."""
    files: list[Body] = event.get("files") or []
    names = [str(each.get("name") or each.get("title") or "a file") for each in files]
    names = [shorten(one_line(name), LONGEST_FILE_NAME) for name in names]
    if len(names) > MOST_FILES:
        names[MOST_FILES:] = [f"{len(names) - MOST_FILES} more"]
    return f"{UNREAD}{entities(', '.join(names))})" if names else ""


def click(body: Body) -> Click:
    """A block action on a button of a message."""
    (action,) = body["actions"]
    container = body["container"]
    thread = SlackThread(
        _team(body), container["channel_id"], container.get("thread_ts") or _thread_ts(body) or container["message_ts"]
    )
    return Click(
        _person(body),
        thread,
        action["action_id"],
        action.get("value", ""),
        body["trigger_id"],
        action["action_ts"],
        container["message_ts"],
        tuple(block.get("block_id", "") for block in body.get("message", {}).get("blocks") or ()),
    )


def submission(body: Body) -> Submission:
    """A submitted modal."""
    view = body["view"]
    return Submission(
        _person(body),
        view["private_metadata"],
        view["state"]["values"],
        view["id"],
        view["callback_id"],
        view.get("root_view_id") or view["id"],
    )


def suggestion(body: Body) -> Suggestion:
    """A block suggestion in a modal."""
    return Suggestion(submission({"state": {}, **body}), body["block_id"], body.get("value") or "")


def _thread_ts(body: Body) -> str | None:
    return body.get("message", {}).get("thread_ts")


def _team(body: Body) -> str:
    # In an organisation-wide installation `team` may be null; the person's own is the best there is then.
    return (body.get("team") or {}).get("id") or body["user"]["team_id"]


def _person(body: Body) -> Person:
    user = body["user"]
    return Person(user["id"], user.get("team_id") or _team(body))
