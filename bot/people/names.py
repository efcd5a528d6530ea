"""The names behind the ids of a message: looked up, as far as Slack tells them soon enough."""

from __future__ import annotations

import asyncio

from bot.inbound import markup
from bot.inbound.markup import Mention, Said
from bot.people.directory import CannotTell, Directory

MOST_NAMES = 50
"""Names looked up for one message; the others keep what Slack wrote of them."""


async def read(directory: Directory, text: str, within: float) -> Said:
    """A message as its author meant it. An id of which nothing can be found out `within` so many seconds stays."""
    wanted = markup.mentioned(text)[:MOST_NAMES]
    found = await asyncio.gather(*(_name(directory, each, within) for each in wanted))
    return markup.read(text, {mention: name for mention, name in zip(wanted, found, strict=True) if name})


async def _name(directory: Directory, mention: Mention, within: float) -> str | None:
    """What it is called; None when that cannot be told. A private conversation keeps its name to itself."""
    try:
        async with asyncio.timeout(within):
            match mention.kind:
                case "person":
                    account = await directory.account(mention.id)
                    return account.name if account.name != mention.id else None
                case "group":
                    return await directory.group_name(mention.id)
                case "channel":
                    room = await directory.room(mention.id)
                    return None if room.is_private else room.name
    except (CannotTell, TimeoutError):
        return None
