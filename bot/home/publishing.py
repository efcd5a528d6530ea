"""Keeping Homes up to date: of everybody who opened it once, whenever what concerns them changes.

Level-triggered: what Slack shows of each is a row, and what it is to show is derived from rows. So a restart goes on
where it was, and a change that was missed is found by the next look.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bot.home.gathering import ANYBODY, Gathering, concerned
from bot.people.directory import CannotTell
from bot.rests import Rests
from bot.shown import home
from bot.shown.text import Block
from bot.slack_client import SlackClient
from bot.slack_errors import UNCERTAIN, describe
from storage import Connection, Storage, audit, concerns, homes, inbox
from storage.concerns import Concern, Signature
from storage.errors import DatabaseGone, StorageUnavailable
from storage.homes import Home

logger = logging.getLogger(__name__)

REST = 0.5
"""Seconds from one look to the next, at least: what a run changes in a row is one change of Home."""

LOOK_EVERY = 30.0
"""Seconds after which it looks even when nothing was committed: for what rests."""

AT_ONCE, A_SECOND = 20, 1.5
"""Views published in a burst, and then: Slack takes about a hundred a minute."""

USAGE_EVERY = 300.0
"""Seconds after which the Homes of admins are made again for what replies took, which changes with each of them."""

FIRST_REST, LONGEST_REST = 2.0, 120.0
"""Seconds before a Home that could not be published is tried again."""

UNKNOWN = "unknown"
"""What is shown of somebody who cannot be looked up."""


class Pace:
    """So many at once, and then so many a second."""

    def __init__(self, at_once: int, a_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._a_second = a_second
        self._clock = clock
        self._left = float(at_once)
        self._counted = clock()

    def take(self) -> float:
        """0 when one may be done now, and counts it; else the seconds until one may."""
        now = self._clock()
        self._left = min(self._at_once, self._left + (now - self._counted) * self._a_second)
        self._counted = now
        if self._left < 1:
            return (1 - self._left) / self._a_second
        self._left -= 1
        return 0.0


@dataclass(frozen=True)
class _News:
    """How everything stands: who is to be looked at because of it."""

    homes: Sequence[Home]
    signature: Signature | None
    waiting: Sequence[Concern] | None
    touched: Collection[str]
    seen: int | None


@dataclass(frozen=True)
class _Made:
    """A view; not `is_sure` where more may be known of it soon."""

    digest: str
    view: Block
    is_sure: bool


class Homes:
    """Publishes until it is stopped. `examples` are the agent's."""

    def __init__(
        self,
        storage: Storage,
        gathering: Gathering,
        client: SlackClient,
        examples: Sequence[str],
        pace: Pace | None = None,
    ) -> None:
        self._storage = storage
        self._gathering = gathering
        self._client = client
        self._examples = examples
        self._pace = pace or Pace(AT_ONCE, A_SECOND)
        self._rests = Rests(FIRST_REST, LONGEST_REST, time.monotonic)
        self._stopping = asyncio.Event()
        self._waiting: Sequence[Concern] = ()
        self._signature: Signature | None = None
        self._seen: int | None = None
        self._about: dict[str, list[tuple[str, int, int, str]]] = {}
        self._looked_at: dict[str, Signature] = {}
        self._due: set[str] = set()
        self._new: set[str] = set()
        self._usage_shown_at = time.monotonic()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping.is_set():
            mark = await self._storage.changes.mark()
            try:
                wait = await self._look()
            except StorageUnavailable:
                wait = FIRST_REST
            except DatabaseGone:
                return
            except Exception as error:  # decisions go on without it, and it is looked at again
                logger.error("no Home can be looked at", exc_info=error)
                wait = LONGEST_REST
            await asyncio.sleep(REST)
            if not self._stopping.is_set():
                await self._storage.changes.wait(mark, wait)

    def stop(self) -> None:
        """Ask `run` to end, after the view that it publishes."""
        self._stopping.set()
        self._storage.changes.commit_happened()

    async def _look(self) -> float:
        """Publish what is due. Seconds after which to look again, whatever happens."""
        news = await self._storage.read(self._news)
        self._take(news)
        rests = [LOOK_EVERY]
        for each in news.homes:
            if self._stopping.is_set():
                break
            if each.user not in self._due:
                continue
            if not (rest := self._rests.left(_visit(each))):
                if wait := self._pace.take():
                    return wait
                await self._refresh(each)
                rest = self._rests.left(_visit(each))
            if each.user in self._due:
                rests.append(rest)
        return min(rests)

    def _news(self, db: Connection) -> _News:
        """A job. Where nobody ever opened theirs there is nothing to look for."""
        everybody = homes.every(db)
        if not everybody:
            return _News((), self._signature, None, (), self._seen)
        touched, last = concerns.touched(db, audit.head(db)[0] if self._seen is None else self._seen)
        touched.update(user for user in self._new if inbox.has_written(db, user))
        signature = concerns.signature(db)
        waiting = concerns.waiting(db) if signature != self._signature else None
        return _News(everybody, signature, waiting, touched, last)

    def _take(self, news: _News) -> None:
        """Say whose Home may have changed."""
        self._seen = news.seen
        if news.waiting is not None and news.signature is not None:
            self._waiting, self._signature = news.waiting, news.signature
            self._about = {}
            for each, sign in zip(news.waiting, news.signature, strict=True):
                for key in concerned(each.row):
                    self._about.setdefault(key, []).append(sign)
        for home_ in news.homes:
            about = (*self._about.get(home_.user, ()), *self._about.get(ANYBODY, ()))
            if home_.is_waited_for or home_.user in news.touched or self._looked_at.get(home_.user) != about:
                self._due.add(home_.user)
            self._looked_at[home_.user] = about
        self._take_usage(news.homes)

    def _take_usage(self, everybody: Sequence[Home]) -> None:
        if time.monotonic() - self._usage_shown_at >= USAGE_EVERY:
            self._usage_shown_at = time.monotonic()
            self._due.update(each.user for each in everybody if each.user in self._gathering.admins)

    async def _refresh(self, each: Home) -> None:
        """Make Slack show what concerns somebody, if it does not yet, or somebody waits for it."""
        self._due.discard(each.user)
        try:
            made = await self._made(each)
            if (made.digest != each.shown or each.is_waited_for) and not await self._is_published(each.user, made):
                self._again(each)
                return
        except CannotTell:
            self._again(each)
        except UNCERTAIN as error:
            if self._again(each) == 1:
                logger.warning("the Home of %s is not up to date: %s", each.user, describe(error))
        except (StorageUnavailable, DatabaseGone):
            self._due.add(each.user)
            raise
        except Exception as error:  # what is wrong with one person's rows takes nothing from the others
            if self._again(each) == 1:
                logger.error("the Home of %s cannot be made", each.user, exc_info=error)
        else:
            if made.is_sure:
                self._rests.over(_visit(each))
            else:
                self._again(each)

    async def _is_published(self, user: str, made: _Made) -> bool:
        """Have Slack show it, as the only one of several bots that does so now. False when another is at it."""
        owner, of = self._storage.owner, f"home {user}"
        held = await self._storage.write(lambda db: homes.take(db, user, owner), of)
        if held is None:
            return False
        is_news = made.digest != held.shown or held.is_waited_for
        is_shown = False

        def settle(db: Connection, now: float) -> None:
            if is_shown and is_news:
                homes.published(db, held, owner, made.digest, now)
            else:
                homes.give_back(db, user, owner)

        try:
            if is_news:
                await self._client.views_publish(user_id=user, view=made.view)
            is_shown = True
        finally:
            now = self._storage.now()
            await self._storage.write(lambda db: settle(db, now), of)
        return True

    async def _made(self, each: Home) -> _Made:
        """Raises `CannotTell` for somebody of whom something is shown already, which stays."""
        now = self._storage.now()
        try:
            shown = await self._gathering.overview(each.user, each.channel, self._waiting)
        except CannotTell:
            if each.shown is not None:
                raise
            return _Made(UNKNOWN, home.unknown(now), is_sure=False)
        if shown.is_new:
            self._new.add(each.user)
        else:
            self._new.discard(each.user)
        view = home.view(shown, self._examples, now)
        return _Made(home.digest(shown, self._examples), view, is_sure=not shown.unclear)

    def _again(self, each: Home) -> int:
        """It is tried again, after a rest. How often in a row that was so."""
        self._due.add(each.user)
        return self._rests.failed(_visit(each)).failures


def _visit(each: Home) -> tuple[str, float]:
    """What rests: whoever opens it anew does not wait for what failed before."""
    return each.user, each.opened_at
