"""`signoff run`: connect everything, work until told to stop, finish the step in flight."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import importlib
import logging
import signal
import sqlite3
import sys
from collections.abc import Mapping
from pathlib import Path

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot import connecting, routes
from bot.http_mode import http_mode
from bot.inbound.arrivals import Arrivals
from bot.inbound.clicks import Clicks
from bot.people.directory import Directory
from bot.people.people import People, Reach
from bot.settings import BadSettings, Settings, hidden_slack_variables
from bot.shown.posting import Poster
from bot.shown.shower import Display
from bot.worker import Worker
from graphs.agent.agent import Agent
from graphs.agent.chat import OPENAI_URL, ChatModel
from graphs.agent.desk import Desk
from graphs.agent.errors import AgentError
from storage import Storage, deadlines, open_storage
from storage.errors import NotOurDatabase, StorageError

logger = logging.getLogger(__name__)

READY_SECONDS = 2.0
"""How long storage may take to answer before the bot counts as not ready."""


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT. Raises `BadSettings` before anything is started that could not go on."""
    agent = load_agent(settings.signoff_agent)
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(connecting.web_client(settings))
        identity = await connecting.identity(client)
        address = await connecting.socket_address(client, settings)
        try:
            storage = await stack.enter_async_context(open_storage(settings.database_url))
        except (NotOurDatabase, OSError, sqlite3.OperationalError) as error:
            raise BadSettings([f"DATABASE_URL cannot be used: {error}"]) from error
        model = _model(settings)
        stack.push_async_callback(model.aclose)
        worker, app = await _assemble(settings, agent, model, storage, client, identity)
        stop = _stop_signal()
        if address is None:
            # Entered first, so left last: it says that it is not ready while the steps in flight are finished.
            ready = functools.partial(_is_ready, storage, stop)
            await stack.enter_async_context(http_mode(app, settings.port, ready))
        working = asyncio.create_task(worker.run(), name="worker")
        stack.push_async_callback(_finish, worker, working)
        if address is not None:
            await stack.enter_async_context(connecting.socket_mode(app, address, settings))
        gc.freeze()  # what was imported and built until here stays: it is not walked again for each full collection
        logger.info("connected; working until stopped")
        await asyncio.wait([working, asyncio.create_task(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
        stop.set()
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
) -> tuple[Worker, AsyncApp]:
    if agent.prepare is not None:
        await asyncio.to_thread(agent.prepare)
    people = People(Directory(client, identity["team_id"]), identity["team_id"], settings.signoff_users)
    graph = agent.compile(model, storage, Reach(people, storage))
    poster = Poster(client, storage, identity["user_id"])
    display = Display(storage, graph, agent.toolbox, client, poster, people)
    worker = Worker(storage, graph, display, poster, people)
    secret = settings.slack_signing_secret
    with hidden_slack_variables():
        app = AsyncApp(
            client=connecting.without_token(client),
            authorize=connecting.authorized(client, identity),
            logger=logging.getLogger("slack_bolt"),
            signing_secret=secret.get_secret_value() if secret is not None else None,
        )
    on = Clicks(storage, graph, Desk(storage, agent.toolbox), client, poster, people)
    routes.register(app, Arrivals(storage, client, identity["user_id"], agent.examples), on)
    return worker, app


def _model(settings: Settings) -> ChatModel:
    return ChatModel(
        api_key=settings.openai_api_key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url or OPENAI_URL,
    )


async def _is_ready(storage: Storage, stop: asyncio.Event) -> bool:
    """Whether storage answers and nobody has told the bot to stop."""
    if stop.is_set():
        return False
    try:
        async with asyncio.timeout(READY_SECONDS):
            now = storage.now()
            await storage.read(lambda db: deadlines.due(db, now))
    except (StorageError, sqlite3.Error, OSError, TimeoutError):
        logger.warning("storage does not answer", exc_info=True)
        return False
    return True


async def _finish(worker: Worker, working: asyncio.Task[None]) -> None:
    worker.stop()
    await working


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    return stop
