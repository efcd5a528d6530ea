"""Modals: a view around blocks, and the two that carry no form of a tool (a reason, a notice)."""

from bot.forms.forms import StateValues
from bot.shown.text import Block, plain_text, visible

_CAPTION_LIMIT = 24  # a modal's title and its two buttons
_METADATA_LIMIT = 3000
_BLOCK_LIMIT = 100

_REASON_BLOCK = "reason"
_REASON_ACTION = "reason"


def modal(
    title: str, callback_id: str, metadata: str, blocks: list[Block], submit: str | None, close: str = "Cancel"
) -> Block:
    """A modal view; a title or button longer than Slack's 24 characters is cut with `…`.

    `metadata` is an opaque id: it comes back with the submission and is looked up again, never believed. `submit=None`
    leaves the submit button out. Raises ValueError for what Slack would refuse.
    """
    if len(metadata) > _METADATA_LIMIT:
        raise ValueError(f"expected at most {_METADATA_LIMIT} characters of metadata, got {len(metadata)}")
    if not 1 <= len(blocks) <= _BLOCK_LIMIT:
        raise ValueError(f"expected 1 to {_BLOCK_LIMIT} blocks in a modal, got {len(blocks)}")
    view: Block = {
        "type": "modal",
        "callback_id": callback_id,
        "title": _caption(title),
        "close": _caption(close),
        "blocks": blocks,
    }
    if metadata:
        view["private_metadata"] = metadata
    if submit is not None:
        view["submit"] = _caption(submit)
    elif any(block["type"] == "input" for block in blocks):
        raise ValueError("expected a submit button on a modal with inputs, got none")
    return view


def _caption(text: str) -> Block:
    shown, _ = visible(text)
    cut = shown if len(shown) <= _CAPTION_LIMIT else shown[: _CAPTION_LIMIT - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def reason_modal(callback_id: str, metadata: str, title: str = "Reject", submit: str = "Reject") -> Block:
    """A modal with one optional input, `Reason`."""
    reason: Block = {
        "type": "input",
        "block_id": _REASON_BLOCK,
        "label": {"type": "plain_text", "text": "Reason", "emoji": False},
        "element": {"type": "plain_text_input", "action_id": _REASON_ACTION, "multiline": True},
        "optional": True,
    }
    return modal(title, callback_id, metadata, [reason], submit)


def read_reason(state_values: StateValues) -> str:
    """The reason that was filled in, without the space around it; empty for none."""
    filled = state_values.get(_REASON_BLOCK, {}).get(_REASON_ACTION, {})
    return (filled.get("value") or "").strip()


def notice_modal(title: str, text: str) -> Block:
    """A modal that only says something, such as that a call was decided meanwhile."""
    section: Block = {"type": "section", "text": plain_text(text)}
    return modal(title, "notice", "", [section], submit=None, close="Close")
