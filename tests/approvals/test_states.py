"""Where a call stands: the table that runs and what is derived from rows, held against the table written here.

A move that is added to `MOVES`, or that rows lead to and nobody wrote down, turns a test red.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any, get_args

import pytest

from graphs.approvals.decisions import VERBS
from graphs.approvals.states import MOVES, DoubtChoice, Facts, State, derive, may_follow

LEGAL = {
    ("waiting", "approved"),
    ("waiting", "rejected"),
    ("waiting", "responded"),
    ("waiting", "superseded"),
    ("waiting", "cancelled"),
    ("waiting", "expired"),
    ("waiting", "refused"),
    ("approved", "running"),
    ("approved", "stale"),
    ("approved", "cancelled"),
    ("running", "done"),
    ("running", "failed"),
    ("running", "in doubt"),
    ("in doubt", "done"),
    ("in doubt", "running"),
    ("in doubt", "in doubt"),
    ("in doubt", "failed"),
}
UNASKED = {("running", "refused")}
"""What becomes of a call that nobody was asked about, and that cannot run."""


@pytest.mark.parametrize(("start", "end"), list(product(State, State)))
def test_the_table_that_runs_allows_a_move_if_and_only_if_it_is_written_here(start: State, end: State) -> None:
    assert (end in MOVES[start]) == ((start.value, end.value) in LEGAL)


def test_every_state_has_its_row() -> None:
    assert MOVES.keys() == set(State)


TAKES = {
    State.WAITING: {"approve", "edit", "reject", "respond"},
    State.IN_DOUBT: {"it_ran", "run_again", "give_up"},
}
"""What may be decided where a person is asked."""


@pytest.mark.parametrize(("state", "decision"), list(product(TAKES, [*sorted(VERBS), *get_args(DoubtChoice)])))
def test_a_decision_follows_only_where_a_person_is_asked_for_it(state: State, decision: Any) -> None:
    assert may_follow(state, decision) == (decision in TAKES[state])


def following(facts: Facts) -> Iterator[Facts]:
    """What may happen to the rows next, in the words of the rows."""
    if facts.question == "waiting":
        for decision in ("approve", "edit", "reject", "respond", "unreachable"):
            yield replace(facts, question="answered", decision=decision)
        for status in ("cancelled", "expired", "superseded"):
            yield replace(facts, question=status)
        return
    if facts.question == "answered" and not facts.consumed:
        yield replace(facts, question="cancelled")
        if facts.claim is None:
            yield replace(facts, consumed=True)
            yield replace(facts, replaced=True)
            yield replace(facts, question="superseded")
    may_run = facts.question is None or (facts.question == "answered" and facts.decision == "approve")
    if may_run and not (facts.consumed or facts.replaced or facts.told):
        yield from begun(facts)
    if facts.question is None and facts.claim is None:
        yield replace(facts, told=True)


def begun(facts: Facts) -> Iterator[Facts]:
    match facts.claim:
        case None:
            yield replace(facts, claim="claimed")
        case "paused":
            yield replace(facts, claim="claimed")
        case "claimed" | "in doubt":
            yield replace(facts, claim="done")
            yield replace(facts, claim="done", ok=False)
            yield replace(facts, claim="failed")
            if facts.claim == "claimed":
                yield replace(facts, claim="paused")
                yield replace(facts, claim="in doubt")
            elif not facts.doubted:
                yield replace(facts, claim="claimed")
        case "done" | "failed":
            yield replace(facts, consumed=True)
    if facts.claim == "in doubt" or facts.doubted:
        yield replace(facts, doubted=not facts.doubted)


@pytest.mark.parametrize(
    ("start", "legal"),
    [
        (Facts(question="waiting"), LEGAL),
        (Facts(), {move for move in LEGAL if move[0] in ("running", "in doubt")} | UNASKED),
    ],
)
def test_whatever_happens_to_its_rows_a_call_moves_by_the_table_and_makes_every_move_of_it(
    start: Facts, legal: set[tuple[str, str]]
) -> None:
    seen, frontier = {start}, [start]
    made: set[tuple[str, str]] = set()
    while frontier:
        before = frontier.pop()
        for after in following(before):
            if derive(before) is not derive(after):
                made.add((derive(before).value, derive(after).value))
            if after not in seen:
                seen.add(after)
                frontier.append(after)
    assert made == legal - {("in doubt", "in doubt")}


STANDS: dict[str, list[Facts]] = {
    "waiting": [Facts(question="waiting"), Facts(question="reopened")],
    "approved": [Facts(question="answered", decision="approve")],
    "rejected": [
        Facts(question="answered", decision="reject"),
        Facts(question="cancelled", decision="reject"),
        Facts(question="superseded", decision="reject"),
    ],
    "responded": [Facts(question="answered", decision="respond", consumed=True)],
    "superseded": [
        Facts(question="answered", decision="edit"),
        Facts(question="answered", decision="edit", replaced=True, claim="done"),
        Facts(question="superseded"),
    ],
    "cancelled": [Facts(question="cancelled"), Facts(question="cancelled", decision="approve")],
    "expired": [Facts(question="expired"), Facts(question="expired", consumed=True)],
    "stale": [
        Facts(question="answered", decision="approve", replaced=True),
        Facts(question="answered", decision="approve", replaced=True, claim="done"),
        Facts(question="superseded", decision="approve"),
        Facts(question="answered", decision="approve", consumed=True),
    ],
    "refused": [Facts(told=True), Facts(question="answered", decision="unreachable", consumed=True)],
    "running": [
        Facts(),
        Facts(claim="claimed"),
        Facts(question="answered", decision="approve", claim="claimed"),
        Facts(question="answered", decision="approve", claim="paused"),
    ],
    "done": [
        Facts(claim="done", told=True),
        Facts(question="answered", decision="approve", consumed=True, claim="done"),
        Facts(question="cancelled", decision="approve", claim="done"),
    ],
    "failed": [
        Facts(claim="failed"),
        Facts(question="answered", decision="approve", claim="done", ok=False),
        Facts(question="answered", decision="approve", claim="failed"),
    ],
    "in doubt": [
        Facts(question="answered", decision="approve", claim="in doubt"),
        Facts(question="answered", decision="approve", claim="in doubt", doubted=True),
        Facts(question="answered", decision="approve", claim="in doubt", consumed=True),
        Facts(question="cancelled", decision="approve", claim="claimed"),
        Facts(question="cancelled", decision="approve", claim="in doubt"),
    ],
}


@pytest.mark.parametrize("state", State)
def test_what_rows_say_a_call_is(state: State) -> None:
    assert {derive(facts) for facts in STANDS[state.value]} == {state}
