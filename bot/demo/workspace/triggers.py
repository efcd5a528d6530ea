"""Short-lived permissions that an interaction gives the bot: trigger ids and response URLs."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from bot.demo.workspace.errors import SlackError

TRIGGER_LIFE = 3.0
"""Seconds in which a trigger opens a view, once."""

RESPONSE_LIFE = 30 * 60.0
RESPONSE_USES = 5
"""A response URL works five times within thirty minutes."""


@dataclass
class Trigger:
    """Who acted, from which modal if any, and when."""

    user: str
    view_id: str | None
    issued: float
    exchanged: bool = False


@dataclass
class ResponseUrl:
    """Where an answer goes: the message that was clicked (empty after a command), the thread that it is to stay
    in, and who acted.
    """

    channel: str
    message_ts: str
    user: str
    issued: float
    thread_ts: str | None = None
    uses: int = 0


class Permissions:
    """Everything that was issued since the workspace started."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}

    def issue_trigger(self, user: str, view_id: str | None = None) -> str:
        now = self._clock()
        trigger_id = f"{int(now * 1000)}.{len(self._triggers) + 1}.{secrets.token_hex(16)}"
        self._triggers[trigger_id] = Trigger(user, view_id, now)
        return trigger_id

    def exchange_trigger(self, trigger_id: str) -> Trigger:
        """Takes a trigger for opening or pushing a view. Raises SlackError as Slack names it."""
        trigger = self._triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.exchanged:
            raise SlackError("exchanged_trigger_id")
        if self._clock() - trigger.issued > TRIGGER_LIFE:
            raise SlackError("expired_trigger_id")
        trigger.exchanged = True
        return trigger

    def issue_response(self, channel: str, message_ts: str, user: str, thread_ts: str | None = None) -> str:
        token = secrets.token_urlsafe(16)
        self._responses[token] = ResponseUrl(channel, message_ts, user, self._clock(), thread_ts)
        return token

    def use_response(self, token: str) -> ResponseUrl:
        """Takes one use of a response URL. Raises SlackError("expired_url" or "used_url")."""
        response = self._responses.get(token)
        if response is None or self._clock() - response.issued > RESPONSE_LIFE:
            raise SlackError("expired_url")
        if response.uses >= RESPONSE_USES:
            raise SlackError("used_url")
        response.uses += 1
        return response
