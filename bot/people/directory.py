"""What Slack knows of people, groups and conversations: looked up, and cached for minutes."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import UNCERTAIN, describe, is_passing, reason

logger = logging.getLogger(__name__)

T = TypeVar("T")

CACHE_SECONDS = 300.0

MOST_KNOWN = 5000
"""Answers kept at a time; the oldest go first."""

PAGE = 999
"""Members of a conversation asked for at a time, as many as Slack takes: who clicked waits for the last of them."""

NOBODY = {"user_not_found", "user_not_visible"}

NO_GROUP = {"no_such_subteam", "subteam_not_found"}

Kind = Literal["member", "guest", "bot", "deactivated", "stranger"]


class CannotTell(Exception):
    """It could not be found out. `passing`: a later try may."""

    def __init__(self, what: str, passing: bool) -> None:
        self.passing = passing
        super().__init__(what)


@dataclass(frozen=True)
class Account:
    """Somebody's account. `kind` is "stranger" for anybody of another team, or unknown to Slack."""

    kind: Kind
    name: str


@dataclass(frozen=True)
class Room:
    """A conversation. `user` is the person in a direct message with the bot, else None."""

    is_private: bool
    user: str | None


class Directory:
    """`team` is the one that the app is installed in. Every method raises `CannotTell`.

    `fresh`: ask Slack now, whatever is known. The answer is kept for others like any other.
    """

    def __init__(self, client: AsyncWebClient, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._team = team
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, object]] = {}

    async def account(self, user: str, *, fresh: bool = False) -> Account:
        async def fetch() -> Account:
            try:
                answer = await self._client.users_info(user=user)
            except SlackApiError as error:
                if reason(error) in NOBODY:
                    return Account("stranger", user)
                raise
            found: dict[str, Any] = answer.get("user") or {}
            return Account(_kind(found, self._team), found.get("real_name") or found.get("name") or user)

        return await self._look_up("user", user, fetch, fresh=fresh)

    async def group(self, group: str, *, fresh: bool = False) -> frozenset[str]:
        """The people in a user group; nobody is in one that Slack does not know."""

        async def fetch() -> frozenset[str]:
            try:
                answer = await self._client.usergroups_users_list(usergroup=group)
            except SlackApiError as error:
                if reason(error) in NO_GROUP:
                    return frozenset()
                raise
            return frozenset(cast("list[str]", answer.get("users") or ()))

        return await self._look_up("user group", group, fetch, fresh=fresh)

    async def room(self, channel: str) -> Room:
        async def fetch() -> Room:
            found: dict[str, Any] = (await self._client.conversations_info(channel=channel)).get("channel") or {}
            is_private = any(found.get(name) for name in ("is_private", "is_im", "is_mpim", "is_group"))
            return Room(is_private, found.get("user") if found.get("is_im") else None)

        return await self._look_up("conversation", channel, fetch)

    async def members(self, channel: str, *, fresh: bool = False) -> frozenset[str]:
        """The people in a conversation, the person of a direct message too, who never changes."""
        room = await self.room(channel)
        if room.user is not None:
            return frozenset({room.user})

        async def fetch() -> frozenset[str]:
            found: set[str] = set()
            cursor = ""
            while True:
                answer = await self._client.conversations_members(channel=channel, limit=PAGE, cursor=cursor)
                found.update(answer.get("members") or ())
                cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
                if not cursor:
                    return frozenset(found)

        return await self._look_up("members of", channel, fetch, fresh=fresh)

    async def direct_message(self, user: str) -> str:
        """The conversation of the bot with one person."""

        async def fetch() -> str:
            opened: dict[str, Any] = (await self._client.conversations_open(users=user)).get("channel") or {}
            return str(opened["id"])

        return await self._look_up("direct message with", user, fetch)

    async def _look_up(self, what: str, id_: str, fetch: Callable[[], Awaitable[T]], *, fresh: bool = False) -> T:
        """What is known, if that is recent. What could not be found out is asked for again the next time."""
        known = None if fresh else self._known.get((what, id_))
        if known is not None and self._clock() - known[0] < CACHE_SECONDS:
            return cast("T", known[1])
        try:
            found = await fetch()
        except UNCERTAIN as error:
            logger.warning("%s %s cannot be looked up: %s", what, id_, describe(error))
            raise CannotTell(f"{what} {id_}", passing=is_passing(error)) from error
        self._keep((what, id_), found)
        return found

    def _keep(self, key: tuple[str, str], found: object) -> None:
        """Remember it, as the newest. What is no longer fresh goes, so that a year of strangers is not kept."""
        now = self._clock()
        self._known.pop(key, None)
        self._known[key] = (now, found)
        while len(self._known) > MOST_KNOWN or now - next(iter(self._known.values()))[0] >= CACHE_SECONDS:
            del self._known[next(iter(self._known))]


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
