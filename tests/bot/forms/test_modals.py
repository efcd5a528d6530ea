"""Modals stay within what Slack takes, and a reason comes back as it was written."""

import pytest
from slack_sdk.models.views import View

from bot.forms.modals import modal, notice_modal, read_reason, reason_modal
from bot.shown.text import Block

DIVIDER: Block = {"type": "divider"}


def test_long_captions_are_cut_to_slacks_limit() -> None:
    view = modal("Edit a_tool_with_a_very_long_name", "edit", "id", [DIVIDER], submit="s" * 25)
    assert view["title"]["text"] == "Edit a_tool_with_a_very…"
    assert len(view["title"]["text"]) == len(view["submit"]["text"]) == 24
    assert View(**view).to_dict() == view


def test_a_reason_is_optional_and_labelled_reason() -> None:
    view = reason_modal("reject", "approval-1")
    (block,) = view["blocks"]
    assert View(**view).to_dict() == view
    assert view["private_metadata"] == "approval-1"
    assert (block["label"]["text"], block["optional"], block["element"]["multiline"]) == ("Reason", True, True)
    action = block["element"]["action_id"]
    assert read_reason({block["block_id"]: {action: {"value": " too late\n"}}}) == "too late"
    assert read_reason({block["block_id"]: {action: {"value": None}}}) == ""
    assert read_reason({}) == ""


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
        modal("t", "c", "m", reason_modal("c", "m")["blocks"], submit=None)
