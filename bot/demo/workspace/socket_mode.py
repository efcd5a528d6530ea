"""What the bot is told: events that are kept until it acks them, and questions that it must ack in three seconds.

Socket Mode's envelopes, whether they are sent over a WebSocket or posted to the bot's Request URL.
"""

import asyncio
import bisect
from dataclasses import dataclass, replace
from typing import Any

from bot.demo.workspace.background import Background
from bot.demo.workspace.connections import Connections, Lost, Way, new_envelope
from bot.demo.workspace.faults import Faults
from bot.demo.workspace.journal import Journal
from bot.demo.workspace.request_url import NotTaken
from bot.demo.workspace.store import Store

Json = dict[str, Any]

RETRIES = 3
"""How often Slack repeats an event that was not acked."""


@dataclass(frozen=True)
class Delivery:
    """One event on its way to the bot. `position` is its place in the order of what happened; `before` the connections
    that did not ack it.
    """

    position: int
    attempt: int
    payload: Json
    reason: str = ""
    before: tuple[Way, ...] = ()


class SocketMode:
    """Delivers to whoever is connected.

    An event is on disk until it is acked: with no connection it waits, in order; unacked it is repeated at most three
    times, over another connection if there is one; lost with its connection it goes to the next one. A click or a
    submission is asked once and never repeated.
    """

    def __init__(
        self,
        connections: Connections,
        store: Store,
        journal: Journal,
        faults: Faults,
        tasks: Background,
        ack_timeout: float,
    ) -> None:
        self._connections = connections
        self._store = store
        self._journal = journal
        self._faults = faults
        self._tasks = tasks
        self._ack_timeout = ack_timeout
        self._due = [Delivery(position, attempt, payload) for position, attempt, payload in store.events()]

    def send_event(self, payload: Json) -> None:
        """Keeps the event and delivers it as soon as the bot is connected."""
        for attempt in range(1 + self._faults.take_redeliveries()):
            reason = "timeout" if attempt else ""
            self._due.append(Delivery(self._store.add_event(payload), attempt, payload, reason))
        self.deliver()

    def deliver(self) -> None:
        """Sends what is due; call it whenever a connection came."""
        while self._due and self._connections:
            self._tasks.start(self._deliver(self._due.pop(0)))

    async def ask(self, kind: str, payload: Json) -> Json | None:
        """Sends an interaction; the ack's payload, or None when no ack came in time or nobody is connected."""
        if not self._connections:
            return None
        connection = self._connections.next()
        envelope = new_envelope(kind, payload, accepts_response_payload=True)
        self._note(kind, envelope, connection)
        try:
            return await connection.send(envelope, self._ack_timeout)
        except (TimeoutError, Lost):
            return None

    async def _deliver(self, delivery: Delivery) -> None:
        if not self._connections:  # the last connection closed since this delivery was started
            self._put_back(delivery)
            return
        connection = self._connections.next(after=delivery.before)
        envelope = new_envelope(
            "events_api",
            delivery.payload,
            accepts_response_payload=False,
            retry_attempt=delivery.attempt,
            retry_reason=delivery.reason,
        )
        self._note("events_api", envelope, connection, attempt=delivery.attempt)
        try:
            await connection.send(envelope, self._ack_timeout)
        except TimeoutError:
            tried = replace(delivery, before=(*delivery.before, connection))
            self._again(tried, "timeout", None if delivery.attempt >= RETRIES else 0.0)
        except NotTaken as error:
            self._again(delivery, error.reason, error.pause)
        except Lost:
            self._again(delivery, "connection_failed", 0.0)
        else:
            self._store.delete_event(delivery.position)

    def _note(self, kind: str, envelope: Json, way: Way, **more: Any) -> None:
        sent = {"envelope_id": envelope["envelope_id"], "payload": envelope["payload"]}
        self._journal.add("event", type=kind, connection=way.number, **sent, **more)

    def _again(self, delivery: Delivery, reason: str, pause: float | None) -> None:
        """Puts an unacked delivery back in its place after a pause. Slack gives up after the third repetition (None); a
        lost connection does not count towards it, since a bot that restarts must find everything that it did not ack.
        """
        attempt = delivery.attempt + 1
        if pause is None:
            self._store.delete_event(delivery.position)
            self._journal.add("event", type="given_up", payload=delivery.payload)
            return
        repeated = replace(delivery, attempt=min(attempt, RETRIES), reason=reason)
        self._store.save_attempt(delivery.position, repeated.attempt)
        if pause:
            self._tasks.start(self._later(repeated, pause))
        else:
            self._put_back(repeated)
            self.deliver()

    async def _later(self, delivery: Delivery, pause: float) -> None:
        await asyncio.sleep(pause)
        self._put_back(delivery)
        self.deliver()

    def _put_back(self, delivery: Delivery) -> None:
        bisect.insort(self._due, delivery, key=lambda due: due.position)
