"""HTTP mode over real HTTP: what Slack signed is taken and stored before it hears 200; nothing else gets in."""

import asyncio
import json
import os
import signal
import socket
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.health import Health
from bot.run import run
from bot.settings import BadSettings
from storage import Storage, homes
from tests.bot.posted import MESSAGE, brief, get, health, in_inbox, post, settings, signed, url
from tests.support.ports import free_port
from tests.support.waiting import until

__all__ = ["brief", "health", "url"]


async def test_a_message_is_stored_when_slack_hears_200(http: aiohttp.ClientSession, url: str, tmp_path: Path) -> None:
    assert (await post(http, url, MESSAGE))[0] == 200
    assert in_inbox(tmp_path) == 1
    assert (await post(http, url, MESSAGE))[0] == 200  # Slack sends again what it is not sure of
    assert in_inbox(tmp_path) == 1


async def test_a_command_is_answered_in_its_acknowledgement(http: aiohttp.ClientSession, url: str) -> None:
    typed = {"command": "/signoff", "text": "", "user_id": "U0ANA", "team_id": "T0LOCAL", "channel_id": "C0SUPPORT"}
    status, text = await post(http, url, typed, "form")
    answer = json.loads(text)
    assert (status, answer["text"], answer["response_type"]) == (200, "Nothing waits for you.", "ephemeral")


async def test_that_somebody_opened_home_is_stored_when_slack_hears_200(
    http: aiohttp.ClientSession, url: str, storage: Storage
) -> None:
    opened = {"type": "app_home_opened", "user": "U0ANA", "channel": "D0ANA", "tab": "home"}
    assert (await post(http, url, {**MESSAGE, "event": opened}))[0] == 200
    assert (await post(http, url, {**MESSAGE, "event": {**opened, "user": "U0LEA", "tab": "messages"}}))[0] == 200
    (home,) = await storage.read(homes.every)
    assert (home.user, home.channel, home.is_waited_for) == ("U0ANA", "D0ANA", True)


async def test_a_message_that_cannot_be_stored_is_not_acknowledged(
    http: aiohttp.ClientSession, url: str, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(job: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(storage, "write", full)
        assert (await post(http, url, MESSAGE))[0] >= 500


@pytest.mark.parametrize(
    "how",
    [
        lambda: {"secret": "another"},
        lambda: {"at": 0.0},
        lambda: {"at": time.time() - 600},
        lambda: {"at": time.time() + 600},
    ],
    ids=["another secret", "long ago", "ten minutes ago", "in ten minutes"],
)
async def test_what_slack_did_not_sign_just_now_is_refused(
    http: aiohttp.ClientSession, url: str, tmp_path: Path, how: Callable[[], dict[str, Any]]
) -> None:
    assert (await post(http, url, MESSAGE, **how()))[0] == 401
    assert in_inbox(tmp_path) == 0


async def test_a_body_that_is_not_the_signed_one_or_not_signed_is_refused(
    http: aiohttp.ClientSession, url: str, tmp_path: Path
) -> None:
    for headers in (signed("{}"), {}):
        async with http.post(f"{url}/slack/events", json=MESSAGE, headers=headers) as answer:
            assert answer.status == 401
    assert in_inbox(tmp_path) == 0


async def test_slack_may_check_the_address(http: aiohttp.ClientSession, url: str) -> None:
    check = {"type": "url_verification", "challenge": "3eZbrw1aB", "token": "unused"}
    status, body = await post(http, url, check)
    assert (status, json.loads(body)) == (200, {"challenge": "3eZbrw1aB"})
    assert (await post(http, url, check, secret="another"))[0] == 401


async def test_a_click_comes_the_same_way(http: aiohttp.ClientSession, url: str) -> None:
    click = {
        "type": "block_actions",
        "team": {"id": "T0LOCAL"},
        "user": {"id": "U0ANA", "team_id": "T0LOCAL"},
        "actions": [{"type": "button", "action_id": "of another time", "block_id": "b", "value": "x"}],
    }
    assert (await post(http, url, {"payload": json.dumps(click)}, kind="form"))[0] == 200


async def test_each_kind_of_request_is_answered_as_slack_expects(http: aiohttp.ClientSession, url: str) -> None:
    who = {"team": {"id": "T0LOCAL"}, "user": {"id": "U0ANA", "team_id": "T0LOCAL"}, "trigger_id": "1.2.3"}
    view = {
        "id": "V1",
        "type": "modal",
        "callback_id": "edit_call",
        "private_metadata": "gone",
        "state": {"values": {}},
    }
    empty: tuple[int, Any] = (200, None)

    async def answer(body: Any, kind: str = "form") -> tuple[int, Any]:
        sent = {"payload": json.dumps(body)} if kind == "form" and "ssl_check" not in body else body
        status, text = await post(http, url, sent, kind)
        return status, json.loads(text) if text else None

    status, answered = await answer({"type": "view_submission", "view": view} | who)
    assert (status, answered["response_action"]) == (200, "update"), "the form says why it does not count"
    suggestion = {"type": "block_suggestion", "view": view, "block_id": "b", "action_id": "a", "value": "x"}
    assert await answer(suggestion | who) == (200, {"options": []})
    assert await answer({"ssl_check": "1", "token": "unused"}) == empty
    limited = {"type": "app_rate_limited", "team_id": "T0LOCAL", "minute_rate_limited": 1, "api_app_id": "A0"}
    assert await answer(limited, "json") == empty
    tomorrow: Any = MESSAGE | {"event_id": "Ev9", "event": {"type": "an_event_of_tomorrow"}}
    assert (await post(http, url, tomorrow))[0] == 200, "Slack switches subscriptions off whose events mostly fail"


async def test_it_says_that_it_lives_and_whether_it_is_ready(
    http: aiohttp.ClientSession, url: str, storage: Storage, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await get(http, f"{url}/healthz"), await get(http, f"{url}/readyz")) == (200, 200)
    with monkeypatch.context() as broken:

        async def unreadable(job: Any) -> None:
            raise sqlite3.OperationalError("disk I/O error")

        broken.setattr(storage, "read", unreadable)
        assert (await get(http, f"{url}/healthz"), await get(http, f"{url}/readyz")) == (200, 503)
    assert await get(http, f"{url}/readyz") == 200
    health.stop()
    assert (await get(http, f"{url}/healthz"), await get(http, f"{url}/readyz")) == (200, 503)
    assert await get(http, f"{url}/slack/events") == 405


async def test_without_an_app_token_run_listens_until_it_is_stopped(
    workspace: Workspace, http: aiohttp.ClientSession, tmp_path: Path
) -> None:
    port = free_port()
    whole = settings(workspace, PORT=port, DATABASE_URL=f"sqlite:///{tmp_path / 'bot.db'}")
    running = asyncio.create_task(run(whole))

    async def ready() -> bool:
        assert not running.done(), running
        try:
            return await get(http, f"http://127.0.0.1:{port}/readyz") == 200
        except aiohttp.ClientConnectionError:
            return False

    await until(ready, "the bot is ready")
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(running, 20)


async def test_a_port_that_is_taken_is_named(workspace: Workspace, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadSettings, match=f"PORT is {port}, which cannot be listened on"):
            await run(settings(workspace, PORT=port, DATABASE_URL=f"sqlite:///{tmp_path / 'bot.db'}"))
