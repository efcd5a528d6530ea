"""What the rows of a thread say that Slack does not show yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.shown import questions, timeline
from bot.shown.held import Held
from bot.shown.on_record import ShownCalls, record_of
from graphs.agent.question_desk import KINDS
from graphs.agent.toolbox import Toolbox
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from graphs.runtime.types import StateSnapshot
from storage import Connection, interrupts, kept_results, threads
from storage.ids import ThreadId
from storage.interrupts import OPEN, InterruptRow
from storage.kept_results import KeptResult
from storage.threads import ThreadRow

OwnState = Callable[[ThreadId], Mapping[str, bool] | None]
"""What is shown of a thread's state, and whether it may be edited, for a graph of one's own; None for an agent."""


@dataclass(frozen=True)
class News:
    """A thread that is not shown as it stands: how it does, also without the messages that are settled (`rest`), what
    is on record of the others' calls, what it asks by itself, and files that its tools returned.
    """

    thread: ThreadRow
    snapshot: StateSnapshot
    rest: StateSnapshot
    record: ShownCalls
    questions: Sequence[InterruptRow] = ()
    files: Sequence[KeptResult] = ()


@dataclass(frozen=True)
class Reader:
    """Reads it."""

    graph: Threads
    toolbox: Toolbox
    own_state: OwnState

    def news(self, db: Connection, held: Held) -> News | None:
        """None when it is shown already. A job."""
        thread_id = held.conversation.thread_id
        thread = threads.get(db, thread_id) or ThreadRow(thread_id, "idle", None, 0, 0)
        if thread.version == held.version:
            return None
        snapshot = self.graph.state_on(db, config_of(thread_id))
        rest = _from(held.settled, snapshot)
        messages = rest.values["messages"]
        record = record_of(db, self.toolbox, thread_id, messages)
        has_results = any(message["role"] == "tool" for message in messages)
        files = kept_results.not_shown(db, thread_id) if has_results else ()
        if self.own_state(thread_id) is None and not _asks(snapshot, record, held):
            return News(thread, snapshot, rest, record, files=files)
        asked = interrupts.of_kinds(db, thread_id, KINDS)
        record = replace(record, asked=[row for row in asked if row.status in OPEN])
        return News(thread, snapshot, rest, record, asked, files)

    def asked(self, held: Held, news: News) -> list[questions.Card]:
        """The cards of what the thread asks by itself. An agent's state is its conversation, which is shown."""
        names = self.own_state(news.thread.thread_id) or {}
        state = {name: each for name, each in news.snapshot.values.items() if name in names}
        return questions.cards_of(news.questions, state, held.known, is_editable=any(names.values()))


def _asks(snapshot: StateSnapshot, record: ShownCalls, held: Held) -> bool:
    """Whether an agent's thread asks something, or asked, beside what is on record of its calls; without reading it."""
    about_calls = {row.id for each in record.records.values() for row in each.questions}
    waits = any(each.id not in about_calls for each in snapshot.interrupts)
    return waits or any(subject.startswith(timeline.QUESTION) for subject in held.known)


def _from(start: int, snapshot: StateSnapshot) -> StateSnapshot:
    """The snapshot without its first messages."""
    messages = snapshot.values.get("messages", ())
    return replace(snapshot, values={**snapshot.values, "messages": messages[start:]})
