"""`signoff run`: connect everything, work until told to stop, finish the step in flight."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
import signal
import sqlite3
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from bot import routes
from bot.inbound.arrivals import Arrivals
from bot.inbound.clicks import Decisions
from bot.people.directory import Directory
from bot.people.people import People, Reach
from bot.settings import BadSettings, Settings
from bot.shown.posting import Delivery
from bot.shown.shower import Display
from bot.worker import Owner
from graphs.agent.agent import Agent
from graphs.agent.chat import OPENAI_URL, ChatModel
from graphs.agent.desk import Desk
from graphs.agent.errors import AgentError
from storage import Storage, open_storage
from storage.errors import NotOurDatabase

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises `BadSettings` before anything is started that could not go on."""
    _check(settings)
    agent = load_agent(settings.signoff_agent)
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(_slack(settings))
        identity = await _identity(client)
        address = await _socket_address(client, settings)
        try:
            storage = await stack.enter_async_context(open_storage(settings.database_url))
        except (NotOurDatabase, OSError, sqlite3.OperationalError) as error:
            raise BadSettings([f"DATABASE_URL cannot be used: {error}"]) from error
        model = _model(settings)
        stack.push_async_callback(model.aclose)
        owner, handler = await _assemble(settings, agent, model, storage, client, identity)
        stop = _stop_signal()
        working = asyncio.create_task(owner.run(), name="owner of threads")
        stack.push_async_callback(_finish, owner, working)
        stack.push_async_callback(handler.close_async)
        handler.client.wss_uri = address
        await handler.connect_async()
        logger.info("connected; working until stopped")
        await asyncio.wait([working, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        logger.info("stopping: finishing the steps in flight")


def load_agent(path: str) -> Agent:
    """The agent at `module:attribute`. Raises `BadSettings` that says what is there instead."""
    module_name, _, attribute = path.partition(":")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, SyntaxError, AgentError) as error:
        raise BadSettings([f"SIGNOFF_AGENT is {path!r}, which cannot be imported: {error}"]) from error
    if not isinstance(found, Agent):
        raise BadSettings([f"SIGNOFF_AGENT is {path!r}, which is a {type(found).__name__}; expected a graphs.Agent"])
    return found


async def _assemble(
    settings: Settings,
    agent: Agent,
    model: ChatModel,
    storage: Storage,
    client: AsyncWebClient,
    identity: Mapping[str, str],
) -> tuple[Owner, AsyncSocketModeHandler]:
    if agent.prepare is not None:
        await asyncio.to_thread(agent.prepare)
    people = People(Directory(client, identity["team_id"]), identity["team_id"], settings.signoff_users)
    graph = agent.compile(model, storage, Reach(people, storage))
    delivery = Delivery(client, storage)
    display = Display(storage, graph, agent.toolbox, client, delivery, people)
    owner = Owner(storage, graph, display, delivery, people)
    app = AsyncApp(client=client, logger=logging.getLogger("slack_bolt"))
    on = Decisions(storage, graph, Desk(storage, agent.toolbox), client, delivery, people)
    routes.register(app, Arrivals(storage, client, identity["user_id"], agent.examples), on)
    assert settings.slack_app_token is not None
    return owner, AsyncSocketModeHandler(app, settings.slack_app_token.get_secret_value(), web_client=client)


def _check(settings: Settings) -> None:
    problems: list[str] = []
    if settings.slack_app_token is None:
        problems.append("SLACK_APP_TOKEN is missing: this version connects through Socket Mode only.")
    if settings.llm_api == "responses":
        problems.append("LLM_API is 'responses', which this version does not speak; use 'chat' or 'auto'.")
    if problems:
        raise BadSettings(problems)


def _model(settings: Settings) -> ChatModel:
    return ChatModel(
        api_key=settings.openai_api_key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url or OPENAI_URL,
    )


@asynccontextmanager
async def _slack(settings: Settings) -> AsyncGenerator[AsyncWebClient]:
    """One client over one HTTP session. It waits out rate limits; what is uncertain it leaves to whoever asked."""
    async with aiohttp.ClientSession(trust_env=True) as session:
        yield AsyncWebClient(
            token=settings.slack_bot_token.get_secret_value(),
            base_url=settings.slack_api_url,
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=3)],
        )


async def _identity(client: AsyncWebClient) -> dict[str, str]:
    """Who the token is. Raises `BadSettings` when Slack does not know it or cannot be reached."""
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        raise BadSettings([f"SLACK_BOT_TOKEN is refused by Slack: {error.response['error']}."]) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise BadSettings(
            [f"Slack cannot be reached at {client.base_url}: {error or type(error).__name__}."]
        ) from error
    return {"team_id": str(answer["team_id"]), "user_id": str(answer["user_id"])}


async def _socket_address(client: AsyncWebClient, settings: Settings) -> str:
    """Where Socket Mode listens. Asked for here because Slack's own client tries a refused token again for ever."""
    assert settings.slack_app_token is not None
    try:
        answer = await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as error:
        raise BadSettings([f"SLACK_APP_TOKEN is refused by Slack: {error.response['error']}."]) from error
    return str(answer["url"])


async def _finish(owner: Owner, working: asyncio.Task[None]) -> None:
    owner.stop()
    await working


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
