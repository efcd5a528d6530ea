"""`/metrics`: the figures in Prometheus's own format, beside what else is served."""

from __future__ import annotations

import asyncio
import logging
import sqlite3

from aiohttp import web
from prometheus_client import exposition

from bot.observing.figures import Figures
from storage import Storage, waits
from storage.errors import StorageError

logger = logging.getLogger(__name__)

PATH = "/metrics"

WITHIN = 2.0
"""Seconds that storage has to say what waits: whoever scrapes waits for some ten."""


def metrics(figures: Figures, storage: Storage) -> web.RouteDef:
    """The route, for whoever serves it. While storage does not answer, the figures of rows are left out."""

    async def scrape(request: web.Request) -> web.Response:
        await _look(figures, storage)
        encode, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(figures.registry), headers={"Content-Type": content_type})

    return web.get(PATH, scrape)


async def _look(figures: Figures, storage: Storage) -> None:
    """Read what waits, once."""
    failed = False
    try:
        async with asyncio.timeout(WITHIN):
            waiting = await storage.impatient(WITHIN).read(waits.waiting)
        figures.look(waiting, storage.now())
    except (StorageError, sqlite3.Error, OSError, TimeoutError) as error:
        logger.debug("what waits is not known now: %s", error)
        failed = True
        figures.look_failed()
    figures.outage.set(failed or storage.outage.is_on)
