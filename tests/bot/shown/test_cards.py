"""Cards: one test for each thing that a card can show, and nothing foreign in them that Slack would act on."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block as SlackBlock

from bot.demo.workspace.blocks.limits import BLOCKS_LENGTH, TEXT_LENGTH, blocks_length, message_problems
from bot.shown import cards
from bot.shown.cards import Request, Shown
from bot.shown.shown_calls import revision
from bot.shown.text import Block
from graphs.agent import tool_messages
from graphs.agent.policy import Approval
from graphs.agent.proposals import IN_DOUBT
from graphs.agent.tools import tool
from tests.bot.rows import AT, claim, proposed, question, rows, vote
from tests.bot.shown.states import STATES, State


@tool(approval=Approval(when=lambda args: args.amount > 50))
def pay(number: int, amount: Decimal, note: str = "") -> str:
    """Pay it."""
    return "paid"


@tool(approval=True)
def write(text: str) -> str:
    """Write it."""
    return "written"


ARGS: dict[str, Any] = {"number": 7, "amount": 80, "note": "late"}
APPROVED = {"type": "approve"}


@tool(approval=Approval())
def mail(to: str, body: str, more: str = "") -> str:
    """Mail it."""
    return "sent"


def card(
    *stored: Any, message: dict[str, Any] | None = None, results: dict[str, Any] | None = None, is_last: bool = True
) -> Shown:
    """The one card of a message's calls, checked against what Slack takes."""
    message = message or proposed(("call_1", "pay", ARGS))
    (page,) = cards.pages(rows([pay, write, mail], message, *stored, results=results, is_last=is_last))
    return fits(cards.calls(page, revision(page)))


def fits(shown: Shown) -> Shown:
    blocks = list(shown.blocks)
    assert message_problems(blocks) == []
    assert blocks_length(blocks) <= BLOCKS_LENGTH
    assert [SlackBlock.parse(block).to_dict()["type"] for block in blocks] == [block["type"] for block in blocks]  # type: ignore[union-attr]
    assert 0 < len(shown.text) <= TEXT_LENGTH
    return shown


def nodes(block: Any) -> Iterator[Block]:
    """Everything in the blocks, however deep."""
    for each in block.values() if isinstance(block, dict) else block if isinstance(block, list | tuple) else ():
        yield from nodes(each)
    if isinstance(block, dict):
        yield block


def buttons(shown: Shown) -> list[str]:
    return [node["text"]["text"] for node in nodes(shown.blocks) if node.get("type") == "button"]


def words(shown: Shown) -> str:
    """All that can be read on it, people and times as Slack's tokens."""
    return "\n".join(each for block in shown.blocks for each in _read(block))


def _read(block: Any) -> Iterator[str]:
    for part in block["elements"] if block["type"] == "rich_text" else ():
        yield "".join(map(_said, part["elements"]))
    if block["type"] != "rich_text":
        yield from (node["text"] for node in nodes(block) if isinstance(node.get("text"), str))


def _said(element: Any) -> str:
    match element:
        case {"type": "user", "user_id": user}:
            return f"<@{user}>"
        case {"type": "date", "timestamp": at}:
            return f"<!date^{at}>"
        case _:
            return str(element.get("text", element.get("url")))


def test_a_waiting_call_shows_all_that_would_run_and_three_buttons_or_four() -> None:
    shown = card(question(ARGS, allow=["approve", "edit", "reject"]))
    assert buttons(shown) == ["Approve", "Edit", "Reject"]
    for said in ("Pay (number 7, amount 80, note late)?", "Pay it.", "number 7 · amount 80 · note late", "<@U0ANA>"):
        assert said in words(shown)
    assert "Pay (number 7, amount 80, note late)?" in shown.text
    assert buttons(card(question(ARGS))) == ["Approve", "Edit", "Reject", "Respond"]
    assert buttons(card(question(ARGS, allow=["reject"]))) == ["Reject"]


def test_a_buttons_value_is_the_questions_id_and_nothing_else() -> None:
    found = [node for node in nodes(card(question(ARGS)).blocks) if node.get("type") == "button"]
    assert [(node["action_id"], node["value"]) for node in found] == [
        (action, "a" * 32) for action in (cards.APPROVE, cards.EDIT, cards.REJECT, cards.RESPOND)
    ]


@pytest.mark.parametrize(
    ("approver", "said"),
    [
        ("U0LEA", "<@U0LEA>"),
        ("S0LEADS", "<!subteam^S0LEADS>"),
        ("channel", "anyone in the conversation"),
        ("requester", "<@U0ANA>"),
    ],
)
def test_a_card_says_who_decides_and_until_when(approver: str, said: str) -> None:
    shown = card(question(ARGS, approvers=[approver], expires_at=AT + 60))
    assert said in words(shown)
    assert f"<!date^{int(AT + 60)}^" in words(shown)


DECIDED: dict[str, tuple[list[Any], list[str]]] = {
    "running": ([question(ARGS, answer=APPROVED), claim("claimed")], ["approved by <@U0ANA>", "Running"]),
    "done": ([question(ARGS, answer=APPROVED), claim("done", "paid 80\nand more")], ["approved by", "Done: paid 80"]),
    "failed": (
        [question(ARGS, answer=APPROVED), claim("done", {"failed": "no such order", "told": "Failed: …"})],
        ["approved by", "Failed: no such order"],
    ),
    "rejected": (
        [question(ARGS, answer={"type": "reject", "message": "too much"})],
        ["Rejected by <@U0ANA>: too much. Not run."],
    ),
    "rejected without a reason": (
        [question(ARGS, answer={"type": "reject"}, by="U0LEA")],
        ["Rejected by <@U0LEA>. Not run."],
    ),
    "responded": ([question(ARGS, answer={"type": "respond", "message": "42"})], ["Answered", "42"]),
    "expired": ([question(ARGS, status="expired")], ["Timed out, not run."]),
    "cancelled": ([question(ARGS, status="cancelled")], ["Cancelled, the request was stopped."]),
    "approved, then stopped": (
        [question(ARGS, status="cancelled", answer=APPROVED)],
        ["Cancelled, the request was stopped."],
    ),
    "given up": (
        [question(ARGS, answer=APPROVED), claim("in doubt"), question(ARGS, kind=IN_DOUBT, answer={"type": "give_up"})],
        ["⚠ In doubt"],
    ),
}


@pytest.mark.parametrize("state", DECIDED)
def test_a_decided_call_says_what_was_decided_and_has_no_buttons(state: str) -> None:
    stored, said = DECIDED[state]
    shown = card(*stored)
    assert buttons(shown) == []
    for each in said:
        assert each in words(shown)


def test_a_call_that_was_given_up_is_called_in_doubt_once() -> None:
    given_up = question(ARGS, kind=IN_DOUBT, answer={"type": "give_up"})
    results = {"call_1": tool_messages.in_doubt()}
    shown = card(question(ARGS, answer=APPROVED), claim("in doubt"), given_up, results=results)
    assert "⚠ In doubt: the call was begun, and nobody knows whether it took effect." in words(shown)
    assert shown.text.startswith("In doubt: Pay (number 7, amount 80, note late) · approved by <@U0ANA>")
    assert f"Given up by <@U0ANA>: nobody knows whether it took effect. · <!date^{int(AT)}^" in words(shown)


def test_a_quorum_shows_how_far_it_is_and_who_has_approved() -> None:
    asked = question(ARGS, approvers=["U0LEA", "U0ANA", "S0LEADS"], quorum=2)
    assert "of 2\n" not in words(card(asked))
    shown = card(asked, vote("U0LEA"), vote("U0MAX", id_="b" * 32))
    assert "Approved by <@U0LEA> · 1 of 2" in words(shown)
    assert "2 of <@U0LEA>, <@U0ANA>, anyone in <!subteam^S0LEADS> decide" in words(shown)
    assert len(buttons(shown)) == 4
    done = card(question(ARGS, answer=APPROVED, quorum=2), vote("U0LEA"), vote("U0ANA"), claim("done", "paid"))
    assert "approved by <@U0LEA>, <@U0ANA>" in words(done)


def test_a_call_that_is_asked_anew_says_why() -> None:
    shown = card(question(ARGS, why="the rule for this call changed <!channel>"))
    assert "Asked anew, because the rule for this call changed <!channel>." in words(shown)
    assert buttons(shown)


EDIT = {"type": "edit", "edited_action": {"name": "pay", "args": {**ARGS, "amount": 60}}}


def test_an_edited_call_that_waits_for_others_says_who_edited_it() -> None:
    after = question({**ARGS, "amount": 60}, id_="b" * 32, approvers=["U0LEA", "U0ANA"], quorum=2)
    shown = card(question(ARGS, answer=EDIT, by="U0LEA"), after, vote("U0LEA", id_="b" * 32))
    for said in ("amount 80 → 60", "Edited by <@U0LEA>", "Approved by <@U0LEA> · 1 of 2"):
        assert said in words(shown)
    assert {node["value"] for node in nodes(shown.blocks) if node.get("type") == "button"} == {"b" * 32}


def test_an_edit_and_the_approval_of_it_are_both_told_unless_they_were_one() -> None:
    new = {**ARGS, "amount": 60}
    one = card(question(ARGS, answer=EDIT, by="U0LEA"), question(new, id_="b" * 32, answer=APPROVED, by="U0LEA"))
    assert "edited by <@U0LEA>" in words(one)
    assert "approved" not in words(one)
    later = question(new, id_="b" * 32, answer=APPROVED, by="U0ANA", at=AT + 60)
    two = card(question(ARGS, answer=EDIT, by="U0LEA"), later)
    assert "edited by <@U0LEA> · approved by <@U0ANA>" in words(two)


def test_an_edited_call_shows_before_and_after() -> None:
    answer = {"type": "edit", "edited_action": {"name": "pay", "args": {**ARGS, "amount": 60}}}
    shown = card(question(ARGS, answer=answer, by="U0LEA"), claim("done", "paid 60"))
    for said in ("amount 80 → 60", "number 7", "edited by <@U0LEA>", "paid 60"):
        assert said in words(shown)
    again = card(question(ARGS, answer=answer), question({**ARGS, "amount": 60}, id_="b" * 32))
    assert "amount 80 → 60" in words(again)
    assert buttons(again) == ["Approve", "Edit", "Reject", "Respond"]


def test_a_call_that_ran_unasked_is_one_line_and_a_gated_one_says_that_it_passed() -> None:
    free = card(claim("done", "paid"), results={"call_1": "paid"})
    assert len(free.blocks) == 1
    assert "without asking" in words(free)
    assert buttons(free) == []
    unknown = card(message=proposed(("call_1", "no_such_tool", {})), results={"call_1": "Unknown: there is no tool"})
    assert "no_such_tool" in words(unknown)
    assert "there is no tool" in words(unknown)
    assert "without asking" not in words(unknown)


WHY = "amount: Input should be a valid number"


@pytest.mark.parametrize(
    ("stored", "result", "said"),
    [
        (
            [],
            {"content": "Invalid: …", "refusal": {"kind": "invalid arguments", "why": WHY}},
            ["Not run", "not valid", WHY],
        ),
        ([], {"content": "Unknown: …", "refusal": {"kind": "unknown tool"}}, ["Not run", "no tool"]),
        ([], {"content": "Unusable: …", "refusal": {"kind": "unstorable arguments"}}, ["Not run", "arguments"]),
        (
            [],
            {"content": "Unreachable: …", "refusal": {"kind": "unreachable", "why": "Nobody can approve."}},
            ["Not run", "nobody was asked", "Nobody can approve."],
        ),
        ([], {"content": "Invalid: as an older release said it"}, ["Not run", "as an older release said it"]),
        ([claim("done", "paid")], {"content": "paid"}, ["Paid", "its rule lets this one pass"]),
        (
            [claim("done", {"failed": "no money", "told": "…"})],
            {"content": "…"},
            ["Couldn't pay", "its rule", "no money"],
        ),
        ([claim("in doubt")], {"content": "In doubt: …"}, ["Nobody knows whether it took effect", "its rule"]),
    ],
)
def test_a_call_that_nobody_was_asked_about_says_what_happened(stored: list[Any], result: Any, said: list[str]) -> None:
    shown = card(*stored, results={"call_1": result} if result else {})
    assert [part for part in said if part not in words(shown)] == []
    if "its rule" not in " ".join(said):
        assert "its rule" not in words(shown), "no rule let it pass"
    assert buttons(shown) == []


def test_a_call_at_work_that_nobody_was_asked_about_is_a_task() -> None:
    shown = card(claim("claimed"))
    (block,) = shown.blocks
    assert (block["type"], block["status"]) == ("task_card", "in_progress")
    assert block["title"].startswith("Paying")


def test_a_call_that_the_conversation_went_on_without_does_not_read_as_running() -> None:
    begun = proposed(("call_1", "pay", ARGS), ("call_2", "write", {"text": "a"}))
    both = card(claim("done", "written", call_id="call_2"), message=begun, results={"call_2": "written"}, is_last=False)
    assert "Given up" in words(both)
    assert "Paying" not in words(both)


def test_a_call_that_may_still_ask_is_not_said_to_have_passed() -> None:
    begun = proposed(("call_1", "pay", ARGS), ("call_2", "write", {"text": "a"}))
    shown = card(question({"text": "a"}, call_id="call_2", name="write"), message=begun)
    assert "its rule" not in words(shown)


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        ({"kind": "impossible", "why": "Order 7 was paid meanwhile."}, "Order 7 was paid meanwhile."),
        ({"kind": "invalid arguments", "why": WHY}, WHY),
        ({"kind": "unknown tool"}, "There is no such tool any more."),
    ],
)
def test_what_was_approved_and_could_not_run_any_more_says_why(refusal: dict[str, str], why: str) -> None:
    result = {"call_1": {"content": "…", "refusal": refusal}}
    asked = replace(question(ARGS, answer=APPROVED, by="U0LEA"), consumed=True)
    shown = card(asked, results=result)
    assert "Approved by <@U0LEA>, not run." in words(shown)
    assert f"Not run: {why}" in words(shown)


def test_an_edit_that_could_not_run_says_why() -> None:
    refusal = {"kind": "unreachable", "why": "Nobody can approve."}
    shown = card(
        question(ARGS, answer=EDIT, by="U0LEA"), results={"call_1": {"content": "Edited …", "refusal": refusal}}
    )
    assert "Not run: Nobody can approve." in words(shown)


def test_a_call_in_doubt_says_so_and_offers_what_can_be_found_out() -> None:
    shown = card(question(ARGS, answer=APPROVED), claim("in doubt"), question(ARGS, kind=IN_DOUBT, id_="d" * 32))
    assert buttons(shown) == ["It Ran", "Run Again", "Give Up"]
    assert "this call may already have run" in words(shown).lower()
    assert "k" * 32 in words(shown)


def test_several_rows_have_their_own_buttons_and_one_for_all() -> None:
    two = proposed(("call_1", "pay", ARGS), ("call_2", "pay", {**ARGS, "number": 8}))
    first, second = question(ARGS), question({**ARGS, "number": 8}, call_id="call_2", id_="b" * 32)
    shown = card(first, second, message=two)
    assert buttons(shown).count("Approve") == 2
    assert buttons(shown)[-1] == "Approve All (2)"
    (value,) = {node["value"] for node in nodes(shown.blocks) if node.get("action_id") == cards.APPROVE_ALL}
    assert value == f"m1:{revision(rows([pay], two, first, second))}"
    one_left = card(question(ARGS, answer=APPROVED), second, message=two)
    assert "Approve All (2)" not in buttons(one_left)
    not_both = card(first, question(ARGS, call_id="call_2", id_="b" * 32, allow=["reject"]), message=two)
    assert "Approve All (2)" not in buttons(not_both)


def test_arguments_that_cannot_be_shown_whole_cannot_be_approved() -> None:
    long = {"text": "x" * 7500}
    shown = card(question(long, name="write"), message=proposed(("call_1", "write", long)))
    assert buttons(shown) == ["Reject", "Respond"]
    assert "too long" in words(shown)
    assert re.search(r"\d+ characters of text are left out here", words(shown))
    two = proposed(("call_1", "write", long), ("call_2", "pay", ARGS))
    stored = [question(long, name="write"), question(ARGS, call_id="call_2", id_="b" * 32)]
    both = [cards.calls(page, revision(page)) for page in cards.pages(rows([pay, write], two, *stored))]
    assert [*map(buttons, map(fits, both))] == [["Reject", "Respond"], ["Approve", "Edit", "Reject", "Respond"]]
    assert buttons(card(question({"text": "x" * 6500}, name="write")))[0] == "Approve"


def test_a_call_whose_only_decision_is_not_possible_here_has_no_empty_row_of_buttons() -> None:
    long = {"text": "x" * 5000}
    shown = card(question(long, name="write", allow=["edit"]), message=proposed(("call_1", "write", long)))
    assert buttons(shown) == []


def test_more_calls_than_a_message_takes_are_several_cards() -> None:
    ids = [f"call_{n}" for n in range(20)]
    many = proposed(*((id_, "pay", ARGS) for id_ in ids))
    stored = [question(ARGS, call_id=id_, id_=f"{n:032x}") for n, id_ in enumerate(ids)]
    pages = cards.pages(rows([pay], many, *stored))
    assert [call.interrupt_id for page in pages for call in page] == [f"{n:032x}" for n in range(20)]
    assert len(pages) == 3
    assert len({revision(page) for page in pages}) == 3
    for page in pages:
        fits(cards.calls(page, revision(page)))


def test_a_reply_is_markdown_and_a_long_one_several_messages() -> None:
    (short,) = cards.reply("**bold** <!channel>")
    assert short.blocks == ({"type": "markdown", "text": "**bold** &lt;!channel&gt;"},)
    text = "\n".join(f"line {n} {'<' * (n % 90)}" for n in range(1500))
    shown = [fits(each) for each in cards.reply(text)]
    assert len(shown) > 5
    joined = "".join(block["text"] for each in shown for block in each.blocks)
    assert joined.replace("&lt;", "<") == text
    assert all(each.blocks[0]["text"].endswith("\n") for each in shown[:-1])
    assert cards.reply("") == cards.reply(" \n") == []


def test_a_notice_stands_below_the_reply() -> None:
    (shown,) = cards.reply("Half a", "It was cut off.")
    assert [block["type"] for block in fits(shown).blocks] == ["markdown", "context"]
    (alone,) = cards.reply("", "The model answered with nothing.")
    assert "answered with nothing" in words(fits(alone))


def test_a_failure_says_one_sentence_a_reference_and_offers_to_try_again() -> None:
    shown = fits(cards.failure("The model cannot be reached.", "abc12345", turn="1.0"))
    assert "abc12345" in words(shown)
    assert buttons(shown) == ["Try Again"]
    assert buttons(fits(cards.overcome())) == []


def test_versions_differ_in_their_digests() -> None:
    assert card(question(ARGS)).digest == card(question(ARGS)).digest != card(question(ARGS, answer=APPROVED)).digest


TOKENS = [
    "<!channel>",
    "<@U0EVE>",
    "<https://evil.example|bank>",
    "&lt;!here&gt;",
    "\u202e",
    "\u200b",
    "\U000e0041",
    "`",
    "*",
    "\n",
    "@here",
]
FOREIGN = st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=20))).map("".join)
HUGE = st.tuples(st.sampled_from([*TOKENS, "&", "x "]), st.integers(0, 400))
ANYTHING = st.one_of(st.tuples(FOREIGN, st.just(1)), HUGE)
"""A text and how often it is repeated: what fails stays readable."""
OURS = re.compile(r"<@U0ANA>|<!date\^\d+\^[^|<>]*\|[^|<>]*>")


def assert_nothing_fires(shown: Shown) -> None:
    parsed = [node["text"] for node in nodes(shown.blocks) if node.get("type") == "mrkdwn"]
    parsed += [shown.text, *(block["text"] for block in shown.blocks if block["type"] == "markdown")]
    for text in parsed:
        rest = OURS.sub("", text)
        assert "<" not in rest
    for node in nodes(shown.blocks):
        if node.get("type") == "mrkdwn":
            assert node["verbatim"] is True
            assert "\u202e" not in node["text"]
            assert "\u200b" not in node["text"]
        elif isinstance(node.get("text"), str) and node.get("type") != "markdown":
            assert node["type"] in ("plain_text", "text")


@settings(max_examples=25)
@given(text=ANYTHING, result=ANYTHING, reason=ANYTHING, name=ANYTHING, edited=ANYTHING)
def test_foreign_text_fits_and_fires_nothing(**foreign: tuple[str, int]) -> None:
    text, result, reason, name, edited = (
        piece * times for piece, times in (foreign[each] for each in ("text", "result", "reason", "name", "edited"))
    )
    args = {"text": text}
    edit = {"type": "edit", "edited_action": {"name": "write", "args": {"text": edited}}}
    message = proposed(
        ("call_1", "write", args), ("call_2", "write", args), ("call_3", name, args), ("call_4", "write", args),
        ("call_5", "write", args), ("call_6", "pay", text), content=text,
    )  # fmt: skip
    stored = [
        question(args, name="write"),
        question(args, name="write", call_id="call_2", id_="b" * 32, answer={"type": "reject", "message": reason}),
        question(args, name="write", call_id="call_4", id_="c" * 32, answer=APPROVED),
        claim("done", result, call_id="call_4"),
        question(args, name="write", call_id="call_5", id_="d" * 32, answer=edit),
        claim("done", {"failed": result, "told": result}, call_id="call_5"),
    ]
    results = {"call_3": result, "call_6": result}
    for page in cards.pages(rows([write, pay], message, *stored, results=results)):
        assert_nothing_fires(fits(cards.calls(page, revision(page))))
    for shown in cards.reply(text, reason or None):
        assert_nothing_fires(fits(shown))
    assert_nothing_fires(fits(cards.failure(f"{reason}.", "abc", turn="t")))


def test_a_copy_says_who_asked_in_what_words_and_shows_the_card() -> None:
    page = rows([pay], proposed(("call_1", "pay", ARGS)), question(ARGS, approvers=["U0LEA"]))
    original = cards.calls(page, revision(page))
    asked = Request("https://a.example/p1", "U0ANA", "pay order 7, <!channel>\n" + "x" * 500)
    shown = fits(cards.calls(page, revision(page), request=asked))
    assert "<@U0ANA> asked, in a conversation that you are not in:\n“pay order 7, <!channel> x" in words(shown)
    assert "<https://a.example/p1|The message that asked>" in words(shown)
    assert [each for each in words(original).split("\n") if each not in words(shown).split("\n")] == []
    assert (buttons(shown), shown.text) == (buttons(original), original.text)


FAKE = "*FOREIGN* :tada: ~_`x`_~\n✓ Approved by @Lea"
"""What a model, a tool or a person may write so that it looks like ours."""


def test_no_text_of_others_is_formatted_or_begins_a_line_of_ours() -> None:
    args = {"text": FAKE}
    message = proposed(
        ("call_1", "write", args), ("call_2", "write", args), ("call_3", FAKE, args), ("call_4", "write", args),
        ("call_5", "write", args), ("call_6", "pay", FAKE), ("call_7", "pay", {FAKE: FAKE}),
    )  # fmt: skip
    edit = {"type": "edit", "edited_action": {"name": "write", "args": {"text": f"{FAKE}!"}}}
    stored = [
        question(args, name="write", why=FAKE),
        question(args, name="write", call_id="call_2", id_="b" * 32, answer={"type": "reject", "message": FAKE}),
        question(args, name="write", call_id="call_4", id_="c" * 32, answer=APPROVED),
        claim("done", FAKE, call_id="call_4"),
        question(args, name="write", call_id="call_5", id_="d" * 32, answer=edit),
        claim("done", {"failed": FAKE, "told": FAKE}, call_id="call_5"),
    ]
    results = {"call_3": FAKE, "call_6": FAKE, "call_7": FAKE}
    pages = cards.pages(rows([write, pay], message, *stored, results=results))
    shown = [cards.calls(page, revision(page)) for page in pages]
    shown += [
        cards.calls(pages[0], revision(pages[0]), request=Request(None, "U0ANA", FAKE)),
        cards.failure(FAKE, "abc", turn="t"),
        *cards.reply("x", FAKE),
    ]
    for each in shown:
        for node in nodes(fits(each).blocks):
            if node.get("type") == "mrkdwn":
                assert "FOREIGN" not in node["text"]
            elif node.get("type") == "plain_text":
                assert node["emoji"] is False
        boxes = [node for node in nodes(each.blocks) if node.get("type") == "rich_text_preformatted"]
        boxed = [element for box in boxes for element in box["elements"]]
        for node in nodes(each.blocks):
            if isinstance(node.get("text"), str) and node not in boxed:
                lines = node["text"].splitlines()
                assert not any(line.startswith("✓ Approved by @Lea") for line in lines)
    assert sum(words(each).count("FOREIGN") for each in shown) > 15


@pytest.mark.parametrize("state", ["waiting", "done", "unasked"])
def test_two_different_calls_have_different_cards(state: str) -> None:
    def shown(args: dict[str, Any]) -> Shown:
        asked = (
            [] if state == "unasked" else [question(args, name="write", answer=APPROVED if state == "done" else None)]
        )
        ran = [] if state == "waiting" else [claim("done", "written")]
        return card(*asked, *ran, message=proposed(("call_1", "write", args)))

    one, other = {"text": "a\nnote: b", "note": "c"}, {"text": "a", "note": "b\nnote: c"}
    for first, second in ((one, other), ({"text": "x" * 20_000 + "y"}, {"text": "x" * 20_000 + "z"})):
        assert shown(first).blocks != shown(second).blocks


def test_a_card_says_how_it_writes_what_cannot_be_seen() -> None:
    assert "written as \\u{…}." in words(card(question({"text": "soft\u00adhyphen"}, name="write")))
    assert "cannot be seen" not in words(card(question({"text": "می\u200cخواهم\r\n🩷"}, name="write")))


@pytest.mark.parametrize(
    "args",
    [{"text": "\u200b" * 200_000}, {"text": ["[" * 50_000]}, {"text": "<http://" * 5000}, {"text": "\n" * 100_000}],
)
def test_a_call_of_any_size_is_shown_and_can_be_rejected(args: dict[str, Any]) -> None:
    shown = card(question(args, name="write"), message=proposed(("call_1", "write", args)))
    assert "Reject" in buttons(shown)
    deep = card(message=proposed(("call_1", "write", "[" * 100_000)), results={"call_1": "Invalid: too deep"})
    assert "Invalid: too deep" in words(deep)


@pytest.mark.parametrize(
    ("stored", "result"),
    [
        ([], "Invalid: hid\u200bden"),
        ([claim("done", "hid\u200bden")], "hid\u200bden"),
        ([claim("failed", error="RuntimeError: hid\u200bden")], "Failed: hid\u200bden"),
        ([question({"text": "hid\u200bden"}, name="write")], None),
        (
            [
                question({"text": "hid\u200bden"}, name="write", answer={"type": "approve"}),
                claim("done", "hid\u200bden"),
            ],
            "x",
        ),
        ([question({"text": "hid\u200bden"}, name="write", answer={"type": "reject", "message": "hid\u200bden"})], "x"),
    ],
)
def test_what_is_hidden_is_escaped_once(stored: list[Any], result: Any) -> None:
    results = {"call_1": result} if result else {}
    page = rows([write], proposed(("call_1", "write", {"text": "hid\u200bden"})), *stored, results=results)
    shown = cards.calls(page, revision(page))
    said = (
        shown.text
        + words(shown)
        + "".join(node["text"] for node in nodes(shown.blocks) if "text" in node and isinstance(node["text"], str))
    )
    assert r"hid\u{200b}den" in said
    assert "5c}" not in said


def test_a_name_that_a_model_made_up_is_escaped_once() -> None:
    page = rows([], proposed(("call_1", "hid\u200bden", {"text": "a"})), results={"call_1": "Unknown: no such tool"})
    shown = cards.calls(page, revision(page))
    assert r"hid\u{200b}den" in shown.text
    assert r"hid\u{200b}den" in words(shown)


@pytest.mark.parametrize(
    ("args", "offered"),
    [
        ({"to": "a", "body": "x" * 9500}, ["Reject", "Respond"]),
        (
            {"to": "x" * 2200, "body": "y" * 2200, "more": "z" * 2200 + "\n" * 5},
            ["Approve", "Edit", "Reject", "Respond"],
        ),
        ({"to": "\u3164" * 1000, "body": "y" * 2900, "more": "z" * 2900}, ["Reject", "Respond"]),
        ({"to": "&" * 3000, "body": "y" * 3000, "more": "z" * 3000}, ["Edit", "Reject", "Respond"]),
    ],
)
def test_nothing_can_be_run_that_neither_the_card_nor_the_form_shows_whole(
    args: dict[str, Any], offered: list[str]
) -> None:
    shown = card(question(args, name="mail"), message=proposed(("call_1", "mail", args)))
    assert buttons(shown) == offered


def test_the_names_in_a_note_are_not_formatted() -> None:
    args = {"*a* <!channel> e\u0301": "x"}
    shown = card(question(args, name="write"), message=proposed(("call_1", "write", args)))
    assert_nothing_fires(shown)
    assert all("*a*" not in node["text"] for node in nodes(shown.blocks) if node.get("type") == "mrkdwn")
    assert "unusual way" in words(shown)


def test_a_call_whose_tool_asks_something_reads_as_one_that_waits_and_not_as_one_at_work() -> None:
    decided, passed = STATES["running, and asks"].shown(), State((claim("paused"),), asks=True).shown()
    assert "Waits for an answer" in str(decided.blocks)
    assert decided.text.startswith("Refund 80.00 euro on order 1042 · approved by <@U0ANA>")
    assert "Running" not in str(decided.blocks)
    assert passed.text.startswith("Refund ")
    assert passed.text.endswith(" · waits for an answer")
    assert {block["type"] for block in passed.blocks} == {"context"}
