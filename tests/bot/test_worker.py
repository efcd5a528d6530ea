"""The worker looks at rows, whatever woke it: start-up is recovery, and waiting costs nothing."""

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.inbound import payloads
from bot.people import unknown
from bot.telling import QUEUED
from bot.worker import BEGUN_AT_ONCE, LOOK_EVERY
from graphs.agent.agent import Agent
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.models.errors import ModelUnavailable
from graphs.models.model import ModelReply, TextDelta
from storage import Connection, Storage, inbox, open_storage
from storage.ids import ThreadId
from storage.inbox import Delivery, DeliveryKind
from storage.recent import Recent
from tests.agent.conversing import ScriptedModel, calls, says
from tests.bot.elsewhere import ran, write
from tests.bot.running import Bot, button, running
from tests.demo.workspace.support import Page
from tests.support.waiting import until

__all__ = ["ran", "write"]


async def delivered(storage: Storage, page: Page, text: str, kind: DeliveryKind = "message") -> str:
    """A message that was stored, as if the process had ended right after; its timestamp."""
    ts = (await page.say(text, "D0ANA"))["ts"]
    thread = ThreadId(f"T0LOCAL/D0ANA/{ts}")
    row = Delivery(f"Ev{ts}", kind, thread, "T0LOCAL", "D0ANA", ts, ts, "U0ANA", text)
    await storage.write(lambda db: inbox.receive(db, row, 0.0))
    return ts


async def drained(storage: Storage) -> None:
    async def empty() -> bool:
        return await storage.read(lambda db: inbox.unread(db, storage.owner)) == []

    await until(empty, "an empty inbox")


def counting_reads(storage: Storage) -> list[str]:
    """Every read from now on, by the function that it is made in; the reads themselves are the real ones."""
    asked: list[str] = []
    read = storage.read

    async def counted(job: Any) -> Any:
        asked.append(job.__qualname__.removesuffix(".<locals>.<lambda>"))
        return await read(job)

    storage.read = counted  # type: ignore[method-assign]
    return asked


def right_after_it_looked(storage: Storage, act: Callable[[], Awaitable[Any]]) -> None:
    """Once, between the worker's look at a thread and what it does there, another process does this."""
    read, left = storage.read, [act]

    async def interrupted(job: Any) -> Any:
        found = await read(job)
        if job.__qualname__.startswith("Worker._work") and left:
            await left.pop()()
        return found

    storage.read = interrupted  # type: ignore[method-assign]


async def test_a_delivery_that_was_stored_and_never_read_is_read_at_start_up(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = await delivered(storage, page, "hello")
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        await bot.reads(root, "Hello.")
        await drained(storage)


async def test_an_answer_that_was_stored_and_never_run_is_run_at_start_up(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    http: aiohttp.ClientSession,
    page: Page,
):
    script = (calls(("write", {"text": "a"})), says("It is written."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        await bot.stop()
        await bot.press(card, "approve")
        assert ran == []
    async with running(workspace, storage, [write], *script, http=http) as bot:
        await bot.reads(root, "It is written.")
        assert ran == ["a"]


class Speechless(ScriptedModel):
    """A model that begins a reply and never goes on."""

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        yield TextDelta("Er")
        await asyncio.Event().wait()


async def test_a_thread_that_was_cut_short_goes_on_and_its_message_is_not_read_twice(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = await delivered(storage, page, "hello")
    graph = Agent("Be brief.", [write]).compile(Speechless([]), storage)
    config: Any = {"configurable": {"thread_id": f"T0LOCAL/D0ANA/{root}"}}
    message = {"role": "user", "content": "hello", "id": root, "by": "U0ANA"}

    def read(db: Connection) -> None:
        assert inbox.mark_done(db, f"Ev{root}")

    stream = graph.astream({"messages": [message]}, config, stream_mode="messages", by="U0ANA", also=read)
    async for _ in stream:
        break
    await stream.aclose()
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        await bot.reads(root, "Hello.")
        await drained(storage)
        assert len(bot.model.asked) == 1


async def test_who_attaches_a_file_is_told_that_it_was_not_read_and_the_model_its_name(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    event = {"type": "message", "subtype": "file_share", "channel": "D0ANA", "channel_type": "im", "user": "U0ANA"}
    body = {"team_id": "T0LOCAL", "event_id": "Ev1", "event": {**event, "ts": "1.0", "files": [{"name": "a.pdf"}]}}
    message = payloads.message(body, workspace.team.bot.id)
    assert message is not None
    ts = (await page.say("this:", "D0ANA"))["ts"]
    row = replace(message.delivery(), thread_id=ThreadId(f"T0LOCAL/D0ANA/{ts}"), ts=ts, thread_ts=ts)
    await storage.write(lambda db: inbox.receive(db, row, 0.0))
    async with running(workspace, storage, [write], says("I see."), http=http) as bot:
        await bot.reads(ts, "I see.")
        assert "a.pdf" in bot.model.asked[0][-1]["content"]
    assert await page.whispers() == ["Files cannot be read here: what you attached was not read."]


async def test_a_message_that_comes_while_a_question_waits_is_told_so_once_and_read_afterwards(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    script = (calls(("write", {"text": "a"})), says("It is written."), says("You are welcome."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        await page.say("thank you", "D0ANA", thread_ts=root)
        await until(page.whispers, "a whisper")
        await bot.press(card, "approve")
        await bot.reads(root, "It is written.")
        await bot.reads(root, "You are welcome.")
        assert len(await page.whispers()) == 1
        asked = [[m["content"] for m in each if m["role"] == "user"] for each in bot.model.asked]
        assert asked == [["write a"], ["write a"], ["write a", "thank you"]]


async def test_a_message_that_another_process_reads_first_is_left_to_it(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = await delivered(storage, page, "hello")
    right_after_it_looked(storage, lambda: storage.write(lambda db: inbox.mark_done(db, f"Ev{root}")))
    async with running(workspace, storage, [write], says("Bye."), http=http) as bot:
        await drained(storage)
        await page.say("bye", "D0ANA", thread_ts=root)
        await bot.reads(root, "Bye.")
        assert await page.whispers() == []
        assert [m["content"] for each in bot.model.asked for m in each if m["role"] == "user"] == ["bye"]


async def test_a_message_before_which_another_process_comes_to_a_question_is_kept(
    workspace: Workspace, storage: Storage, url: str, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = await delivered(storage, page, "thank you")
    script = (calls(("write", {"text": "a"})), says("It is written."), says("You are welcome."))

    async def ask() -> None:
        async with open_storage(url) as other:
            graph = Agent("Be brief.", [write]).compile(ScriptedModel(script), other)
            message = {"role": "user", "content": "write a", "id": "m0", "by": "U0ANA"}
            config: Any = {"configurable": {"thread_id": f"T0LOCAL/D0ANA/{root}"}}
            await graph.ainvoke({"messages": [message]}, config, by="U0ANA")

    right_after_it_looked(storage, ask)
    async with running(workspace, storage, [write], *script, http=http) as bot:
        card = await bot.card(root)
        (told,) = await until(page.whispers, "a whisper")
        assert told == QUEUED
        await bot.press(card, "approve")
        await bot.reads(root, "You are welcome.")
        await drained(storage)


async def test_threads_that_can_read_nothing_now_do_not_keep_others_from_being_read(
    workspace: Workspace, storage: Storage, url: str, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    graph = Agent("Be brief.", [write]).compile(ScriptedModel([calls(("write", {"text": "a"}))]), storage)
    for _ in range(BEGUN_AT_ONCE + 1):
        root = await delivered(storage, page, "and?")
        message = {"role": "user", "content": "write a", "id": f"before {root}", "by": "U0ANA"}
        config: Any = {"configurable": {"thread_id": f"T0LOCAL/D0ANA/{root}"}}
        await graph.ainvoke({"messages": [message]}, config, by="U0ANA")
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
        file.execute("update threads set status = 'failed'")  # as where one task failed, and another asks
    async with running(workspace, storage, [write], says("Bye."), http=http) as bot:
        root = (await page.say("bye", "D0ANA"))["ts"]
        await bot.reads(root, "Bye.")
        await until(lambda: told_all(page), "a whisper for each")
        reads = await reads_of_a_second(storage)
        assert reads.count("Worker._look") <= 20, Counter(reads)
        assert await told_all(page), "once each"


async def test_a_thread_that_cannot_be_read_is_looked_at_now_and_then(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = await delivered(storage, page, "hello")
    graph = Agent("Be brief.", [write]).compile(ScriptedModel([says("Hello.")]), storage)
    await graph.ainvoke({"messages": []}, {"configurable": {"thread_id": f"T0LOCAL/D0ANA/{root}"}})
    await storage.write(lambda db: db.execute("update checkpoints set tasks = '['"))
    storage.recent = Recent()  # as a process that did not run it
    async with running(workspace, storage, [write], says("Bye."), http=http) as bot:
        root = (await page.say("bye", "D0ANA"))["ts"]
        await bot.reads(root, "Bye.")
        reads = await reads_of_a_second(storage)
        assert reads.count("Worker._work") + reads.count("Display.bring_up_to_date") <= 4, Counter(reads)


async def told_all(page: Page) -> bool:
    return await page.whispers() == [QUEUED] * (BEGUN_AT_ONCE + 1)


async def reads_of_a_second(storage: Storage) -> list[str]:
    return await reads_of(storage, 1.0)


async def reads_of(storage: Storage, seconds: float) -> list[str]:
    """What is read while nothing happens."""
    reads = counting_reads(storage)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(seconds):
            await asyncio.Event().wait()
    return reads


@pytest.mark.parametrize("slack_is_away", [False, True])
async def test_waiting_with_an_unread_message_is_no_work(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    slack_is_away: bool,
):
    if slack_is_away:
        await page.fault(http={"method": "chat.postMessage", "status": 500, "times": 1000})
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), http=http):
        root = (await page.say("write a", "D0ANA"))["ts"]
        await until(lambda: storage.interrupts(status="waiting"), "a question")
        await page.say("and?", "D0ANA", thread_ts=root)
        await until(page.whispers, "a whisper")
        reads = await reads_of_a_second(storage)
        assert reads.count("Worker._look") <= 20, Counter(reads)


async def test_a_guest_is_told_that_the_bot_is_not_for_them_and_nothing_is_read(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    guest = page.as_user("U0MAX")
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        await guest.say("hello", "D0MAX")
        (text,) = await until(lambda: guest.whispers("D0MAX"), "a whisper")
        assert "Guests" in text
        await drained(storage)
        assert bot.model.asked == []


async def test_a_failed_turn_is_logged_once_under_its_reference_and_the_next_message_is_read(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    def line(messages: Any) -> Any:
        if sum(message["role"] == "user" for message in messages) < 2:
            raise ModelUnavailable("The model cannot be reached.", retryable=True)
        return says("Here I am.")

    with caplog.at_level(logging.ERROR):
        async with running(workspace, storage, [write], line, http=http) as bot:
            root = (await page.say("hello", "D0ANA"))["ts"]
            card = await bot.card(root, "retry")
            reference = str(card["blocks"]).split("reference ")[1][:8]
            await page.say("are you there?", "D0ANA", thread_ts=root)
            await bot.reads(root, "Here I am.")

            async def overcome() -> bool:
                return not any(button(message, "retry") for message in await page.messages("D0ANA"))

            await until(overcome, "no failure any more")
    (failure,) = [record for record in caplog.records if "failed" in record.getMessage()]
    assert reference in failure.getMessage()


async def test_a_turn_without_an_end_is_told_and_begun_anew_by_whoever_tries_again_and_the_thread_goes_on(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("graphs.runtime.call.DEFAULT_LIMIT", 8)

    @tool
    def count() -> str:
        """Count on."""
        return "and on"

    def line(messages: Any) -> Any:
        said = [str(message["content"]) for message in messages if message["role"] == "user"]
        asked = len([each for each in said if each.startswith("count")])
        return calls(("count", {})) if said[-1].startswith("count") and asked == 1 else says(f"After {len(said)}.")

    async with running(workspace, storage, [count], *[line] * 20, http=http) as bot:
        root = (await page.say("count", "D0ANA"))["ts"]
        card = await bot.reads(root, "without coming to an end")
        assert "reference" in str(card["blocks"])
        await bot.press(await bot.card(root, "retry"), "retry")
        await bot.reads(root, "After 2.")

        second = (await page.say("count", "D0ANA"))["ts"]
        await bot.card(second, "retry")
        await page.say("never mind", "D0ANA", thread_ts=second)
        await bot.reads(second, "After 2.")
        await drained(storage)


@pytest.mark.parametrize("kind", ["message", "retry"])
async def test_a_thread_that_cannot_be_read_is_said_once_to_who_writes_there_and_once_in_the_log(
    kind: DeliveryKind,
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    caplog: pytest.LogCaptureFixture,
):
    root = await delivered(storage, page, "hello", kind)
    graph = Agent("Be brief.", [write]).compile(ScriptedModel([says("Hello.")]), storage)
    await graph.ainvoke({"messages": []}, {"configurable": {"thread_id": f"T0LOCAL/D0ANA/{root}"}})
    await storage.write(lambda db: db.execute("update checkpoints set tasks = '['"))
    storage.recent = Recent()  # as a process that did not run it
    async with running(workspace, storage, [write], says("Bye."), http=http) as bot:
        deliveries = 1 if kind == "message" else 2  # what is there to be tried again was written, too

        async def told() -> bool:
            return len(await page.whispers()) == deliveries

        await until(told, "a whisper for each")
        await drained(storage)
        other = (await page.say("bye", "D0ANA"))["ts"]
        await bot.reads(other, "Bye.")
        await reads_of(storage, LOOK_EVERY * 2.5)
        assert len(await page.whispers()) == deliveries
    said = [record.getMessage() for record in caplog.records if root in record.getMessage()]
    assert len([each for each in said if "could not be looked after" in each]) <= 1, said
    assert len(said) <= deliveries + 1, said


async def test_conversations_do_not_wait_for_each_other(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    def line(messages: Any) -> Any:
        return calls(("write", {"text": "a"})) if messages[1]["content"] == "write a" else says("Hello.")

    async with running(workspace, storage, [write], line, says("Written."), http=http) as bot:
        await bot.card((await page.say("write a", "D0ANA"))["ts"])
        await bot.reads((await page.say("hello", "D0ANA"))["ts"], "Hello.")


async def test_a_slack_that_refuses_the_courtesies_stops_no_turn(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    for method in ("assistant.threads.setStatus", "chat.startStream"):
        await page.fault(http={"method": method, "status": 500, "times": 100})
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")


def turns_of(bot: Bot) -> list[list[str]]:
    """What people wrote, as the model was asked with it each time, without who wrote it."""
    return [
        [message["content"].split(": ")[-1] for message in asked if message["role"] == "user"]
        for asked in bot.model.asked
    ]


class Unreliable:
    """A model that is away whenever the last thing said is one of these, for the first so many times; it writes down
    whatever it is asked for."""

    def __init__(self, *fails: str, times: int = 1) -> None:
        self.fails = dict.fromkeys(fails, times)

    def __call__(self, messages: Any) -> Any:
        said = [message["content"].split(": ")[-1] for message in messages if message["role"] == "user"]
        if messages[-1]["role"] == "tool":
            return says(f"Did {said[-1]}.")
        if self.fails.get(said[-1], 0):
            self.fails[said[-1]] -= 1
            raise ModelUnavailable("The model cannot be reached.", retryable=True)
        unanswered = said[-2:] if messages[-2]["role"] == "user" else said[-1:]
        return calls(*(("write", {"text": text}) for text in unanswered))


async def test_a_failed_turn_stays_its_authors_when_somebody_else_writes(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    http: aiohttp.ClientSession,
    page: Page,
):
    lines = [Unreliable("one")] * 12
    async with running(workspace, storage, [write], *lines, http=http) as bot:
        root = (await page.say("@signoff one"))["ts"]
        failed = await bot.card(root, "retry", "C0SUPPORT")
        await page.as_user("U0LEA").say("two", thread_ts=root)
        await bot.card(root, channel="C0SUPPORT")
        (hers,) = await storage.interrupts(status="waiting")
        assert (hers.payload["args"], hers.terms["terms"]["requester"]) == ({"text": "two"}, "U0LEA")
        assert turns_of(bot) == [["one"], ["two"]]
        await bot.press(await bot.card(root, channel="C0SUPPORT"), "approve", "U0LEA")
        await bot.reads(root, "Did two.", "C0SUPPORT")
        assert (await bot.card(root, "retry", "C0SUPPORT"))["ts"] == failed["ts"], "it can still be tried again"

        await bot.press(failed, "retry", "U0LEA")
        await bot.press(failed, "retry", "U0ANA")

        async def asked() -> bool:
            return bool(await storage.interrupts(status="waiting"))

        await until(asked, "Ana's own question")
        (hers,) = await storage.interrupts(status="waiting")
        assert (hers.payload["args"], hers.terms["terms"]["requester"]) == ({"text": "one"}, "U0ANA")
        await bot.press(await bot.card(root, channel="C0SUPPORT"), "approve", "U0ANA")
        await bot.reads(root, "Did one.", "C0SUPPORT")
        await drained(storage)
        assert ran == ["two", "one"], "tried again once, however often it was pressed"
        last = bot.model.asked[-1]
        assert [m["content"] for m in last if m["role"] == "user"] == [
            "Lea Brandt (U0LEA): two",
            "Ana Ruiz (U0ANA): one",
        ]

        async def overcome() -> bool:
            return not any(button(message, "retry") for message in await page.messages())

        await until(overcome, "nothing left to try again")


async def test_messages_that_waited_are_a_turn_each_of_who_wrote_them(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    http: aiohttp.ClientSession,
    page: Page,
):
    """Two people write while a card waits; the turn of the first of them fails, and takes nobody along."""
    lines = [Unreliable("two", times=1)] * 20
    lea = page.as_user("U0LEA")
    async with running(workspace, storage, [write], *lines, http=http) as bot:
        root = (await page.say("@signoff one"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        await lea.say("two", thread_ts=root)
        await page.say("three", thread_ts=root)
        await bot.press(card, "approve")
        await bot.card(root, "retry", "C0SUPPORT")

        async def hers() -> Any:
            rows = await storage.interrupts(status="waiting")
            return next((row for row in rows if row.payload["args"] == {"text": "three"}), None)

        row = await until(hers, "Ana's second question")
        assert row.terms["terms"]["requester"] == "U0ANA"
        assert ["one", "two", "three"] not in turns_of(bot)
        await bot.press(await bot.card(root, channel="C0SUPPORT"), "approve")
        await bot.reads(root, "Did three.", "C0SUPPORT")
        await bot.press(await bot.card(root, "retry", "C0SUPPORT"), "retry", "U0LEA")
        assert (await until(lambda: storage.interrupts(status="waiting"), "Lea's question"))[0].requester == "U0LEA"
        assert ran == ["one", "three"]


async def test_a_turn_that_was_cut_short_goes_on_as_its_authors_before_the_next_is_read(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    root = (await page.say("@signoff one"))["ts"]
    later = (await page.as_user("U0LEA").say("two", thread_ts=root))["ts"]
    thread = ThreadId(f"T0LOCAL/C0SUPPORT/{root}")

    def receive(db: Connection) -> None:
        for ts, user, text in ((root, "U0ANA", "one"), (later, "U0LEA", "two")):
            row = Delivery(f"Ev{ts}", "message", thread, "T0LOCAL", "C0SUPPORT", ts, root, user, text)
            inbox.receive(db, row, 0.0)
        inbox.mark_done(db, f"Ev{root}")

    await storage.write(receive)
    graph = Agent("Be brief.", [write]).compile(Speechless([]), storage)
    message = {"role": "user", "content": "one", "id": root, "by": "U0ANA"}
    config: Any = {"configurable": {"thread_id": thread}}
    stream = graph.astream({"messages": [message]}, config, stream_mode="messages", by="U0ANA")
    async for _ in stream:
        break
    await stream.aclose()
    async with running(workspace, storage, [write], *[Unreliable()] * 12, http=http) as bot:
        await bot.card(root, channel="C0SUPPORT")
        (row,) = await storage.interrupts(status="waiting")
        assert (row.payload["args"], row.terms["terms"]["requester"]) == ({"text": "one"}, "U0ANA")
        await bot.press(await bot.card(root, channel="C0SUPPORT"), "approve")

        async def hers() -> Any:
            rows = await storage.interrupts(status="waiting")
            return next((row for row in rows if row.payload["args"] == {"text": "two"}), None)

        assert (await until(hers, "Lea's question")).terms["terms"]["requester"] == "U0LEA"


async def test_who_is_mentioned_comes_to_the_model_with_name_and_id_and_to_approvers_as_plain_words(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    @tool(approval=Approval(approvers=["U0LEA"]))
    def write(text: str) -> str:
        """Write it."""
        return "wrote"

    script = (calls(("write", {"text": "a"})), says("It is written."))
    async with running(workspace, storage, [write], *script, http=http) as bot:
        await page.fault(http={"method": "usergroups.list", "status": 503, "times": 1})
        await page.say("tell <@U0LEA> and <!subteam^S0LEADS> 5 < 6 in #support <https://a.example|our shop>", "D0ANA")

        async def copied() -> Any:
            messages = await page.as_user("U0LEA").messages("D0LEA")
            return next((message for message in messages if button(message, "approve")), None)

        copy = str((await until(copied, "a copy for Lea"))["blocks"])
        assert bot.model.asked[0][-1]["content"] == (
            "tell @Lea Brandt (U0LEA) and @S0LEADS 5 < 6 in #support (C0SUPPORT) our shop (https://a.example)"
        )
        assert "tell @Lea Brandt and @S0LEADS 5 < 6 in #support our shop (https://a.example)" in copy


WHO_KNOWS: dict[str, dict[str, Any]] = {
    "500": {"status": 500},
    "internal_error": {"error": "internal_error"},
    "ratelimited": {"error": "ratelimited"},
    "missing_scope": {"error": "missing_scope"},
    "a word of tomorrow": {"error": "a_word_of_tomorrow"},
    "a page": {"way": "html"},
    "half an answer": {"way": "cut"},
    "nothing": {"way": "hang"},
}


@pytest.fixture
def looked_up_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who cannot be looked up is looked up again within moments."""
    monkeypatch.setattr(unknown, "REST", 0.05)
    monkeypatch.setattr(unknown, "LONGEST_REST", 0.1)
    monkeypatch.setattr("bot.worker.LOOK_EVERY", 0.1)
    monkeypatch.setattr("bot.slack_client.SHORTER", {"users.": 0.1})
    monkeypatch.setattr("bot.people.directory.CACHE_SECONDS", 1e-9)


@pytest.mark.usefixtures("looked_up_soon")
async def test_a_message_of_somebody_who_cannot_be_looked_up_now_is_read_later(
    workspace: Workspace, storage: Storage, write: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        for fault in WHO_KNOWS.values():
            await page.fault(http={"method": "users.info", "times": 2} | fault)
            root = (await page.say("hello", "D0ANA"))["ts"]
            await bot.reads(root, "Hello.")
        assert await page.whispers() == []
        assert await storage.read(lambda db: inbox.unread(db, storage.owner)) == []


@pytest.mark.usefixtures("looked_up_soon")
async def test_who_cannot_be_looked_up_for_long_is_told_so_once_and_read_when_they_can(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(unknown, "TELL_AFTER", 0.5)
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        await page.fault(http={"method": "users.info", "error": "internal_error", "times": 1000})
        root = (await page.say("hello", "D0ANA"))["ts"]
        await until(page.whispers, "a whisper")
        looks = len(await page.journal("fault"))

        async def looked_again() -> bool:
            return len(await page.journal("fault")) >= looks + 5

        await until(looked_again, "five more looks")
        assert await page.whispers() == ["I cannot look up who you are right now. I will read this when I can."]
        assert len(await storage.read(lambda db: inbox.unread(db, storage.owner))) == 1
        workspace.faults.http.clear()
        await bot.reads(root, "Hello.")
        assert len(bot.model.asked) == 1


async def test_what_was_done_of_a_turn_that_broke_off_stays_in_sight_and_is_not_done_twice(
    workspace: Workspace,
    storage: Storage,
    write: Tool[..., Any],
    ran: list[str],
    http: aiohttp.ClientSession,
    page: Page,
):
    away = [True]

    def line(messages: Any) -> Any:
        if messages[-1]["role"] == "tool" and away[0]:
            away[0] = False
            raise ModelUnavailable("The model cannot be reached.", retryable=True)
        if len([message for message in messages if message["role"] == "user"]) == 1:
            return calls(("write", {"text": "one"}))
        return says(f"I read {messages[-1]['content']!r}.")

    async with running(workspace, storage, [write], *[line] * 12, http=http) as bot:
        root = (await page.say("@signoff one"))["ts"]
        await bot.press(await bot.card(root, channel="C0SUPPORT"), "approve")
        failed = await bot.card(root, "retry", "C0SUPPORT")
        await page.as_user("U0LEA").say("did it work?", thread_ts=root)
        await bot.reads(root, "did it work?'.", "C0SUPPORT")
        *_, done, closed, asked = bot.model.asked[-1]
        assert (done["content"], asked["content"]) == ("wrote one", "Lea Brandt (U0LEA): did it work?")
        assert (closed["role"], "broke off" in closed["content"]) == ("assistant", True)
        await bot.press(failed, "retry")
        await bot.reads(root, "it broke off.", "C0SUPPORT")
        last = bot.model.asked[-1][-1]["content"]
        assert last.startswith("Ana Ruiz (U0ANA): one\n\n(I asked this before, and it broke off.")
        assert ran == ["one"]
