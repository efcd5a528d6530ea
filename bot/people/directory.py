"""What Slack knows of people, groups and conversations: looked up, and cached for minutes.

An answer without what it has to say is none: who is nobody in particular must not pass for a member.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

from pydantic import BaseModel
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.people.asking import Asking
from bot.shown.text import fitted, one_line
from bot.slack_errors import UNCERTAIN, describe, is_final, reason

logger = logging.getLogger(__name__)

T = TypeVar("T")

CACHE_SECONDS = 300.0

MOST_KNOWN = 5000
"""Answers kept at a time; the oldest go first."""

PAGE = 999
"""Members of a conversation asked for at a time, as many as Slack takes: who clicked waits for the last of them."""

NOBODY = {"user_not_found", "user_not_visible"}

NO_GROUP = {"no_such_subteam", "subteam_not_found"}

OUT_OF_SIGHT = {"channel_not_found"}
"""What Slack says of a conversation that the bot is not in: whoever mentions one does nothing wrong."""

NAME_LENGTH = 80
"""Characters of a name."""

Kind = Literal["member", "guest", "bot", "deactivated", "stranger"]


class CannotTell(Exception):
    """It could not be found out. `passing`: a later try may."""

    def __init__(self, what: str, passing: bool) -> None:
        self.passing = passing
        super().__init__(what)


@dataclass(frozen=True)
class Account:
    """Somebody's account. `kind` is "stranger" for anybody of another team, or unknown to Slack. `zone` is the time
    zone that Slack shows them times in ("Europe/Berlin"), empty where it does not say.
    """

    kind: Kind
    name: str
    zone: str = ""


@dataclass(frozen=True)
class Room:
    """A conversation. `user` is the person in a direct message with the bot, else None. Such a one has no name."""

    is_private: bool
    user: str | None
    name: str = ""


class Directory:
    """`team` is the one that the app is installed in. Every method raises `CannotTell`.

    `fresh`: ask Slack now, whatever is known. The answer is kept for others like any other.
    """

    def __init__(self, client: AsyncWebClient, team: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._team = team
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, object]] = {}
        self._asking = Asking()
        self._failing: dict[str, str] = {}

    async def account(self, user: str, *, fresh: bool = False) -> Account:
        async def fetch() -> Account:
            try:
                answer = await self._client.users_info(user=user)
            except SlackApiError as error:
                if reason(error) in NOBODY:
                    return Account("stranger", user)
                raise
            found = _UserAnswer.model_validate(answer.data).user
            name = _called(found.real_name or found.name or user)
            return Account(_kind(found, self._team), name, found.tz or "")

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
            return frozenset(_GroupAnswer.model_validate(answer.data).users)

        return await self._look_up("user group", group, fetch, fresh=fresh)

    async def group_name(self, group: str) -> str | None:
        """What a user group is mentioned by; None for one that Slack does not list."""

        async def fetch() -> dict[str, str]:
            answer = await self._client.usergroups_list()
            listed = _GroupsAnswer.model_validate(answer.data).usergroups
            return {each.id: _called(each.handle or each.name or each.id) for each in listed}

        return (await self._look_up("the names of", "user groups", fetch)).get(group)

    async def room(self, channel: str) -> Room:
        async def fetch() -> Room:
            answer = await self._client.conversations_info(channel=channel)
            found = _ChannelAnswer.model_validate(answer.data).channel
            is_private = found.is_private or found.is_im or found.is_mpim or found.is_group
            return Room(bool(is_private), found.user if found.is_im else None, _called(found.name or ""))

        return await self._look_up("conversation", channel, fetch)

    async def members(self, channel: str, *, fresh: bool = False) -> frozenset[str]:
        """The people in a conversation, the person of a direct message too, who never changes."""
        room = await self.room(channel)
        if room.user is not None:
            return frozenset({room.user})

        async def fetch() -> frozenset[str]:
            found: set[str] = set()
            cursor, seen = "", set[str]()
            while cursor not in seen:
                seen.add(cursor)
                answer = await self._client.conversations_members(channel=channel, limit=PAGE, cursor=cursor)
                page = _MembersAnswer.model_validate(answer.data)
                found.update(page.members)
                cursor = (page.response_metadata or _Page()).next_cursor or ""
                if not cursor:
                    return frozenset(found)
            raise ValueError(f"the page {cursor!r} leads to itself")

        return await self._look_up("members of", channel, fetch, fresh=fresh)

    async def direct_message(self, user: str) -> str:
        """The conversation of the bot with one person."""

        async def fetch() -> str:
            answer = await self._client.conversations_open(users=user)
            return _ChannelAnswer.model_validate(answer.data).channel.id

        return await self._look_up("direct message with", user, fetch)

    async def _look_up(self, what: str, id_: str, fetch: Callable[[], Awaitable[T]], *, fresh: bool = False) -> T:
        """What is known, if that is recent. What could not be found out is asked for again the next time."""
        known = None if fresh else self._known.get((what, id_))
        if known is not None and self._clock() - known[0] < CACHE_SECONDS:
            return cast("T", known[1])
        try:
            found = await self._asking.ask((what, id_), fetch, fresh=fresh)
        except UNCERTAIN as error:
            level = logging.INFO if reason(error) in OUT_OF_SIGHT else logging.WARNING
            self._say(what, id_, describe(error), level)
            raise CannotTell(f"{what} {id_}", passing=not is_final(error)) from error
        except ValueError as error:
            self._say(what, id_, "an answer that is not Slack's")
            raise CannotTell(f"{what} {id_}", passing=True) from error
        self._failing.pop(what, None)
        self._keep((what, id_), found)
        return found

    def _say(self, what: str, id_: str, why: str, level: int = logging.WARNING) -> None:
        """Once, until such a look-up succeeds or fails in another way: it is tried again and again."""
        if self._failing.get(what) != why:
            self._failing[what] = why
            logger.log(level, "%s %s cannot be looked up: %s", what, id_, why)

    def _keep(self, key: tuple[str, str], found: object) -> None:
        """Remember it, as the newest. What is no longer fresh goes, so that a year of strangers is not kept."""
        now = self._clock()
        self._known.pop(key, None)
        self._known[key] = (now, found)
        while len(self._known) > MOST_KNOWN or now - next(iter(self._known.values()))[0] >= CACHE_SECONDS:
            del self._known[next(iter(self._known))]


class _User(BaseModel):
    team_id: str
    id: str
    name: str | None = None
    real_name: str | None = None
    tz: str | None = None
    deleted: bool | None = None
    is_bot: bool | None = None
    is_stranger: bool | None = None
    is_restricted: bool | None = None
    is_ultra_restricted: bool | None = None


class _UserAnswer(BaseModel):
    user: _User


class _GroupAnswer(BaseModel):
    users: list[str]


class _Group(BaseModel):
    id: str
    handle: str | None = None
    name: str | None = None


class _GroupsAnswer(BaseModel):
    usergroups: list[_Group]


class _Channel(BaseModel):
    id: str
    name: str | None = None
    is_private: bool | None = None
    is_im: bool | None = None
    is_mpim: bool | None = None
    is_group: bool | None = None
    user: str | None = None


class _ChannelAnswer(BaseModel):
    channel: _Channel


class _Page(BaseModel):
    next_cursor: str | None = None


class _MembersAnswer(BaseModel):
    members: list[str]
    response_metadata: _Page | None = None


def _called(name: str) -> str:
    """A name that somebody gave themselves, or a group or a channel, in one line that is not too long."""
    return fitted(one_line(name), NAME_LENGTH)


def _kind(user: _User, team: str) -> Kind:
    if user.deleted:
        return "deactivated"
    if user.is_bot or user.id == "USLACKBOT":
        return "bot"
    if user.is_stranger or user.team_id != team:
        return "stranger"
    if user.is_restricted or user.is_ultra_restricted:
        return "guest"
    return "member"
