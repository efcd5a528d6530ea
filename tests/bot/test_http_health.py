"""The probes: whether the process lives, and whether it may be sent to. Each says why in a few words."""

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot import health as probing
from bot.demo.workspace import Workspace
from bot.health import Health
from bot.run import run
from bot.settings import Settings
from storage import Storage
from tests.bot.posted import brief, health, settings, url
from tests.demo.workspace.support import TOKENS, Page
from tests.support.ports import free_port
from tests.support.waiting import until

__all__ = ["brief", "health", "url"]

AGENT = """
from graphs import Agent

agent = Agent("Be brief.", [])
"""


async def asked(http: aiohttp.ClientSession, address: str, method: str = "GET") -> tuple[int, str]:
    async with http.request(method, address) as answer:
        return answer.status, (await answer.text()).strip()


async def test_it_is_ready_and_says_so_to_head_too(http: aiohttp.ClientSession, url: str) -> None:
    assert await asked(http, f"{url}/healthz") == (200, "ok")
    assert await asked(http, f"{url}/readyz") == (200, "ready")
    assert await asked(http, f"{url}/healthz", "HEAD") == (200, "")
    assert await asked(http, f"{url}/readyz", "HEAD") == (200, "")


async def test_without_storage_it_lives_and_is_not_ready(
    http: aiohttp.ClientSession, url: str, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "READY_SECONDS", 0.1)

    async def broken(job: Any) -> None:
        raise sqlite3.OperationalError("disk I/O error at /secret/place")

    async def stuck(job: Any) -> None:
        await asyncio.sleep(5)

    for way in (broken, stuck):
        with monkeypatch.context() as fault:
            fault.setattr(storage, "read", way)
            assert await asked(http, f"{url}/readyz") == (503, "not ready: the database does not answer")
            assert await asked(http, f"{url}/healthz") == (200, "ok")
    assert await asked(http, f"{url}/readyz") == (200, "ready")


async def test_without_slack_it_lives_and_is_not_ready(
    http: aiohttp.ClientSession, url: str, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probing, "HEARD_WITHIN", 0.0)
    monkeypatch.setattr(probing, "ASKED_EVERY", 0.0)
    monkeypatch.setattr(probing, "READY_SECONDS", 0.3)
    for fault in ({"status": 500}, {"way": "reset"}, {"way": "html"}, {"way": "cut"}, {"way": "hang"}):
        await page.fault(http={"method": "auth.test", "times": 2} | fault)
        assert await asked(http, f"{url}/readyz", "HEAD") == (503, ""), fault
        assert await asked(http, f"{url}/readyz") == (503, "not ready: Slack does not answer"), fault
        assert await asked(http, f"{url}/healthz") == (200, "ok")
        assert await asked(http, f"{url}/readyz") == (200, "ready"), fault
    await page.fault(http={"method": "auth.test", "status": 429, "retry_after": 1000})
    assert await asked(http, f"{url}/readyz") == (200, "ready"), "a refusal is an answer"


async def test_slack_is_asked_rarely_and_not_at_all_while_it_answers_anyway(
    http: aiohttp.ClientSession, url: str, page: Page, slack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def calls() -> int:
        return len([entry for entry in await page.journal("call") if entry["method"] == "auth.test"])

    await slack.conversations_list()
    for _ in range(20):
        assert (await asked(http, f"{url}/readyz"))[0] == 200
    assert await calls() == 0
    monkeypatch.setattr(probing, "HEARD_WITHIN", 0.0)
    await asyncio.gather(*(asked(http, f"{url}/readyz") for _ in range(20)))
    assert await calls() == 1
    await page.fault(http={"method": "auth.test", "status": 500})
    monkeypatch.setattr(probing, "ASKED_EVERY", 0.0)
    assert (await asked(http, f"{url}/readyz"))[0] == 503
    monkeypatch.setattr(probing, "ASKED_EVERY", 60.0)
    for _ in range(20):
        assert (await asked(http, f"{url}/readyz"))[0] == 503, "as was found last"
    await slack.conversations_list()
    monkeypatch.setattr(probing, "HEARD_WITHIN", 30.0)
    assert (await asked(http, f"{url}/readyz"))[0] == 200, "something else was answered"


async def test_while_it_stops_it_is_not_ready_and_each_connection_ends_with_its_answer(
    http: aiohttp.ClientSession, url: str, health: Health
) -> None:
    async with http.get(f"{url}/healthz") as answer:
        assert "Connection" not in answer.headers
    health.stop()
    assert await asked(http, f"{url}/readyz") == (503, "not ready: it is stopping")
    for path in ("/healthz", "/readyz", "/slack/events", "/nothing"):
        async with http.get(url + path) as answer:
            assert answer.headers["Connection"] == "close", path


@pytest.fixture
def _agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "agents_of_test_http_health.py").write_text(AGENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
async def port(_agent: None, workspace: Workspace) -> AsyncIterator[int]:
    """Where a bot that is connected by Socket Mode says how it is."""
    port = free_port()
    own = {"SLACK_APP_TOKEN": TOKENS.app, "SLACK_SIGNING_SECRET": "unused", "PORT": port}
    agent = {"DATABASE_URL": "sqlite:///run.db", "SIGNOFF_AGENT": "agents_of_test_http_health:agent"}
    running = asyncio.create_task(run(settings(workspace, **own, **agent)))
    yield port
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 15)


async def test_with_socket_mode_the_port_says_how_it_is_and_takes_nothing_of_slacks(
    workspace: Workspace, http: aiohttp.ClientSession, page: Page, port: int
) -> None:
    url = f"http://127.0.0.1:{port}"

    async def said(path: str, wanted: tuple[int, str]) -> bool:
        try:
            return await asked(http, url + path) == wanted
        except aiohttp.ClientConnectionError:
            return False

    await until(lambda: said("/readyz", (200, "ready")), "it to be ready")
    assert workspace.bot_connected.is_set()
    assert await asked(http, f"{url}/healthz") == (200, "ok")
    assert (await asked(http, f"{url}/slack/events", "POST"))[0] == 404
    await page.fault(http={"method": "link", "status": 500, "times": 3})
    await page.fault(disconnect=True)
    await until(lambda: said("/readyz", (503, "not ready: it has no connection to Slack")), "it to say so")
    assert await asked(http, f"{url}/healthz") == (200, "ok")
    await until(lambda: said("/readyz", (200, "ready")), "it to be ready again")


def test_with_socket_mode_nothing_listens_unless_a_port_is_set(workspace: Workspace) -> None:
    def serves(**more: Any) -> bool:
        found: Settings = settings(workspace, **more)
        return found.serves

    assert serves(), "HTTP mode"
    assert not serves(SLACK_APP_TOKEN=TOKENS.app)
    assert serves(SLACK_APP_TOKEN=TOKENS.app, PORT=3000)
    assert serves(PORT=8080)
