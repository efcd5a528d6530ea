"""What a graph, or a tool while it runs, waits for, as a card: a question with the buttons that answer it, a stop with
those that pass it; and the record of what came of either. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from bot.shown import arguments, choices, naming, timeline, wording
from bot.shown.buttons import button
from bot.shown.cards import Shown
from bot.shown.pieces import Moment, Person, Piece, Styled, elements, in_mrkdwn
from bot.shown.text import Block, context, escape_visible, fitted, mrkdwn, one_line, plain_visible, rich, section, words
from bot.shown.versions import block_id
from graphs.agent.question_desk import STOP, answer_in, is_unreached, terms_of
from graphs.approvals.terms import REQUESTER, Terms
from storage.interrupts import OPEN, InterruptRow

YES, NO, ANSWER = "answer_yes", "answer_no", "answer"
CONTINUE, EDIT_STATE, STOP_HERE = "continue", "edit_state", "stop_here"
OPTIONS = tuple(f"answer_option_{number}" for number in range(choices.MOST_OPTIONS))

QUESTION = "question"
"""Where a value that is asked has its first line."""

_LINE_LIMIT = 300
_ANSWER_LIMIT = 200
_DETAILS_LIMIT = 6000

UNSAID = "What should happen next?"


def subject(row: InterruptRow) -> str:
    """What a post of a question is known by."""
    return f"{timeline.QUESTION}{row.id}"


def cards_of(
    rows: Sequence[InterruptRow], state: Mapping[str, Any], posted: Collection[str], *, is_editable: bool
) -> list[Card]:
    """Those of a thread that are to be shown: what is open, and what was. `state` is that of the thread, without its
    messages; `is_editable` says whether any of it can be edited.
    """
    return [Card(row, state, is_editable) for row in rows if row.status in OPEN or subject(row) in posted]


def wanted(cards: Sequence[Card], posted: Collection[str]) -> list[tuple[str, Shown]]:
    """By subject, what is shown of them where they were asked."""
    return [(card.subject, card.shown(timeline.unreached(card.subject, posted))) for card in cards]


@dataclass(frozen=True)
class Card:
    """One question, or one stop."""

    row: InterruptRow
    state: Mapping[str, Any]
    is_editable: bool = False

    @property
    def first_line(self) -> str:
        """What is asked, in a line."""
        if self.row.kind == STOP:
            return self._stop()
        return fitted(one_line(self._said), _LINE_LIMIT) or UNSAID

    @property
    def _said(self) -> str:
        """What is asked, in whatever length."""
        value = self.row.payload
        said = value if isinstance(value, str) else _mapping(value).get(QUESTION)
        return said if isinstance(said, str) else ""

    @property
    def details(self) -> Mapping[str, Any]:
        """What is shown below it."""
        if self.row.kind == STOP:
            return self.state
        value = self.row.payload
        whole = {QUESTION: self._said} if len(one_line(self._said)) > _LINE_LIMIT else {}
        if isinstance(value, str):
            return whole
        if not isinstance(value, Mapping):
            return {"value": value}
        found = _mapping(value)
        first = [key for key in _mapping(_mapping(self.row.schema).get("properties")) if key in found]  # as its form
        return whole | {key: found[key] for key in dict.fromkeys([*first, *found]) if key != QUESTION}

    @property
    def subject(self) -> str:
        return subject(self.row)

    @property
    def waiting(self) -> list[Terms]:
        """The terms of the question while it waits."""
        return [terms_of(self.row)] if self.row.status in OPEN else []

    @property
    def requester(self) -> str:
        return self.row.requester or ""

    def shown(self, unreached: Sequence[str] = ()) -> Shown:
        """The card, wherever it stands. `unreached` could answer, and cannot be given a copy."""
        return self._asking(unreached) if self.row.status in OPEN else self._over()

    def copy(self, unreached: Sequence[str], subject: str) -> Shown:
        """The card for somebody who cannot see where it was asked: it says for whom it is in either place."""
        return self.shown(unreached)

    def _asking(self, unreached: Sequence[str]) -> Shown:
        until = [" · until ", Moment(self.row.expires_at)] if self.row.expires_at is not None else []
        terms = terms_of(self.row)
        who = wording.who_answers(terms)
        asked = f"For <@{self.row.requester}>" if self.row.requester else ""
        made = arguments.written(self.details, {}, _DETAILS_LIMIT)
        blocks: list[Block] = [
            {**rich(section(words(self.first_line, "bold")), *made.parts), "block_id": block_id("asking", self.row)}
        ]
        if made.notes:
            blocks.append(context(plain_visible("⚠ " + " ".join(made.notes), _LINE_LIMIT)))
        if self.row.status == "reopened":
            blocks.append(context(mrkdwn("⚠ The last answer was not taken. It waits for another one.")))
        for_whom = f"{asked} · " if asked and terms.approvers != (REQUESTER,) else ""
        blocks.append(context(mrkdwn(f"{for_whom}{who}{in_mrkdwn(until)}")))
        if unreached:
            blocks.append(context(mrkdwn(wording.unreached(unreached))))
        blocks.append({"type": "actions", "block_id": block_id("answer", self.row), "elements": self._buttons()})
        text = f"Answer needed: {escape_visible(self.first_line)} {asked}{in_mrkdwn(until)}"
        return Shown(text.strip(), tuple(blocks))

    def _over(self) -> Shown:
        line: list[Piece] = [Styled(self.first_line, "bold" if self.row.status == "answered" else "strike")]
        line += self._outcome()
        block: Block = {**rich(section(*elements(line))), "block_id": block_id("answered", self.row)}
        details = arguments.in_line(self._object(), _LINE_LIMIT)
        return Shown(in_mrkdwn(line), (block, *([context(plain_visible(details))] if details else [])))

    def _outcome(self) -> list[Piece]:
        row = self.row
        by: list[Piece] = [" by ", Person(row.answered_by)] if row.answered_by else []
        at: list[Piece] = [" · ", Moment(row.answered_at)] if row.answered_at is not None else []
        match row.status:
            case "answered" if row.kind == STOP:
                return [" · continued", *by, *at]
            case "answered" if self._object():
                return [" · answered", *by, *at]
            case "answered":
                return [" · ", Styled(self._answer(), "code"), " · answered", *by, *at]
            case "expired" if is_unreached(row):
                return [" Nobody who may answer could be reached, not answered."]
            case "expired":
                return [" Timed out, not answered."]
            case "superseded":
                return [" Replaced by another question."]
            case _:
                return [" Cancelled, the request was stopped."]

    def _object(self) -> Mapping[str, Any]:
        """The answer, where it has parts of its own; empty where it has none."""
        return _mapping(answer_in(self.row)) if self.row.status == "answered" and self.row.kind != STOP else {}

    def _answer(self) -> str:
        given = answer_in(self.row)
        said = {True: "Yes", False: "No"}[given] if isinstance(given, bool) else None
        if said is None and given in choices.options(self.row.schema):
            said = choices.label(given)
        if said is None:
            said = given if isinstance(given, str) else arguments.in_line({"answer": given}, _ANSWER_LIMIT)
        return fitted(one_line(said), _ANSWER_LIMIT) or "(empty)"

    def _stop(self) -> str:
        payload = _mapping(self.row.payload)
        before, after = (_names(payload.get(key)) for key in ("before", "after"))
        if after and not before:
            return f"{after[:1].upper()}{after[1:]} has run. Go on?"
        return f"Go on with {before}?"

    def _buttons(self) -> list[Block]:
        id_ = self.row.id
        if self.row.kind == STOP:
            found = [button("Continue", CONTINUE, id_, style="primary")]
            found += [button("Edit State", EDIT_STATE, id_)] if self.is_editable else []
            return [*found, button("Stop", STOP_HERE, id_)]
        if choices.is_yes_or_no(self.row.schema):
            return [button("Yes", YES, id_, style="primary"), button("No", NO, id_)]
        schema, given = self.row.schema, choices.options(self.row.schema)
        labels = [choices.label(choice) for choice in given]
        words = [button(label, action, id_) for label, action in zip(labels, OPTIONS, strict=False)]
        has_form = not given or choices.filled_in(schema) is not schema
        return [*([button("Answer", ANSWER, id_, style="primary")] if has_form else []), *words]


def _names(nodes: object) -> str:
    if not isinstance(nodes, Sequence) or isinstance(nodes, str):
        return ""
    return " and ".join(naming.in_words(str(node)).lower() for node in cast("Sequence[object]", nodes))


def _mapping(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
