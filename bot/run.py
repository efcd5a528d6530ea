"""`signoff run`: connect everything, work until told to stop, finish the step in flight."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sqlite3
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from slack_bolt.async_app import AsyncApp

from bot import connecting, greeting
from bot.assembling import AtWork, Bot, assemble
from bot.backing import Backing, offered, open_model_of, open_servers
from bot.deliveries import Deliveries
from bot.errors import CannotGoOn
from bot.health import Health, SlackAnswers
from bot.http_mode import http_mode
from bot.loading import Loaded, hosts, load_all
from bot.observing.figures import Figures
from bot.observing.serving import metrics
from bot.observing.watch import Watch, open_spans
from bot.people.directory import Directory
from bot.people.people import People, Reach
from bot.settings import BadSettings, Settings
from bot.slack_client import SlackClient
from bot.socket_mode import socket_mode
from bot.stopping import Stop
from storage import Storage, open_storage
from storage.errors import DatabaseGone, StorageError, StorageUnavailable

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that what is to be stored is tried for when the bot is to stop, and it cannot be stored now."""

T = TypeVar("T")

SLACK_ENDS_WITHIN = 6.0
"""Seconds that calls of Slack may take in all once the bot is to stop. What is not shown then, the next start shows."""


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
        figures = Figures()
        client = await stack.enter_async_context(connecting.web_client(settings, figures.slack_called))
        identity = await _unless(stop, connecting.identity(client, tried_for))
        address = await _unless(stop, connecting.socket_address(client, settings, tried_for))
        storage = await _storage(stack, settings)
        watch = Watch(storage, figures, open_spans(settings))
        stack.push_async_callback(watch.close)
        storage.observer = watch.happened
        bot = await _bot(stack, settings, loaded, storage, client, identity, watch)
        health = Health(storage)
        if settings.serves:
            also = [metrics(figures, storage)]
            await stack.enter_async_context(http_mode(_deliveries(settings, bot.app), health, settings.port, also=also))
        # Left once what is at work has ended: what comes from Slack until then is stored and acknowledged.
        way_in = await stack.enter_async_context(contextlib.AsyncExitStack())
        at_work = [(each, asyncio.create_task(each.run(), name=type(each).__name__.lower())) for each in bot.at_work]
        stack.push_async_callback(_finish, at_work, storage)
        stack.callback(client.end_within, SLACK_ENDS_WITHIN)  # whyever it ends
        stack.callback(health.stop)
        if address is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            listening = way_in.enter_async_context(socket_mode(bot.app, client, token, address))
            health.reachable = await _unless(stop, connecting.in_time(client, listening, tried_for))
        else:
            health.reachable = SlackAnswers(client).why_not
        gc.freeze()  # what was imported and built until here stays: it is not walked again for each full collection
        for line in greeting.lines(settings, identity, None if bot.default.is_own else bot.default.toolbox):
            logger.info("%s", line)
        ends = [asyncio.create_task(each.wait()) for each in (stop, client.dead)]
        worker = at_work[0][1]
        await asyncio.wait([worker, storage.gone, *ends], return_when=asyncio.FIRST_COMPLETED)
        for each in ends:
            each.cancel()
        stop.set()
        if client.dead.is_set():
            raise connecting.farewell(client)
        if storage.gone.done():
            raise CannotGoOn(str(storage.gone.result()))
        logger.info("Stopping, once the steps in flight are finished")


async def _storage(stack: contextlib.AsyncExitStack, settings: Settings) -> Storage:
    try:
        return await stack.enter_async_context(open_storage(settings.database_url))
    except StorageUnavailable as error:
        raise CannotGoOn(f"{error}. Look what holds it, or start again later") from error
    except (StorageError, OSError, sqlite3.OperationalError) as error:
        raise BadSettings([f"DATABASE_URL cannot be used: {error}"]) from error


def _deliveries(settings: Settings, app: AsyncApp) -> Deliveries | None:
    """What Slack posts to us; None with Socket Mode, where nothing does."""
    if settings.slack_app_token is not None or settings.slack_signing_secret is None:
        return None
    return Deliveries(app, settings.slack_signing_secret.get_secret_value())


async def _bot(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    loaded: Loaded,
    storage: Storage,
    client: SlackClient,
    identity: Mapping[str, str],
    watch: Watch,
) -> Bot:
    """The bot, with what it works with, which is closed with the stack."""
    chosen = loaded.chosen
    ids = await loaded.channel_ids(client)
    model, window = await stack.enter_async_context(open_model_of(settings, chosen.context_window))
    servers = await stack.enter_async_context(open_servers(chosen, storage))
    backing = Backing(watch.model(model), window, loaded.ruling, offered(chosen, servers, ids))
    people = People(Directory(client, identity["team_id"]), identity["team_id"], settings.signoff_users)
    by_channel = {ids[channel]: found for channel, found in loaded.by_channel.items()}
    hosted = await hosts(loaded.default, by_channel, backing, storage, Reach(people, storage))
    told = (watch.turn, watch.delivered)
    given = (settings, hosted, storage, client, identity, people, chosen.admins, servers, *told)
    return assemble(*given, retention=chosen.retention)


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


async def _finish(at_work: Sequence[tuple[AtWork, asyncio.Task[None]]], storage: Storage) -> None:
    for each, _ in at_work:
        each.stop()
    storage.give_up(after=PATIENCE)
    for _, task in at_work:
        with contextlib.suppress(DatabaseGone):  # which is said already
            await task
