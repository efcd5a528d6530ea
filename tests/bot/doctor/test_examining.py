"""The checks among themselves, and a Slack that says other things than the local workspace does."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from bot.doctor import slack
from bot.doctor.case import Case
from bot.doctor.examining import Check, examine
from bot.doctor.findings import Finding, Findings
from bot.settings import BadSettings, Settings

SCOPES = "app_mentions:read, chat:write"


def settings(url: str = "http://127.0.0.1:9/api/") -> Settings:
    given = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1", "OPENAI_API_KEY": "sk-1", "SLACK_API_URL": url}
    return Settings(**given)  # type: ignore[arg-type]


@asynccontextmanager
async def slack_that_says(frame: str | None, headers: Mapping[str, str]) -> AsyncIterator[str]:
    """A Slack whose connections begin with this frame, or are closed; its address."""
    url = ""

    async def call(request: web.Request) -> web.StreamResponse:
        answers: dict[str, dict[str, Any]] = {
            "auth.test": {"team_id": "T1", "user_id": "U1", "bot_id": "B1"},
            "apps.connections.open": {"url": f"{url.replace('http', 'ws', 1)}/link"},
            "bots.info": {"bot": {"app_id": "A1"}},
        }
        return web.json_response({"ok": True, **answers[request.match_info["method"]]}, headers=headers)

    async def link(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if frame is not None:
            await socket.send_str(frame)
            await socket.receive()
        await socket.close()
        return socket

    app = web.Application()
    app.add_routes([web.route("*", "/api/{method}", call), web.get("/link", link)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield f"{url}/api/"
    finally:
        await runner.cleanup()


async def found(
    frame: str | None = '{"type": "hello"}', headers: Mapping[str, str] | None = None
) -> dict[str, Finding]:
    """What the checks of Slack find, by what they are about."""
    told: list[Finding] = []
    checks = [Check("token", slack.bot_token), Check("scopes", slack.scopes), Check("socket", slack.way_in)]
    async with slack_that_says(frame, headers or {}) as url:
        await examine(settings(url), told.append, checks)
    return {each.about: each for each in told}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ('{"type": "disconnect", "reason": "link_disabled"}', "Slack opens no connection (it says 'link_disabled')"),
        ("[]", "no connection (what was sent is no greeting)"),
        ("hello", "no connection ("),
        (None, "no connection ("),
    ],
)
async def test_a_connection_that_does_not_begin_with_a_greeting(frame: str | None, said: str) -> None:
    finding = (await found(frame))["socket"]
    assert (finding.state, finding.said[: len(said)]) == ("wrong", said)
    assert finding.mend


async def test_a_switched_off_socket_mode_is_said_with_where_it_is_switched_on() -> None:
    finding = (await found('{"type": "disconnect", "reason": "link_disabled"}'))["socket"]
    assert "Enable Socket Mode" in finding.mend


@pytest.mark.parametrize(("app", "state"), [("A1", "ok"), ("A2", "wrong")])
async def test_both_tokens_have_to_be_of_one_app(app: str, state: str) -> None:
    hello = f'{{"type": "hello", "num_connections": 3, "connection_info": {{"app_id": "{app}"}}}}'
    told = await found(hello)
    assert told["both tokens"].state == state
    assert told["socket"].said == "Slack greets us; 2 more of this app, as of a bot that runs"


async def test_scopes_are_those_that_the_header_has() -> None:
    finding = (await found(headers={"X-OAuth-Scopes": SCOPES}))["scopes"]
    assert finding.state == "wrong"
    lacking = finding.said.removeprefix("the app lacks ").split(", ")
    assert "users:read" in lacking
    assert not set(SCOPES.split(", ")) & set(lacking)


async def test_an_answer_without_that_header_leaves_it_to_people() -> None:
    assert (await found())["scopes"].state == "by hand"


async def test_a_check_that_fails_or_hangs_stops_none_after_it() -> None:
    async def hangs(_case: Case, findings: Findings) -> None:
        findings.ok("until here")
        await asyncio.Event().wait()

    async def fails(_case: Case, _findings: Findings) -> None:
        raise KeyError("nobody thought of it")

    async def refuses(_case: Case, _findings: Findings) -> None:
        raise BadSettings(["one", "two"])

    async def works(_case: Case, findings: Findings) -> None:
        findings.ok("it works")

    told: list[Finding] = []
    checks = [Check("a", hangs, 0.05), Check("b", fails), Check("c", refuses), Check("d", works)]
    assert await examine(settings(), told.append, checks) == 4
    assert [(each.state, each.about) for each in told] == [
        ("ok", "a"),
        ("wrong", "a"),
        ("wrong", "b"),
        ("wrong", "c"),
        ("wrong", "c"),
        ("ok", "d"),
    ]
    assert "KeyError: 'nobody thought of it'" in told[2].said


def test_a_line_has_a_word_for_what_its_sign_says() -> None:
    lines = [
        Finding("ok", "a", "b").line,
        Finding("wrong", "a", "b.", "c").line,
        Finding("by hand", "a", "b", "c").line,
    ]
    assert lines == ["✓ ok  a: b", "✗ wrong  a: b. c", "· by hand  a: b. c"]
