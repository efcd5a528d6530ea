"""#git of the demo: tools of a server that others wrote. Reading is free, committing asks, and what was shown runs."""

import shutil
import signal
import subprocess
from pathlib import Path

import aiohttp
import pytest

from tests.stories.people import Page, Person, labels, words
from tests.stories.programs import Program

pytestmark = [pytest.mark.slow, pytest.mark.skipif(shutil.which("git") is None, reason="there is no Git here")]


def log(repository: Path) -> list[str]:
    found = subprocess.run(
        ["git", "log", "--format=%s"], cwd=repository, check=True, capture_output=True, text=True, timeout=30
    )
    return found.stdout.split("\n")[:-1]


async def test_reading_is_free_and_committing_asks(tmp_path: Path):
    data = tmp_path / "demo"
    program = Program(["bot", "demo", "--port", "0", "--data", str(data)], tmp_path, tmp_path / "log", {})
    try:
        lines = iter(program.line, "Ctrl-C stops it. The next start goes on from the same conversations.")
        (url,) = [line.split()[1] for line in lines if line.startswith("page ")]
        async with aiohttp.ClientSession() as http:
            ana = Person(Page(http, url, ""), "U0ANA", "C0GIT")
            reading = await ana.say("<@U0SIGNOFF> What is the status?")
            await reading.says("opening-hours.md")
            assert not [each for each in await reading.said() if "Approve" in labels(each)]

            committing = await ana.say('<@U0SIGNOFF> Commit with the message "Open on Sundays"')
            card = await committing.card()
            assert words(card).startswith('Git commit (message "Open on Sundays")')
            assert "git.git_commit" in words(card)
            assert str(data / "repository") in words(card)  # what is fixed is shown, and was not the model's to say
            assert log(data / "repository") == ["Opening hours"]
            await ana.click(card, "Approve")
            await committing.becomes(card, "approved by")
            await committing.says("committed successfully")
            assert log(data / "repository") == ["Open on Sundays", "Opening hours"]
        assert program.stop(signal.SIGTERM) == 0
    finally:
        program.kill()
    assert program.log.read_text("utf-8") == ""
