"""How the bot gets to know Slack: the Web API's client, who the token is, and where Socket Mode listens.

What may pass is asked again for a while; what cannot is said in one line.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar

from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import CannotGoOn
from bot.settings import BadSettings, Settings
from bot.slack_client import NoAnswer, SlackClient, session
from bot.slack_errors import SETUP, UNCERTAIN, describe, is_dead_token, reason
from storage.pauses import doubling

logger = logging.getLogger(__name__)

T = TypeVar("T")

LISTED = 200
"""Channels of one answer of Slack's."""

TRIED_FOR = 30.0
"""Seconds for which Slack is asked again at the start: longer than a blip, shorter than a supervisor's patience."""

PAUSE, LONGEST_PAUSE = 0.5, 4.0
"""Seconds from one attempt to the next: at first, and at most."""

_FIRST_SEEN = "Take the token again from Slack's app settings: "
_WHERE = {
    "SLACK_BOT_TOKEN": "OAuth & Permissions → Bot User OAuth Token (reinstall the app first if it was removed).",
    "SLACK_APP_TOKEN": "Basic Information → App-Level Tokens, with the scope connections:write.",
}


@asynccontextmanager
async def web_client(
    settings: Settings, called: Callable[[str, str], None] = lambda method, error: None
) -> AsyncGenerator[SlackClient]:
    """One client over one HTTP session. What is uncertain it leaves to whoever asked. `called`: see `SlackClient`."""
    token, url = settings.slack_bot_token.get_secret_value(), settings.slack_api_url
    async with session() as http:
        yield SlackClient(token=token, base_url=url, session=http, called=called)


async def identity(client: SlackClient, tried_for: float = TRIED_FOR) -> dict[str, str]:
    """Who the token is, and what that and the team are called, and the team's own address (`url`), where Slack says it.
    Raises `BadSettings` when Slack does not know it, `CannotGoOn` when Slack does not say.
    """
    fields, names = ("team_id", "user_id", "bot_id"), ("team", "user", "url")
    return await _ask(client, "auth.test", "SLACK_BOT_TOKEN", client.auth_test, fields, tried_for, names)


async def socket_address(client: SlackClient, settings: Settings, tried_for: float = TRIED_FOR) -> str | None:
    """Where Socket Mode listens; None without an app token, which means HTTP mode. Raises as `identity`.

    Asked for here because Slack's own client tries a refused token again for ever.
    """
    if settings.slack_app_token is None:
        return None
    token = settings.slack_app_token.get_secret_value()
    answer = await _ask(
        client,
        "apps.connections.open",
        "SLACK_APP_TOKEN",
        lambda: client.apps_connections_open(app_token=token),
        ("url",),
        tried_for,
    )
    return answer["url"]


async def in_time(client: SlackClient, connected: Awaitable[T], tried_for: float = TRIED_FOR) -> T:
    """Wait until it is. Raises `CannotGoOn` when that takes too long."""
    try:
        async with asyncio.timeout(tried_for):
            return await connected
    except TimeoutError as error:
        raise _problem(client, "Socket Mode", "no connection", tried_for) from error


def authorized(client: SlackClient, identity: Mapping[str, str]) -> Callable[[], Awaitable[AuthorizeResult]]:
    """Who Bolt works as: known since the start. Left to itself it asks Slack, once for each of the first requests."""
    result = AuthorizeResult(
        enterprise_id=None,
        team_id=identity["team_id"],
        bot_user_id=identity["user_id"],
        bot_id=identity.get("bot_id"),
        bot_token=client.token,
    )

    async def authorize() -> AuthorizeResult:
        return result

    return authorize


def farewell(client: SlackClient) -> CannotGoOn:
    """Why the bot cannot go on once Slack has refused a token that it took before."""
    variable = "SLACK_APP_TOKEN" if client.last_words.startswith("apps.connections.open") else "SLACK_BOT_TOKEN"
    return CannotGoOn(
        f"Slack takes {variable} no more ({client.last_words}). Nothing is lost. {_FIRST_SEEN}{_WHERE[variable]}"
    )


async def _ask(
    client: SlackClient,
    method: str,
    variable: str,
    call: Callable[[], Awaitable[AsyncSlackResponse]],
    fields: Sequence[str],
    tried_for: float,
    also: Sequence[str] = (),
) -> dict[str, str]:
    """These fields of the answer, and `also` those that it has. Calls until Slack answers with them, or refuses the
    token.
    """
    loop = asyncio.get_running_loop()
    end, told = loop.time() + tried_for, False
    for pause in doubling(PAUSE, LONGEST_PAUSE):
        try:
            return _texts(await call(), fields, also)
        except UNCERTAIN as error:
            if is_dead_token(error) or reason(error) in SETUP:
                problem = f"{variable} is refused by Slack: {describe(error)}. {_FIRST_SEEN}{_WHERE[variable]}"
                raise BadSettings([problem]) from error
            if loop.time() + pause > end:
                raise _problem(client, method, describe(error), tried_for) from error
            if not told:
                logger.warning("Slack does not answer yet (%s: %s); trying again", method, describe(error))
            told = True
        await asyncio.sleep(pause)
    raise AssertionError


def _problem(client: SlackClient, what: str, why: str, tried_for: float) -> CannotGoOn:
    return CannotGoOn(
        f"Slack has a problem: {what} at {client.base_url} failed for {tried_for:.0f} s ({why}). "
        "Look at status.slack.com, the network and its proxies, and SLACK_API_URL."
    )


def _texts(answer: AsyncSlackResponse, fields: Sequence[str], also: Sequence[str]) -> dict[str, str]:
    wanted = (*fields, *also)
    found = {name: value for name in wanted if isinstance(value := answer.get(name), str) and value}
    if not found.keys() >= set(fields):
        raise NoAnswer(answer.status_code)
    return found


async def channels(client: SlackClient) -> dict[str, str]:
    """The ids of the channels that the bot can see, by name. Raises `CannotGoOn` when Slack does not say."""
    found: dict[str, str] = {}
    cursor = ""
    while True:
        try:
            answer = await client.conversations_list(
                types="public_channel,private_channel", exclude_archived=True, limit=LISTED, cursor=cursor or None
            )
        except UNCERTAIN as error:
            raise CannotGoOn(f"Slack does not say which channels there are: {describe(error)}") from error
        found |= {str(each["name"]): str(each["id"]) for each in answer.get("channels") or ()}
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return found
