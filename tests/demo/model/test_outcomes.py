"""What the model says of each way a call can end; nothing but a result is told as a success."""

import json

import pytest

from bot.demo.model.reply import Call
from tests.demo.model.talking import Talk, tool, went_through

OUTCOMES = [
    ("Rejected by Lea: too much. The call did not run.", "I did not do it (refund order). Rejected by Lea: too much."),
    ('{"status": "rejected", "reason": "too much"}', "I did not do it (refund order). Rejected: too much"),
    ("The call was rejected by Lea.", "I did not do it (refund order). The call was rejected by Lea."),
    ("Expired: nobody decided in time.", "I did not do it (refund order). Expired: nobody decided in time."),
    (
        "Cancelled: the question was withdrawn.",
        "I did not do it (refund order). Cancelled: the question was withdrawn.",
    ),
    ("Failed: no money left", "It did not work (refund order). Failed: no money left"),
    ('{"error": "no money left"}', "It did not work (refund order). Failed: no money left"),
    ("Error: no money left", "It did not work (refund order). Error: no money left"),
    ("Invalid: amount is too small.", "It did not work (refund order). Invalid: amount is too small."),
    ("In doubt: nobody knows.", "I cannot say whether it happened (refund order). In doubt: nobody knows."),
    ("Timed out: it may have run.", "I cannot say whether it happened (refund order). Timed out: it may have run."),
    ("Answered by Lea: ask her first", "A person answered instead (refund order). Answered by Lea: ask her first"),
    (
        'Edited by Lea before it ran. Proposed: {"amount": 80}. Ran instead: {"amount": 60}. Result: sent',
        "A person changed the call (refund order). Edited by Lea before it ran. Proposed: amount: 80. "
        "Ran instead: amount: 60. Result: sent",
    ),
    (
        '{"status": "edited", "ran": {"amount": 60}}',
        "A person changed the call (refund order). Edited: ran: amount: 60",
    ),
    ("Refunded 80 euro.", "Done: Refunded 80 euro."),
    ("Done: Lea saw that it ran.", "Done: Lea saw that it ran."),
    ('{"refunded": 80, "to": ["Ana", "Max"]}', "Done: refunded: 80, to: Ana, Max"),
    ("null", "Done: refund order"),
    ("", "Done: refund order"),
]


@pytest.mark.parametrize(("content", "said"), OUTCOMES, ids=[content for content, _said in OUTCOMES])
def test_each_outcome_reads_as_itself(content: str, said: str) -> None:
    talk = Talk(answer=lambda call: content if call.name == "refund_order" else went_through(call))
    assert (talk.say("refund order 1042, 80 euro").text or "").startswith(said)


@pytest.mark.parametrize(
    ("content", "success"),
    [
        ("Order 1043 is cancelled.", True),
        ("Cancelled order 1043.", True),
        ('{"id": 1043, "status": "cancelled"}', True),
        ("Cancelled: a newer message came first.", False),
        ("This call was cancelled before anybody decided.", False),
        ("Refused by the carrier.", False),
    ],
)
def test_the_word_a_tool_is_there_for_is_no_failure(content: str, success: bool) -> None:
    talk = Talk(answer=lambda call: content if call.name == "cancel_order" else went_through(call))
    said = talk.say("cancel order 1043, she moved").text or ""
    assert said.startswith("Done: ") == success


@pytest.mark.parametrize("content", ['{"status": "rejected"}', '{"order": {"status": "failed"}}', "Order 7: expired."])
def test_a_status_that_was_looked_up_is_what_was_found(content: str) -> None:
    talk = Talk(answer=lambda _call: content)
    assert (talk.say("where is order 1042?").text or "").startswith("Here is what I found: ")


def test_of_two_calls_each_has_its_own_line() -> None:
    def answer(call: Call) -> str:
        if isinstance(call.arguments, dict) and call.arguments.get("amount") == 20:
            return "Rejected by Lea: no."
        return went_through(call)

    said = Talk(answer=answer).say("refund order 1042 80 euro and refund order 1043 20 euro").text
    assert said == "Done: refund_order went through.\nI did not do it (refund order). Rejected by Lea: no."


def test_several_things_that_were_found_stand_on_lines_of_their_own() -> None:
    found = json.dumps([{"name": "Ana", "open": True}, {"name": "Max", "open": False}])
    talk = Talk(tools=[tool("list_cases", "List the cases.")], answer=lambda _call: found)
    said = talk.say("list the cases").text or ""
    assert said.startswith("Here is what I found:\n• name: Ana, open: yes\n• name: Max, open: no")


def test_a_result_without_end_is_cut() -> None:
    talk = Talk(answer=lambda _call: "x" * 100_000)
    assert len(talk.say("where is order 1042?").text or "") < 2000
