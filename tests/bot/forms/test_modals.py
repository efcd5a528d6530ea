"""Modals stay within what Slack takes, and a reason comes back as it was written."""

from collections.abc import Callable

import pytest
from slack_sdk.models.views import View

from bot.forms.modals import (
    edit_modal,
    missing_text,
    modal,
    notice_modal,
    read_text,
    reject_modal,
    respond_modal,
    titled,
)
from bot.shown.text import Block
from tests.support import linter

DIVIDER: Block = {"type": "divider"}


def test_long_captions_are_cut_to_slacks_limit() -> None:
    view = modal("Edit a_tool_with_a_very_long_name", "edit", "id", [DIVIDER], submit="s" * 25)
    assert view["title"]["text"] == "Edit a_tool_with_a_very…"
    assert len(view["title"]["text"]) == len(view["submit"]["text"]) == 24
    assert View(**view).to_dict() == view


@pytest.mark.parametrize(
    ("make", "label", "optional", "title", "submit"),
    [
        (reject_modal, "Reason", True, "Reject call", "Reject Call"),
        (respond_modal, "Response", False, "Respond instead", "Send Response"),
    ],
)
def test_what_asks_for_a_text_names_the_call_and_gives_the_text_back(
    make: Callable[..., Block], label: str, optional: bool, title: str, submit: str
) -> None:
    view = make("callback", "approval-1", "Cancel order (order id 7)")
    said, block = view["blocks"]
    assert View(**view).to_dict() == view
    assert view["private_metadata"] == "approval-1"
    assert (view["title"]["text"], view["submit"]["text"]) == (title, submit)
    assert said["text"]["text"].startswith("Cancel order (order id 7) will not run.")
    assert said["text"]["type"] == "plain_text"
    assert (block["label"]["text"], block["optional"], block["element"]["multiline"]) == (label, optional, True)
    assert block["element"]["focus_on_load"] is True
    assert linter.view(view) == []
    action = block["element"]["action_id"]
    assert read_text({block["block_id"]: {action: {"value": " too late\n"}}}) == "too late"
    assert read_text({block["block_id"]: {action: {"value": None}}}) == ""
    assert read_text({}) == ""
    assert missing_text().keys() == {block["block_id"]}


def test_a_notice_says_its_text_and_submits_nothing() -> None:
    view = notice_modal("Already decided", "<@U0LEA> approved it.")
    assert View(**view).to_dict() == view
    assert view["blocks"][0]["text"] == {"type": "plain_text", "text": "<@U0LEA> approved it.", "emoji": False}
    assert "submit" not in view


def test_what_slack_would_refuse_is_refused_here() -> None:
    with pytest.raises(ValueError, match="3000 characters of metadata"):
        modal("t", "c", "m" * 3001, [DIVIDER], submit=None)
    with pytest.raises(ValueError, match="1 to 100 blocks"):
        modal("t", "c", "m", [DIVIDER] * 101, submit=None)
    with pytest.raises(ValueError, match="1 to 100 blocks"):
        modal("t", "c", "m", [], submit=None)
    with pytest.raises(ValueError, match="submit button"):
        modal("t", "c", "m", reject_modal("c", "m", "Pay")["blocks"], submit=None)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Refund order", "Edit refund order"),
        ("Send the customer a replacement", "Edit send the customer a"),
        ("Donaudampfschifffahrtsgesellschaft", "Edit call"),
    ],
)
def test_a_title_has_as_many_words_of_the_name_as_fit(name: str, title: str) -> None:
    assert titled("Edit", name) == title
    assert len(title) <= 24


def test_a_view_says_which_part_it_is_and_what_is_wrong_with_the_whole() -> None:
    first = edit_modal("edit", "0f", "Refund order", [DIVIDER], place=(1, 2), problem="Only 9 are left.")
    last = edit_modal("edit", "0f", "Refund order", [DIVIDER], place=(2, 2))
    alert, said, _ = first["blocks"]
    assert (alert["type"], alert["level"], alert["text"]["text"]) == ("alert", "error", "Only 9 are left.")
    assert said["text"]["text"].endswith("runs once its own rule is met. Part 1 of 2.")
    assert (first["submit"]["text"], last["submit"]["text"]) == ("Continue", "Run Edited Call")
    assert linter.view(first) == linter.view(last) == []


def test_a_problem_that_an_alert_cannot_hold_is_said_whole() -> None:
    problem = "The order was paid in parts. " * 10
    alert, whole, *_ = edit_modal("edit", "0f", "Refund order", [DIVIDER], place=(1, 1), problem=problem)["blocks"]
    assert len(alert["text"]["text"]) <= 200
    assert whole["text"]["text"] == problem
