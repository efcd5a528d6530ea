"""Figures: what Prometheus reads at `/metrics`. Counters are this process's own; what stands in rows is read from
storage when it is asked for, and every process says the same.

Labels have few values: kinds, names of tools and of Slack's methods, and never an id or anybody's words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector

from graphs.agent.proposals import APPROVAL, IN_DOUBT
from graphs.agent.question_desk import KINDS
from storage import waits
from storage.events import EffectOver, Event, WaitBegun, WaitOver
from storage.waits import Waiting

QUESTIONS = (APPROVAL, IN_DOUBT, *KINDS)
"""What can wait for a person, of which there is a figure from the start: none is no gap."""

DECIDED = frozenset({*waits.DECISIONS.values(), waits.ANSWERED} - {waits.UNREACHABLE})
"""The outcomes that a person brought about by deciding: for these it counts how long it took."""

TO_DECIDE = (5, 15, 30, 60, 120, 300, 900, 1800, 3600, 4 * 3600, 12 * 3600, 86400, 3 * 86400, 7 * 86400)
MODEL_SECONDS = (0.5, 1, 2, 5, 10, 20, 40, 80, 160, 320)
"""Seconds: the upper ends of the histograms' buckets."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")


class Figures:
    """The figures of one process, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.waiting = Gauge(
            "signoff_waiting_questions", "Questions that wait for a person now.", ["kind"], registry=registry
        )
        self.oldest = Gauge(
            "signoff_oldest_waiting_seconds", "How long the oldest of them has waited.", ["kind"], registry=registry
        )
        self.outage = Gauge(
            "signoff_storage_outage", "1 while the database cannot be read or written, else 0.", registry=registry
        )
        self.running = Gauge("signoff_threads_running", "Threads that this process runs now.", registry=registry)
        self.questions = Counter("signoff_questions", "Questions that were asked.", ["kind"], registry=registry)
        self.decisions = Counter(
            "signoff_decisions",
            "Questions that wait no more, by what ended it.",
            ["kind", "outcome"],
            registry=registry,
        )
        self.to_decide = Histogram(
            "signoff_decision_seconds",
            "From a question to a person's decision.",
            ["kind"],
            buckets=TO_DECIDE,
            registry=registry,
        )
        self.turns = Counter("signoff_turns", "Runs of threads that came to an end.", ["outcome"], registry=registry)
        self.tool_calls = Counter(
            "signoff_tool_calls", "Tool calls that ran, by how they ended.", ["tool", "outcome"], registry=registry
        )
        self.model_calls = Counter(
            "signoff_model_calls", "Calls of the model, by what was wrong.", ["error"], registry=registry
        )
        self.model_seconds = Histogram(
            "signoff_model_call_seconds", "How long they took.", buckets=MODEL_SECONDS, registry=registry
        )
        self.slack_calls = Counter(
            "signoff_slack_calls", "Calls of Slack's Web API.", ["method", "error"], registry=registry
        )
        self.deliveries = Counter(
            "signoff_deliveries",
            "What Slack delivered, and the status it was told.",
            ["kind", "status"],
            registry=registry,
        )
        for kind in QUESTIONS:
            self.questions.labels(kind)
            for outcome in waits.OUTCOMES:
                self.decisions.labels(kind, outcome)

    def happened(self, event: Event) -> None:
        """A transaction was committed that did this."""
        match event:
            case WaitBegun(kind):
                self.questions.labels(kind).inc()
            case WaitOver():
                self.decisions.labels(event.kind, event.outcome).inc()
                if event.outcome in DECIDED:
                    self.to_decide.labels(event.kind).observe(max(0.0, event.at - event.asked_at))
            case EffectOver():
                self.tool_calls.labels(event.tool, event.outcome).inc()

    def model_called(self, error: str, seconds: float) -> None:
        """`error` is what was wrong, in a word; "" when nothing was."""
        self.model_calls.labels(error).inc()
        self.model_seconds.observe(seconds)

    def slack_called(self, method: str, error: str) -> None:
        """`error` is Slack's name for it; "" when there was none."""
        self.slack_calls.labels(bounded(method), bounded(error)).inc()

    def delivered(self, kind: str, status: int) -> None:
        """`status` is HTTP's, whichever way it came."""
        self.deliveries.labels(kind, str(status)).inc()

    def look(self, waiting: Iterable[Waiting], now: float) -> None:
        """Say what waits now (Unix seconds)."""
        found = dict.fromkeys(QUESTIONS, (0, 0.0))
        found |= {each.kind: (each.count, max(0.0, now - each.oldest)) for each in waiting}
        self.waiting.clear()
        self.oldest.clear()
        for kind, (count, age) in found.items():
            self.waiting.labels(kind).set(count)
            self.oldest.labels(kind).set(age)

    def look_failed(self) -> None:
        """What waits now is not known: then nothing is said, rather than what was."""
        self.waiting.clear()
        self.oldest.clear()


def bounded(name: str) -> str:
    """A name that somebody else gave, as a label: what is none is "other"."""
    return name if not name or _NAME.fullmatch(name) else "other"
