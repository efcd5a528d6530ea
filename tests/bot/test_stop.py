"""Stop: whoever may ends what is at work in a thread, whatever that is just then."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.halting import NOTHING
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.models.model import ModelReply, TextDelta
from storage import Storage
from tests.agent.conversing import ScriptedModel, calls, says
from tests.bot.running import Bot, button, running
from tests.bot.support import BOT
from tests.demo.workspace.support import Page
from tests.support.waiting import until

LINES = (calls(("write", {"text": "a"})), says("Hello again."))


@pytest.fixture
def written() -> list[str]:
    return []


@pytest.fixture
def write(written: list[str]) -> Tool[..., Any]:
    @tool(approval=Approval())
    def write(text: str) -> str:
        """Write it."""
        written.append(text)
        return f"wrote {text}"

    return write


class Gate:
    """What a tool does that goes on until it is let."""

    def __init__(self) -> None:
        self.began = asyncio.Event()
        self.opened = asyncio.Event()
        self.cancelled = False

    async def pass_through(self) -> None:
        self.began.set()
        try:
            await self.opened.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def send(gate: Gate) -> Tool[..., Any]:
    @tool(idempotent=False, repeatable=False)
    async def send(text: str) -> str:
        """Send it."""
        await gate.pass_through()
        return f"sent {text}"

    return send


@pytest.fixture
def look(gate: Gate) -> Tool[..., Any]:
    @tool
    async def look(text: str) -> str:
        """Look it up."""
        await gate.pass_through()
        return f"found {text}"

    return look


class Hesitant(ScriptedModel):
    """A model that begins its first reply and never goes on with it."""

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        if any(message["role"] == "assistant" for message in messages):
            async for part in super().stream(messages, tools):
                yield part
            return
        self.asked.append([dict(message) for message in messages])
        yield TextDelta("Once upon a time ")
        await asyncio.Event().wait()


async def stop(page: Page, root: str, user: str = "U0ANA", channel: str = "D0ANA") -> None:
    await page.as_user(user).post("/client/stop", channel=channel, thread_ts=root)


async def said(page: Page, root: str, channel: str = "D0ANA") -> list[str]:
    """What the bot says in a thread, in order, as text."""
    messages = await page.messages(channel)
    ours = [m for m in messages if m.get("thread_ts") == root and m["user"] == BOT]
    return [message["text"].strip() for message in ours if not message.get("ephemeral_to")]


async def is_active(page: Page) -> bool:
    """Whether the session that Slack shows is not at work, and waits for nobody."""
    calls = [each for each in await page.journal("call") if each["method"] == "agents.sessions.setStatus"]
    return bool(calls) and calls[-1]["arguments"]["status"] == "active"


async def is_over(storage: Storage) -> bool:
    rows = await storage.read(lambda db: db.execute("select status, halted from threads").fetchall())
    return {tuple(row) for row in rows} == {("done", None)}


def asked_with(bot: Bot) -> list[str]:
    """The roles that the model was asked with last."""
    return [message["role"] for message in bot.model.asked[-1]]


async def test_a_reply_that_is_being_written_ends_where_it_is(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    model = Hesitant([says("-"), says("The end.")])
    async with running(workspace, storage, [], http=http, model=model) as bot:
        root = (await page.say("tell me", "D0ANA"))["ts"]
        await bot.reads(root, "Once upon a time")
        await stop(page, root)
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
        assert await said(page, root) == ["Once upon a time", "Stopped."]
        await until(lambda: is_active(page), "a session that is not at work")
        streaming = [m for m in await page.messages("D0ANA") if m.get("streaming")]
        assert streaming == []
        await page.say("go on", "D0ANA", thread_ts=root)
        await bot.reads(root, "The end.")
        roles = [message["role"] for message in model.asked[-1]]
        assert roles == ["system", "user", "assistant", "user"]
        assert model.asked[-1][2]["content"] == "Once upon a time … (This was stopped here.)"


async def test_a_card_that_waits_reads_cancelled_and_the_conversation_can_go_on(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
):
    lines = (LINES[0], says("-"), says("Hello again."))
    async with running(workspace, storage, [write], *lines, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        await stop(page, root)
        await bot.reads(root, "Stopped.")
        await bot.reads(root, "Cancelled, the request was stopped.")
        await until(lambda: is_active(page), "a session that waits for nobody")
        assert all(button(message, "approve") is None for message in await page.messages("D0ANA"))
        await page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "Hello again.")
        assert asked_with(bot) == ["system", "user", "assistant", "tool", "assistant", "user"]
        assert bot.model.asked[-1][3]["content"].startswith("Cancelled: ")
        assert [text for text in await said(page, root) if text == "Stopped."] == ["Stopped."]
    assert written == []
    decisions = "select user, facts ->> '$.decision' from audit where kind = 'decision'"
    rows = await storage.read(lambda db: db.execute(decisions).fetchall())
    assert [tuple(row) for row in rows] == [("U0ANA", "cancelled")]


async def test_a_call_that_cannot_be_cut_off_comes_to_its_end_and_nothing_follows(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, send: Tool[..., Any], gate: Gate
):
    lines = (calls(("send", {"text": "a"})), says("-"), says("Hello again."))
    async with running(workspace, storage, [send], *lines, http=http) as bot:
        root = (await page.say("send a", "D0ANA"))["ts"]
        await gate.began.wait()
        await stop(page, root)
        await bot.reads(root, "Still running:")
        await page.say("hello", "D0ANA", thread_ts=root)
        assert not gate.cancelled
        gate.opened.set()
        await bot.reads(root, "Hello again.")
        assert asked_with(bot) == ["system", "user", "assistant", "tool", "assistant", "user"]
        assert bot.model.asked[-1][3]["content"] == "sent a"
        assert len(bot.model.asked) == 2, "not asked after the call"
        assert [text for text in await said(page, root) if text.startswith("Stopped.")] == ["Stopped."]


async def test_a_call_that_may_be_repeated_is_cut_off(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, look: Tool[..., Any], gate: Gate
):
    lines = (calls(("look", {"text": "a"})), says("-"), says("Hello again."))
    async with running(workspace, storage, [look], *lines, http=http) as bot:
        root = (await page.say("look a", "D0ANA"))["ts"]
        await gate.began.wait()
        await stop(page, root)
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
        assert gate.cancelled
        await page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "Hello again.")
        assert bot.model.asked[-1][3]["content"].startswith("Stopped: ")


async def test_what_was_written_meanwhile_is_read_after(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, write: Tool[..., Any]
):
    lines = (LINES[0], says("-"), says("Hello again."))
    async with running(workspace, storage, [write], *lines, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        await page.say("hello", "D0ANA", thread_ts=root)
        await until(lambda: page.whispers("D0ANA"), "that it is kept")
        await stop(page, root)
        await bot.reads(root, "Hello again.")
        texts = [m["content"] for m in bot.model.asked[-1] if m["role"] == "user"]
        assert texts == ["write a", "hello"]


@pytest.mark.parametrize(
    ("asker", "approver", "other", "stops"),
    [("U0ANA", "U0LEA", "U0MAX", "U0LEA"), ("U0LEA", "requester", "U0ANA", "U0LEA")],
)
async def test_only_who_asked_and_who_decides_may_stop_it(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    asker: str,
    approver: str,
    other: str,
    stops: str,
):
    @tool(approval=Approval(approvers=[approver]))
    def pay(euro: int) -> str:
        """Pay it."""
        raise AssertionError

    script = (calls(("pay", {"euro": 1})), says("-"))
    async with running(workspace, storage, [pay], *script, http=http) as bot:
        root = (await page.as_user(asker).say("@signoff pay", "C0SUPPORT"))["ts"]
        await bot.card(root, channel="C0SUPPORT")
        await stop(page, root, other, "C0SUPPORT")
        (why,) = await until(lambda: page.as_user(other).whispers("C0SUPPORT"), "why not")
        assert why.startswith(f"Only <@{asker}> can stop this")
        assert len(await storage.interrupts(status="waiting")) == 1
        await stop(page, root, stops, "C0SUPPORT")
        await bot.reads(root, "Stopped.", "C0SUPPORT")


async def test_where_nothing_runs_that_is_what_is_said(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [], says("Hello."), http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")
        await until(lambda: is_over(storage), "the end")
        await stop(page, root)
        await until(lambda: told(page, [NOTHING]), "that nothing runs")
        await stop(page, "1.000001")
        await until(lambda: told(page, [NOTHING, NOTHING]), "the same of a thread that is none of ours")
        assert await said(page, root) == ["Hello."]


async def told(page: Page, texts: list[str]) -> bool:
    return await page.whispers("D0ANA") == texts


async def test_a_stop_that_was_stored_and_not_heard_is_done_at_the_next_start(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    write: Tool[..., Any],
    written: list[str],
):
    async with running(workspace, storage, [write], *LINES, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        await bot.stop()
        await stop(page, root)

        async def stored() -> bool:
            rows = await storage.read(lambda db: db.execute("select 1 from inbox where kind = 'stop'").fetchall())
            return bool(rows)

        await until(stored, "the stop in the inbox")
        await bot.press(card, "approve")
    async with running(workspace, storage, [write], *LINES, http=http) as bot:
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
    assert written == [], "approved, and not begun when it was stopped"


async def test_the_command_does_the_same(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, write: Tool[..., Any]
):
    async with running(workspace, storage, [write], *LINES, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.card(root)
        await page.command("/signoff stop", "D0ANA")
        await bot.reads(root, "Cancelled, the request was stopped.")
        await bot.reads(root, "Stopped.")
        await until(lambda: is_over(storage), "the end")
        assert [text for text in await said(page, root) if text == "Stopped."] == ["Stopped."]
