"""What can go wrong in the local workspace.

WorkspaceError
├── PortInUse       another program listens on the port; nothing was started
├── NotOurFile      `workspace.db` is something else; it was not touched
├── SlackError      an answer to the bot: HTTP 200 with `"ok": false`
└── ClientError     an answer to the page: HTTP 400 or 404 with one sentence
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


class WorkspaceError(Exception):
    """The base of the local workspace's errors."""


class PortInUse(WorkspaceError):
    """Another program already listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"Port {port} on 127.0.0.1 is in use. Stop the program that has it, or choose another port.")


class NotOurFile(WorkspaceError):
    """The file where the workspace keeps its conversations holds something else."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{str(file)!r} is not a local workspace's file. Move it away, or choose another data folder.")


class SlackError(WorkspaceError):
    """A refusal with Slack's own error name; `messages` point at what was wrong (`response_metadata.messages`), `more`
    are further fields of the answer.
    """

    def __init__(self, error: str, messages: Sequence[str] = (), more: Mapping[str, Any] | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.messages = list(messages)
        self.more = dict(more or {})


class ClientError(WorkspaceError):
    """A call of the page that cannot be done: one sentence for the person, and the HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
