"""What a refusal of Slack's means for a message that is to be shown: not now, not so, not there, or not that one.

Source: the errors of docs.slack.dev/reference/methods/chat.postMessage, chat.update, chat.delete, chat.startStream.
"""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from bot.slack_errors import NOT_LET_IN, is_final, reason

STREAMING = "streaming_state_conflict"
"""The message is a stream that has not ended."""

UNCHANGEABLE = frozenset(
    {
        "message_not_found",
        "cant_update_message",
        "cant_delete_message",
        "edit_window_closed",
        "message_not_owned_by_app",
        STREAMING,
    }
)
"""This very message cannot be changed: it is gone, or not ours, or too old."""

CLOSED = NOT_LET_IN | (
    {"is_archived", "not_in_channel", "channel_not_found", "channel_type_not_supported", "invalid_channel"}
    | {"restricted_action", "restricted_action_read_only_channel", "restricted_action_thread_only_channel"}
    | {"restricted_action_non_threadable_channel", "restricted_action_thread_locked", "thread_locked"}
    | {"cannot_reply_to_message", "thread_not_found", "cannot_post_to_thread", "message_not_in_thread"}
    | {"messages_tab_disabled", "cannot_dm_bot", "cannot_dm_user", "user_disabled", "user_not_found"}
    | {"user_not_visible", "user_is_restricted", "user_is_bot", "not_allowed", "team_not_found"}
    | {"posting_to_general_channel_denied", "posting_to_channel_denied"}
    | {"method_not_supported_for_channel_type", "external_channel_migrating", "is_inactive", "is_bot"}
    | {"slack_connect_blocked_file_type", "slack_connect_file_upload_sharing_blocked", "not_in_conversation"}
)
"""The conversation, or the thread, takes no messages of ours, whatever is in them."""


class NotTaken(Exception):
    """Slack takes a message there in no form. `why` is its name for that."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


def why_not_so(error: SlackApiError) -> str:
    """Slack's name for what it does not like about the message, of which another form may do.

    Raises the error again when a later try may succeed; `NotTaken` when the place is closed.
    """
    said = reason(error)
    if said is None or not is_final(error):
        raise error
    if said in CLOSED or said.startswith("restricted_action"):
        raise NotTaken(said) from error
    return said
