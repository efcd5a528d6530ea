"""Putting the bot together: what listens to Slack, what runs threads, and what shows them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from bot import changes, connecting, routes
from bot.halting import Halting
from bot.home.gathering import Gathering
from bot.home.publishing import Homes
from bot.hosting import Hosted, Hosts
from bot.inbound import delivery_ids
from bot.inbound.answering import Answering
from bot.inbound.arrivals import PROMPTLY, Arrivals
from bot.inbound.clicks import Clicks
from bot.inbound.commands import Commands
from bot.inbound.feedback import FeedbackClicks
from bot.inbound.filling import Filling
from bot.inbound.queued import Queued
from bot.inbound.trying import Trying
from bot.keeping.retention import Retention
from bot.observing.turns import Watched, unwatched
from bot.people.people import People
from bot.settings import Settings, hidden_slack_variables
from bot.shown.posting import Poster
from bot.shown.shower import Display
from bot.slack_client import SlackClient
from bot.withdrawing import Withdrawing
from bot.worker import Worker
from graphs.agent.desk import Desk
from graphs.agent.halting import Halts
from graphs.mcp.servers import Servers
from graphs.texts.log_ids import known
from storage import Storage

Delivered = Callable[[str, int], None]
"""Is told of a delivery of Slack's: its kind, and the HTTP status that it was answered with."""


class AtWork(Protocol):
    """What works until it is stopped."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


@dataclass(frozen=True)
class Bot:
    """What works until the bot is stopped, the worker first; what answers where nothing else does; and the app that
    Slack's deliveries are handed to.
    """

    worker: Worker
    at_work: Sequence[AtWork]
    default: Hosted
    app: AsyncApp


def assemble(
    settings: Settings,
    hosted: Hosts,
    storage: Storage,
    client: SlackClient,
    identity: Mapping[str, str],
    people: People,
    admins: Sequence[str] = (),
    servers: Servers | None = None,
    watched: Watched = unwatched,
    delivered: Delivered = lambda kind, status: None,
    *,
    retention: timedelta | None = None,
) -> Bot:
    """`identity` is what Slack says of the bot's token, `admins` those who are asked about what changed of the
    `servers`. `watched` is entered around each run of a thread, and `delivered` told of each delivery. Finished
    threads of the age `retention` are deleted. Nothing is started.
    """
    asking = None if servers is None else changes.hosted(storage, servers)
    if asking is not None:
        hosted = replace(hosted, by_channel={**hosted.by_channel, changes.CHANNEL: asking})
    team, bot_user, team_url = identity["team_id"], identity["user_id"], identity.get("url", "")
    toolbox, examples = hosted.toolbox, hosted.default.examples
    poster = Poster(client, storage, bot_user, team_url)
    display = Display(storage, hosted, toolbox, client, poster, people, hosted.own_state)
    halting = Halting(storage, hosted, people)
    withdrawing = Withdrawing(storage, Desk(storage, toolbox), people, halting)
    halts = Halts(storage, hosted, toolbox)
    worker = Worker(storage, hosted, display, poster, people, withdrawing, halting, halts, watched)
    gathering = Gathering(storage, people, toolbox, team, team_url, admins)
    homes = Homes(storage, gathering, client, examples)
    # What is to be stored before an acknowledgement is not waited for as long as the rest.
    promptly = storage.impatient(PROMPTLY)
    desk, prompt_halting = Desk(promptly, toolbox), replace(halting, storage=promptly)
    listeners = routes.Listeners(
        arrivals=Arrivals(storage, client, poster, bot_user, team, examples, storage.now()),
        clicks=Clicks(promptly, hosted, desk, poster, people),
        filling=Filling(promptly, desk, client, poster, people),
        queued=Queued(Withdrawing(promptly, desk, people, prompt_halting), poster),
        commands=Commands(promptly, replace(gathering, storage=promptly), prompt_halting.stop),
        trying=Trying(promptly, client, people, team, examples),
        answering=Answering(promptly, hosted, client, poster, people, prompt_halting),
        feedback=FeedbackClicks(promptly),
    )
    app = _app(settings, client, identity, delivered)
    routes.register(app, listeners)
    at_work: list[AtWork] = [worker, homes]
    if servers is not None and asking is not None:
        at_work.append(changes.Changes(storage, people, servers, asking, team, admins))
    if retention is not None:
        at_work.append(Retention(storage, retention))
    return Bot(worker, at_work, hosted.default, app)


class _App(AsyncApp):
    """Bolt's app, where the log knows what each delivery is about, and whoever counts them is told."""

    delivered: Delivered

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        """See Bolt's. Whichever way it came, every delivery of Slack's comes through here."""
        status = 500
        try:
            with known(delivery_ids.ids(req.body)):
                response = await super().async_dispatch(req)
            status = response.status
        finally:
            self.delivered(delivery_ids.kind(req.body), status)
        return response


def _app(settings: Settings, client: SlackClient, identity: Mapping[str, str], delivered: Delivered) -> AsyncApp:
    secret = settings.slack_signing_secret
    with hidden_slack_variables():
        app = _App(
            client=client.without_token(),
            authorize=connecting.authorized(client, identity),
            logger=logging.getLogger("slack_bolt"),
            ignoring_self_events_enabled=False,  # that a message of ours was deleted is such an event
            signing_secret=secret.get_secret_value() if secret is not None else None,
        )
    app.delivered = delivered
    return app
