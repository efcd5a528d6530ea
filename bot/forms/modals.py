"""Modals: a view around blocks, and those that carry no form of a tool (one text, a notice)."""

from collections.abc import Sequence

from bot.forms.forms import StateValues
from bot.shown.text import Block, plain_text, plain_visible, visible

_CAPTION_LIMIT = 24  # a modal's title and its two buttons
_METADATA_LIMIT = 3000
_BLOCK_LIMIT = 100
_ALERT_LIMIT = 200

_TEXT_BLOCK = "reason"
_TEXT_ACTION = "reason"


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


def form_view(
    view: Block, said: str, blocks: Sequence[Block], *, place: tuple[int, int] = (1, 1), problem: str = ""
) -> Block:
    """One view of a form. `view` has what it is called and its buttons (see `modal`), `said` is a sentence about what
    submitting does, `place` is which view of how many, `problem` is what is wrong with the whole.
    """
    number, of = place
    lines = said if of == 1 else f"{said} Part {number} of {of}."
    alert: list[Block] = (
        [{"type": "alert", "level": "error", "text": plain_text(problem, _ALERT_LIMIT)}] if problem else []
    )
    whole = [_said(problem)] if len(problem) > _ALERT_LIMIT else []
    shown = view | {"blocks": [*alert, *whole, _said(lines), *blocks]}
    return shown if number == of else shown | {"submit": _caption("Continue")}


def edit_modal(
    callback_id: str, metadata: str, name: str, blocks: Sequence[Block], *, place: tuple[int, int], problem: str = ""
) -> Block:
    """One view of an edit of a call of the tool `name`, in words; `place` and `problem` as in `form_view`."""
    said = "What you submit takes the place of the proposed call, and runs once its own rule is met."
    view = modal(titled("Edit", name), callback_id, metadata, list(blocks), "Run Edited Call")
    return form_view(view, said, blocks, place=place, problem=problem)


def titled(verb: str, name: str) -> str:
    """A title of as many words of the name as fit: "Edit refund order"."""
    title = verb
    for word in name.lower().split():
        if len(f"{title} {word}") > _CAPTION_LIMIT:
            break
        title += f" {word}"
    return title if title != verb else f"{verb} call"


def _caption(text: str) -> Block:
    shown, _ = visible(text)
    cut = shown if len(shown) <= _CAPTION_LIMIT else shown[: _CAPTION_LIMIT - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}


def reject_modal(callback_id: str, metadata: str, call: str, arguments: Sequence[Block] = ()) -> Block:
    """Asks why `call`, a call as people name it, is not to run: one optional input, `Reason`. `arguments` are those of
    the call as its card shows them.
    """
    said = f"{call} will not run. The reason, if you give one, is told to the model and stands on the card."
    blocks: list[Block] = [_said(said), *arguments, _text_input("Reason", optional=True)]
    return modal("Reject call", callback_id, metadata, blocks, "Reject Call")


def respond_modal(callback_id: str, metadata: str, call: str, arguments: Sequence[Block] = ()) -> Block:
    """Asks for what the model gets in the place of a result of `call`, whose `arguments` its card shows so."""
    said = f"{call} will not run. The model reads your response in the place of a result."
    blocks: list[Block] = [_said(said), *arguments, _text_input("Response", optional=False)]
    return modal("Respond instead", callback_id, metadata, blocks, "Send Response")


def read_text(state_values: StateValues) -> str:
    """What was written into either, without the space around it; empty for nothing."""
    filled = state_values.get(_TEXT_BLOCK, {}).get(_TEXT_ACTION, {})
    return (filled.get("value") or "").strip()


def missing_text() -> dict[str, str]:
    """What to say, by block id, where a text is needed and there is none."""
    return {_TEXT_BLOCK: "Write what the model is to read. To give no answer, reject the call."}


def _said(text: str) -> Block:
    return {"type": "section", "text": plain_visible(text)}


def _text_input(label: str, *, optional: bool) -> Block:
    return {
        "type": "input",
        "block_id": _TEXT_BLOCK,
        "label": {"type": "plain_text", "text": label, "emoji": False},
        "element": {"type": "plain_text_input", "action_id": _TEXT_ACTION, "multiline": True, "focus_on_load": True},
        "optional": optional,
    }


def notice_modal(title: str, text: str, call: str = "") -> Block:
    """A modal that only says something, such as that a call was decided meanwhile, and which `call` it is about."""
    said = f"{call}: {visible(text)[0]}" if call else visible(text)[0]
    return modal(title, "notice", "", [_said(said)], submit=None, close="Close")
