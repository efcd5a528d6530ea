"""How the bot reaches Slack, and Slack the bot: the Web API's client, and Socket Mode (HTTP mode: `http_mode.py`)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.settings import BadSettings, Settings
from bot.slack_client import SlackClient, session


@asynccontextmanager
async def web_client(settings: Settings) -> AsyncGenerator[SlackClient]:
    """One client over one HTTP session. What is uncertain it leaves to whoever asked."""
    async with session() as http:
        yield SlackClient(
            token=settings.slack_bot_token.get_secret_value(), base_url=settings.slack_api_url, session=http
        )


async def identity(client: AsyncWebClient) -> dict[str, str]:
    """Who the token is. Raises `BadSettings` when Slack does not know it or cannot be reached."""
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        raise BadSettings([f"SLACK_BOT_TOKEN is refused by Slack: {error.response['error']}."]) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise BadSettings(
            [f"Slack cannot be reached at {client.base_url}: {error or type(error).__name__}."]
        ) from error
    return {name: str(answer[name]) for name in ("team_id", "user_id", "bot_id")}


def authorized(client: AsyncWebClient, identity: Mapping[str, str]) -> Callable[[], Awaitable[AuthorizeResult]]:
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


async def socket_address(client: AsyncWebClient, settings: Settings) -> str | None:
    """Where Socket Mode listens; None without an app token, which means HTTP mode.

    Asked for here because Slack's own client tries a refused token again for ever. Raises `BadSettings`.
    """
    if settings.slack_app_token is None:
        return None
    try:
        answer = await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        raise BadSettings([f"SLACK_APP_TOKEN is refused by Slack: {error.response['error']}."]) from error
    return str(answer["url"])


@asynccontextmanager
async def socket_mode(app: AsyncApp, address: str, settings: Settings) -> AsyncGenerator[None]:
    """Take what Slack sends over a connection that we opened, until the block ends."""
    assert settings.slack_app_token is not None
    handler = AsyncSocketModeHandler(app, settings.slack_app_token.get_secret_value(), web_client=app.client)
    handler.client.wss_uri = address
    try:
        await handler.connect_async()
        yield
    finally:
        await handler.close_async()
