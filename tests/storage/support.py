"""Rows for tests, and a second process."""

import subprocess
import sys
from pathlib import Path

from storage import Connection
from storage.checkpoints import CheckpointRow
from storage.claims import ClaimRow
from storage.ids import CheckpointId, InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import NewInterrupt

THREAD = ThreadId("t1")


def question(
    id_: str, thread_id: ThreadId = THREAD, ordinal: int = 0, scope: str = "task", replaces: str | None = None
) -> NewInterrupt:
    return NewInterrupt(
        InterruptId(id_),
        thread_id,
        Namespace(""),
        Scope(scope),
        ordinal,
        "node",
        "question",
        payload='"?"',
        digest=f"digest of {id_}",
        replaces=InterruptId(replaces) if replaces is not None else None,
    )


def checkpoint(
    id_: str, versions: dict[str, str], thread_id: ThreadId = THREAD, tasks: str = "[]", ns: str = ""
) -> CheckpointRow:
    return CheckpointRow(
        CheckpointId(id_), thread_id, Namespace(ns), None, "loop", 0, tasks, "{}", versions, {}, created_at=1.0
    )


def claim(status: str, thread_id: ThreadId = THREAD, key: str = "mail", result: str | None = None) -> ClaimRow:
    return ClaimRow(Scope("task"), key, thread_id, "idem", status, result, None, 1.0, None)  # pyright: ignore[reportArgumentType]


def count(db: Connection, table: str) -> int:
    cursor = db.execute(f"select count(*) from {table}")
    row = cursor.fetchone()
    assert row is not None
    return row[0]


class Child:
    """`child.py` in a process of its own. It says a line when it is ready, and takes lines."""

    def __init__(self, *args: str) -> None:
        path = Path(__file__).with_name("child.py")
        self.process = subprocess.Popen(
            [sys.executable, str(path), *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, line: str = "go") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """Dead at once, without a word, and its parent knows."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        self.process.wait(30)
