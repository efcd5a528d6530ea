"""The demo's #git: a scratch repository, and an agent whose tools are those of a server that others wrote."""

from __future__ import annotations

import subprocess
from pathlib import Path

from graphs.agent.agent import Agent

agent = Agent(
    instructions=(
        "You look after one Git repository, through the tools you are given. Say what you found in a sentence or two. "
        "Commit, stage or switch branches only when somebody asks for it."
    ),
    tools=[],
    examples=["What is the status?", "Show the log", 'Commit with the message "Open on Sundays"'],
)

_HOURS = "# Opening hours\n\nMonday to Saturday, 9 to 18.\n"
_SUNDAYS = f"{_HOURS}Sunday, 10 to 16.\n"


def make_repository(folder: Path) -> None:
    """A repository with one commit and one change that is staged, where there is none yet.

    Without Git on this machine there is none: then the server that needs it says so where it is asked for.
    """
    if folder.exists():
        return
    folder.mkdir(mode=0o700, parents=True)
    hours = folder / "opening-hours.md"
    try:
        _git(folder, "init", "--quiet", "--initial-branch=main")
        for name, value in (("user.name", "Harbour Goods"), ("user.email", "shop@example.com")):
            _git(folder, "config", name, value)
        hours.write_text(_HOURS, "utf-8")
        _git(folder, "add", hours.name)
        _git(folder, "commit", "--quiet", "--message", "Opening hours")
        hours.write_text(_SUNDAYS, "utf-8")
        _git(folder, "add", hours.name)
    except (OSError, subprocess.SubprocessError):
        return


def _git(folder: Path, *arguments: str) -> None:
    # The Git that the person has, and constants of this file.
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, timeout=30)  # noqa: S603, S607
