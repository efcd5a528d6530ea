"""What is left of a call on its card once it was decided: what, by whom, when, and what came of it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.shown import tenses
from bot.shown.pieces import Link, Person, Piece, Styled, elements, in_mrkdwn
from bot.shown.shown_calls import LINE_LIMIT, ShownCall
from bot.shown.text import Block, context, fitted, mrkdwn, one_line, plain_visible, rich, section
from bot.shown.versions import block_id
from bot.shown.wording import near
from graphs.approvals.states import State

RESULT_LIMIT = 200
REASON_LIMIT = 200
LINK_LIMIT = 300
"""Characters of an address that a record leads to."""

VOTERS = 10
"""People who are named in one line."""

_ADDRESS = re.compile(r"https?://[!-~]+")
_OPEN_ENDED = ".,;:!?)]}>'\""


def _in_doubt(title: str) -> str:
    return f"In doubt: {title}"


_TENSE: dict[State, Callable[[str], str]] = {
    State.APPROVED: tenses.doing,
    State.RUNNING: tenses.doing,
    State.DONE: tenses.done,
    State.FAILED: tenses.could_not,
    State.IN_DOUBT: _in_doubt,
}
"""How the first line is told of a call that was let run, by how it stands."""

_OUTCOME = {
    State.APPROVED: "Running",
    State.RUNNING: "Running",
    State.DONE: "Done",
    State.FAILED: "⚠ Failed",
    State.IN_DOUBT: "⚠ In doubt",
    State.REFUSED: "Not run",
}

_UNDECIDED = {
    State.EXPIRED: "Timed out, not run.",
    State.CANCELLED: "Cancelled, the request was stopped.",
    State.SUPERSEDED: "Superseded, not run: another question took the place of this one.",
}

_NOT_ANY_MORE = {
    "unknown tool": "There is no such tool any more.",
    "unstorable arguments": "Its arguments cannot be shown as they would run.",
}
"""Why a call that was approved could not run, where nothing else is said."""

_SETTLED = {
    "it_ran": ("It ran, says ", "."),
    "run_again": ("Run again by ", "."),
    "give_up": ("Given up by ", ": nobody knows whether it took effect."),
}
"""What somebody said of a call in doubt."""


def record(call: ShownCall) -> list[Block]:
    """The line that says what was decided; the exact arguments, and what came of it, in small print."""
    lines = [section(*elements(line)) for line in _lines(call)]
    if call.edited:
        lines += call.arguments.parts
    blocks: list[Block] = [{**rich(*lines), "block_id": block_id(call.state.replace(" ", "-"), call.question)}]
    if not call.edited and (args := call.arguments_in_line(LINE_LIMIT)):
        blocks.append(context(plain_visible(args)))
    return blocks + _outcome(call) + _settled(call)


def in_words(call: ShownCall) -> str:
    """The same for a notification: its first lines."""
    return " ".join(in_mrkdwn(line) for line in _lines(call))


def _lines(call: ShownCall) -> list[list[Piece]]:
    if call.state in _TENSE:
        told = call.title if call.asks else _TENSE[call.state](call.title)
        return [[Styled(told, "bold"), *_by(call), *_at(call, call.decided_at), *_link(call)]]
    return [[Styled(call.title, "strike")], _why_not(call)]


def _by(call: ShownCall) -> list[Piece]:
    """Who let it run."""
    said: list[Piece] = []
    if call.edited and call.edited_by:
        said += [" · edited by ", Person(call.edited_by)]
    if call.decision == "approve" and not (call.edited and call.decided_at == call.edited_at):
        people = call.votes if len(call.votes) > 1 else [call.decided_by] if call.decided_by else []
        said += [" · approved by ", *_named(people)] if people else [" · approved"]
    return said


def _named(people: Sequence[str]) -> list[Piece]:
    named: list[Piece] = []
    for number, user in enumerate(people[:VOTERS]):
        named += [", " if number else "", Person(user)]
    return [*named, f" and {len(people) - VOTERS} more"] if len(people) > VOTERS else named


def _at(call: ShownCall, seconds: float | None) -> list[Piece]:
    return [] if seconds is None else [" · ", near(call, seconds)]


def _link(call: ShownCall) -> list[Piece]:
    """Where the result is an address, or its first line holds one."""
    found = _ADDRESS.search(_first_line(call.result)) if call.state is State.DONE else None
    address = found[0].rstrip(_OPEN_ENDED) if found is not None else ""
    return [" · ", Link(address)] if address and len(address) <= LINK_LIMIT else []


def _why_not(call: ShownCall) -> list[Piece]:
    """Why it did not run, who said so, and when."""
    reason = fitted(one_line(call.reason), REASON_LIMIT)
    by: list[Piece] = [" by ", Person(call.decided_by)] if call.decided_by else []
    at = _at(call, call.decided_at)
    match call.decision if call.state is not State.CANCELLED else None:
        case "reject":
            return ["Rejected", *by, f": {_ended(reason)}" if reason else ".", " Not run.", *at]
        case "respond":
            return ["Answered", *by, f" in its place: “{reason}”. Not run.", *at]
        case "unreachable":
            return [f"Not run: nobody who may decide could be reached. {reason}".rstrip()]
        case "approve" | "edit":
            what = "Edited" if call.decision == "edit" else "Approved"
            stopped = call.state is State.CANCELLED
            return [what, *by, f". {_UNDECIDED[State.CANCELLED]}" if stopped else ", not run.", *at]
        case _:
            return [_UNDECIDED.get(call.state, "Not run.")]


def _first_line(result: str) -> str:
    return result.strip().partition("\n")[0]


def _ended(sentence: str) -> str:
    return sentence if sentence[-1] in ".!?…)" else f"{sentence}."


def _outcome(call: ShownCall) -> list[Block]:
    """What came of it, with the first line of the result."""
    if call.decision not in ("approve", "edit") and call.state not in _TENSE:
        return []
    if call.state is State.STALE and call.refusal is not None:
        why = call.refusal.why or _NOT_ANY_MORE.get(call.refusal.kind, "")
        return [context(plain_visible(f"Not run: {fitted(one_line(why), RESULT_LIMIT)}"))] if why else []
    word = "Waits for an answer" if call.asks else _OUTCOME.get(call.state)
    if word is None:
        return []
    result = call.refusal.why if call.refusal is not None else call.result
    first = one_line(_first_line(result).removeprefix(f"{word.removeprefix('⚠ ')}: "))
    return [context(plain_visible(f"{word}: {fitted(first, RESULT_LIMIT)}" if first else word))]


def _settled(call: ShownCall) -> list[Block]:
    """What a person found out about a call that was in doubt."""
    if call.settled not in _SETTLED or call.doubt is None or not call.doubt.answered_by:
        return []
    before, after = _SETTLED[call.settled]
    said = [before, Person(call.doubt.answered_by), after, *_at(call, call.doubt.answered_at)]
    return [context(mrkdwn(in_mrkdwn(said)))]
