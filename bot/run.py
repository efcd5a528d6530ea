"""`signoff run`: connect everything, work until told to stop, finish the step in flight."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gc
import logging
import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncApp

from bot import connecting, greeting, routes
from bot.errors import CannotGoOn
from bot.halting import Halting
from bot.home.gathering import Gathering
from bot.home.publishing import Homes
from bot.http_mode import http_mode
from bot.inbound.answering import Answering
from bot.inbound.arrivals import PROMPTLY, Arrivals
from bot.inbound.clicks import Clicks
from bot.inbound.commands import Commands
from bot.inbound.feedback import FeedbackClicks
from bot.inbound.filling import Filling
from bot.inbound.queued import Queued
from bot.inbound.trying import Trying
from bot.loading import Found, Loaded, hosts, load_all
from bot.people.directory import Directory
from bot.people.people import People, Reach
from bot.settings import BadSettings, Settings, hidden_slack_variables
from bot.shown.posting import Poster
from bot.shown.shower import Display
from bot.slack_client import SlackClient
from bot.socket_mode import socket_mode
from bot.stopping import Stop
from bot.withdrawing import Withdrawing
from bot.worker import Worker
from graphs.agent.agent import Agent
from graphs.agent.desk import Desk
from graphs.agent.halting import Halts
from graphs.agent.ruling import Ruling
from graphs.models.chat import OPENAI_URL, ChatModel
from storage import Storage, deadlines, open_storage
from storage.errors import DatabaseGone, StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that what is to be stored is tried for when the bot is to stop, and it cannot be stored now."""

T = TypeVar("T")

SLACK_ENDS_WITHIN = 6.0
"""Seconds that calls of Slack may take in all once the bot is to stop. What is not shown then, the next start shows."""

READY_SECONDS = 2.0
"""How long storage may take to answer before the bot counts as not ready."""


class _Stopped(Exception):
    """It was told to stop before it was connected."""


async def run(settings: Settings, tried_for: float = connecting.TRIED_FOR) -> None:
    """Work until SIGTERM or SIGINT. Raises `BadSettings` before anything is started that could not go on, and
    `CannotGoOn` when Slack cannot be reached for `tried_for` seconds at the start, or takes a token no more, and when
    the database is gone.
    """
    loaded = load_all(settings)
    with Stop() as stop:
        try:
            await _work(settings, loaded, stop, tried_for)
        except _Stopped:
            logger.info("Stopped before it was connected")


async def _work(settings: Settings, loaded: Loaded, stop: asyncio.Event, tried_for: float) -> None:
    async with contextlib.AsyncExitStack() as stack:
        client = await stack.enter_async_context(connecting.web_client(settings))
        identity = await _unless(stop, connecting.identity(client, tried_for))
        address = await _unless(stop, connecting.socket_address(client, settings, tried_for))
        try:
            storage = await stack.enter_async_context(open_storage(settings.database_url))
        except StorageUnavailable as error:
            raise CannotGoOn(f"{error}. Look what holds it, or start again later") from error
        except (StorageError, OSError, sqlite3.OperationalError) as error:
            raise BadSettings([f"DATABASE_URL cannot be used: {error}"]) from error
        model = _model(settings)
        stack.push_async_callback(model.aclose)
        by_channel = await loaded.by_id(client)
        worker, homes, app = await _assemble(
            settings, loaded.default, model, storage, client, identity, by_channel, loaded.ruling
        )
        if address is None:
            # Entered first, so left last: it says that it is not ready while the steps in flight are finished.
            ready = functools.partial(_is_ready, storage, stop)
            await stack.enter_async_context(http_mode(app, settings.port, ready))
        publishing = asyncio.create_task(homes.run(), name="homes")
        working = asyncio.create_task(worker.run(), name="worker")
        stack.push_async_callback(_finish, [(worker, working), (homes, publishing)], storage)
        stack.callback(client.end_within, SLACK_ENDS_WITHIN)  # whyever it ends
        if address is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            listening = stack.enter_async_context(socket_mode(app, client, token, address))
            await _unless(stop, connecting.in_time(client, listening, tried_for))
        gc.freeze()  # what was imported and built until here stays: it is not walked again for each full collection
        agent = loaded.default
        toolbox = loaded.ruling.toolbox(agent.toolbox) if isinstance(agent, Agent) else None
        for line in greeting.lines(settings, identity, toolbox):
            logger.info("%s", line)
        ends = [asyncio.create_task(each.wait()) for each in (stop, client.dead)]
        await asyncio.wait([working, storage.gone, *ends], return_when=asyncio.FIRST_COMPLETED)
        for each in ends:
            each.cancel()
        stop.set()
        if client.dead.is_set():
            raise connecting.farewell(client)
        if storage.gone.done():
            raise CannotGoOn(str(storage.gone.result()))
        logger.info("Stopping, once the steps in flight are finished")


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, T]) -> T:
    """What the work returns. Raises `_Stopped`, at once, when it is to stop before that."""
    task, told = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _Stopped
        return task.result()
    finally:
        task.cancel()
        told.cancel()
        await asyncio.gather(task, told, return_exceptions=True)


async def _assemble(
    settings: Settings,
    agent: Found,
    model: ChatModel,
    storage: Storage,
    client: SlackClient,
    identity: Mapping[str, str],
    by_channel: Mapping[str, Found] = MappingProxyType({}),
    ruling: Ruling | None = None,
) -> tuple[Worker, Homes, AsyncApp]:
    people = People(Directory(client, identity["team_id"]), identity["team_id"], settings.signoff_users)
    graph = await hosts(agent, by_channel, model, storage, Reach(people, storage), ruling)
    toolbox, examples = graph.toolbox, graph.default.examples
    poster = Poster(client, storage, identity["user_id"], identity.get("url", ""))
    display = Display(storage, graph, toolbox, client, poster, people, graph.own_state)
    withdrawing = Withdrawing(storage, Desk(storage, toolbox), people)
    halting = Halting(storage, graph, people)
    halts = Halts(storage, graph, toolbox)
    worker = Worker(storage, graph, display, poster, people, withdrawing, halting, halts)
    secret = settings.slack_signing_secret
    with hidden_slack_variables():
        app = AsyncApp(
            client=client.without_token(),
            authorize=connecting.authorized(client, identity),
            logger=logging.getLogger("slack_bolt"),
            ignoring_self_events_enabled=False,  # that a message of ours was deleted is such an event
            signing_secret=secret.get_secret_value() if secret is not None else None,
        )
    promptly = storage.impatient(PROMPTLY)
    desk = Desk(promptly, toolbox)
    team, bot_user = identity["team_id"], identity["user_id"]
    arrivals = Arrivals(storage, client, poster, bot_user, team, examples, storage.now())
    gathering = Gathering(storage, people, toolbox, team, identity.get("url", ""))
    homes = Homes(storage, gathering, client, examples)
    listeners = routes.Listeners(
        arrivals,
        Clicks(promptly, graph, desk, poster, people),
        Filling(promptly, desk, client, poster, people),
        Queued(Withdrawing(promptly, desk, people), poster),
        Commands(promptly, replace(gathering, storage=promptly), replace(halting, storage=promptly).stop),
        Trying(promptly, client, people, team, examples),
        Answering(promptly, graph, client, poster, people, replace(halting, storage=promptly)),
        FeedbackClicks(promptly),
    )
    routes.register(app, listeners)
    return worker, homes, app


def _model(settings: Settings) -> ChatModel:
    return ChatModel(
        api_key=settings.openai_api_key.get_secret_value(),
        model=settings.openai_model,
        base_url=settings.openai_base_url or OPENAI_URL,
    )


async def _is_ready(storage: Storage, stop: asyncio.Event) -> bool:
    """Whether storage answers and nobody has told the bot to stop."""
    if stop.is_set() or storage.outage.is_on:
        return False
    now = storage.now()
    try:
        async with asyncio.timeout(READY_SECONDS):
            await storage.read(lambda db: deadlines.due(db, now))
    except (StorageError, sqlite3.Error, OSError, TimeoutError) as error:
        logger.warning("storage does not answer: %s", error or "it takes too long")
        return False
    return True


async def _finish(at_work: Sequence[tuple[Worker | Homes, asyncio.Task[None]]], storage: Storage) -> None:
    for each, _ in at_work:
        each.stop()
    storage.give_up(after=PATIENCE)
    for _, task in at_work:
        with contextlib.suppress(DatabaseGone):  # which is said already
            await task
