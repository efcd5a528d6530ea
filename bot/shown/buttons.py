"""The buttons of a card: what each says, does and looks like. Pure.

A button's value is the id of what it is about, and nothing else. At most one of a message is emphasised; declining
never is: it is the safe choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.shown.shown_calls import ShownCall
from bot.shown.text import Block, context, one_line, plain_text, plain_visible
from bot.shown.versions import block_id

APPROVE = "approve"
EDIT = "edit"
REJECT = "reject"
RESPOND = "respond"
APPROVE_ALL = "approve_all"
IT_RAN = "it_ran"
RUN_AGAIN = "run_again"
GIVE_UP = "give_up"
RETRY = "retry"

NOTE_LIMIT = 200
DIALOG_LIMIT = 300
"""Characters of a dialog's text: Slack takes no more."""

ATTACHING = "The arguments are too long for a card. Approve appears once all of them are attached as a file."
ATTACHED = "The arguments are too long for a card. All of them are in the attached file: compare its SHA-256."


def decide(call: ShownCall, subject: str, *, is_alone: bool) -> list[Block]:
    """What may be decided about a call on the post of this subject, and what may not and why. It `is_alone` when
    nothing else on its card waits.
    """
    cut = not call.is_seen_whole(subject)
    uneditable = call.uneditable if "edit" in call.allow else None
    withheld = ({"approve"} if cut else set()) | ({"edit"} if uneditable else set())
    offered = {
        "approve": lambda: _approve(call, is_alone=is_alone),
        "edit": lambda: button("Edit", EDIT, call.interrupt_id),
        "reject": lambda: button("Reject", REJECT, call.interrupt_id),
        "respond": lambda: button("Respond", RESPOND, call.interrupt_id),
    }
    buttons = [make() for verb, make in offered.items() if verb in call.allow and verb not in withheld]
    blocks: list[Block] = []
    if not call.arguments.is_whole:
        blocks.append(context(plain_text(_of_the_file(call, subject))))
    if buttons:
        blocks.append({"type": "actions", "block_id": block_id("decide", call.question), "elements": buttons})
    if uneditable:
        said = f"It cannot be edited. {uneditable}" if call.args else "It has no arguments to edit."
        blocks.append(context(plain_text(one_line(said), NOTE_LIMIT)))
    return blocks


def _of_the_file(call: ShownCall, subject: str) -> str:
    if call.is_seen_whole(subject):
        return ATTACHED
    if (why := call.attached.get(subject)) is not None:
        return f"⚠ The arguments are too long for a card, and Slack takes no file here ({why}). Reject it instead."
    return ATTACHING


def approve_all(waiting: Sequence[ShownCall], revision: str) -> Block:
    """One button for all that waits on a card. `revision` tells which those are."""
    value = f"{waiting[0].message_id}:{revision}"
    dangerous = any(call.destructive for call in waiting)
    made = button(f"Approve All ({len(waiting)})", APPROVE_ALL, value, style="danger" if dangerous else "primary")
    if dangerous:
        lines = " · ".join(call.first_line for call in waiting)
        made["confirm"] = _dialog(f"Approve all {len(waiting)}?", lines, "Approve All")
    return {"type": "actions", "block_id": f"all:{revision}", "elements": [made]}


def settle_doubt(call: ShownCall) -> Block:
    """What can be said of a call that may have run. None of it is the likelier: nothing is emphasised."""
    again = button("Run Again", RUN_AGAIN, call.interrupt_id)
    again["confirm"] = _dialog("Run it again?", f"It may have run already: {call.first_line}", "Run Again", "primary")
    buttons = [
        button("It Ran", IT_RAN, call.interrupt_id),
        again,
        button("Give Up", GIVE_UP, call.interrupt_id),
    ]
    return {"type": "actions", "block_id": block_id("doubt", call.question), "elements": buttons}


def try_again(turn: str) -> Block:
    """For a turn that broke off."""
    return {"type": "actions", "block_id": "retry", "elements": [button("Try Again", RETRY, turn)]}


def button(label: str, action: str, value: str, *, style: str | None = None) -> Block:
    """One button; `value` is an id."""
    made: Block = {"type": "button", "text": plain_text(label), "action_id": action, "value": value}
    return made if style is None else {**made, "style": style}


def _approve(call: ShownCall, *, is_alone: bool) -> Block:
    style = ("danger" if call.destructive else "primary") if is_alone else None
    made = button("Approve", APPROVE, call.interrupt_id, style=style)
    if call.destructive:
        made["confirm"] = _dialog("Approve this?", call.first_line, "Approve")
    return made


def _dialog(title: str, text: str, confirm: str, style: str = "danger") -> Block:
    return {
        "title": plain_text(title),
        "text": plain_visible(text, DIALOG_LIMIT),
        "confirm": plain_text(confirm),
        "deny": plain_text("Go Back"),
        "style": style,
    }
