"""What is huge, deep or endless costs its own call or message at most: the thread is shown, and can be answered."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.shown import cards
from graphs.agent.tools import tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import buttons, running
from tests.demo.workspace.support import Page

BIG = "line of a result\n" * 1_300_000


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@tool(approval=True)
def write(text: str) -> str:
    """Write it."""
    return "written"


@tool(approval=True)
def note(about: dict[str, Any]) -> str:
    """Note it."""
    return "noted"


@tool
def look(at: str) -> Any:
    """Look at it."""
    return {"text": BIG, "bytes": BIG.encode(), "list": [1] * 2_000_000, "deep": nested(100_000), "number": 10**50_000}[
        at
    ]


@pytest.mark.parametrize(
    "arguments", ["[" * 100_000, '{"about": ' + '{"a":' * 50_000, '{"about": {"a": ' + "1" * 100_000 + "}}"]
)
async def test_arguments_that_cannot_be_worked_on_are_told_to_the_model_and_the_thread_is_shown(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, arguments: str
):
    async with running(
        workspace, storage, [note], calls(("note", arguments)), says("It was too much."), http=http
    ) as bot:
        root = (await page.say("note it", "D0ANA"))["ts"]
        await bot.reads(root, "It was too much.")
        await bot.reads(root, "Not run, the arguments are not valid")
        told = bot.model.asked[-1][-1]["content"]
        assert told.startswith("Invalid: ")
        assert len(told) < 500


@pytest.mark.parametrize(
    "text", ["\u200b" * 200_000, "<http://" * 5000, "[" * 100_000, "\n" * 100_000, "e\u0301\u0301" * 60_000]
)
async def test_a_call_with_a_huge_argument_is_shown_cut_and_can_be_rejected(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, text: str
):
    async with running(workspace, storage, [write], calls(("write", {"text": text})), says("No."), http=http) as bot:
        root = (await page.say("write it", "D0ANA"))["ts"]
        card = await bot.card(root, cards.REJECT)
        assert "SHA-256" in str(card["blocks"])
        is_attached = "are in the attached file" in str(card["blocks"])
        assert bool(buttons(card, cards.APPROVE)) == is_attached
        await bot.press(card, cards.REJECT)


@pytest.mark.parametrize("at", ["text", "bytes", "list", "deep", "number"])
async def test_a_huge_result_reaches_the_model_cut_and_saying_so(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, at: str
):
    async with running(workspace, storage, [look], calls(("look", {"at": at})), says("Seen."), http=http) as bot:
        root = (await page.say("look", "D0ANA"))["ts"]
        await bot.reads(root, "Seen.")
        told = bot.model.asked[-1][-1]["content"]
        assert len(told) < 120_000
        assert "left out" in told or "cannot be written as text" in told


async def test_a_huge_message_of_a_person_is_read(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [write], says("Read."), http=http) as bot:
        for text in ("<http://" * 4900, "\u200b" * 39_000, "&lt;" * 9000):
            root = (await page.say(text, "D0ANA"))["ts"]
            await bot.reads(root, "Read.")
