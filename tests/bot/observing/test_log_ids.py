"""The ids in the log of a bot that runs here: those of the message, its thread, the call, and who clicked."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.json_logs import JsonFormatter
from bot.observing.watch import Watch
from graphs.agent.tools import Tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Page
from tests.support.waiting import until


class _Kept(logging.Handler):
    """Formats where it is said, as a stream's handler does."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(JsonFormatter())
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))

    def said(self, words: str) -> dict[str, Any]:
        (found,) = (json.loads(line) for line in self.lines if words in line)
        return found


@pytest.fixture
def kept() -> Iterator[_Kept]:
    handler, root = _Kept(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def test_message_thread_call_and_people_are_tied_together(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    pay: Tool[..., Any],
    watch: Watch,
    kept: _Kept,
):
    lines = (calls(("pay", {"note": "fail"}), ids=["call_7"]), says("It failed."))
    async with running(workspace, storage, [pay], *lines, http=http, watch=watch) as bot:
        root = (await page.say("@signoff pay", "C0SUPPORT"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await bot.press(card, "approve", user="U0LEA")
        await bot.reads(root, "It failed.", "C0SUPPORT")
    thread = f"T0LOCAL/C0SUPPORT/{root}"
    arrived, decided, failed = map(kept.said, ("is in the inbox", "decided about question", "tool 'pay' failed"))
    place = {"team": "T0LOCAL", "channel": "C0SUPPORT", "thread": thread}
    assert arrived.items() >= {**place, "person": "U0ANA", "ts": root}.items()
    assert arrived["event"].startswith("Ev")
    (question,) = await storage.interrupts(status=None)
    assert decided.items() >= {**place, "person": "U0LEA", "question": question.id, "call": "call_7"}.items()
    assert decided["ts"] == card["ts"]
    assert failed.items() >= {"thread": thread, "person": "U0ANA", "call": "call_7"}.items()
    assert failed["run"]
    assert failed["error"]["type"] == "ValueError"


async def test_two_threads_at_once_are_told_apart(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    watch: Watch,
    kept: _Kept,
):
    def breaks(messages: Any) -> Any:
        raise LookupError(messages[-1]["content"])

    async with running(workspace, storage, [], breaks, http=http, watch=watch):
        roots = {said: (await page.say(said, "D0ANA"))["ts"] for said in ("first", "second", "third")}
        await until(lambda: sum("LookupError" in line for line in kept.lines) == 3, "three failures")
    for said, root in roots.items():
        failed = kept.said(f'"message": "{said}"')
        assert failed["thread"] == f"T0LOCAL/D0ANA/{root}"
        assert failed["ts"] == root
        assert failed["trace"]
    assert len({kept.said(f'"message": "{said}"')["trace"] for said in roots}) == 3
