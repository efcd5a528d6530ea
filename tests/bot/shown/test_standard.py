"""Cards by the standard: every state, every copy, and any tool with any arguments."""

import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.shown import cards
from bot.shown.cards import Request, Shown
from bot.shown.shown_calls import revision
from bot.shown.text import unformatted
from graphs.agent.proposals import IN_DOUBT
from graphs.agent.tools import Tool, tool
from graphs.approvals.judge import Refused, may_decide
from graphs.approvals.terms import Actor, Terms, UserId
from tests.bot.rows import AT, claim, proposed, question, rows, vote
from tests.bot.shown.states import ANA, FUNCTIONS, LEA, LINK, OTHERS, STATES
from tests.support import linter

HERE = Request(LINK)
ELSEWHERE = Request(LINK, ANA, "refund order 1042, 80 euro, it came late")

REFUND = "Refund 80.00 euro on order 1042"

FIRST_LINES = {
    "waiting": f"{REFUND}?",
    "one of two": f"{REFUND}?",
    "destructive": "Cancel order 1043?",
    "two rows": f"{REFUND}?",
    "without a title": "Write note (text short)?",
    "edited and waiting again": "Refund 60.00 euro on order 1042?",
    "running": "Refunding 80.00 euro on order 1042 · approved by @ · @",
    "approved by two": "Refunding 80.00 euro on order 1042 · approved by @, @ · @",
    "done": "Refunded 80.00 euro on order 1042 · approved by @ · @",
    "edited and done": "Refunded 60.00 euro on order 1042 · edited by @ · @",
    "edited, approved and done": "Refunded 60.00 euro on order 1042 · edited by @ · approved by @ · @",
    "done, with a link": ("Refunded 80.00 euro on order 1042 · approved by @ · @ · https://shop.example/refunds/7"),
    "failed": "Couldn't refund 80.00 euro on order 1042 · approved by @ · @",
    "given up": f"In doubt: {REFUND} · approved by @ · @",
    "it ran": "Refunded 80.00 euro on order 1042 · approved by @ · @",
    "rejected": REFUND,
    "expired": REFUND,
}
"""What a card says first."""

SECOND_LINES = {
    "rejected": "Rejected by @: wrong customer. Not run. · @",
    "rejected without a reason": "Rejected by @. Not run. · @",
    "responded": "Answered by @ in its place: “42”. Not run. · @",
    "expired": "Timed out, not run.",
    "cancelled": "Cancelled, the request was stopped.",
    "approved, then stopped": "Cancelled, the request was stopped.",
    "edited, then stopped": "Cancelled, the request was stopped.",
    "superseded": "Superseded, not run: another question took the place of this one.",
    "edited, and nobody can approve that": "Edited by @, not run. · @",
}


def problems(shown: Shown, first_line: str | None = None, told: str | None = None) -> list[str]:
    return linter.message(shown.text, shown.blocks, first_line=first_line, told=told, functions=FUNCTIONS)


@pytest.mark.parametrize("state", STATES)
def test_every_state_and_every_copy_of_it_is_by_the_standard(state: str) -> None:
    here, elsewhere = STATES[state].shown(HERE), STATES[state].shown(ELSEWHERE)
    first = FIRST_LINES.get(state)
    told = "Cancel order 1043?" if state == "two rows, one decided" else None
    for shown in (here, elsewhere, cards.moved(here, "C0SUPPORT", LINK)):
        assert problems(shown, first, told) == []
    assert elsewhere.text == here.text
    said = linter.lines(here.blocks)
    assert said[1] == SECOND_LINES.get(state, said[1])
    waits = any(node.get("type") == "button" for node in linter.nodes(here.blocks))
    assert [LINK in str(shown.blocks) for shown in (here, elsewhere)] == [waits, waits]


@pytest.mark.parametrize("what", OTHERS)
def test_what_shows_no_calls_is_by_the_standard(what: str) -> None:
    assert problems(OTHERS[what]) == []


def test_a_waiting_card_in_words() -> None:
    shown = STATES["waiting"].shown()
    assert linter.lines(shown.blocks) == [
        "Refund 80.00 euro on order 1042?",
        "Jonas Weber · Storm lantern · paid 129.90 · refunded 0.00",
        "order id 1042 · amount 80 · reason it came late",
        "The model says: “The parcel came three days late.”",
        "Runs as Signoff, for @ · @ decides · until @ · asks because amount is over 50",
        "refund_order",
    ]
    assert shown.text == (
        f"Decision needed: Refund 80.00 euro on order 1042? Asked by <@U0ANA>, "
        f"until <!date^{int(AT) + 86_400}^{{date_short_pretty}} {{time}}|2026-09-22 14:13 UTC>."
    )


def test_after_the_decision_the_record_stands_where_the_question_stood() -> None:
    shown = STATES["done"].shown()
    assert linter.lines(shown.blocks) == [
        "Refunded 80.00 euro on order 1042 · approved by @ · @",
        "order id 1042 · amount 80 · reason it came late",
        "Done: Refunded 80.00 euro of order 1042.",
    ]
    (when,) = [node for node in linter.nodes(shown.blocks) if node.get("type") == "date"]
    assert (when["timestamp"], when["format"]) == (int(AT) + 60, "{time}")
    later = STATES["done a day later"].shown()
    assert "{date_short_pretty} {time}" in str(later.blocks), "the card is of another day"


@pytest.mark.parametrize("state", ["one of two", "one of two of the channel", "one of two of a group"])
def test_a_vote_is_a_line_in_place(state: str) -> None:
    for request in (HERE, ELSEWHERE):
        assert "Approved by @ · 1 of 2" in linter.lines(STATES[state].shown(request).blocks)


DECIDES = {
    "waiting": "@ decides",
    "waiting for another": "@ decides",
    "waiting for one of several": "@ or @ or @ decides, but not @",
    "waiting for a group": "anyone in @ decides",
    "waiting for the channel": "anyone in the conversation decides, but not @",
    "waiting for many": "3 of @, @, @, @, @, @, 34 more decide",
    "none of two": "2 of @, @ decide",
    "one of two of the channel": "2 people in the conversation decide",
    "one of two of a group": "2 of @ decide",
}


@pytest.mark.parametrize("state", DECIDES)
def test_the_small_print_says_who_decides(state: str) -> None:
    (line,) = [line for line in linter.lines(STATES[state].shown().blocks) if line.startswith("Runs as")]
    assert line.split(" · ")[1] == DECIDES[state]


PLAIN: list[tuple[str, str | None]] = [("Approve", None), ("Edit", None), ("Reject", None), ("Respond", None)]
BUTTONS: dict[str, list[tuple[str, str | None]]] = {
    "waiting": [("Approve", "primary"), ("Edit", None), ("Reject", None), ("Respond", None)],
    "destructive": [("Approve", "danger"), ("Edit", None), ("Reject", None), ("Respond", None)],
    "two rows": [*PLAIN, *PLAIN, ("Approve All (2)", "primary")],
    "two rows, one destructive": [*PLAIN, *PLAIN, ("Approve All (2)", "danger")],
    "two rows, one decided": [("Approve", "danger"), ("Edit", None), ("Reject", None), ("Respond", None)],
    "in doubt": [("It Ran", None), ("Run Again", None), ("Give Up", None)],
    "too long": [("Reject", None), ("Respond", None)],
    "uneditable": [("Reject", None)],
    "done": [],
}


@pytest.mark.parametrize("state", BUTTONS)
def test_one_button_is_emphasised_and_none_that_declines(state: str) -> None:
    found = [node for node in linter.nodes(STATES[state].shown().blocks) if node.get("type") == "button"]
    assert [(each["text"]["text"], each.get("style")) for each in found] == BUTTONS[state]
    asks = [
        each["confirm"]["text"]["text"]
        for each in found
        if each["text"]["text"].startswith("Approve") and "confirm" in each
    ]
    if "destructive" in state:
        assert asks[-1].endswith("Cancel order 1043?")
        assert len(asks) == (2 if state.startswith("two") else 1)


def test_each_version_of_a_card_has_ids_of_its_own() -> None:
    states = ("waiting", "approved", "running", "done", "failed", "rejected", "expired", "cancelled", "in doubt")
    ids = [STATES[state].shown().blocks[0]["block_id"] for state in states]
    ids.remove(STATES["running"].shown().blocks[0]["block_id"])
    assert len(set(ids)) == len(states) - 1


LETTERS = st.text(st.sampled_from("ghxyzäß 日本\u200b\n<>&*_~`“”\"'·→.,"), max_size=40)
LONG = st.tuples(LETTERS, st.integers(1, 100)).map(lambda each: each[0] * each[1])
WORDS = LETTERS | LONG
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=3), max_leaves=4
)
NAMES = st.from_regex(r"[a-z]{1,12}(_[a-z]{1,12}){0,3}", fullmatch=True)


@st.composite
def tools(draw: st.DrawFn) -> Tool[..., Any]:
    def act(**given: Any) -> str:
        """Do it."""
        return str(given)

    act.__name__ = draw(NAMES)
    act.__doc__ = draw(st.sampled_from(["Do it.", "Do what has to be done. " * 40]))
    title: Any = draw(st.none() | WORDS.map(lambda text: lambda _: text))
    return tool(title=title, approval=True, destructive=draw(st.booleans()))(
        _taking(act, draw(st.lists(NAMES, max_size=8)))
    )


def _taking(function: Any, names: list[str]) -> Any:
    """The function with these parameters."""
    kinds = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter(each, kinds, annotation=Any, default=None) for each in dict.fromkeys(names)]
    function.__signature__ = inspect.Signature(parameters, return_annotation=str)
    function.__annotations__ = {each.name: Any for each in parameters} | {"return": str}
    return function


KINDS = ("waiting", "votes", "anew", "edited", "done", "failed", "rejected", "doubt", "unasked")


@st.composite
def stored(draw: st.DrawFn, made: Tool[..., Any], number: int) -> tuple[Any, list[Any]]:
    """A call of the tool, and what is stored of it."""
    names = list(made.parameters.get("properties", {}))
    args = {name: draw(VALUES) for name in names}
    call, id_ = f"call_{number}", f"{number:032x}"
    rule, approvers = draw(WORDS), draw(st.lists(st.sampled_from([LEA, "requester", "channel", "S0LEADS"]), min_size=1))
    of = {"name": made.name, "call_id": call, "id_": id_, "rule": rule, "approvers": approvers, "expires_at": AT + 9}
    payload = draw(st.fixed_dictionaries({}, optional={"title": WORDS.filter(str.strip), "preview": WORDS}))
    kind = draw(
        st.sampled_from(["waiting", "votes", "anew", "edited", "done", "failed", "rejected", "doubt", "unasked"])
    )
    text = draw(WORDS)
    asked = question(args, payload=payload, quorum=2, **of)
    answered = question(args, payload=payload, answer={"type": "approve"}, **of)
    match kind:
        case "votes":
            found = [asked, vote(LEA, id_=id_), vote(ANA, id_=id_)]
        case "anew":
            found = [question(args, payload=payload, why=text, **of)]
        case "edited":
            edit = {
                "type": "edit",
                "edited_action": {"name": made.name, "args": {name: draw(VALUES) for name in names}},
            }
            found = [question(args, payload=payload, answer=edit, **of), claim("done", text, call_id=call)]
        case "done":
            found = [answered, claim("done", text, call_id=call)]
        case "failed":
            found = [answered, claim("done", {"failed": text, "told": text}, call_id=call)]
        case "rejected":
            found = [question(args, payload=payload, answer={"type": "reject", "message": text}, **of)]
        case "doubt":
            of["id_"] = f"{number:031x}d"
            found = [answered, claim("in doubt", call_id=call), question(args, kind=IN_DOUBT, **of)]
        case "unasked":
            found = [claim("done", text, call_id=call)]
        case _:
            found = [asked]
    return (call, made.name, args), found


@settings(max_examples=60)
@given(st.data())
def test_any_tool_with_any_arguments_is_by_the_standard(data: st.DataObject) -> None:
    made = data.draw(tools())
    drawn = [data.draw(stored(made, number)) for number in range(data.draw(st.integers(1, 5)))]
    message = proposed(*(call for call, _ in drawn), content=data.draw(WORDS))
    written = data.draw(WORDS)
    for page in cards.pages(rows([made], message, *(row for _, found in drawn for row in found))):
        for request in (HERE, Request(LINK, ANA, written)):
            shown = cards.calls(page, revision(page), [LEA], request)
            first = next((call for call in page if call.waits), None)
            told = first.first_line if first is not None else None
            assert linter.message(shown.text, shown.blocks, told=told) == []


EVERYBODY = (ANA, LEA, "U0KIM", "U0MAX", "S0LEADS", "channel", "requester")


@pytest.mark.parametrize("kind", ["member", "guest", "bot", "deactivated", "stranger", None])
@pytest.mark.parametrize("approvers", [(LEA,), ("requester",), ("S0LEADS",), ("channel",), EVERYBODY])
def test_whoever_cannot_decide_is_told_why_and_what_to_do(kind: Any, approvers: tuple[str, ...]) -> None:
    bound = Terms(
        tool="refund_order", args_digest="", schema_digest="", policy="", rule="", requester=UserId("U0KIM"),
        approvers=approvers, quorum=2, self_approval=False, allow=("approve", "reject"), expires_at=None,
    )  # fmt: skip
    for user in ("U0EVE", "U0KIM", LEA):
        actor = Actor(UserId(user), "T0LOCAL", kind, frozenset(), in_channel=False)
        for verb in ("approve", "edit", "respond"):
            refused = may_decide(bound, actor, verb)
            if isinstance(refused, Refused):
                assert linter.sentence(refused.reason, functions=FUNCTIONS) == []
                assert linter.message("x", [unformatted(refused.reason)], first_line="") == []
