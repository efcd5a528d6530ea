"""Stop: somebody ends what is at work in a thread, by Slack's own button or by a command.

The author of the turn at work may, and whoever decides about one of its calls. Anybody else is told so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.inbound.asked import spoken_in
from bot.inbound.payloads import Person, SlackThread
from bot.people.directory import CannotTell
from bot.people.people import People
from bot.telling import Telling, slack_thread
from graphs.agent import halting, question_desk
from graphs.agent.halting import STOPPED
from graphs.agent.proposals import APPROVAL, IN_DOUBT, terms_of
from graphs.agent.turns import latest
from graphs.approvals.judge import Allowed, may_decide
from graphs.approvals.terms import Actor, Terms
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from storage import Connection, Storage, inbox, interrupts, posts, threads
from storage.ids import ThreadId
from storage.inbox import Delivery

logger = logging.getLogger(__name__)

NOTHING = "Nothing is running here."
UNKNOWN = "Slack does not say now who you are, so nothing was stopped. Try again in a minute."
NOT_YOURS = "Only {asker} can stop this: it is worked on for them. So can whoever decides about one of its calls."
NOT_ALLOWED = "Only who it is worked on for can stop this, and whoever decides about one of its calls."


@dataclass(frozen=True)
class _Found:
    """A thread that somebody wants to stop: who asked for what is at work, since which message, and what may be decided
    in it.
    """

    thread_id: ThreadId
    is_at_work: bool
    asker: str
    since: str | None
    terms: Sequence[Terms]
    channel: str | None

    @property
    def turn(self) -> tuple[bool, str, str | None]:
        """What would be stopped."""
        return self.is_at_work, self.asker, self.since


@dataclass(frozen=True)
class Halting:
    """Takes requests to stop."""

    storage: Storage
    graph: Threads
    people: People

    async def stop(
        self,
        thread: SlackThread,
        by: Person,
        *,
        pressed: str | None = None,
        also: Callable[[Connection], None] = lambda db: None,
        where_stopped: Callable[[Connection], None] = lambda db: None,
    ) -> str:
        """Stop what is at work in this thread, as this person: what they are told, `STOPPED` when it was so. `pressed`
        is Slack's time of that: what was begun later is left alone. `also` is stored with it, whatever it comes to, and
        `where_stopped` only when it was so.
        """
        name, now = f"stopped-{self.storage.new_id()}", self.storage.now()

        def job(db: Connection) -> str | None:
            if self._look(db, thread).turn != found.turn:
                return None  # what is at work now is not what was judged
            also(db)
            if why is not None:
                return why
            if not halting.begin(db, found.thread_id, name, now, by=by.user, team=by.team):
                return NOTHING
            where_stopped(db)
            return STOPPED

        said: str | None = None
        while said is None:
            found = await self.storage.read(lambda db: self._look(db, thread))
            why = await self._against(found, by, pressed)
            said = await self.storage.write(job, found.thread_id)
        logger.info("thread %s: %s wants it stopped: %s", found.thread_id, by.user, said)
        return said

    async def asked(self, delivery: Delivery, telling: Telling) -> None:
        """Somebody pressed Slack's button: see that it is so, or tell them why not."""

        def read(db: Connection) -> None:
            inbox.mark_done(db, delivery.event_id)

        by = Person(delivery.user, delivery.team)
        said = await self.stop(slack_thread(delivery), by, pressed=delivery.ts, also=read)
        if said != STOPPED:
            await telling.say(delivery, said)

    def _look(self, db: Connection, thread: SlackThread) -> _Found:
        """A job."""
        thread_id = spoken_in(db, thread)
        if not halting.is_at_work(db, threads.get(db, thread_id)):
            return _Found(thread_id, False, "", None, (), None)
        snapshot = self.graph.state_on(db, config_of(thread_id))
        rows = [*interrupts.open_in(db, thread_id), *interrupts.newly_answered(db, thread_id)]
        terms = [terms_of(row) if row.kind in (APPROVAL, IN_DOUBT) else question_desk.terms_of(row) for row in rows]
        since = latest(snapshot.values.get("messages", ()))
        asker = (snapshot.metadata or {}).get("by") or ""
        return _Found(thread_id, True, asker, since, terms, posts.channel_of(db, thread_id))

    async def _against(self, found: _Found, by: Person, pressed: str | None) -> str | None:
        """Why this person does not stop it, as a sentence; None when they do."""
        if not found.is_at_work or (pressed is not None and _is_later(found.since, pressed)):
            return NOTHING
        actors = await self.people.actors(by, [None, *found.terms], found.channel, fresh=True)
        if actors[0].kind is None:
            return UNKNOWN
        if any(_decides(terms, actor) for terms, actor in zip(found.terms, actors[1:], strict=True)):
            return None
        try:
            why = await self.people.refusal(by.user) if by.user == found.asker else None
        except CannotTell:
            return UNKNOWN
        if why is None and by.user == found.asker and actors[0].kind == "member":
            return None
        return why or (NOT_YOURS.format(asker=f"<@{found.asker}>") if found.asker else NOT_ALLOWED)


def _decides(terms: Terms, actor: Actor) -> bool:
    return any(isinstance(may_decide(terms, actor, verb), Allowed) for verb in terms.allow)


def _is_later(turn: str | None, pressed: str) -> bool:
    """Whether a turn, named by its message's time, was begun after this."""
    try:
        return turn is not None and float(turn.rpartition(":")[2]) > float(pressed)
    except ValueError:
        return False
