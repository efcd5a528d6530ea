"""Who may talk to the bot, who somebody is to an approval, and who of those that decide is somewhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bot.inbound.markup import Said
from bot.inbound.payloads import Person
from bot.people import names
from bot.people.directory import CannotTell, Directory, Kind
from graphs.approvals.terms import CHANNEL, REQUESTER, Actor, GroupId, Terms, UserId
from storage import Storage, posts
from storage.ids import ThreadId

T = TypeVar("T")

JUDGED_WITHIN = 2.0
"""Seconds for what has to be known of somebody who clicked: Slack waits three for the answer."""

NAMED_WITHIN = 5.0
"""Seconds for the names in a message. Nothing is lost after that but names."""

_NO_USE: dict[Kind, str] = {
    "guest": "is a guest",
    "bot": "is a bot",
    "deactivated": "is deactivated",
    "stranger": "is not in this workspace",
}


class People:
    """Judges people by what the directory says. `team` is the one that the app is installed in; `users` (people and
    user groups) are the only ones who may talk to it, full members of the team where there are none."""

    def __init__(self, directory: Directory, team: str, users: frozenset[str] = frozenset()) -> None:
        self._directory = directory
        self._team = team
        self._users = users

    async def actor(
        self, person: Person, terms: Terms | None = None, channel: str | None = None, *, fresh: bool = False
    ) -> Actor:
        """`actors`, for one approval; without terms only for who they are."""
        (actor,) = await self.actors(person, [terms], channel, fresh=fresh)
        return actor

    async def actors(
        self, person: Person, many: Sequence[Terms | None], channel: str | None, *, fresh: bool = False
    ) -> list[Actor]:
        """The person as `approvals.decide` judges them under each of these terms; `channel` is where the calls were
        asked for. What cannot be found out in time is None.

        All is looked up at once, and each thing once. `fresh`: of Slack, whatever is known: what a decision rests on.
        """
        if person.team != self._team:
            return [Actor(UserId(person.user), person.team, "stranger", frozenset()) for _ in many]
        approvers = {each: None for terms in many if terms is not None for each in terms.approvers}
        groups = [each for each in approvers if each.startswith("S")]
        here = CHANNEL in approvers and channel is not None
        account, members, found = await asyncio.gather(
            _in_time(self._directory.account(person.user, fresh=fresh)),
            _in_time(self._directory.members(channel, fresh=fresh)) if here and channel is not None else _nothing(),
            asyncio.gather(*(_in_time(self._directory.group(each, fresh=fresh)) for each in groups)),
        )
        in_groups = {
            group: None if people is None else person.user in people
            for group, people in zip(groups, found, strict=True)
        }
        in_channel = None if members is None else person.user in members
        kind = None if account is None else account.kind
        return [_actor(person, kind, terms, in_groups, in_channel) for terms in many]

    async def name(self, user: str) -> str | None:
        """What somebody is called; None when that cannot be found out."""
        account = await _in_time(self._directory.account(user))
        return None if account is None or account.name == user else account.name

    async def zone(self, user: str) -> str:
        """The name of the time zone that Slack shows somebody times in; empty when that cannot be found out."""
        account = await _in_time(self._directory.account(user))
        return account.zone if account is not None else ""

    async def read(self, text: str, *, within: float = NAMED_WITHIN) -> Said:
        """A message of Slack's with the names of everybody that it mentions, as far as these are found in time."""
        return await names.read(self._directory, text, within)

    async def refusal(self, user: str) -> str | None:
        """Why this person may not talk to the bot, as a sentence; None when they may. Raises `CannotTell`."""
        if self._users:
            return await self._not_listed(user)
        kind = (await self._directory.account(user)).kind
        if kind == "member":
            return None
        who = {"guest": "Guests", "stranger": "People of other workspaces"}.get(kind, "Bots and deactivated accounts")
        return f"{who} cannot ask me to do things here. A full member of this workspace can."

    async def unreachable(self, terms: Terms, channel: str | None) -> str | None:
        """Why no people there are can give the approvals that these terms ask for, as a sentence; None when they can,
        or when it cannot be found out: then the click is judged.
        """
        possible: set[str] = set()
        lacking: list[str] = []
        try:
            for approver in terms.approvers:
                able = False
                for user in await self._meant(approver, terms, channel):
                    if await self._can(user, terms):
                        able = True
                        possible.add(user)
                    if len(possible) >= terms.quorum:
                        return None
                if not able:
                    lacking.append(await self._what_is_wrong(approver, terms))
        except CannotTell:
            return None
        needs = f"{terms.quorum} approval{'s' if terms.quorum > 1 else ''}"
        can = {0: "nobody", 1: "only one person"}.get(len(possible), f"only {len(possible)} people")
        because = f": {'; '.join(lacking)}" if lacking else ""
        return f"This call needs {needs}, and {can} can approve{because}."

    async def elsewhere(self, terms: Terms, channel: str | None) -> list[str]:
        """The approvers by id or group who cannot see this conversation, and could approve; without one, all. Raises
        `CannotTell` when a later try may tell; who cannot be looked up for good is left out.
        """
        named = [each for each in terms.approvers if each not in (REQUESTER, CHANNEL)]
        if not named:
            return []
        found: dict[str, None] = {}
        try:
            if channel is not None and not (await self._directory.room(channel)).is_private:
                return []
            here = await self._directory.members(channel) if channel is not None else frozenset[str]()
        except CannotTell as error:
            if error.passing:
                raise
            here = frozenset[str]()
        for approver in named:
            try:
                for user in sorted(await self._meant(approver, terms, channel)):
                    if user not in here and await self._can(user, terms):
                        found[user] = None
            except CannotTell as error:
                if error.passing:
                    raise
        return list(found)

    async def deciders(self, terms: Terms, channel: str | None) -> set[str]:
        """Everybody whose approval would count, as far as it can be found out. Raises a passing `CannotTell`."""
        found: set[str] = set()
        for approver in terms.approvers:
            try:
                for user in await self._meant(approver, terms, channel):
                    if await self._can(user, terms):
                        found.add(user)
            except CannotTell as error:
                if error.passing:
                    raise
        return found

    async def direct_message(self, user: str) -> str | None:
        """The conversation of the bot with this person; None when there can be none. Raises a passing `CannotTell`."""
        try:
            return await self._directory.direct_message(user)
        except CannotTell as error:
            if error.passing:
                raise
            return None

    async def _not_listed(self, user: str) -> str | None:
        """Raises `CannotTell` when no group is known to have them, and one cannot be looked up."""
        if user in self._users:
            return None
        unclear: CannotTell | None = None
        for group in (each for each in self._users if each.startswith("S")):
            try:
                if user in await self._directory.group(group):
                    return None
            except CannotTell as error:
                unclear = error
        if unclear is not None:
            raise unclear
        return "You are not among the people who may ask me to do things here."

    async def _meant(self, approver: str, terms: Terms, channel: str | None) -> frozenset[str]:
        """The people whom the name of an approver stands for. Raises `CannotTell`."""
        if approver == REQUESTER:
            return frozenset({terms.requester})
        if approver == CHANNEL:
            if channel is None:
                raise CannotTell("the conversation", passing=False)
            return await self._directory.members(channel)
        return await self._directory.group(approver) if approver.startswith("S") else frozenset({approver})

    async def _can(self, user: str, terms: Terms) -> bool:
        """Whether an approval of this person would count. Raises `CannotTell`."""
        if user == terms.requester and not terms.self_approval:
            return False
        return (await self._directory.account(user)).kind == "member"

    async def _what_is_wrong(self, approver: str, terms: Terms) -> str:
        """Why nobody of this name can approve."""
        if approver == CHANNEL:
            return "nobody else is in the conversation who could approve"
        if approver.startswith("S"):
            return f"nobody in the user group {await self._group(approver)} can approve"
        account = await self._directory.account(terms.requester if approver == REQUESTER else approver)
        return f"{account.name} {_NO_USE.get(account.kind, 'asked for it, and may not approve it')}"

    async def _group(self, group: str) -> str:
        """What a group is called; its id where that cannot be found out."""
        try:
            return f"@{await self._directory.group_name(group) or group}"
        except CannotTell:
            return f"@{group}"


def _actor(
    person: Person,
    kind: Kind | None,
    terms: Terms | None,
    in_groups: Mapping[str, bool | None],
    in_channel: bool | None,
) -> Actor:
    """What of it matters to these terms. That somebody is in one group is enough, whatever is not known of others."""
    approvers = terms.approvers if terms is not None and kind == "member" else ()
    asked = {GroupId(each): in_groups[each] for each in approvers if each.startswith("S")}
    found = frozenset(group for group, is_in in asked.items() if is_in)
    groups = None if None in asked.values() and not found else found
    return Actor(UserId(person.user), person.team, kind, groups, in_channel if CHANNEL in approvers else None)


async def _in_time(looking: Awaitable[T]) -> T | None:
    """None when it cannot be told, or not soon enough."""
    try:
        async with asyncio.timeout(JUDGED_WITHIN):
            return await looking
    except (CannotTell, TimeoutError):
        return None


async def _nothing() -> None:
    """There is nothing to look up."""


@dataclass(frozen=True)
class Reach:
    """Why nobody can approve a call in a thread, for the agent: see `People.unreachable`."""

    people: People
    storage: Storage

    async def __call__(self, terms: Terms, thread_id: str) -> str | None:
        channel = await self.storage.read(lambda db: posts.channel_of(db, ThreadId(thread_id)))
        return await self.people.unreachable(terms, channel)
