"""What a call of Slack can end with, and what that means. (What else it means for a message: `bot/shown/refusals.py`.)

Slack answers in its own words (`ok: false` and a name), or something else does: a proxy's page, a status, nothing. A
caller asks here whether a later try may succeed, whether the call may have taken effect all the same, and what to do.

Source: the errors of docs.slack.dev/reference/methods, each with its sentence.
"""

from __future__ import annotations

from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

UNCERTAIN = (SlackClientError, aiohttp.ClientError, OSError, TimeoutError)
"""What a call of Slack ends with when it is refused, or when nobody knows whether it arrived."""

LIMITED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
"""Too many calls: this one was not taken, a later one will be."""

BROKEN = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "timeout", "server_error"}
    | {"update_failed", "team_added_to_org", "org_login_required"}  # a workspace that moves comes back
)
"""Slack's own trouble. The call may have taken effect."""

PASSING = LIMITED | BROKEN
"""Refusals that may be gone with the next try."""

DEAD_TOKEN = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
"""The token is no good any more, and no try will make it so: revoked, expired, or the app was uninstalled."""

NOT_LET_IN = frozenset(
    {"no_permission", "access_denied", "ekm_access_denied", "team_access_not_granted", "accesslimited"}
    | {"two_factor_setup_required", "enterprise_is_restricted"}
)
"""The workspace, or its policy, does not let the app in there."""

SETUP = NOT_LET_IN | {
    *("missing_scope", "not_allowed_token_type", "feature_not_enabled"),
    *("method_deprecated", "deprecated_endpoint"),
}
"""Whoever looks after the app or the workspace has to change something first."""

_CLIENT_ERROR, _SERVER_ERROR = 400, 500
_LONGEST = 200
"""Characters of a foreign text that are shown of an error."""


def reason(error: BaseException) -> str | None:
    """Slack's own name for the refusal; None when Slack said none."""
    found = _answer(error).get("error")
    return found if isinstance(found, str) and found else None


def is_passing(error: BaseException) -> bool:
    """Whether a later try may succeed: Slack says so, or it was not Slack that answered, or nobody did."""
    said = reason(error)
    return said is None or said in PASSING or _status(error) >= _SERVER_ERROR


def may_have_arrived(error: BaseException) -> bool:
    """Whether the call may have taken effect although it ended with this: look before you repeat it."""
    return is_passing(error) and reason(error) not in LIMITED


def is_dead_token(error: BaseException) -> bool:
    """Whether Slack refuses the token itself."""
    return reason(error) in DEAD_TOKEN


def is_final(error: BaseException) -> bool:
    """Whether Slack refuses this very call, and will again: not what may pass, nor what a new token mends."""
    return not (is_passing(error) or is_dead_token(error))


def describe(error: BaseException) -> str:
    """What happened, in one line for the log: never with the whole of a foreign page."""
    said, status = reason(error), _status(error)
    if said is not None:
        needed = _answer(error).get("needed")
        scope = f" (the app lacks the scope {needed}: add it under OAuth & Permissions, then reinstall the app)"
        return said + scope if said == "missing_scope" and needed else said
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, SlackApiError):
        return f"HTTP status {status} without an answer of Slack's" if status else "an answer that is not Slack's"
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= _LONGEST else words[: _LONGEST - 1] + "…"


def _answer(error: BaseException) -> dict[str, Any]:
    data = getattr(getattr(error, "response", None), "data", None)
    return data if isinstance(data, dict) else {}


def _status(error: BaseException) -> int:
    response = getattr(error, "response", None)
    found = getattr(response, "status_code", None) or getattr(response, "status", None)
    return found if isinstance(found, int) else 0
