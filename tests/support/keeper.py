"""Keeps a server for whoever holds the other end of stdin, and ends it with them, however they ended.

`keeper.py USER FOLDER COMMAND…` (USER "-" is whoever runs this) takes a line at a time: "start" answers with the pid,
"stop SIGNAL" with the exit code. When stdin ends the server is killed and the folder removed.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

KILL_AFTER = 10.0
"""Seconds that the server gets to end itself when nobody wants it any more."""


def children_of(pid: int) -> list[int]:
    """The processes that it started, and that still are."""
    if Path("/proc/self/stat").exists():
        stats = [_stat(each) for each in os.listdir("/proc") if each.isdigit()]
        return [child for child, parent in filter(None, stats) if parent == pid]
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    return [int(child) for child, parent in map(str.split, listed.splitlines()) if int(parent) == pid]


def signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _stat(pid: str) -> tuple[int, int] | None:
    """The process and its parent; None when it is gone meanwhile."""
    try:
        return int(pid), int(Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None


def keep(start: Callable[[], subprocess.Popen[Any]]) -> None:
    server: subprocess.Popen[Any] | None = None
    try:
        while line := sys.stdin.readline().split():
            if line[0] == "start":
                server = start()
                answer = server.pid
            else:
                assert server is not None
                server.send_signal(int(line[1]))
                answer = server.wait()
            sys.stdout.write(f"{answer}\n")
            sys.stdout.flush()
    finally:
        if server is not None and server.poll() is None:
            _end(server)


def _end(server: subprocess.Popen[Any]) -> None:
    family = [server.pid, *children_of(server.pid)]
    server.send_signal(signal.SIGQUIT)
    signal_all(family, signal.SIGCONT)  # somebody may have frozen it
    try:
        server.wait(KILL_AFTER)
    except subprocess.TimeoutExpired:
        signal_all(family, signal.SIGKILL)
        server.wait()


def main(user: str, folder: str, *command: str) -> None:
    as_user: dict[str, Any] = {} if user == "-" else {"user": user, "group": _group_of(user), "extra_groups": []}
    try:
        with Path(folder, "log").open("ab") as log:
            keep(
                lambda: subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log, **as_user
                )
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


if __name__ == "__main__":
    main(*sys.argv[1:])
