"""The database that a command works with: the one that is there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from bot.settings import BadSettings, DatabaseSettings
from storage import Storage, open_storage
from storage.errors import NotOurDatabase, StorageUnavailable
from storage.looking import is_there

PATIENCE = 30.0
"""Seconds that a command waits for a database which cannot be used now."""


@asynccontextmanager
async def opened(settings: DatabaseSettings) -> AsyncGenerator[Storage]:
    """None is made by looking into it. Raises `BadSettings`."""
    url = settings.database_url
    async with AsyncExitStack() as stack:
        try:
            if not await asyncio.to_thread(is_there, url):
                raise BadSettings([f"DATABASE_URL is {url!r}, and there is no such file. Name the bot's database."])
            storage = await stack.enter_async_context(open_storage(url))
        except (NotOurDatabase, StorageUnavailable) as error:
            raise BadSettings([str(error)]) from None
        yield storage.impatient(PATIENCE)
