"""Who somebody is, as Slack knows them: cached for minutes, refused when it cannot be found out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Literal

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.payloads import Person
from graphs.approvals import Actor, UserId

logger = logging.getLogger(__name__)

CACHE_SECONDS = 300.0

Kind = Literal["member", "guest", "bot", "deactivated", "stranger"]


class People:
    """Looks people up. `team` is the one that the app is installed in; `users` are the only ones who may talk to it,
    full members of the team where there are none."""

    def __init__(
        self,
        client: AsyncWebClient,
        team: str,
        users: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._team = team
        self._users = users
        self._clock = clock
        self._known: dict[str, tuple[float, Kind]] = {}

    async def actor(self, person: Person) -> Actor:
        """The person as `approvals.decide` judges them. Somebody who cannot be looked up is a stranger."""
        kind: Kind = "stranger" if person.team != self._team else await self._kind(person.user)
        return Actor(UserId(person.user), person.team, kind)

    async def refusal(self, user: str) -> str | None:
        """Why this person may not talk to the bot, as a sentence; None when they may."""
        if self._users:
            return None if user in self._users else "You are not among the people who may ask me to do things here."
        kind = await self._kind(user)
        if kind == "member":
            return None
        who = {"guest": "Guests", "stranger": "People of other workspaces"}.get(kind, "Bots and deactivated accounts")
        return f"{who} cannot ask me to do things here. A full member of this workspace can."

    async def _kind(self, user: str) -> Kind:
        known = self._known.get(user)
        if known is not None and self._clock() - known[0] < CACHE_SECONDS:
            return known[1]
        try:
            answer = await self._client.users_info(user=user)
        except SlackApiError as error:
            logger.warning("user %s cannot be looked up (%s); treated as a stranger", user, error.response["error"])
            return "stranger"
        kind = _kind(answer.get("user") or {}, self._team)
        self._known[user] = (self._clock(), kind)
        return kind


def _kind(user: dict[str, Any], team: str) -> Kind:
    if user.get("deleted"):
        return "deactivated"
    if user.get("is_bot") or user.get("id") == "USLACKBOT":
        return "bot"
    if user.get("is_stranger") or user.get("team_id", team) != team:
        return "stranger"
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return "guest"
    return "member"
