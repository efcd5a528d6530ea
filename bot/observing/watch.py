"""Who is told of the bot's work: the figures always, and the spans where they are switched on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from bot.observing.figures import Figures
from bot.observing.models import ModelCall, WatchedModel
from bot.observing.turns import TurnEnd
from bot.settings import Settings, shown_otel_variables
from graphs.models.model import Model
from graphs.texts.log_ids import known
from storage import Storage, waits
from storage.errors import DatabaseGone, StorageError
from storage.events import EffectOver, Event, WaitOver
from storage.ids import ThreadId

if TYPE_CHECKING:
    from bot.observing.spans import Spans

logger = logging.getLogger(__name__)

SENT_WITHIN = 1.5
"""Seconds that the last spans may take to be sent off once the bot stops: what is left of its time when a step took all
that it may (`stopping.LIMIT`).
"""


class Watch:
    """Tells whoever watches. `spans` is None where nobody wants them: then they cost nothing."""

    def __init__(self, storage: Storage, figures: Figures, spans: Spans | None = None) -> None:
        self._storage = storage
        self.figures = figures
        self._spans = spans
        self._telling: set[asyncio.Task[None]] = set()

    def happened(self, event: Event) -> None:
        """A `storage.events.Observer`."""
        self.figures.happened(event)
        if self._spans is not None:
            match event:
                case WaitOver():
                    task = asyncio.create_task(self._tell_wait(self._spans, event))
                    self._telling.add(task)
                    task.add_done_callback(self._telling.discard)
                case EffectOver():
                    self._spans.tool_called(event)
                case _:
                    pass

    @asynccontextmanager
    async def turn(self, thread_id: ThreadId, message: str | None) -> AsyncGenerator[TurnEnd]:
        """A `turns.Watched`."""
        with ExitStack() as stack:
            end = TurnEnd()
            if self._spans is not None:
                of = message or await self._message(thread_id, self._storage.now())
                stack.enter_context(known({"trace": self._spans.name(thread_id, of)}))
                end = stack.enter_context(self._spans.turn(thread_id, of, begins=message is not None))
            stack.enter_context(self.figures.running.track_inprogress())
            yield end
        if end.outcome is not None:
            self.figures.turns.labels(end.outcome).inc()

    def delivered(self, kind: str, status: int) -> None:
        """Slack delivered something, and was told this status."""
        self.figures.delivered(kind, status)

    def model(self, model: Model) -> Model:
        """The model, with its calls told of."""
        return WatchedModel(model, self._model_call)

    async def close(self) -> None:
        """Send off what there is, as far as that goes quickly."""
        if self._spans is None:
            return
        ends = time.monotonic() + SENT_WITHIN
        if self._telling:
            await asyncio.wait(self._telling, timeout=SENT_WITHIN)
        sending = threading.Thread(target=self._spans.shutdown, name="last spans", daemon=True)
        sending.start()
        await asyncio.to_thread(sending.join, max(0.1, ends - time.monotonic()))

    @contextmanager
    def _model_call(self, name: str) -> Generator[ModelCall]:
        began = time.monotonic()
        with contextlib.nullcontext(ModelCall()) if self._spans is None else self._spans.model_call(name) as call:
            try:
                yield call
            finally:
                self.figures.model_called(call.error, time.monotonic() - began)

    async def _tell_wait(self, spans: Spans, wait: WaitOver) -> None:
        spans.waited(wait, await self._message(wait.thread_id, wait.asked_at))

    async def _message(self, thread_id: ThreadId, at: float) -> str | None:
        """What a thread worked on then. Where that cannot be read now, its spans are in a trace of the thread's own."""
        try:
            return await self._storage.impatient(1.0).read(lambda db: waits.message_of(db, thread_id, at))
        except (StorageError, DatabaseGone):
            return None


def open_spans(settings: Settings) -> Spans | None:
    """Spans that go where the settings say; None where they go nowhere, or OpenTelemetry is not installed."""
    if settings.spans_go_to == "none":
        return None
    try:
        from bot.observing.spans import exporting

        with shown_otel_variables(settings):
            return exporting(settings.spans_go_to)
    except ImportError as error:
        logger.warning(
            "no spans are sent, because OpenTelemetry is not installed (%s): pip install signoff[otel]", error
        )
        return None
