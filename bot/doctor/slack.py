"""Whether Slack takes the tokens, what the app may do there, and whether events find their way here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, cast

import aiohttp

from bot import connecting
from bot.doctor.case import NO_SLACK, Case
from bot.doctor.findings import Findings
from bot.manifest import ENDPOINT, manifest
from bot.slack_errors import UNCERTAIN, describe
from bot.socket_mode import CLOSE_SECONDS, CONNECT_SECONDS

TRIED_FOR = 3.0
"""Seconds for which Slack is asked again."""

SCOPES_HEADER = "x-oauth-scopes"
"""Where Slack says with each answer what the token may do (docs.slack.dev/authentication/installing-with-oauth)."""

REINSTALL = "then Install App → Reinstall to Workspace"


async def bot_token(case: Case, found: Findings) -> None:
    case.identity = who = await connecting.identity(case.client, TRIED_FOR)
    team, name = who.get("team") or who["team_id"], who.get("user") or who["user_id"]
    found.ok(f"Slack knows it: @{name} in {team}")


async def scopes(case: Case, found: Findings) -> None:
    """What the app was installed with against what the manifest asks for."""
    if case.identity is None:
        found.wrong(NO_SLACK)
        return
    said = _header((await case.client.auth_test()).headers)
    if said is None:
        found.by_hand(
            "Slack's answer does not say which the token has",
            "Compare OAuth & Permissions → Bot Token Scopes with the output of `signoff manifest`",
        )
        return
    granted = {each.strip() for each in said.split(",") if each.strip()}
    wanted = set(cast("list[str]", manifest()["oauth_config"]["scopes"]["bot"]))
    if missing := sorted(wanted - granted):
        found.wrong(
            f"the app lacks {', '.join(missing)}",
            "Add them in Slack's app settings: OAuth & Permissions → Bot Token Scopes (or paste the output of "
            f"`signoff manifest` under App Manifest), {REINSTALL}",
        )
    else:
        found.ok(f"all {len(wanted)} of the manifest")


async def way_in(case: Case, found: Findings) -> None:
    """Socket Mode, with a connection that is closed as soon as it is greeted; or what HTTP mode needs."""
    if case.settings.slack_app_token is None:
        _http_mode(case, found)
        return
    address = await connecting.socket_address(case.client, case.settings, TRIED_FOR)
    found.ok("Slack takes it", "app token")
    try:
        hello = await _first_frame(str(address), case.client.proxy)
    except (*UNCERTAIN, ValueError, TypeError) as error:  # TypeError: it was closed instead
        found.wrong(
            f"no connection ({describe(error)})", "Let wss:// to Slack through: look at the network, and at its proxies"
        )
        return
    if hello.get("type") != "hello":
        found.wrong(
            f"Slack opens no connection (it says {hello.get('reason') or hello.get('type')!r})",
            "Switch it on in Slack's app settings: Socket Mode → Enable Socket Mode",
        )
        return
    others = hello.get("num_connections")
    beside = f"; {others - 1} more of this app, as of a bot that runs" if isinstance(others, int) and others > 1 else ""
    found.ok(f"Slack greets us{beside}")
    await _one_app(case, hello, found)


async def events(case: Case, found: Findings) -> None:
    """Slack tells no app what it is subscribed to."""
    way = "" if case.settings.slack_app_token is not None else " --url https://…"
    found.by_hand(
        "Slack tells no app what it is subscribed to",
        f"Compare App Manifest in Slack's app settings with the output of `signoff manifest{way}`. Or try it while the "
        "bot runs: a message to it is answered (events), a click changes a card (interactivity), /signoff lists what "
        "waits (command), and its Home tab fills (home)",
    )


def _http_mode(case: Case, found: Findings) -> None:
    found.ok(f"not used: there is no SLACK_APP_TOKEN, so Slack sends to port {case.settings.port}, at {ENDPOINT}")
    found.by_hand(
        "only what Slack sends shows whether it is the right one",
        "Compare it with Basic Information → App Credentials → Signing Secret. With a wrong one the bot answers "
        "everything of Slack's with 401",
        "signing secret",
    )
    found.by_hand(
        "whether Slack reaches the bot cannot be seen from here",
        f"While the bot runs, GET /readyz has to say ready, on port {case.settings.port} and from outside, and Event "
        "Subscriptions → Request URL Verified. Interactivity & Shortcuts (Request URL, and Options Load URL under "
        "Select Menus) and Slash Commands need the same address",
        "HTTP mode",
    )


async def _first_frame(address: str, proxy: str | None) -> Mapping[str, Any]:
    """What Slack says first over a connection. It is closed then: what Slack would send over it comes to another."""
    closing = aiohttp.ClientWSTimeout(ws_close=CLOSE_SECONDS)  # pyright: ignore[reportCallIssue] (attrs)
    async with (
        asyncio.timeout(CONNECT_SECONDS),
        aiohttp.ClientSession() as http,
        http.ws_connect(address, proxy=proxy, timeout=closing) as socket,
    ):
        frame = json.loads(await socket.receive_str())
    if not isinstance(frame, Mapping):
        raise ValueError("what was sent is no greeting")
    return cast("Mapping[str, Any]", frame)


async def _one_app(case: Case, hello: Mapping[str, Any], found: Findings) -> None:
    """Whether both tokens are of one app: clicks on cards that one posts do not come to the other."""
    about = "both tokens"
    listens = (hello.get("connection_info") or {}).get("app_id")
    if case.identity is None or "bot_id" not in case.identity or not listens:
        return
    try:
        bot: Any = (await case.client.bots_info(bot=case.identity["bot_id"])).get("bot") or {}
    except UNCERTAIN as error:
        found.by_hand(
            f"whether they are of one app cannot be looked up ({describe(error)})",
            f"SLACK_APP_TOKEN is of the app {listens}: compare Basic Information → App ID",
            about,
        )
        return
    posts = bot.get("app_id")
    if posts and posts != listens:
        found.wrong(
            f"SLACK_BOT_TOKEN is of the app {posts}, and SLACK_APP_TOKEN of {listens}",
            "Take both from one app's settings",
            about,
        )
    else:
        found.ok(f"of one app, {listens}", about)


def _header(headers: Mapping[str, str]) -> str | None:
    return next((value for name, value in headers.items() if name.lower() == SCOPES_HEADER), None)
