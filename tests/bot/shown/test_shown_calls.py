"""What became of each proposed call is read from its questions, its claim and its tool message."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from bot.shown.shown_calls import ShownCall, revision
from graphs.agent.policy import Approval
from graphs.agent.proposals import IN_DOUBT
from graphs.agent.tools import tool
from tests.bot.rows import AT, claim, proposed, question, rows


@tool(approval=Approval(when=lambda args: args.amount > 50))
def pay(number: int, amount: Decimal, note: str = "") -> str:
    """Pay it."""
    return "paid"


@tool
def look_up(number: int) -> str:
    """Look it up."""
    return "fine"


@tool(approval=True)
def sign(key: SecretStr, times: int) -> str:
    """Sign it."""
    return "signed"


class Vault(BaseModel):
    key: SecretStr
    inner: list["Vault"] = []


@tool
def keep(vault: Vault, times: int) -> str:
    """Keep it."""
    return "kept"


ARGS = {"number": 7, "amount": 80, "note": ""}
MESSAGE = proposed(("call_1", "pay", {"amount": 80, "number": 7}))
APPROVED = {"type": "approve"}
EDITED = {"type": "edit", "edited_action": {"name": "pay", "args": {"number": 7, "amount": 60, "note": ""}}}


def one(*stored: Any, results: dict[str, str] | None = None, message: dict[str, Any] = MESSAGE) -> ShownCall:
    (call,) = rows([pay, look_up, sign], message, *stored, results=results)
    return call


STATES: dict[str, tuple[list[Any], dict[str, str], str]] = {
    "waiting": ([question(ARGS)], {}, "waiting"),
    "approved and not begun": ([question(ARGS, answer=APPROVED)], {}, "approved"),
    "begun": ([question(ARGS, answer=APPROVED), claim("claimed")], {}, "running"),
    "asks inside": ([question(ARGS, answer=APPROVED), claim("paused")], {}, "running"),
    "done": ([question(ARGS, answer=APPROVED), claim("done", "paid 80")], {"call_1": "paid 80"}, "done"),
    "failed": ([question(ARGS, answer=APPROVED), claim("done", {"failed": "no", "told": "Failed: no"})], {}, "failed"),
    "edited and done": ([question(ARGS, answer=EDITED), claim("done", "paid 60")], {"call_1": "Edited…"}, "done"),
    "rejected": ([question(ARGS, answer={"type": "reject"})], {"call_1": "Rejected…"}, "rejected"),
    "responded": ([question(ARGS, answer={"type": "respond", "message": "x"})], {"call_1": "…"}, "responded"),
    "cancelled": ([question(ARGS, status="cancelled")], {"call_1": "Cancelled…"}, "cancelled"),
    "expired": ([question(ARGS, status="expired")], {"call_1": "Expired…"}, "expired"),
    "edited, asked again": ([question(ARGS, answer=EDITED), question(ARGS, id_="b" * 32)], {}, "waiting"),
    "not known whether it ran": (
        [question(ARGS, answer=APPROVED), claim("in doubt"), question(ARGS, kind=IN_DOUBT, id_="d" * 32)],
        {},
        "in doubt",
    ),
    "given up": (
        [question(ARGS, answer=APPROVED), claim("in doubt"), question(ARGS, kind=IN_DOUBT, answer={"type": "give_up"})],
        {"call_1": "In doubt…"},
        "in doubt",
    ),
    "found to have run": (
        [
            question(ARGS, answer=APPROVED),
            claim("done", "Done: …"),
            question(ARGS, kind=IN_DOUBT, answer={"type": "it_ran"}),
        ],
        {},
        "done",
    ),
    "nothing yet": ([], {}, "running"),
    "passed by its rule": ([claim("done", "paid 5")], {"call_1": "paid 5"}, "done"),
    "invalid": ([], {"call_1": "Invalid: …"}, "refused"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_calls_state(state: str) -> None:
    stored, results, expected = STATES[state]
    call = one(*stored, results=results)
    assert call.state == expected
    assert call.under_way == (call.waits or expected in ("approved", "running"))


def test_a_waiting_call_says_who_decides_and_what_is_allowed() -> None:
    call = one(question(ARGS, approvers=["U0LEA", "S0LEADS"], allow=["approve", "reject"], expires_at=AT + 60))
    assert (call.waits, call.interrupt_id, call.requester) == (True, "a" * 32, "U0ANA")
    assert (list(call.approvers), list(call.allow), call.expires_at) == (
        ["U0LEA", "S0LEADS"],
        ["approve", "reject"],
        AT + 60,
    )
    assert (call.description, call.gated, call.uneditable) == ("Pay it.", True, None)


def test_a_call_in_doubt_waits_for_another_answer_than_an_approval() -> None:
    call = one(question(ARGS, answer=APPROVED), claim("in doubt"), question(ARGS, kind=IN_DOUBT, id_="d" * 32))
    assert (call.waits, call.interrupt_id, list(call.allow), call.idempotency_key) == (True, "d" * 32, [], "k" * 32)


def test_arguments_stand_in_their_declared_order_before_and_after_an_edit() -> None:
    call = one(question({"amount": 80, "note": "", "number": 7}, answer=EDITED))
    assert list(call.args) == ["number", "amount", "note"]
    assert (call.args["amount"], call.edited["amount"]) == (80, 60)
    assert (call.decision, call.decided_by, call.decided_at) == ("edit", "U0ANA", AT)


@pytest.mark.parametrize(
    ("stored", "result"),
    [
        (claim("done", "paid 80"), "paid 80"),
        (claim("done", {"failed": "no such order", "told": "Failed: no such order"}), "no such order"),
        (claim("failed", error="ValueError: no such order"), "no such order"),
    ],
)
def test_the_result_is_the_tools_own_words(stored: Any, result: str) -> None:
    assert one(question(ARGS, answer=APPROVED), stored).result == result


DEEP = '{"a":' + "[" * 100_000


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ('{"number": 1}', {"number": 1}),
        ("{", {"arguments": "{"}),
        ("[1]", {"arguments": "[1]"}),
        ("", {}),
        (DEEP, {"arguments": DEEP}),
    ],
)
def test_arguments_that_are_none_are_shown_as_they_are(arguments: str, shown: dict[str, Any]) -> None:
    for name in ("look_up", "no_such_tool"):
        call = one(message=proposed(("call_1", name, arguments)), results={"call_1": "Invalid: …"})
        assert (call.args, call.state, call.gated) == (shown, "refused", False)


@pytest.mark.parametrize(
    "arguments", ['{"key": "hunter2", "times": 1}', '{"key": "hunter2"}', '{"k": "hunter2"}', '"hunter2"']
)
def test_a_secret_is_never_shown_asked_or_unasked_valid_or_not(arguments: str) -> None:
    assert "hunter" not in repr(one(message=proposed(("call_1", "sign", arguments))))


def test_a_secret_within_what_refers_to_itself_is_not_shown_in_a_call_that_is_invalid() -> None:
    vault = {"key": "hunter2", "inner": [{"key": "hunter3"}]}
    (call,) = rows([keep], proposed(("call_1", "keep", {"vault": vault, "times": "often"})))
    assert "hunter" not in repr(call.args)
    assert call.args["times"] == "often"


def test_a_secret_of_an_edit_is_not_shown() -> None:
    answer = {"type": "edit", "edited_action": {"name": "sign", "args": {"key": "hunter3", "times": 2}}}
    asked = question({"key": "••••••••", "times": 1}, name="sign", answer=answer)
    call = one(asked, message=proposed(("call_1", "sign", {"key": "hunter2", "times": 1})))
    assert call.edited == {"key": "••••••••", "times": 2}
    assert call.uneditable is None, "the secret stays as it is, the rest can be edited"


def test_a_revision_changes_with_what_waits() -> None:
    two = proposed(("call_1", "pay", ARGS), ("call_2", "pay", ARGS))
    first, second = question(ARGS), question(ARGS, call_id="call_2", id_="b" * 32)
    both = revision(rows([pay], two, first, second))
    assert revision(rows([pay], two, second, first)) == both
    assert revision(rows([pay], two, question(ARGS, answer=APPROVED), second)) != both
