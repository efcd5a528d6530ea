"""Ids of deliveries for the log: from anything that somebody may post, and nothing but ids."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.inbound.delivery_ids import ids, kind

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "type",
    "event",
    "team",
    "user",
    "actions",
    "container",
    "view",
    "command",
    "event_id",
    "channel_id",
    "user_id",
)

EVENT = {
    "type": "event_callback",
    "team_id": "T1",
    "event_id": "Ev1",
    "event": {"type": "message", "channel": "C1", "user": "U1", "ts": "1.0", "text": "something private"},
}
CLICK = {
    "type": "block_actions",
    "team": {"id": "T1"},
    "user": {"id": "U2", "team_id": "T1"},
    "container": {"channel_id": "C1", "message_ts": "2.0"},
    "actions": [{"action_id": "approve", "block_id": "b1", "value": "0123abcd"}],
}
FORM = {
    "type": "view_submission",
    "team": {"id": "T1"},
    "user": {"id": "U2"},
    "view": {
        "type": "modal",
        "id": "V1",
        "callback_id": "edit",
        "private_metadata": "0123abcd",
        "state": {"values": {"a": "something private"}},
    },
}
COMMAND = {"command": "/signoff", "text": "pause pay", "team_id": "T1", "user_id": "U1", "channel_id": "C1"}


@pytest.mark.parametrize(
    ("body", "is_of", "found"),
    [
        (EVENT, "event", {"team": "T1", "channel": "C1", "person": "U1", "event": "Ev1", "ts": "1.0"}),
        (CLICK, "action", {"team": "T1", "channel": "C1", "person": "U2", "ts": "2.0", "question": "0123abcd"}),
        (FORM, "view", {"team": "T1", "person": "U2", "question": "0123abcd"}),
        (COMMAND, "command", {"team": "T1", "channel": "C1", "person": "U1"}),
        ({"type": "url_verification", "challenge": "x"}, "other", {}),
    ],
)
def test_what_slack_delivers_says_whose_it_is(body: Any, is_of: str, found: dict[str, str]) -> None:
    assert (kind(body), ids(body)) == (is_of, found)


def test_what_is_no_id_is_left_out() -> None:
    assert ids({**EVENT, "team_id": "T1 and more", "event_id": "x" * 65, "event": {"user": {"id": "U1"}}}) == {}


@given(st.dictionaries(st.sampled_from(NAMES), JSON) | JSON)
def test_nothing_that_is_posted_breaks_it(body: Any) -> None:
    assert kind(body) in ("event", "action", "view", "options", "command", "other")
    for value in ids(body).values():
        assert value is not None
        assert value.isprintable()
        assert len(value) <= 64
