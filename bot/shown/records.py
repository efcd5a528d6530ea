"""Reading what is stored about a thread's calls, all of one moment."""

from __future__ import annotations

from bot.shown.calls import Record
from graphs.agent.tools import Toolbox
from storage import Connection, Storage, claims, interrupts, votes
from storage.ids import ThreadId


async def record_of(storage: Storage, toolbox: Toolbox, thread_id: ThreadId) -> Record:
    def read(db: Connection) -> Record:
        return Record(
            toolbox,
            interrupts.of_thread(db, thread_id),
            claims.of_thread(db, thread_id),
            votes.of_thread(db, thread_id),
        )

    return await storage.read(read)
