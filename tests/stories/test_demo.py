"""`signoff demo`, as a newcomer starts it: what its terminal says, and what a mistyped order number does."""

import signal
from pathlib import Path

import aiohttp
import pytest

from tests.stories.people import Page, Person
from tests.stories.programs import Program

pytestmark = pytest.mark.slow


async def test_it_starts_and_works_without_a_word_on_stderr(tmp_path: Path):
    arguments = ["bot", "demo", "--port", "0", "--data", str(tmp_path / "demo")]
    program = Program(arguments, tmp_path, tmp_path / "log", {"PYTHONUTF8": "1"})
    try:
        lines = iter(program.line, "Ctrl-C stops it. The next start goes on from the same conversations.")
        (url,) = [line.split()[1] for line in lines if line.startswith("page ")]
        async with aiohttp.ClientSession() as http:
            ana = Person(Page(http, url, ""), "U0ANA", "D0ANA")
            await (await ana.say("where is order 9999")).says("no order 9999")
            await (await ana.say("refund order 1042, 5000 euro")).says("too much")
            thread = await ana.say("refund order 1042, 60 euro")
            card = await thread.card()
            await ana.click(card, "Approve")
            await thread.becomes(card, "Refunded 60.00 euro")
        assert program.stop(signal.SIGTERM) == 0
    finally:
        program.kill()
    assert program.log.read_text("utf-8") == ""
