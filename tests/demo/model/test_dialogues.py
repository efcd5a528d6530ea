"""Whole conversations with a support desk: what is called, what is asked, what is said."""

import json

import pytest

from bot.demo.model.reply import Call
from tests.demo.model.talking import Talk, tool, went_through

SELF = "(I am the demo model: a script, not an AI.)"


def find(number: int) -> Call:
    return Call("find_order", {"order_id": number})


def refund(number: int, amount: float, **more: str) -> Call:
    return Call("refund_order", {"order_id": number, "amount": amount, **more})


def cancel(number: int, reason: str) -> Call:
    return Call("cancel_order", {"order_id": number, "reason": reason})


def email(to: str, subject: str, body: str) -> Call:
    return Call("send_email", {"to": to, "subject": subject, "body": body})


MAIL = '"Your refund" "It is on its way"'

ONE_MESSAGE = [
    ("refund order 1042, 80 euro, it came late", [[find(1042)], [refund(1042, 80, reason="it came late")]]),
    ("refund order 1042, 30 euro", [[find(1042)], [refund(1042, 30)]]),
    ("<@U0SIGNOFF> refund order 1042, 30 euro", [[find(1042)], [refund(1042, 30)]]),
    (
        "please refund €12,50 on #1042 because it was broken, thanks",
        [[find(1042)], [refund(1042, 12.5, reason="it was broken")]],
    ),
    ("Hello! I'd like a refund of 1.200,50 EUR for order 1042", [[find(1042)], [refund(1042, 1200.5)]]),
    ("can you refund order 1042 80 euro?", [[find(1042)], [refund(1042, 80)]]),
    ("refund order 1042 80", [[find(1042)], [refund(1042, 80)]]),
    ("refund 1042 80", [[find(1042)], [refund(1042, 80)]]),
    ("refund order 1042, 80 euro. Thanks!", [[find(1042)], [refund(1042, 80)]]),
    ("refund order 1042 80 euro for late delivery", [[find(1042)], [refund(1042, 80, reason="late delivery")]]),
    ("refund order 1042 80 euro it came 2 days late", [[find(1042)], [refund(1042, 80, reason="it came 2 days late")]]),
    (
        "order: 1042, refund, amount: 80, reason: late, really",
        [[find(1042)], [refund(1042, 80, reason="late, really")]],
    ),
    ("refund order 1042, 80 euro, don't email the customer", [[find(1042)], [refund(1042, 80)]]),
    (
        "cancel order 1043, the customer changed her mind",
        [[find(1043)], [cancel(1043, "the customer changed her mind")]],
    ),
    ("cancel order 1043, order came twice", [[find(1043)], [cancel(1043, "order came twice")]]),
    ("cancel order 1043 because of rain", [[find(1043)], [cancel(1043, "rain")]]),
    (f"email ana@example.com {MAIL}", [[email("ana@example.com", "Your refund", "It is on its way")]]),
    (
        f"mail <mailto:ana@example.com|ana@example.com> {MAIL}",
        [[email("ana@example.com", "Your refund", "It is on its way")]],
    ),
    (
        "email ana@example.com “Cancel order 7” 'I won't refund 5 euro'",
        [[email("ana@example.com", "Cancel order 7", "I won't refund 5 euro")]],
    ),
    ("where is order 1044?", [[find(1044)]]),
    ("did you refund order 1042?", [[find(1042)]]),
    ("order 1042", [[find(1042)]]),
    ("the customer of order 1042 is angry", [[find(1042)]]),
    (
        "refund order 1042 80 euro and refund order 1043 20 euro",
        [[find(1042), find(1043)], [refund(1042, 80), refund(1043, 20)]],
    ),
    (
        f"refund order 1042, 80 euro, it came late, and email ana@example.com {MAIL}",
        [
            [find(1042)],
            [refund(1042, 80, reason="it came late"), email("ana@example.com", "Your refund", "It is on its way")],
        ],
    ),
    (
        "please cancel 1043 since she moved; then refund 1042 with €60",
        [[find(1043), find(1042)], [cancel(1043, "she moved"), refund(1042, 60)]],
    ),
    ("find order 1042 and refund 80 euro", [[find(1042)], [refund(1042, 80)]]),
    ("look up order 1042, then cancel it because of rain", [[find(1042)], [cancel(1042, "rain")]]),
    ("find orders 1042, 1043 and 1044", [[find(1042), find(1043), find(1044)]]),
    ("refund orders 1042 and 1043, 20 euro each", [[find(1042), find(1043)], [refund(1042, 20), refund(1043, 20)]]),
    ("don't refund 1042, refund 1043 20 euro", [[find(1043)], [refund(1043, 20)]]),
    (
        "refund order 1042, 80 euro, the customer did not get it",
        [[find(1042)], [refund(1042, 80, reason="the customer did not get it")]],
    ),
]


@pytest.mark.parametrize(("text", "calls"), ONE_MESSAGE, ids=[text for text, _calls in ONE_MESSAGE])
def test_one_message_makes_these_calls(text: str, calls: list[list[Call]]) -> None:
    talk = Talk()
    talk.say(text)
    assert talk.calls() == calls


@pytest.mark.parametrize(
    "text",
    [
        "don't refund order 1042",
        "please do not refund order 1042, 80 euro",
        "I do not want to refund order 1042, 80 euro",
        "stop refunding order 1042",
        "never mind",
        "cancel that",
        "no thanks",
        "refund order 1042, 80 euro - never mind",
    ],
)
def test_what_a_person_does_not_want_is_not_called(text: str) -> None:
    talk = Talk()
    assert "Nothing was done" in (talk.say(text).text or "")
    assert talk.calls() == []


@pytest.mark.parametrize("text", ["hello", "what can you do?", "help", "what is the weather like"])
def test_it_says_what_it_can_do_in_the_words_of_the_tools(text: str) -> None:
    talk = Talk()
    said = talk.say(text).text or ""
    assert all(tool["description"].rstrip(".") in said for tool in talk.tools)
    assert all(tool["name"] not in said for tool in talk.tools)


def test_the_first_reply_with_words_says_what_speaks_and_no_other_does() -> None:
    talk = Talk()
    talk.say("refund order 1042, 80 euro")
    talk.say("thanks!")
    assert talk.said().count(SELF) == 1
    assert SELF in next(
        message["content"] for message in talk.messages if message["role"] == "assistant" and message["content"]
    )


def test_a_missing_amount_is_asked_for_and_the_answer_goes_on() -> None:
    talk = Talk()
    asked = talk.say("refund order 1042, it came late").text or ""
    assert "how much to give back, in euro" in asked
    assert talk.calls() == []
    talk.say("80 euro")
    assert talk.calls() == [[find(1042)], [refund(1042, 80, reason="it came late")]]


def test_it_asks_until_it_has_everything() -> None:
    talk = Talk()
    assert "subject" in (talk.say("email ana@example.com").text or "")
    assert "subject" not in (talk.say('"Your refund"').text or "")
    talk.say("It is on its way")
    assert talk.calls() == [[email("ana@example.com", "Your refund", "It is on its way")]]


def test_a_missing_reason_is_answered_in_free_words() -> None:
    talk = Talk()
    talk.say("cancel order 1043")
    talk.say("She changed her mind.")
    assert talk.calls()[-1] == [cancel(1043, "She changed her mind")]


def test_it_is_what_the_person_named_before() -> None:
    talk = Talk()
    talk.say("where is order 1044?")
    talk.say("refund it, 80 euro")
    assert talk.calls() == [[find(1044)], [find(1044)], [refund(1044, 80)]]


def test_an_amount_is_never_taken_from_an_earlier_message() -> None:
    talk = Talk()
    talk.say("refund order 1044, 80 euro")
    assert "how much" in (talk.say("refund it").text or "")


def test_never_mind_ends_a_question() -> None:
    talk = Talk()
    talk.say("refund order 1042")
    assert "Nothing was done" in (talk.say("never mind").text or "")
    assert "tool of mine" in (talk.say("80 euro").text or "")
    assert talk.calls() == []


def test_another_request_instead_of_an_answer_is_a_new_request() -> None:
    talk = Talk()
    talk.say("refund order 1042")
    talk.say("cancel order 1043, she moved")
    assert talk.calls() == [[find(1043)], [cancel(1043, "she moved")]]


def test_an_amount_is_never_taken_from_another_call() -> None:
    talk = Talk()
    assert "how much" in (talk.say("refund order 1042 80 euro and refund order 1043").text or "")
    assert talk.calls() == []


@pytest.mark.parametrize(
    "nothing", ["null", "[]", "There is no order 1042.", "Failed: no such number", '{"error": "gone"}']
)
def test_what_was_not_found_is_not_acted_on(nothing: str) -> None:
    talk = Talk(answer=lambda call: nothing if call.name == "find_order" else went_through(call))
    said = talk.say("refund order 1042, 80 euro").text or ""
    assert talk.calls() == [[find(1042)]]
    assert "Done" not in said


def test_what_was_looked_up_is_told_before_the_call_that_follows_from_it() -> None:
    found = json.dumps({"number": 1042, "customer": "Ana", "status": "cancelled", "note": None})
    talk = Talk(answer=lambda call: found if call.name == "find_order" else went_through(call))
    talk.say("refund order 1042, 80 euro")
    proposing = next(message for message in talk.messages if message.get("tool_calls") and message["content"])
    assert "number: 1042, customer: Ana, status: cancelled" in proposing["content"]


def test_a_call_that_failed_is_not_made_again() -> None:
    talk = Talk(answer=lambda _call: "Invalid: amount is too small. The call did not run.")
    assert "Invalid: amount is too small" in (talk.say("where is order 1042?").text or "")
    assert talk.calls() == [[find(1042)]]


def test_a_transcript_that_spells_the_arguments_otherwise_is_recognised() -> None:
    talk = Talk()
    talk.messages.append({"role": "user", "content": "refund order 1042, 80 euro"})
    talk.step()
    talk.step()
    call = talk.messages[-2]["tool_calls"][0]["function"]
    call["arguments"] = json.dumps({"amount": "80.00", "order_id": 1042, "reason": ""})
    assert not talk.step().calls


def test_a_tool_that_was_looked_up_by_other_words() -> None:
    weather = tool(
        "current_weather", "Get the weather in a city.", ["city"], city={"type": "string", "description": "The city."}
    )
    talk = Talk(tools=[weather])
    talk.say("what is the weather in New York?")
    assert talk.calls() == [[Call("current_weather", {"city": "New York"})]]
