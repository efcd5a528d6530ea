"""All rows of a thread, as only a test asks for them. Jobs."""

from storage import Connection, claims, interrupts, votes
from storage.claims import ClaimRow
from storage.ids import ThreadId
from storage.interrupts import InterruptRow
from storage.votes import VoteRow

_COLUMNS = {
    "sqlite": """select m.name, c.name from sqlite_master m join pragma_table_info(m.name) c where m.type = 'table'""",
    "postgres": "select table_name, column_name from information_schema.columns where table_schema = current_schema()",
}


def tables_of(db: Connection, database: str) -> dict[str, set[str]]:
    """The columns of all tables by the table's name. `database` is the fixture's."""
    found: dict[str, set[str]] = {}
    for table, column in db.execute(_COLUMNS[database]).fetchall():
        found.setdefault(table, set()).add(column)
    return found


def questions_of(db: Connection, thread_id: ThreadId) -> list[InterruptRow]:
    """All questions that the thread ever asked, oldest first."""
    return interrupts.select(db, "thread_id = ?", (thread_id,))


def claims_of(db: Connection, thread_id: ThreadId) -> list[ClaimRow]:
    """All its claims, the first first."""
    keys = db.execute("select key from claims where thread_id = ?", (thread_id,)).fetchall()
    return claims.of_keys(db, thread_id, [key for (key,) in keys])


def votes_of(db: Connection, thread_id: ThreadId) -> list[VoteRow]:
    """The votes for all its questions, in the order in which they were cast."""
    return votes.of(db, [row.id for row in questions_of(db, thread_id)])
