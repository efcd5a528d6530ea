"""Calls at work, as task cards: what is being done, in the present tense. What is left of one is a quiet line. Pure."""

from __future__ import annotations

from bot.shown import tenses
from bot.shown.shown_calls import ShownCall
from bot.shown.text import Block, fitted, one_line
from graphs.approvals.states import State

TITLE_LIMIT = 150
ID_LENGTH = 40


def is_at_work(call: ShownCall) -> bool:
    """Whether it runs, and nobody was asked about it: one that its rule may still ask about is not begun yet."""
    begun = not call.gated or call.record.claim is not None
    is_running = call.state is State.RUNNING and not call.asks
    return begun and is_running and call.asked is None and call.doubt is None


def card(call: ShownCall) -> Block:
    """The call while it runs."""
    title = fitted(one_line(tenses.doing(call.title)), TITLE_LIMIT)
    return {"type": "task_card", "task_id": call.call_id[:ID_LENGTH], "title": title, "status": "in_progress"}
