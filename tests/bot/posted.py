"""A bot in HTTP mode in this process, on a workspace, and requests as Slack signs them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import aiohttp
import pytest
from slack_sdk.signature import SignatureVerifier

from bot import http_mode as serving
from bot.deliveries import Deliveries
from bot.demo.workspace import Workspace
from bot.health import Health, SlackAnswers
from bot.http_mode import http_mode
from bot.settings import Settings
from graphs.agent.agent import Agent
from storage import Storage
from tests.agent.conversing import ScriptedModel
from tests.bot.running import assembled
from tests.demo.workspace.support import Slack

SECRET = "0123456789abcdef"
MESSAGE = {
    "type": "event_callback",
    "team_id": "T0LOCAL",
    "event_id": "Ev1",
    "event": {"type": "message", "channel": "D0ANA", "channel_type": "im", "user": "U0ANA", "text": "hi", "ts": "1.0"},
}


def settings(workspace: Workspace, **more: Any) -> Settings:
    given = {
        "SLACK_BOT_TOKEN": "xoxb-local",
        "SLACK_APP_TOKEN": None,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": f"{workspace.url}/api/",
        "OPENAI_API_KEY": "unused",
    }
    return Settings(**(given | more))  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port closes soon after the bot is to stop."""
    monkeypatch.setattr(serving, "LINGERS", 0.3)


@pytest.fixture
def health(storage: Storage, slack: Slack) -> Health:
    health = Health(storage)
    health.reachable = SlackAnswers(slack).why_not
    return health


@pytest.fixture
async def url(workspace: Workspace, storage: Storage, slack: Slack, health: Health) -> AsyncIterator[str]:
    """Where the bot listens. Nothing runs threads, so what was stored stays as it came."""
    who = {"team_id": workspace.team.id, "user_id": workspace.team.bot.id}
    model = cast("Any", ScriptedModel([]))
    bot = await assembled(settings(workspace), Agent("Be brief.", []), model, storage, slack, who)
    async with http_mode(Deliveries(bot.app, SECRET), health, 0, host="127.0.0.1") as port:
        yield f"http://127.0.0.1:{port}"


def signed(body: str, *, secret: str = SECRET, at: float | None = None) -> dict[str, str]:
    moment = str(int(time.time() if at is None else at))
    signature = SignatureVerifier(secret).generate_signature(timestamp=moment, body=body)
    return {"X-Slack-Request-Timestamp": moment, "X-Slack-Signature": str(signature)}


async def post(
    http: aiohttp.ClientSession, url: str, body: Any, kind: str = "json", more: dict[str, str] | None = None, **how: Any
) -> tuple[int, str]:
    text = json.dumps(body) if kind == "json" else urlencode(body)
    kinds = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
    headers = signed(text, **how) | {"Content-Type": kinds[kind]} | (more or {})
    async with http.post(f"{url}/slack/events", data=text, headers=headers) as answer:
        return answer.status, await answer.text()


async def get(http: aiohttp.ClientSession, address: str) -> int:
    async with http.get(address) as answer:
        return answer.status


def in_inbox(tmp_path: Path) -> int:
    database = sqlite3.connect(tmp_path / "test.db")
    try:
        return database.execute("select count(*) from inbox").fetchone()[0]
    finally:
        database.close()
