"""Everything durable: one SQLite file, one writer, and a room of queries for each kind of row.

`open_storage` gives a `Storage`; its `read` and `write` take the functions of the rooms (`threads`, `checkpoints`,
`tasks`, `interrupts`, `deadlines`, `votes`, `claims`, `audit`, `inbox`, `posts`), several of them in one transaction
where they belong together.
"""

from storage.database import Storage, new_id, open_storage
from storage.jobs import Connection

__all__ = ["Connection", "Storage", "new_id", "open_storage"]
