"""Slack repeats what it is not sure of, at whichever bot: what is stored counts once and is acknowledged at once, and
what could not be stored is not acknowledged.
"""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from bot import assembling
from bot.deliveries import Deliveries
from bot.demo.workspace import Workspace
from bot.health import Health
from bot.http_mode import http_mode
from bot.inbound import arrivals
from bot.inbound.commands import Commands
from graphs.agent.agent import Agent
from storage import Storage, open_storage
from storage.sqlite import writer
from tests.agent.conversing import ScriptedModel
from tests.bot.posted import MESSAGE, SECRET, brief, health, in_inbox, post, settings, url
from tests.bot.running import assembled
from tests.demo.workspace.support import Slack

__all__ = ["brief", "health", "url"]


@pytest.fixture
async def other_url(url: str, workspace: Workspace, slack: Slack, tmp_path: Path) -> AsyncIterator[str]:
    """Where another bot on the same database listens."""
    who = {"team_id": workspace.team.id, "user_id": workspace.team.bot.id}
    async with open_storage(f"sqlite:///{tmp_path / 'test.db'}") as storage:
        model = cast("Any", ScriptedModel([]))
        bot = await assembled(settings(workspace), Agent("Be brief.", []), model, storage, slack, who)
        async with http_mode(Deliveries(bot.app, SECRET), Health(storage), 0, host="127.0.0.1") as port:
            yield f"http://127.0.0.1:{port}"


@pytest.fixture
def lock(storage: Storage, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "test.db", isolation_level=None, timeout=10)) as lock:
        yield lock


def message(number: int, **event: Any) -> dict[str, Any]:
    told: Any = MESSAGE["event"]
    return MESSAGE | {"event_id": f"Ev{number}", "event": told | {"ts": f"{number}.0"} | event}


async def again(http: aiohttp.ClientSession, url: str, body: Any, number: int = 1) -> int:
    """Slack's repetition: signed anew."""
    headers = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": "http_timeout"}
    return (await post(http, url, body, more=headers))[0]


async def test_what_comes_to_two_bots_counts_once(
    http: aiohttp.ClientSession, url: str, other_url: str, tmp_path: Path
) -> None:
    told = [message(number) for number in range(10)]
    answers = await asyncio.gather(
        *(post(http, where, each) for each in told for where in (url, other_url)),
        *(post(http, where, each) for each in told for where in (other_url, url)),
    )
    assert {status for status, _ in answers} == {200}
    assert in_inbox(tmp_path) == 10
    assert {await again(http, where, each) for each in told for where in (url, other_url)} == {200}
    assert in_inbox(tmp_path) == 10


async def test_a_mention_that_is_told_as_a_message_too_counts_once(
    http: aiohttp.ClientSession, url: str, other_url: str, tmp_path: Path
) -> None:
    place = {"channel": "C0SUPPORT", "text": "<@U0SIGNOFF> hi", "ts": "5.0"}
    assert (await post(http, url, message(1, **place, channel_type="channel")))[0] == 200
    assert (await post(http, other_url, message(2, **place, type="app_mention")))[0] == 200
    assert in_inbox(tmp_path) == 1


async def test_in_an_outage_what_is_stored_is_acknowledged_at_once_and_nothing_else(
    http: aiohttp.ClientSession,
    url: str,
    tmp_path: Path,
    lock: sqlite3.Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for room in (arrivals, assembling):
        monkeypatch.setattr(room, "PROMPTLY", 0.2)
    monkeypatch.setattr(writer, "ATTEMPT", 0.02)
    caplog.set_level("INFO", "bot.inbound")
    assert (await post(http, url, message(1)))[0] == 200
    lock.execute("begin immediate")
    began = time.monotonic()
    assert await again(http, url, message(1)) == 200
    assert time.monotonic() - began < 0.2, "it is not asked for"
    assert (await post(http, url, message(2)))[0] == 503
    assert await again(http, url, message(2), 1) == 503
    lock.execute("rollback")
    assert await again(http, url, message(2), 2) == 200
    assert await again(http, url, message(1), 3) == 200
    assert in_inbox(tmp_path) == 2
    said = [record.getMessage() for record in caplog.records if "comes again" in record.getMessage()]
    assert said[-1] == "event Ev1 comes again (attempt 3: http_timeout)"
    assert len(said) == 4


async def test_a_command_counts_once_however_often_the_same_request_comes(
    http: aiohttp.ClientSession, url: str
) -> None:
    typed = {"command": "/signoff", "text": "", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0SUPPORT"}
    at = time.time()
    answers = await asyncio.gather(*(post(http, url, typed, "form", at=at) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 409, 409, 409, 409]


async def test_a_command_that_failed_may_come_again_as_it_was(
    http: aiohttp.ClientSession, url: str, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy repeats what was answered with 5xx."""
    typed = {"command": "/signoff", "text": "", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0SUPPORT"}
    at = time.time()

    async def broken(*_: Any) -> None:
        raise RuntimeError("broken")

    with monkeypatch.context() as fault:
        fault.setattr(Commands, "_answer", broken)
        assert (await post(http, url, typed, "form", at=at))[0] == 500
    assert (await post(http, url, typed, "form", at=at))[0] == 200
