"""The slash command: what waits for somebody, stop, and help. Answered privately, within Slack's three seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from slack_bolt.async_app import AsyncAck

from bot.home.gathering import Gathering
from bot.inbound import payloads
from bot.inbound.payloads import Body, Person, SlackThread, SlashCommand
from bot.people.directory import CannotTell
from bot.shown import commands
from bot.shown.cards import Shown
from storage import Storage, concerns, inbox
from storage.errors import DatabaseGone, StorageUnavailable

logger = logging.getLogger(__name__)

COMMAND = "/signoff"

WITHIN = 2.2
"""Seconds for what has to be looked up: Slack waits three for the answer."""

StopThread = Callable[[SlackThread, Person], Awaitable[str]]
"""Stops what is at work in a thread, as somebody: what they are told."""


@dataclass(frozen=True)
class Commands:
    """The listener of the command."""

    storage: Storage
    gathering: Gathering
    stop_thread: StopThread

    async def signoff(self, ack: AsyncAck, body: Body) -> None:
        shown = await self._answer(payloads.command(body))
        await ack(text=shown.text, blocks=list(shown.blocks), response_type="ephemeral")

    async def _answer(self, command: SlashCommand) -> Shown:
        try:
            async with asyncio.timeout(WITHIN):
                match command.word:
                    case "" | "list":
                        return await self._list(command.person)
                    case "stop":
                        return await self._stop(command)
                    case "help":
                        return commands.help_()
                    case _:
                        return commands.help_(command.word)
        except (CannotTell, TimeoutError, StorageUnavailable, DatabaseGone) as error:
            logger.info("%s cannot be answered %r now: %r", command.person.user, command.word, error)
            return commands.told(commands.NOT_NOW)

    async def _list(self, person: Person) -> Shown:
        waiting = await self.storage.read(concerns.waiting)
        direct = await self.gathering.people.direct_message(person.user)
        return commands.listed(await self.gathering.overview(person.user, direct, waiting))

    async def _stop(self, command: SlashCommand) -> Shown:
        """Stop the thread in which it was typed, where Slack says that; else what was begun last for this person in the
        conversation.
        """
        person, channel = command.person, command.channel
        if command.thread_ts is not None:
            return commands.told(await self.stop_thread(SlackThread(person.team, channel, command.thread_ts), person))
        found = await self.storage.read(lambda db: inbox.at_work(db, person.user, channel))
        if found is None:
            return commands.told(commands.NOTHING_AT_WORK)
        said = await self.stop_thread(SlackThread(found.team, found.channel, found.thread_ts), person)
        words = await self.gathering.people.read(found.text, within=WITHIN / 4)
        return commands.stopped(said, words.to_people)
