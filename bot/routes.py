"""Every event, action, view and what handles it, on one screen."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.inbound import clicks
from bot.inbound.arrivals import Arrivals
from bot.inbound.asked import RecordWentBack
from bot.inbound.clicks import Clicks
from bot.inbound.payloads import CLOSING, Body
from bot.inbound.queued import Queued
from bot.shown import cards, notices
from graphs.agent.surrogates import mended_tree
from storage.errors import DatabaseGone, StorageUnavailable

logger = logging.getLogger(__name__)

Listener = Callable[..., Awaitable[Any]]


def events(arrivals: Arrivals) -> dict[str, Listener]:
    """Messages are in the inbox when they get here; what is left is a courtesy, and the end of the app."""
    return {
        **dict.fromkeys(("message", *sorted(CLOSING)), nothing),
        "app_mention": nothing,
        "app_home_opened": arrivals.suggest,
        "app_uninstalled": arrivals.end,
        "tokens_revoked": arrivals.end,
    }


def actions(on: Clicks, queued: Queued) -> dict[str, Listener]:
    return {
        notices.REJECT_AND_SEND: queued.reject_and_send,
        cards.APPROVE: on.approve,
        cards.APPROVE_ALL: on.approve_all,
        cards.EDIT: on.open_form,
        cards.REJECT: on.open_form,
        cards.RESPOND: on.open_form,
        cards.IT_RAN: on.settle_doubt,
        cards.RUN_AGAIN: on.settle_doubt,
        cards.GIVE_UP: on.settle_doubt,
        cards.RETRY: on.retry,
    }


def views(on: Clicks) -> dict[str, Listener]:
    return {
        clicks.EDIT_FORM: on.submit_edit,
        clicks.REJECT_FORM: on.submit_reject,
        clicks.RESPOND_FORM: on.submit_respond,
    }


def register(app: AsyncApp, arrivals: Arrivals, on: Clicks, queued: Queued) -> None:
    """Everything above, and a catch-all behind it: what nobody handles would never be acknowledged."""
    app.use(mend)
    app.use(arrivals.store)
    for event, listener in events(arrivals).items():
        app.event(event)(listener)
    for action, listener in actions(on, queued).items():
        app.action(action)(_or_told(listener, on))
    for callback_id, listener in views(on).items():
        app.view(callback_id)(_or_told(listener, on))
    app.event(re.compile(".*"))(nothing)
    app.action(re.compile(".*"))(acknowledge)
    app.view(re.compile(".*"))(acknowledge)
    app.error(report)


def _or_told(listener: Listener, on: Clicks) -> Listener:
    """Whoever clicks while nothing can be stored, or on what was decided before, hears that it did not count."""

    async def listen(ack: AsyncAck, body: Body) -> None:
        try:
            try:
                await listener(ack, body)
            except RecordWentBack:
                await on.went_back(ack, body)
        except (StorageUnavailable, DatabaseGone):
            await on.not_stored(ack, body)

    return listen


async def mend(request: AsyncBoltRequest, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002
    """A global middleware, before all others: no text of Slack's holds half a character, which nothing could store."""
    request.body = mended_tree(request.body)
    return await next()


async def nothing() -> None:
    """Nothing is left to do."""


async def acknowledge(ack: AsyncAck) -> None:
    """A button or form of another time: nothing waits for it."""
    await ack()


async def report(error: Exception) -> None:
    """A listener that raised: Slack shows the person that it did not work; the log has the whole."""
    logger.error("a listener failed", exc_info=error)
