"""Opening a form for who clicked. Slack may refuse it, or not say; then they hear what to do."""

from __future__ import annotations

import logging
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.slack_errors import UNCERTAIN, describe, is_final, may_have_arrived, reason

logger = logging.getLogger(__name__)

NO_TRIGGER = frozenset(
    {"expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id"}
    | {"trigger_expired", "trigger_exchanged", "invalid_trigger"}
)
"""The click is too old, or was used already: another one will do."""


async def open_form(
    client: AsyncWebClient, trigger_id: str, view: dict[str, Any], button: str, call: str
) -> str | None:
    """Open a form; None when it is open, else a sentence for who pressed `button` to decide about `call`."""
    try:
        await client.views_open(trigger_id=trigger_id, view=view)
    except UNCERTAIN as error:
        if reason(error) in NO_TRIGGER or not is_final(error):
            logger.warning("a form was not opened: %s", describe(error))
            if may_have_arrived(error):
                lost = f"Slack did not say whether the form for {call} is open."
                return f"{lost} If you do not see it, click {button} again."
            return f"The form for {call} did not open. Click {button} again."
        logger.error("Slack does not take a form of ours: %s", error)  # its message has Slack's reasons
        return f"Slack does not take the form for {call} ({describe(error)}). Decide with another of its buttons."
    return None
