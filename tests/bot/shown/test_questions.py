"""Cards of what a graph of one's own waits for, by the standard: every state of them."""

from dataclasses import replace
from typing import Any

import pytest

from bot.shown import questions
from graphs.agent.question_desk import STOP
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import InterruptRow
from tests.support import linter

AT = 1_796_000_000.0

BOOL = {"type": "boolean"}
SIZES = {"enum": ["small", "very_large"]}
DEPLOY = {"question": "Deploy version 2?", "to": "production", "hosts": ["a", "b"], "force": False}


def row(payload: Any = None, **more: Any) -> InterruptRow:
    """A question that waits, for Ana."""
    asked = InterruptRow(
        id=InterruptId("0123456789abcdef0123456789abcdef"),
        thread_id=ThreadId("T0LOCAL/C0SUPPORT/1.1"),
        ns=Namespace(""),
        scope=Scope("a"),
        ordinal=0,
        node="ask_leave",
        kind="question",
        status="waiting",
        version=1,
        consumed=False,
        payload=DEPLOY if payload is None else payload,
        digest="0" * 64,
        schema=BOOL,
        terms=None,
        requester="U0ANA",
        replaces=None,
        created_at=AT,
        expires_at=AT + 3600,
        answer=None,
        answered_by=None,
        answered_at=None,
    )
    return replace(asked, **more)


def answered(answer: str, **more: Any) -> InterruptRow:
    return row(status="answered", answer=answer, answered_by="U0LEA", answered_at=AT + 60, version=2, **more)


STOPPED = {"kind": STOP, "schema": None, "expires_at": None}
BEFORE = {"before": ["send_mail"], "after": []}
DOZEN = [f"size {number}" for number in range(12)]

FIRST_LINES: dict[str, tuple[InterruptRow, str]] = {
    "yes or no": (row(), "Deploy version 2?"),
    "a text": (row("Which one?", schema=SIZES), "Which one?"),
    "for a group": (row(terms={"approvers": ["S0LEADS", "U0LEA"]}), "Deploy version 2?"),
    "for nobody that is known": (row(requester=None), "Deploy version 2?"),
    "no question in it": (row({"amount": 80}, schema=None), "What should happen next?"),
    "a number": (row(80, schema=None), "What should happen next?"),
    "a form": (row(schema={"type": "object", "properties": {"amount": {"type": "integer"}}}), "Deploy version 2?"),
    "many options": (row(schema={"enum": DOZEN}), "Deploy version 2?"),
    "a very long question": (row("Why? " * 400), "Why? Why?"),
    "asked anew": (row(status="reopened"), "Deploy version 2?"),
    "yes": (answered("true"), "Deploy version 2? · Yes · answered by @ · @"),
    "no": (answered("false"), "Deploy version 2? · No · answered by @ · @"),
    "one of a few": (answered('"very_large"', schema=SIZES), "Deploy version 2? · Very Large · answered by @ · @"),
    "an answer of a form": (answered('{"amount": 60, "note": null}', schema=None), "Deploy version 2? · "),
    "nothing at all": (answered("null", schema=None), "Deploy version 2? · "),
    "expired": (row(status="expired"), "Deploy version 2? Timed out, not answered."),
    "for people out of reach": (
        row(status="expired", terms={"approvers": ["U0LEA"], "unreached": True}),
        "Deploy version 2? Nobody who may answer could be reached, not answered.",
    ),
    "superseded": (row(status="superseded"), "Deploy version 2? Replaced by another question."),
    "cancelled": (row(status="cancelled"), "Deploy version 2? Cancelled, the request was stopped."),
    "a stop": (row(BEFORE, **STOPPED), "Go on with send mail?"),
    "a stop behind a node": (row({"before": [], "after": ["send_mail"]}, **STOPPED), "Send mail has run. Go on?"),
    "a stop that was passed": (answered("null", payload=BEFORE, **STOPPED), "Go on with send mail? · continued by @"),
}


@pytest.mark.parametrize("state", FIRST_LINES)
@pytest.mark.parametrize("unreached", [[], ["U0LEA"]])
def test_every_state_is_by_the_standard(state: str, unreached: list[str]):
    asked, first = FIRST_LINES[state]
    shown = questions.Card(asked, {"draft": "Bees.", "size": None, "done": True}, is_editable=True).shown(unreached)
    assert linter.message(shown.text, shown.blocks, first_line=first, told=first.partition(" · ")[0]) == []
    waits = asked.status in ("waiting", "reopened")
    assert any(node.get("type") == "button" for node in linter.nodes(shown.blocks)) == waits
    assert ("could not be reached" in str(shown.blocks)) == (waits and unreached != [])


@pytest.mark.parametrize(
    ("schema", "labels"),
    [
        (BOOL, ["Yes", "No"]),
        (SIZES, ["Small", "Very Large"]),
        ({"enum": [1, "1"]}, ["Answer"]),
        ({"enum": DOZEN}, ["Answer"]),
        ({"enum": [True, False]}, ["Answer"]),
        ({"const": "fine"}, ["Fine"]),
        (None, ["Answer"]),
        ({"anyOf": [BOOL, {"type": "null"}]}, ["Answer"]),
    ],
)
def test_what_is_one_of_a_few_has_a_button_each(schema: Any, labels: list[str]):
    shown = questions.Card(row(schema=schema), {}).shown()
    assert [each["text"]["text"] for each in linter.nodes(shown.blocks) if each.get("type") == "button"] == labels


def test_another_version_has_other_ids_and_the_values_of_a_question_are_told_apart():
    def ids(asked: InterruptRow) -> set[str]:
        return {block["block_id"] for block in questions.Card(asked, {}).shown().blocks if "block_id" in block}

    assert ids(row()).isdisjoint(ids(row(version=2)))
    values = [None, "null", True, "true", "", [], "[]", 1, "1"]
    shown = {str(questions.Card(row({"question": "Which?", "it": value}), {}).shown().blocks) for value in values}
    assert len(shown) == len(values)


def test_parts_stand_in_the_order_of_their_form_and_whoever_asked_and_answers_is_named_once():
    parts = {"type": "object", "properties": {"headline": {"type": "string"}, "body": {"type": "string"}}}
    draft = {"body": "Soon.", "headline": "News", "question": "Post it?"}
    said = linter.lines(questions.Card(row(draft, schema=parts), {}).shown().blocks)
    assert said[0] == "Post it?"
    assert said[1] == "headline News · body Soon."
    assert said[2].startswith("@ answers · until @")
    for_others = linter.lines(questions.Card(row(draft, terms={"approvers": ["U0LEA"]}), {}).shown().blocks)
    assert any(line.startswith("For @ · @ answers") for line in for_others)


@pytest.mark.parametrize("payload", ["Why? " * 400, {"question": "Why? " * 400, "amount": 80}])
def test_a_question_that_its_line_cuts_stands_whole_below_it(payload: Any):
    shown = questions.Card(row(payload, schema=None), {}).shown()
    assert ("Why? " * 400).strip() in str(shown.blocks)
    assert str(questions.Card(row("Why?"), {}).shown().blocks).count("Why?") == 1
