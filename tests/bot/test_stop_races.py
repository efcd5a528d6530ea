"""Stop at the wrong moment: beside a click, in another process, while nothing can be stored, beside another call."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, TypedDict

import aiohttp
import pytest

from bot import assembling
from bot.demo.workspace import Workspace
from bot.halting import NOTHING, Halting
from bot.inbound import arrivals
from bot.inbound.arrivals import STOPS_LATER
from bot.inbound.payloads import Person, SlackThread
from bot.people.directory import Directory
from bot.people.people import People
from bot.telling import QUEUED
from graphs import END, START, StateGraph, add_messages, interrupt
from graphs.agent.agent import Agent
from graphs.agent.halting import STOPPED
from graphs.agent.tools import Tool
from storage import Storage, open_storage
from storage.sqlite import writer
from tests.agent.conversing import ScriptedModel, calls, says
from tests.bot.running import button, running
from tests.bot.test_stop import Gate, gate, is_over, look, said, send, stop, write, written
from tests.demo.workspace.support import Page, Slack
from tests.support.waiting import until

__all__ = ["gate", "look", "send", "write", "written"]

ANA = Person("U0ANA", "T0LOCAL")


def beside(storage: Storage, slack: Slack, tools: list[Tool[..., Any]]) -> Halting:
    """As another process has it, or another door of this one."""
    graph = Agent("Be brief.", tools).compile(ScriptedModel([]), storage)
    return Halting(storage, graph, People(Directory(slack, "T0LOCAL"), "T0LOCAL"))


@pytest.mark.parametrize("first", ["click", "stop", "stop and click"])
async def test_of_a_click_and_a_stop_one_counts(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
    first: str,
):
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), says("-"), http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        acts = [bot.press(card, "approve"), stop(page, root)]
        await asyncio.gather(*(acts if first == "click" else reversed(acts)))
        if first == "stop and click":
            await bot.press(card, "approve")
        await until(lambda: is_settled(storage), "the end of both")
        whispers = await page.whispers("D0ANA")
        texts = await said(page, root)
        assert written in ([], ["a"])
        if NOTHING not in whispers:  # else it had ended before
            await bot.reads(root, "Stopped.")
            assert [text for text in await said(page, root) if text.startswith("Stopped.")] == ["Stopped."], texts
        found = await storage.read(lambda db: db.execute("select status from claims").fetchall())
        assert [row[0] for row in found] == ["done"] * len(written)
        shown = await bot.reads(root, "Done" if written else "Cancelled, the request was stopped.")
        assert button(shown, "approve") is None


async def is_settled(storage: Storage) -> bool:
    read = await storage.read(lambda db: db.execute("select 1 from inbox where status = 'received'").fetchall())
    return not read and await is_over(storage)


async def test_another_process_reaches_the_one_that_runs_it(
    workspace: Workspace,
    storage: Storage,
    url: str,
    http: aiohttp.ClientSession,
    page: Page,
    slack: Slack,
    look: Tool[..., Any],
    gate: Gate,
):
    async with running(workspace, storage, [look], calls(("look", {"text": "a"})), says("-"), http=http) as bot:
        root = (await page.say("look a", "D0ANA"))["ts"]
        await gate.began.wait()
        async with open_storage(url) as other:  # another owner
            halting = beside(other, slack, [look])
            where = SlackThread("T0LOCAL", "D0ANA", root)
            assert await halting.stop(where, ANA) == STOPPED
            assert await halting.stop(where, ANA) in (STOPPED, NOTHING), "twice is once"
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
        assert gate.cancelled
        assert await said(page, root) == [*(await said(page, root))[:-1], "Stopped."]


async def test_a_stop_that_comes_late_does_not_stop_what_was_begun_after_it(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    slack: Slack,
    write: Tool[..., Any],
):
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), says("-"), http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        halting = beside(storage, slack, [write])
        earlier = f"{float(root) - 1:.6f}"
        assert await halting.stop(SlackThread("T0LOCAL", "D0ANA", root), ANA, pressed=earlier) == NOTHING
        assert len(await storage.interrupts(status="waiting")) == 1


async def test_a_card_beside_a_call_that_runs_is_cancelled_at_once_and_who_writes_is_told(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    send: Tool[..., Any],
    write: Tool[..., Any],
    written: list[str],
    gate: Gate,
):
    both = calls(("send", {"text": "a"}), ("write", {"text": "b"}))
    async with running(workspace, storage, [send, write], both, says("-"), says("Hello again."), http=http) as bot:
        root = (await page.say("both", "D0ANA"))["ts"]
        await gate.began.wait()
        await bot.card(root)
        await page.say("and now?", "D0ANA", thread_ts=root)
        await until(lambda: is_told(page, QUEUED), "that it is kept, while a call runs")
        await stop(page, root)
        await bot.reads(root, "Cancelled, the request was stopped.")
        await bot.reads(root, "Still running:")
        assert not gate.cancelled
        gate.opened.set()
        await bot.reads(root, "Hello again.")
        results = [m["content"] for m in bot.model.asked[-1] if m["role"] == "tool"]
        assert [text.partition(":")[0] for text in results] == ["sent a", "Cancelled"]
        assert [m["content"] for m in bot.model.asked[-1] if m["role"] == "user"] == ["both", "and now?"]
    assert written == []


async def test_a_call_that_waits_beside_one_that_runs_is_taken_back_by_a_word(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    send: Tool[..., Any],
    write: Tool[..., Any],
    gate: Gate,
):
    both = calls(("send", {"text": "a"}), ("write", {"text": "b"}))
    async with running(workspace, storage, [send, write], both, says("All right."), http=http) as bot:
        root = (await page.say("both", "D0ANA"))["ts"]
        await gate.began.wait()
        await bot.card(root)
        await page.say("cancel that", "D0ANA", thread_ts=root)
        await bot.reads(root, "Rejected by <@U0ANA>")
        gate.opened.set()
        await bot.reads(root, "All right.")


async def is_told(page: Page, text: str) -> bool:
    return text in await page.whispers("D0ANA")


@pytest.fixture
def lock(url: str, storage: Storage) -> Iterator[sqlite3.Connection]:
    path = Path(url.removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as lock:
        yield lock


async def test_while_nothing_can_be_stored_it_is_kept_for_later(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
    lock: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(arrivals, "PROMPTLY", 0.2)
    monkeypatch.setattr(assembling, "PROMPTLY", 0.2)
    monkeypatch.setattr(writer, "ATTEMPT", 0.02)
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), says("-"), http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        lock.execute("begin immediate")
        await stop(page, root)
        await until(lambda: is_told(page, STOPS_LATER), "that it is kept")
        lock.execute("rollback")
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
    assert written == []


async def test_who_answers_what_a_graph_of_ones_own_asks_may_stop_it_and_the_question_reads_cancelled(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    class Chat(TypedDict):
        messages: Annotated[list[dict[str, Any]], add_messages]

    async def ask(chat: Chat) -> dict[str, Any]:
        return {"messages": [{"role": "assistant", "content": interrupt("Deploy?", approvers=["U0LEA"])}]}

    own = StateGraph(Chat).add_node("ask", ask).add_edge(START, "ask").add_edge("ask", END)
    async with running(workspace, storage, [], http=http, own=own) as bot:
        root = (await page.say("@signoff deploy", "C0SUPPORT"))["ts"]
        await bot.card(root, "answer", channel="C0SUPPORT")
        await stop(page, root, "U0LEA", "C0SUPPORT")
        await bot.reads(root, "Stopped.", "C0SUPPORT")
        shown = await bot.reads(root, "Cancelled, the request was stopped.", "C0SUPPORT")
        assert button(shown, "answer") is None
        await until(lambda: is_over(storage), "the end")
        await page.say("@signoff deploy", "C0SUPPORT", thread_ts=root)
        await bot.card(root, "answer", channel="C0SUPPORT")
