"""Reading what is stored about a thread's calls, all of one moment."""

from __future__ import annotations

from bot.shown.calls import Record
from graphs.agent.tools import Toolbox
from storage import Connection, Storage, claims, interrupts, votes
from storage.ids import ThreadId


async def record_of(storage: Storage, toolbox: Toolbox, thread_id: ThreadId) -> Record:
    async def read(db: Connection) -> Record:
        return Record(
            toolbox,
            await interrupts.of_thread(db, thread_id),
            await claims.of_thread(db, thread_id),
            await votes.of_thread(db, thread_id),
        )

    return await storage.read(read)
