"""The linter of what people see finds each thing that it is there to find."""

from typing import Any

import pytest

from tests.support import linter

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, **more: Any) -> Json:
    return {"type": "button", "text": plain(label), "action_id": label, "value": "a" * 32, **more}


def actions(*buttons: Json) -> Json:
    return {"type": "actions", "elements": list(buttons)}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


DIALOG = {"title": plain("Approve this?"), "text": plain("It is"), "confirm": plain("Approve"), "deny": plain("Cancel")}

CLEAN = [
    section("Refund 80.00 euro on order 1042?"),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "refund_order · <@U0ANA> decides"}]},
    actions(button("Approve", style="danger", confirm=DIALOG), button("Approve and Stop Asking"), button("Reject")),
]
TEXT = "Decision needed: Refund 80.00 euro on order 1042?"


def test_what_is_as_it_should_be_has_no_problem() -> None:
    assert linter.message(TEXT, CLEAN, first_line="Refund 80.00 euro", functions=["refund_order"]) == []
    assert linter.sentence("<@U0LEA> decides. Ask <#C0SUPPORT>.") == []
    field = {"type": "input", "label": plain("Order id"), "element": {"type": "plain_text_input", "action_id": "a"}}
    form = {
        "type": "modal",
        "title": plain("Edit refund"),
        "submit": plain("Run Edited Call"),
        "close": plain("Cancel"),
    }
    assert linter.view({**form, "blocks": [field]}) == []
    assert "a form that cannot be left by Cancel" in linter.view({**form, "close": plain("No"), "blocks": [field]})
    assert any("code style" in each for each in linter.view({**form, "title": plain("Edit a_b"), "blocks": [field]}))
    bad = {**field, "label": plain("Order Number.")}
    assert len(linter.view({**form, "blocks": [bad]})) >= 2


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([actions(button("Approve all"))], "not in Title Case"),
        ([actions(button("✓ Approve"))], "an emoji"),
        ([actions(button("Approve :tada:"))], "an emoji"),
        ([actions(button("Approve."))], "a full stop"),
        ([actions(button("Approve", value='{"order": 7}'))], "no opaque id"),
        ([actions(button("Approve", style="primary"), button("Send", style="primary"))], "2 emphasised buttons"),
        ([actions(button("Reject", style="danger", confirm=DIALOG))], "styled"),
        ([actions(button("Approve", style="danger"))], "nothing asks"),
        ([actions(button("Approve", confirm={**DIALOG, "title": plain("Approve This")}))], "Title Case"),
        ([{"type": "header", "text": plain("Last Decisions")}], "is in Title Case"),
        ([{"type": "header", "text": plain("last decisions")}], "small letter"),
        ([{"type": "header", "text": plain("Last decisions.")}], "a full stop"),
        ([section("Ask U0LEA about it")], "shows an id"),
        ([section(f"Look for {'a1' * 16}")], "shows an id"),
        ([section("The card above has changed")], "names a place"),
        ([section("Sorry, that did not work")], "apologizes"),
        ([section("reason None")], "is Python"),
        ([section("Run refund_order?")], "names the function"),
        ([section("⚠")], "instead of words"),
        ([section("x" * 3001)], "too long"),
        ([section("x" * 2600)] * 4, "characters"),
        ([section("x")] * 51, "51 blocks"),
        ([{"type": "context", "elements": [plain("x")] * 11}], "11 elements"),
    ],
)
def test_each_problem_is_found(blocks: list[Json], problem: str) -> None:
    assert [each for each in linter.message("x", blocks, first_line="", functions=["refund_order"]) if problem in each]


def test_the_fallback_text_says_what_the_message_says_first() -> None:
    assert linter.message("", CLEAN, first_line="") == ["no fallback text"]
    assert any("without" in each for each in linter.message("A decision is needed", CLEAN))
    assert any("begins with" in each for each in linter.message("Pay?", CLEAN, first_line="Pay?"))
