"""What Slack says: of the token, of what it may do, and whether Socket Mode answers."""

from __future__ import annotations

import json
from collections.abc import Sequence

import aiohttp
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.doctor.finding import Finding, not_seen, wrong
from bot.http_mode import ENDPOINT
from bot.manifest import manifest
from bot.settings import Settings
from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe

HELLO_WITHIN = 10.0

_TOKEN = "Take it again from OAuth & Permissions → Bot User OAuth Token."  # noqa: S105 - where it is, not what
_APP_TOKEN = "Take it again from Basic Information → App-Level Tokens, with connections:write."  # noqa: S105
_REINSTALL = "Paste `signoff manifest` into the app's settings, and reinstall the app."


async def bot_token(client: SlackClient) -> Sequence[Finding]:
    """Who it is, and which scopes of the manifest it lacks."""
    try:
        answer = await client.auth_test()
    except UNCERTAIN as error:
        return [wrong("Bot token", f"Slack says {describe(error)}. {_TOKEN}")]
    who = f"@{answer.get('user')} in {answer.get('team')}"
    return [Finding("Bot token", f"is that of {who}."), _scopes(answer)]


def _scopes(answer: AsyncSlackResponse) -> Finding:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    if "x-oauth-scopes" not in headers:
        return not_seen("Scopes", f"Slack does not say which it has. {_REINSTALL}")
    granted = {scope.strip() for scope in headers["x-oauth-scopes"].split(",")}
    lacking = sorted(set(manifest()["oauth_config"]["scopes"]["bot"]) - granted)
    if lacking:
        return wrong("Scopes", f"it lacks {', '.join(lacking)}. {_REINSTALL}")
    return Finding("Scopes", "it has all that the manifest asks for.")


async def connection(client: SlackClient, settings: Settings) -> Sequence[Finding]:
    """How Slack's events come in."""
    if settings.slack_app_token is None:
        said = f"HTTP mode: send Slack to https://…{ENDPOINT} and look whether its address is verified there"
        return [not_seen("Connection", f"{said} (Event Subscriptions, Interactivity, Slash Commands).")]
    try:
        answer = await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
        is_greeted = await _is_greeted(str(answer["url"]))
    except UNCERTAIN as error:
        return [wrong("Socket Mode", f"Slack says {describe(error)}. {_APP_TOKEN} Turn Socket Mode on in the app.")]
    except (aiohttp.ClientError, OSError, ValueError) as error:
        said = f"the connection fails ({type(error).__name__}). Let WebSockets to Slack through proxies and firewalls."
        return [wrong("Socket Mode", said)]
    if not is_greeted:
        return [wrong("Socket Mode", "the connection was opened, and Slack did not say hello. Try again.")]
    return [Finding("Socket Mode", "it says hello.")]


async def _is_greeted(url: str) -> bool:
    """Whether a connection begins as it should; it is closed at once, so that no event is taken from a bot."""
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=HELLO_WITHIN)) as http,
        http.ws_connect(url) as socket,
    ):
        first = await socket.receive(timeout=HELLO_WITHIN)
        if first.type is not aiohttp.WSMsgType.TEXT:
            return False
        return json.loads(first.data).get("type") == "hello"


async def unseen() -> Sequence[Finding]:
    """What only the app's settings show."""
    said = (
        "which events, buttons and commands Slack sends cannot be seen from here. Compare the app's settings with "
        "`signoff manifest`: Event Subscriptions, Interactivity & Shortcuts, Slash Commands, App Home."
    )
    return [not_seen("Events and buttons", said)]
