"""What a conversation looks like: a thread's transcript and records → the messages that Slack is to show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.shown import cards, notices, tasks
from bot.shown.cards import Request, Shown
from bot.shown.on_record import ShownCalls
from bot.shown.shown_calls import ShownCall, revision
from graphs.agent.bounds import ENDED
from graphs.agent.halting import STOPPED
from graphs.agent.proposals import terms_of
from graphs.agent.turns import latest
from graphs.approvals.terms import Terms
from graphs.errors import CutShort, GraphRecursionError
from graphs.models.errors import ModelUnavailable, TooLong, TooManyCalls
from graphs.runtime.types import StateSnapshot

FAILURE = "failure:"
"""How the subject of a turn that broke off begins."""

QUESTION = "question:"
"""How the subject begins of what a graph, or a tool while it runs, waits for."""

CUT_SHORT = (
    "This was stopped each time that it was begun, so it was not begun again. It may have happened in part: look "
    "before you try again."
)

WITHOUT_END = (
    "This took very many steps without coming to an end, so it was stopped. What was done is done. Say it in smaller "
    "parts, or try again."
)

BROKEN = "Something went wrong, and this was not finished. Nothing is lost: try again."

_OF_THE_MODEL = frozenset(each.__name__ for each in (ModelUnavailable, TooLong, TooManyCalls))
"""Errors whose words are a sentence for people."""

REPLACED = (
    "What answers here was changed while this waited, so it cannot go on. Nothing is lost: begin a new thread, or ask "
    "whoever runs this to put the old one back."
)


def reply_subject(message_id: str, part: int = 0) -> str:
    """What a post of an assistant message's text, or of a part of it, is known by."""
    return f"message:{message_id}" + (f":{part}" if part else "")


def is_reply(subject: str) -> bool:
    return subject.startswith("message:")


def is_failure(subject: str) -> bool:
    return subject.startswith(FAILURE)


def calls_subject(message_id: str, page: int = 0) -> str:
    """What a post of an assistant message's calls is known by."""
    return f"calls:{message_id}" + (f":{page}" if page else "")


def copy_subject(subject: str, channel: str) -> str:
    """What the copy of a post in another conversation is known by."""
    return f"{subject}@{channel}"


def is_card(subject: str) -> bool:
    """Whether it shows calls: a card, or a copy of one."""
    return subject.startswith("calls:")


def message_of(subject: str) -> str:
    """The message that a post shows: `message:ID`, `calls:ID:page@channel`."""
    return subject.partition(":")[2].partition("@")[0].partition(":")[0]


def is_copy(subject: str, original: str) -> bool:
    return subject.startswith(f"{original}@")


def is_of(subject: str, original: str) -> bool:
    """Whether it is this post, a further page of it, or a copy of either."""
    return subject == original or subject.startswith((f"{original}:", f"{original}@"))


def is_a_copy(subject: str) -> bool:
    return (is_card(subject) or subject.startswith(QUESTION)) and "@" in subject


def unreached(subject: str, posted: Iterable[str]) -> list[str]:
    """Who could not be given a copy of a card: one that nobody took is known by the person, not by a conversation."""
    users = (other.removeprefix(f"{subject}@") for other in posted if is_copy(other, subject))
    return sorted(user for user in users if user.startswith(("U", "W")))


def askers(snapshot: StateSnapshot) -> Callable[[str], str]:
    """Tells who asked for what a subject of these messages shows: whoever wrote last before it; empty for nobody."""
    found: dict[str, str] = {}
    last = ""
    for message in _messages(snapshot):
        if message["role"] == "user":
            last = message.get("by") or last
        found[message.get("id", "")] = last
    return lambda subject: found.get(_turn_of(subject) if is_failure(subject) else message_of(subject), last)


@dataclass(frozen=True)
class Card:
    """The calls that one message shows, the words that they were proposed upon, and the address of those."""

    subject: str
    rows: Sequence[ShownCall]
    words: str
    link: str | None = None

    @property
    def waiting(self) -> list[Terms]:
        """The terms of the calls that wait."""
        return [terms_of(call.question) for call in self.rows if call.question is not None and call.waits]

    @property
    def requester(self) -> str:
        """Who asked for it; empty for nobody that is known."""
        return next((call.requester for call in self.rows if call.requester), "")

    def shown(self, unreached: Sequence[str]) -> Shown:
        """The card where it was asked."""
        return cards.calls(self.rows, revision(self.rows), unreached, Request(self.link, subject=self.subject))

    def copy(self, unreached: Sequence[str], subject: str) -> Shown:
        """The card for somebody who cannot see where it was asked, as the post of this subject."""
        request = Request(self.link, self.requester, self.words, subject)
        return cards.calls(self.rows, revision(self.rows), unreached, request)


def cards_of(
    snapshot: StateSnapshot, record: ShownCalls, link_to: Callable[[str], str | None] = lambda _: None
) -> list[Card]:
    """Every card of these messages, the oldest first. `link_to` gives the address of somebody's message, by its id."""
    found: list[Card] = []
    words, link = "", None
    results = _results(snapshot)
    last = next((each["id"] for each in reversed(_messages(snapshot)) if each["role"] != "tool"), None)
    for message in _messages(snapshot):
        if message["role"] == "user":
            words, link = message.get("said", message["content"]), link_to(message.get("id", ""))
        elif message["role"] == "assistant":
            pages = cards.pages(record.calls(message, results, is_last=message["id"] == last))
            found += [Card(calls_subject(message["id"], n), rows, words, link) for n, rows in enumerate(pages)]
    return found


def wanted(
    snapshot: StateSnapshot,
    shown: Sequence[Card],
    posted: Collection[str] = (),
    unfinished: Collection[str] = (),
    *,
    is_running: bool = False,
) -> list[tuple[str, Shown]]:
    """By subject, in the order of the conversation, whose cards are `shown`. `posted` are the subjects that Slack shows
    already, `unfinished` the turns that broke off before the one at work, and that their authors may ask for again.
    While the thread `is_running`, calls that are at work are shown as tasks.
    """
    of_message: dict[str, list[Card]] = {}
    for card in shown:
        of_message.setdefault(card.rows[0].message_id, []).append(card)
    found: list[tuple[str, Shown]] = []
    for message in _messages(snapshot):
        if message["role"] != "assistant":
            continue
        answer = message["id"] if _is_answer(message) else None
        replies = cards.reply(message["content"], message.get("notice"), feedback=answer)
        found += [(reply_subject(message["id"], part), shown) for part, shown in enumerate(replies)]
        found += [
            (card.subject, card.shown(unreached(card.subject, posted)))
            for card in of_message.get(message["id"], ())
            if not all(_has_just_begun(row) for row in card.rows)
            or (is_running and all(map(tasks.is_at_work, card.rows)))
        ]
    broken = failures(snapshot)
    said = {subject for subject in posted if is_failure(subject)}
    left = [turn for turn in unfinished if not any(_turn_of(subject) == turn for subject in said)]
    overcome = {subject for subject in said if _turn_of(subject) not in unfinished} - {subject for subject, _ in broken}
    return [
        *((subject, cards.overcome()) for subject in sorted(overcome)),
        *((f"{FAILURE}:{turn}", cards.failure(BROKEN, None, turn=turn)) for turn in left),
        *found,
        *broken,
    ]


def stopping(name: str | None, shown: Sequence[Card]) -> list[tuple[str, Shown]]:
    """What a thread says that is to stop by the request of this name, while a call comes to its end that cannot be cut
    off. It is the post that says "Stopped." afterwards.
    """
    running = [row for card in shown for row in card.rows if row.state == "running" and row.record.claim is not None]
    return [(reply_subject(name), notices.stopping([row.title for row in running]))] if name and running else []


def _is_answer(message: Mapping[str, Any]) -> bool:
    """Whether it ends a turn of the model's, which people can say of whether it helped."""
    is_last = not message.get("tool_calls") and not message.get(ENDED)
    return is_last and not message.get("own") and message["content"] != STOPPED


def _has_just_begun(row: ShownCall) -> bool:
    """Whether nothing is to be said of a call yet: it has not ended, and nobody was asked."""
    return row.state == "running" and row.asked is None and row.doubt is None and not row.asks


def _messages(snapshot: StateSnapshot) -> Sequence[dict[str, Any]]:
    return snapshot.values.get("messages", ())


def _results(snapshot: StateSnapshot) -> dict[str, dict[str, Any]]:
    return {m["tool_call_id"]: m for m in _messages(snapshot) if m["role"] == "tool"}


def failures(snapshot: StateSnapshot) -> list[tuple[str, Shown]]:
    """The turn at work, where it broke off. Its reference stands in the log, beside the traceback."""
    turn = latest(_messages(snapshot)) or ""
    return [
        (f"{FAILURE}{task.id}:{turn}", cards.failure(sentence(task.error), reference(task.id), turn=turn))
        for task in snapshot.tasks
        if task.error is not None
    ]


def is_without_end(snapshot: StateSnapshot) -> bool:
    """Whether the turn at work took too many steps: it is not gone on with, but begun anew."""
    return any((task.error or "").startswith(f"{GraphRecursionError.__name__}: ") for task in snapshot.tasks)


def _turn_of(subject: str) -> str:
    """The turn that a post says broke off."""
    return subject.removeprefix(FAILURE).partition(":")[2]


def sentence(error: str) -> str:
    """What a person is told of an error: the model's own sentence when the model is away, else no detail."""
    kind, _, message = error.partition(": ")
    if kind == CutShort.__name__:
        return CUT_SHORT
    if kind == GraphRecursionError.__name__:
        return WITHOUT_END
    return message if kind in _OF_THE_MODEL else BROKEN


def reference(task_id: str) -> str:
    """What a person can quote, and whoever is on call can find in the log."""
    return task_id[-8:]  # what an id begins with is the time: the same for all that fails within a minute
