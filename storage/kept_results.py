"""What tools returned and a model is not told in full: pictures, files, the whole of long texts. For people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from storage import threads
from storage.ids import ThreadId
from storage.jobs import Connection


@dataclass(frozen=True)
class KeptResult:
    """The `number`-th file, from 0, of a call's result; `size` in bytes. `shown_in` is where Slack shows
    it, or that it does not take it; None while it is not there. `at` is in Unix seconds.
    """

    call_id: str
    number: int
    name: str
    media_type: str
    size: int
    at: float
    shown_in: str | None


def keep(
    db: Connection, thread_id: ThreadId, call_id: str, files: Iterable[tuple[str, str, bytes]], now: float
) -> None:
    """Store the files of a call's result (name, media type, bytes), in the place of those of an earlier run. They are
    left out where the thread is not there any more."""
    db.execute("delete from kept_results where thread_id = ? and call_id = ?", (thread_id, call_id))
    if threads.get(db, thread_id) is None:
        return
    db.executemany(
        """insert into kept_results (thread_id, call_id, number, name, media_type, data, at)
           values (?, ?, ?, ?, ?, ?, ?)""",
        [(thread_id, call_id, n, name, media, data, now) for n, (name, media, data) in enumerate(files)],
    )


def of_thread(db: Connection, thread_id: ThreadId) -> list[KeptResult]:
    """Those of a thread, without their bytes, the first first."""
    return _select(db, "thread_id = ?", thread_id)


def not_shown(db: Connection, thread_id: ThreadId) -> list[KeptResult]:
    """Those of a thread that Slack does not show, and was not found to refuse."""
    return _select(db, "thread_id = ? and shown_in is null", thread_id)


def _select(db: Connection, where: str, thread_id: ThreadId) -> list[KeptResult]:
    rows = db.execute(
        f"""select call_id, number, name, media_type, length(data), at, shown_in from kept_results
            where {where} order by at, call_id, number""",
        (thread_id,),
    )
    return [KeptResult(*row) for row in rows]


def data(db: Connection, thread_id: ThreadId, call_id: str, number: int) -> bytes | None:
    """The bytes of one; None where it is not there."""
    row = db.execute(
        "select data from kept_results where thread_id = ? and call_id = ? and number = ?",
        (thread_id, call_id, number),
    ).fetchone()
    return None if row is None else row["data"]


def shown(db: Connection, thread_id: ThreadId, call_id: str, number: int, where: str, now: float) -> None:
    """Say what became of one; whoever shows the thread looks again."""
    db.execute(
        "update kept_results set shown_in = ? where thread_id = ? and call_id = ? and number = ?",
        (where, thread_id, call_id, number),
    )
    threads.touch(db, thread_id, now)
