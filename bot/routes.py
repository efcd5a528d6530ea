"""Every event, action, view and what handles it, on one screen."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot.inbound import answering, filling, payloads
from bot.inbound.answering import Answering
from bot.inbound.arrivals import Arrivals
from bot.inbound.asked import RecordWentBack
from bot.inbound.clicks import Clicks
from bot.inbound.commands import COMMAND, Commands
from bot.inbound.feedback import FeedbackClicks
from bot.inbound.filling import Filling
from bot.inbound.payloads import CLOSING, Body
from bot.inbound.queued import Queued
from bot.inbound.trying import Trying
from bot.shown import cards, feedback, home, notices, questions
from graphs.texts.surrogates import mended_tree
from storage.errors import DatabaseGone, StorageUnavailable

logger = logging.getLogger(__name__)

Listener = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Listeners:
    """Those who listen to what people do."""

    arrivals: Arrivals
    clicks: Clicks
    filling: Filling
    queued: Queued
    commands: Commands
    trying: Trying
    answering: Answering
    feedback: FeedbackClicks


def events(on: Listeners) -> dict[str, Listener]:
    """What is said, and that somebody pressed Stop, is in the inbox when it gets here; what is left is a courtesy, and
    the end of the app.
    """
    return {
        **dict.fromkeys(("message", *sorted(CLOSING)), nothing),
        "app_mention": nothing,
        "agent_session_stopped": nothing,
        "app_home_opened": on.arrivals.suggest,
        "app_uninstalled": on.arrivals.end,
        "tokens_revoked": on.arrivals.end,
    }


def actions(on: Listeners) -> dict[str, Listener]:
    return {
        cards.APPROVE: on.clicks.approve,
        cards.APPROVE_ALL: on.clicks.approve_all,
        cards.EDIT: on.filling.open_form,
        cards.REJECT: on.filling.open_form,
        cards.RESPOND: on.filling.open_form,
        cards.IT_RAN: on.clicks.settle_doubt,
        cards.RUN_AGAIN: on.clicks.settle_doubt,
        cards.GIVE_UP: on.clicks.settle_doubt,
        cards.RETRY: on.clicks.retry,
        notices.REJECT_AND_SEND: on.queued.reject_and_send,
        **dict.fromkeys((questions.YES, questions.NO, questions.CONTINUE, *questions.OPTIONS), on.answering.answer),
        feedback.FEEDBACK: on.feedback.store,
        questions.ANSWER: on.answering.open_form,
        questions.EDIT_STATE: on.answering.open_form,
        questions.STOP_HERE: on.answering.stop,
    }


def views(on: Listeners) -> dict[str, Listener]:
    return {
        **dict.fromkeys(filling.EDIT_FORMS, on.filling.submit_edit),
        **dict.fromkeys(answering.FORMS, on.answering.submit),
        filling.REJECT_FORM: on.filling.submit_reject,
        filling.RESPOND_FORM: on.filling.submit_respond,
    }


def on_home(on: Listeners) -> dict[str, Listener]:
    """The buttons of the Home tab. Those that lead somewhere are Slack's to follow."""
    return {home.TRY_EXAMPLE: on.trying.try_example, home.OPEN: acknowledge}


def commands(on: Listeners) -> dict[str, Listener]:
    return {COMMAND: on.commands.signoff}


def suggesting(on: Listeners) -> Listener:
    """What offers the options of an input: Slack says of which form in the view alone."""

    async def listen(ack: AsyncAck, body: Body) -> None:
        is_answer = payloads.suggestion(body).form.callback_id in answering.FORMS
        await (on.answering.suggest if is_answer else on.filling.suggest)(ack, body)

    return listen


def register(app: AsyncApp, on: Listeners) -> None:
    """Everything above, and a catch-all behind it: what nobody handles would never be acknowledged."""
    app.use(mend)
    app.use(on.arrivals.store)
    for event, listener in events(on).items():
        app.event(event)(listener)
    for action, listener in actions(on).items():
        app.action(action)(_or_told(listener, on))
    for callback_id, listener in views(on).items():
        app.view(callback_id)(_or_told(listener, on))
    for action, listener in on_home(on).items():
        app.action(action)(listener)
    for command, listener in commands(on).items():
        app.command(command)(listener)
    app.options(re.compile(".*"))(suggesting(on))
    app.event(re.compile(".*"))(nothing)
    app.action(re.compile(".*"))(acknowledge)
    app.view(re.compile(".*"))(acknowledge)
    app.error(report)


def _or_told(listener: Listener, on: Listeners) -> Listener:
    """Whoever clicks while nothing can be stored, or on what was decided before, hears that it did not count."""

    async def listen(ack: AsyncAck, body: Body) -> None:
        try:
            try:
                await listener(ack, body)
            except RecordWentBack:
                await on.clicks.went_back(ack, body)
        except (StorageUnavailable, DatabaseGone):
            if "view" in body:
                await on.filling.not_stored(ack, body)
            else:
                await ack()
                await on.clicks.not_stored(body)

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
