"""A Slack that is away: waited for a while at the start and for as long as it takes later, and never taken for a token
that is refused. A token that is: said once, and the end.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import connecting, socket_mode
from bot.demo.workspace import Workspace, events, serve_workspace
from bot.errors import CannotGoOn
from bot.run import run
from bot.settings import BadSettings, Settings
from storage import open_storage
from tests.demo.workspace.support import TOKENS, Page, new_app
from tests.demo.workspace.test_delivery import RawBot
from tests.support.waiting import until

AGENT = """
from graphs import Agent

agent = Agent("Be brief.", [])
"""

PASSING: dict[str, dict[str, Any]] = {
    "internal_error": {"error": "internal_error"},
    "fatal_error": {"error": "fatal_error"},
    "ratelimited": {"error": "ratelimited"},
    "a rate limit": {"status": 429, "retry_after": 3600},
    "a word of tomorrow": {"error": "a_word_of_tomorrow"},
    "500": {"status": 500},
    "503": {"status": 503},
    "a page": {"way": "html"},
    "half an answer": {"way": "cut"},
    "reset": {"way": "reset"},
}

DEAD = ["token_revoked", "account_inactive", "invalid_auth", "token_expired"]

BRIEFLY = 0.2
"""Seconds for which these tests have Slack tried at the start."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agents_of_test_connecting.py").write_text(AGENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in (connecting, socket_mode):
        monkeypatch.setattr(module, "PAUSE", 0.01)
        monkeypatch.setattr(module, "LONGEST_PAUSE", 0.05)


def settings(url: str, **more: Any) -> Settings:
    given = {
        "SLACK_BOT_TOKEN": TOKENS.bot,
        "SLACK_APP_TOKEN": TOKENS.app,
        "SLACK_API_URL": f"{url}/api/",
        "OPENAI_API_KEY": "unused",
        "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
        "DATABASE_URL": "sqlite:///run.db",
        "SIGNOFF_AGENT": "agents_of_test_connecting:agent",
    }
    return Settings(**(given | more))  # type: ignore[arg-type]


async def one_line(running: Awaitable[None], kind: type[Exception]) -> str:
    with pytest.raises(kind) as error:
        await running
    assert "\n" not in str(error.value)
    return str(error.value)


async def told_to_stop(running: asyncio.Task[None]) -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 15)


@pytest.fixture
async def start(workspace: Workspace) -> AsyncIterator[Callable[[], Awaitable[asyncio.Task[None]]]]:
    """Starts the bot; returns when it is connected."""
    begun: list[asyncio.Task[None]] = []

    async def make() -> asyncio.Task[None]:
        begun.append(asyncio.create_task(run(settings(workspace.url), 10.0)))
        await until(lambda: workspace.bot_connected.is_set() or begun[-1].done(), "the bot to connect")
        assert not begun[-1].done(), begun[-1]
        return begun[-1]

    yield make
    for task in begun:
        task.cancel()
    await asyncio.gather(*begun, return_exceptions=True)


async def test_what_passes_at_the_start_is_waited_out(
    workspace: Workspace, page: Page, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    methods = ["auth.test", "apps.connections.open", "link"]
    for method in methods:
        for fault in PASSING.values():
            await page.fault(http={"method": method} | fault | ({"retry_after": 1} if "retry_after" in fault else {}))
    running = await start()
    met = [entry["method"] for entry in await page.journal("fault") if "method" in entry]
    assert {method: met.count(method) for method in methods} == dict.fromkeys(methods, len(PASSING))
    said = [record for record in caplog.records if record.name.startswith("bot.") and record.levelname != "INFO"]
    assert len(said) == 3, "each is said once"
    assert all(record.exc_info is None for record in said)
    await told_to_stop(running)


@pytest.mark.parametrize("method", ["auth.test", "apps.connections.open", "link"])
async def test_what_does_not_pass_is_slacks_problem_in_one_line(workspace: Workspace, page: Page, method: str) -> None:
    for fault in PASSING.values():
        workspace.faults.http.clear()
        await page.fault(http={"method": method, "times": 1000} | fault)
        said = await one_line(run(settings(workspace.url), BRIEFLY), CannotGoOn)
        assert said.startswith("Slack has a problem: ")
        assert "SLACK_BOT_TOKEN" not in said
        assert "html" not in said


async def test_an_address_where_nobody_listens_is_named() -> None:
    said = await one_line(run(settings("http://127.0.0.1:9"), BRIEFLY), CannotGoOn)
    assert "http://127.0.0.1:9/api/" in said


async def test_a_slack_that_comes_late_is_found() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = asyncio.create_task(run(settings(f"http://127.0.0.1:{port}"), 20.0))
    await asyncio.sleep(0)
    async with serve_workspace(port=port, tokens=TOKENS) as workspace:
        await until(lambda: workspace.bot_connected.is_set() or running.done(), "the bot to connect")
        await told_to_stop(running)


@pytest.mark.parametrize(
    ("method", "way"),
    [("auth.test", "html"), ("auth.test", "hang"), ("apps.connections.open", "hang"), ("link", "hang")],
)
async def test_waiting_for_slack_ends_at_once_when_it_is_told_to_stop(
    workspace: Workspace, page: Page, method: str, way: str
) -> None:
    await page.fault(http={"method": method, "way": way, "times": 1000})
    running = asyncio.create_task(run(settings(workspace.url)))

    async def met() -> bool:
        return any(entry.get("method") == method for entry in await page.journal("fault"))

    await until(met, "the first attempt")
    began = time.monotonic()
    await told_to_stop(running)
    assert time.monotonic() - began < 5  # of the thirty that it would wait


@pytest.mark.parametrize(
    ("method", "variable"), [("auth.test", "SLACK_BOT_TOKEN"), ("apps.connections.open", "SLACK_APP_TOKEN")]
)
async def test_a_token_that_is_refused_at_the_start_is_a_setting(
    workspace: Workspace, page: Page, method: str, variable: str
) -> None:
    for error in (*DEAD, "not_allowed_token_type"):
        await page.fault(http={"method": method, "error": error})
        said = await one_line(run(settings(workspace.url)), BadSettings)
        assert said.startswith(f"{variable} is refused by Slack: {error}")


async def has_run(run_db: str = "sqlite:///run.db") -> list[str | None]:
    """Who has the threads."""
    async with open_storage(run_db) as storage:
        return await storage.read(lambda db: [row["owner"] for row in db.execute("select owner from threads")])


@pytest.mark.parametrize(
    ("method", "error"),
    [*zip(["users.info", "chat.postMessage", "assistant.threads.setStatus", "users.info"], DEAD, strict=True)],
)
async def test_a_token_that_is_refused_later_is_said_once_and_ends_it(
    workspace: Workspace, page: Page, start: Any, method: str, error: str
) -> None:
    running = await start()
    await page.fault(http={"method": method, "error": error, "times": 1000})
    await page.say("hello", "D0ANA")
    said = await one_line(asyncio.wait_for(running, 20), CannotGoOn)
    assert said.startswith("Slack takes SLACK_BOT_TOKEN no more (")
    assert error in said
    assert await has_run() in ([], [None])


async def test_an_app_token_that_is_refused_when_it_reconnects_ends_it(
    workspace: Workspace, page: Page, start: Any
) -> None:
    running = await start()
    await page.fault(http={"method": "apps.connections.open", "error": "invalid_auth", "times": 1000})
    await page.fault(disconnect=True)
    said = await one_line(asyncio.wait_for(running, 20), CannotGoOn)
    assert said.startswith("Slack takes SLACK_APP_TOKEN no more (apps.connections.open was refused: invalid_auth)")


async def test_a_connection_that_is_lost_is_opened_again_with_another_address(
    workspace: Workspace, page: Page, start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    running = await start()
    workspace.bot_connected.clear()
    await page.fault(http={"method": "apps.connections.open", "status": 503, "times": 2})
    await page.fault(http={"method": "link", "way": "html"})
    await page.fault(disconnect=True)
    await until(workspace.bot_connected.is_set, "another connection")
    away = [record.getMessage() for record in caplog.records if "cannot be listened to" in record.getMessage()]
    assert len(away) == 1
    assert not any(record.exc_info for record in caplog.records)
    await told_to_stop(running)


async def test_a_bot_that_is_one_too_many_says_so_once_and_tries_with_rests_until_another_one_ends(
    workspace: Workspace,
    page: Page,
    http: aiohttp.ClientSession,
    start: Any,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(socket_mode, "PAUSE", 0.2)
    monkeypatch.setattr(socket_mode, "LONGEST_PAUSE", 0.4)
    others = [await RawBot.connect(http, workspace) for _ in range(10)]
    running = await start()
    began = time.monotonic()

    async def has_tried() -> bool:
        calls = [each for each in await page.journal("call") if each["method"] == "apps.connections.open"]
        return len(calls) >= len(others) + 4

    await until(has_tried, "four attempts")
    assert time.monotonic() - began > 0.8, "with rests that grow: 0.2, 0.4 and 0.4 s"
    said = [record.getMessage() for record in caplog.records if "Slack takes ten connections" in record.getMessage()]
    assert len(said) == 1
    await others.pop().socket.close()
    await until(lambda: "Slack takes the connection of this bot now" in caplog.text, "it to be heard")
    for each in others:
        await each.socket.close()
    await told_to_stop(running)


def tell(workspace: Workspace, event: dict[str, Any], **more: Any) -> None:
    workspace.socket_mode.send_event(events.envelope(workspace.team, event, time.time()) | more)


@pytest.mark.parametrize(
    "event",
    [{"type": "app_uninstalled"}, {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": ["U0SIGNOFF"]}}],
    ids=lambda event: event["type"],
)
async def test_an_app_that_is_uninstalled_while_it_runs_ends_it(
    workspace: Workspace, start: Any, event: dict[str, Any]
) -> None:
    running = await start()
    tell(workspace, event)
    said = await one_line(asyncio.wait_for(running, 20), CannotGoOn)
    assert said.startswith(f"Slack takes SLACK_BOT_TOKEN no more ({event['type']})")


async def test_an_end_of_somebody_else_or_of_another_time_is_none(workspace: Workspace, page: Page, start: Any) -> None:
    running = await start()
    tell(workspace, {"type": "tokens_revoked", "tokens": {"oauth": ["U0ANA"]}})
    tell(workspace, {"type": "tokens_revoked", "tokens": {"oauth": ["U0ANA"], "bot": []}})
    tell(workspace, {"type": "app_uninstalled"}, team_id="T0OTHER")
    tell(workspace, {"type": "app_uninstalled"}, event_time=int(time.time()) - 86_400)

    async def acked() -> bool:
        return len(await page.journal("ack")) == 4

    await until(acked, "four acks")
    root = (await page.say("hello", "D0ANA"))["ts"]

    async def answered() -> bool:
        return any(message.get("thread_ts") == root for message in await page.messages("D0ANA"))

    await until(answered, "an answer")
    await told_to_stop(running)


async def test_what_is_acknowledged_too_late_is_one_line(
    workspace: Workspace, page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    arrived, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    app = new_app(workspace)

    @app.middleware
    async def take_long(next: Callable[[], Awaitable[Any]]) -> None:  # noqa: A002
        arrived.set()
        await may_end.wait()
        await next()
        ended.set()

    @app.event("message")
    async def take(ack: Callable[[], Awaitable[Any]]) -> None:
        await ack()

    async with connecting.web_client(settings(workspace.url)) as client:
        async with socket_mode.socket_mode(app, client, TOKENS.app):
            await page.say("hello", "D0ANA")
            await arrived.wait()
        may_end.set()
        await ended.wait()
        await until(lambda: [each for each in caplog.records if "not acknowledged" in each.getMessage()], "the line")
    assert not any(record.exc_info for record in caplog.records)
