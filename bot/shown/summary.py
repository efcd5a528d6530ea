"""What a notification, a watch or a screen reader says of a card: enough to decide on, or what was decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.shown import naming, records, wording
from bot.shown.arguments import in_line
from bot.shown.pieces import Moment, in_mrkdwn
from bot.shown.shown_calls import LINE_LIMIT, ShownCall
from bot.shown.text import TEXT_LIMIT, entities, escape_visible


def of(page: Sequence[ShownCall]) -> str:
    """What a notification says: that a decision is needed, on what, who asked, until when; later, what was decided."""
    waiting = [call for call in page if call.waits]
    if not waiting:
        said = [_in_words(call) for call in page]
        told = next((n for n in range(len(said), 1, -1) if len("; ".join(said[:n])) <= TEXT_LIMIT), 1)
        return "; ".join(said[:told]) + (f"; and {len(said) - told} more" if told < len(said) else "")
    first = waiting[0]
    line = entities(first.first_line)
    said = f"Decision needed: {line}" if len(waiting) == 1 else f"{len(waiting)} decisions needed. The first: {line}"
    if first.doubt is not None:
        said = f"{said}{_stop(said)} This call may already have run."
    until = f", until {in_mrkdwn([Moment(first.expires_at)])}" if first.expires_at is not None else ""
    asked = f"Asked by <@{first.requester}>{until}." if first.requester else ""
    return f"{said}{_stop(said)} {asked}".strip()


def _stop(sentence: str) -> str:
    return "" if sentence[-1] in ".?!…" else "."


def _in_words(call: ShownCall) -> str:
    if call.asked is not None or call.doubt is not None:
        return records.in_words(call)
    return escape_visible(what_ran(call))


def what_ran(call: ShownCall) -> str:
    """A call that no person was asked about, in a line, with its exact arguments where its title does not say them."""
    is_told = call.tool is not None and not call.named and naming.says_all(call.name, call.args)
    values = "" if is_told else in_line(call.args, LINE_LIMIT, call.labels)
    return wording.unasked(call) + (f" — {values}" if values else "")
