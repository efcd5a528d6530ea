"""Figures against an oracle of what was clicked: each decision once, however it was made."""

import asyncio
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from bot.demo.workspace import Workspace
from bot.observing.figures import bounded
from bot.observing.serving import metrics
from bot.observing.watch import Watch
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.models.errors import ModelUnavailable
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def scraped(watch: Watch, storage: Storage) -> Samples:
    """What `/metrics` says, by Prometheus's own parser."""
    app = web.Application()
    app.router.add_routes([metrics(watch.figures, storage)])
    async with TestClient(TestServer(app)) as client, client.get("/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=")
        text = await response.text()
    families = text_string_to_metric_families(text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def value(watch: Watch, name: str, **labels: str) -> float | None:
    return watch.figures.registry.get_sample_value(name, labels)


def counted(samples: Samples, name: str, *labels: str) -> Counter[tuple[str, ...]]:
    """The figures of this name that are not 0, by the values of these labels."""
    found = {tuple(dict(given)[each] for each in labels): value for (n, given), value in samples.items() if n == name}
    return Counter({key: int(value) for key, value in found.items() if value})


async def test_each_decision_is_counted_once_however_it_is_made(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    pay: Tool[..., Any],
    watch: Watch,
):
    @tool(approval=Approval(expires_after=timedelta(seconds=0.5)))
    def hurry(note: str) -> str:
        """Do it at once."""
        return "done"

    def line(messages: Any) -> Any:
        said = [each["content"] for each in messages if each["role"] == "user"][-1]
        if messages[-1]["role"] == "tool":
            return says(f"So: {said}.")
        if "three" in said:
            return calls(*(("pay", {"note": f"{n}"}) for n in range(3)))
        if "late" in said:
            return calls(("hurry", {"note": "x"}))
        return calls(("pay", {"note": said}))

    async with running(workspace, storage, [pay, hurry], *[line] * 9, http=http, watch=watch) as bot:

        async def asked(said: str) -> tuple[str, Json]:
            root = (await page.say(said, "D0ANA"))["ts"]
            return root, await bot.card(root)

        async def form(card: Json, action: str, **typed: str) -> None:
            async with page.watching() as watching:
                await bot.press(card, action)
                view = await opened(page, watching)
            assert await page.submit(view["id"], **filled_in(view, **typed)) == {}

        root, card = await asked("approved")
        await asyncio.gather(bot.press(card, "approve"), bot.press(card, "approve"))
        await bot.reads(root, "So: approved.")
        root, card = await asked("fail")
        await bot.press(card, "approve")
        await bot.reads(root, "So: fail.")
        root, card = await asked("edited")
        await form(card, "edit", note="other")
        await bot.reads(root, "So: edited.")
        root, card = await asked("rejected")
        await form(card, "reject", reason="no")
        await bot.reads(root, "So: rejected.")
        root, card = await asked("responded")
        await form(card, "respond", response="not that")
        await bot.reads(root, "So: responded.")
        root, card = await asked("taken back")
        await page.say("stop", "D0ANA", thread_ts=root)
        await bot.reads(root, "So: taken back.")
        root, card = await asked("all three")
        await bot.press(card, "approve_all")
        await bot.reads(root, "So: all three.")
        late = (await page.say("late", "D0ANA"))["ts"]
        await bot.reads(late, "So: late.")
        root, card = await asked("stopped")
        await page.command("/signoff stop", "D0ANA", thread_ts=root)
        await bot.reads(root, "Stopped.")
        _, card = await asked("still waits")
        await until(lambda: value(watch, "signoff_threads_running") == 0, "the end of the last run")
        samples = await scraped(watch, storage)

    # The edited call has a question of its own, which the editor's vote approved.
    decided = Counter(approved=1 + 1 + 1 + 3, edited=1, rejected=1 + 1, responded=1, expired=1, cancelled=1)
    assert counted(samples, "signoff_decisions_total", "kind", "outcome") == {
        ("tool_approval", outcome): number for outcome, number in decided.items()
    }
    asked_in_all = decided.total() + 1
    assert counted(samples, "signoff_questions_total", "kind") == {("tool_approval",): asked_in_all}
    assert counted(samples, "signoff_waiting_questions", "kind") == {("tool_approval",): 1}
    by_people = sum(decided[each] for each in ("approved", "edited", "rejected", "responded"))
    assert counted(samples, "signoff_decision_seconds_count", "kind")["tool_approval",] == by_people
    assert counted(samples, "signoff_tool_calls_total", "tool", "outcome") == {
        ("pay", "done"): 1 + 1 + 3,
        ("pay", "failed"): 1,
    }
    assert counted(samples, "signoff_turns_total", "outcome").keys() <= {("finished",), ("stopped",)}
    assert counted(samples, "signoff_model_calls_total", "error") == {("",): 9 + 8 + 1}
    assert counted(samples, "signoff_slack_calls_total", "method", "error")["views.open", ""] == 3
    assert counted(samples, "signoff_deliveries_total", "kind", "status")["view", "200"] == 3
    assert {status for _, status in counted(samples, "signoff_deliveries_total", "kind", "status")} == {"200"}
    assert counted(samples, "signoff_threads_running") == {}
    assert samples["signoff_storage_outage", frozenset()] == 0


async def test_errors_are_counted_by_their_class_and_by_slacks_names(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, watch: Watch
):
    def breaks(messages: Any) -> Any:
        error = ModelUnavailable("The model is away.", retryable=True, trouble="unreachable")
        raise error from ConnectionRefusedError("connection refused by purple elephant 4711")

    await page.fault(method="assistant.threads.setStatus", error="missing_scope")
    async with running(workspace, storage, [], breaks, http=http, watch=watch) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "The model is away.")
        await until(lambda: value(watch, "signoff_turns_total", outcome="failed") == 1, "the end of the turn")
        samples = await scraped(watch, storage)
    assert counted(samples, "signoff_model_calls_total", "error") == {("unreachable",): 1}
    assert counted(samples, "signoff_turns_total", "outcome") == {("failed",): 1}
    assert not any("elephant" in str(key) for key in samples)


async def test_while_the_database_does_not_answer_only_what_is_known_is_said(
    workspace: Workspace,
    url: str,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    pay: Tool[..., Any],
    watch: Watch,
):
    async with running(workspace, storage, [pay], calls(("pay", {"note": "x"})), http=http, watch=watch) as bot:
        await bot.card((await page.say("pay", "D0ANA"))["ts"])
    waits = ("signoff_waiting_questions", frozenset({("kind", "tool_approval")}))
    assert (await scraped(watch, storage))[waits] == 1
    await asyncio.to_thread(Path(url.removeprefix("sqlite:///")).unlink)
    await storage.gone
    samples = await scraped(watch, storage)
    assert samples["signoff_storage_outage", frozenset()] == 1
    assert waits not in samples
    assert counted(samples, "signoff_questions_total", "kind") == {("tool_approval",): 1}


def test_a_label_is_a_name_or_other() -> None:
    assert [bounded(each) for each in ("", "channel_not_found", "chat.postMessage", "no such thing", "x" * 65)] == [
        "", "channel_not_found", "chat.postMessage", "other", "other",
    ]  # fmt: skip
