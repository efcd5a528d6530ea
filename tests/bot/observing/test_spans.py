"""Spans of a bot that runs here: one trace a message, the wait for a person in it, also over a restart."""

import asyncio
import threading
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from bot.demo.workspace import Workspace
from bot.observing.figures import Figures
from bot.observing.spans import Spans
from bot.observing.watch import Watch
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.models.model import ModelReply, Usage
from storage import Storage, open_storage
from tests.agent.conversing import calls, says
from tests.bot.observing.conftest import SECRET_WORDS
from tests.bot.running import running
from tests.demo.workspace.support import Page
from tests.support.waiting import until

REPLY = ModelReply("It is paid.", usage=Usage(120, 7))


def attributes(span: ReadableSpan) -> Mapping[str, Any]:
    return span.attributes or {}


def ids(span: ReadableSpan) -> tuple[int, int]:
    context = span.get_span_context()
    assert context is not None
    return context.trace_id, context.span_id


async def spans_of(exported: InMemorySpanExporter, *names: str) -> list[ReadableSpan]:
    """Those with these names, in the order in which they began, once there are so many."""

    async def look() -> list[ReadableSpan] | None:
        found = [span for span in exported.get_finished_spans() if span.name in names]
        in_order = sorted(found, key=lambda span: span.start_time or 0)
        return in_order if sorted(span.name for span in found) == sorted(names) else None

    return await until(look, f"the spans {names}")


async def test_a_turn_its_calls_and_its_wait_are_one_trace(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    pay: Tool[..., Any],
    watch: Watch,
    exported: InMemorySpanExporter,
):
    proposed = calls(("pay", {"note": SECRET_WORDS}), ids=["call_7"])
    async with running(workspace, storage, [pay], proposed, REPLY, http=http, watch=watch) as bot:
        root = (await page.say(f"pay, {SECRET_WORDS}", "D0ANA"))["ts"]
        card = await bot.card(root)
        await bot.press(card, "approve")
        await bot.reads(root, "It is paid.")
        spans = await spans_of(
            exported, "turn", "chat scripted", "wait for a person", "turn", "execute_tool pay", "chat scripted"
        )
        (question,) = await storage.interrupts(status=None)
    thread = f"T0LOCAL/D0ANA/{root}"
    assert len({ids(span)[0] for span in spans}) == 1
    assert {attributes(span)["gen_ai.conversation.id"] for span in spans} == {thread}
    by_name = [(span.name, span) for span in spans]
    first, second = (span for name, span in by_name if name == "turn")
    (wait,) = (span for name, span in by_name if name == "wait for a person")
    (ran,) = (span for name, span in by_name if name == "execute_tool pay")
    asking, answering = (span for name, span in by_name if name == "chat scripted")
    assert first.parent is None
    parents = {span: span.parent.span_id for span in (second, wait, ran, asking, answering) if span.parent is not None}
    began, went_on = ids(first)[1], ids(second)[1]
    assert parents == {second: began, wait: began, asking: began, ran: went_on, answering: went_on}
    assert attributes(wait) == {
        "gen_ai.conversation.id": thread,
        "signoff.message": root,
        "gen_ai.tool.name": "pay",
        "gen_ai.tool.call.id": "call_7",
        "signoff.question": question.id,
        "signoff.question.kind": "tool_approval",
        "signoff.quorum": 1,
        "signoff.outcome": "approved",
    }
    assert (wait.start_time, wait.end_time) == tuple(
        int(at * 1_000_000_000) for at in (question.created_at, question.answered_at or 0)
    )
    assert attributes(ran)["gen_ai.tool.call.id"] == "call_7"
    assert attributes(ran)["signoff.outcome"] == "done"
    assert attributes(answering)["gen_ai.usage.input_tokens"] == 120
    assert attributes(answering)["gen_ai.usage.output_tokens"] == 7
    assert attributes(asking)["gen_ai.response.finish_reasons"] == ("tool_calls",)
    assert attributes(first)["signoff.outcome"] == "finished"
    told = str([[span.name, attributes(span), span.events, span.status.description] for span in spans])
    assert "elephant" not in told


async def test_a_wait_goes_on_over_a_restart_and_is_told_once_by_who_took_the_decision(
    workspace: Workspace, url: str, http: aiohttp.ClientSession, page: Page, pay: Tool[..., Any]
):
    lines = (calls(("pay", {"note": "x"})), says("It is paid."))
    exported, figures = [InMemorySpanExporter() for _ in range(3)], [Figures() for _ in range(3)]

    async def start(stack: AsyncExitStack, number: int) -> Any:
        storage = await stack.enter_async_context(open_storage(url))
        watch = Watch(storage, figures[number], Spans(SimpleSpanProcessor(exported[number])))
        stack.push_async_callback(watch.close)
        return await stack.enter_async_context(running(workspace, storage, [pay], *lines, http=http, watch=watch))

    async with AsyncExitStack() as stack:
        bot = await start(stack, 0)
        root = (await page.say("pay", "D0ANA"))["ts"]
        card = await bot.card(root)
    async with AsyncExitStack() as stack:
        bot = await start(stack, 1)
        await start(stack, 2)  # beside it, on the same database
        await bot.press(card, "approve")
        await bot.reads(root, "It is paid.")
    (begun,) = (span for span in exported[0].get_finished_spans() if span.name == "turn")
    later = [span for each in exported[1:] for span in each.get_finished_spans()]
    (wait,) = (span for span in later if span.name == "wait for a person")
    assert wait.parent is not None
    assert (ids(wait)[0], wait.parent.span_id) == ids(begun)
    assert (begun.start_time or 0) < (wait.start_time or 0) < (begun.end_time or 0) < (wait.end_time or 0)
    assert {ids(span)[0] for span in later} == {ids(begun)[0]}
    assert [span.name for span in later].count("execute_tool pay") == 1
    for name, labels in (
        ("signoff_questions_total", {"kind": "tool_approval"}),
        ("signoff_decisions_total", {"kind": "tool_approval", "outcome": "approved"}),
        ("signoff_tool_calls_total", {"tool": "pay", "outcome": "done"}),
    ):
        counts = [each.registry.get_sample_value(name, labels) or 0 for each in figures]
        assert sorted(counts) == [0, 0, 1], "one of them counts it"


async def test_what_nobody_decided_ends_as_what_became_of_it(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    watch: Watch,
    exported: InMemorySpanExporter,
):
    @tool(approval=Approval(expires_after=timedelta(seconds=0.3), approvers=["channel"], quorum=2))
    def hurry(note: str) -> str:
        """Do it at once."""
        return "done"

    async with running(
        workspace, storage, [hurry], calls(("hurry", {"note": "x"})), says("Too late."), http=http, watch=watch
    ) as bot:
        root = (await page.say("@signoff hurry", "C0SUPPORT"))["ts"]
        await bot.reads(root, "Too late.", "C0SUPPORT")
        (wait,) = await spans_of(exported, "wait for a person")
    assert (attributes(wait)["signoff.outcome"], attributes(wait)["signoff.quorum"]) == ("expired", 2)
    assert wait.status.status_code is StatusCode.UNSET


async def test_a_tool_that_fails_is_an_error_without_its_words(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    watch: Watch,
    exported: InMemorySpanExporter,
):
    @tool
    def fails(note: str) -> str:
        """Fail."""
        raise ValueError(SECRET_WORDS)

    def breaks(messages: Any) -> Any:
        raise LookupError(SECRET_WORDS)

    async with running(
        workspace, storage, [fails], calls(("fails", {"note": SECRET_WORDS})), breaks, http=http, watch=watch
    ) as bot:
        root = (await page.say("fail", "D0ANA"))["ts"]
        await bot.reads(root, "went wrong")
        ran, turn = await spans_of(exported, "execute_tool fails", "turn")
    if ran.name == "turn":
        ran, turn = turn, ran
    assert attributes(ran)["error.type"] == "failed"
    assert (attributes(turn)["signoff.outcome"], attributes(turn)["error.type"]) == ("failed", "LookupError")
    assert {ran.status.status_code, turn.status.status_code} == {StatusCode.ERROR}
    everything = [[s.name, attributes(s), s.events, s.status.description] for s in exported.get_finished_spans()]
    assert "elephant" not in str(everything)


@pytest.mark.timeout(20)
async def test_whoever_takes_the_spans_may_hang(storage: Storage) -> None:
    class Hangs(SimpleSpanProcessor):
        def shutdown(self) -> None:
            stuck.wait()

    stuck = threading.Event()
    watch = Watch(storage, Figures(), Spans(Hangs(InMemorySpanExporter())))
    began = asyncio.get_running_loop().time()
    await watch.close()
    assert asyncio.get_running_loop().time() - began < 10
    stuck.set()
