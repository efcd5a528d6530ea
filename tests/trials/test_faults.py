"""Every fault at every call that a whole conversation makes of Slack: in the end all stands there once.

CI runs a few of them; `make trials` all.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.stories.people import SUPPORT, words
from tests.support.between import FOR_EVER, Fault, Kind
from tests.support.waiting import until
from tests.trials.conftest import Trial

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

LOOKED_UP = ("users.info", "usergroups.users.list", "conversations.info", "conversations.open")
"""What the bot remembers for minutes: it is started anew, so that it asks."""

SAID = ("assistant.threads.setStatus", "agents.sessions.setStatus")
"""What is not worth failing for."""

POSTS = (*SAID, "chat.postMessage", "chat.update", "views.open", "chat.postEphemeral")
STREAMS = ("chat.startStream", "chat.appendStream", "chat.stopStream")

PASSING: dict[str, tuple[Kind, Any, bool]] = {
    "500": ("status", 500, False),
    "503": ("status", 503, False),
    "429": ("status", 429, False),
    "internal_error": ("refusal", "internal_error", False),
    "fatal_error": ("refusal", "fatal_error", False),
    "service_unavailable": ("refusal", "service_unavailable", False),
    "ratelimited": ("refusal", "ratelimited", False),
    "html": ("html", None, False),
    "reset": ("reset", None, False),
    "hang": ("hang", None, False),
    "500 once done": ("status", 500, True),
    "reset once done": ("reset", None, True),
    "hang once done": ("hang", None, True),
}
"""What may be gone with the next call, by what it is called here."""

REFUSED = {
    "chat.postMessage": (
        "is_archived channel_not_found not_in_channel restricted_action restricted_action_read_only_channel no_text"
        " cannot_reply_to_message invalid_blocks msg_too_long msg_blocks_too_long missing_scope a_new_error"
    ),
    "chat.update": "cant_update_message message_not_found edit_window_closed invalid_blocks msg_too_long a_new_error",
    "conversations.info": "channel_not_found missing_scope a_new_error",
    "usergroups.users.list": "no_such_subteam missing_scope plan_upgrade_required a_new_error",
    "conversations.open": "cannot_dm_bot user_disabled missing_scope a_new_error",
    **dict.fromkeys(SAID, "missing_scope unknown_method channel_not_found"),
    "views.open": "expired_trigger_id exchanged_trigger_id invalid_arguments view_too_large a_new_error",
    "chat.postEphemeral": "user_not_in_channel channel_not_found missing_scope restricted_action",
}
"""What stays as it is however often one calls, by method."""

WATCHED = 6.0
"""Seconds of other people's conversations; in the second half of them a refused call must not be made again."""

IN_CI = {
    ("chat.postMessage", "500"),
    ("chat.postMessage", "reset once done"),
    ("chat.update", "internal_error"),
    ("users.info", "fatal_error"),
    ("conversations.open", "html"),
    ("views.open", "503"),
    ("chat.startStream", "500 once done"),
    ("chat.stopStream", "reset"),
    ("chat.postMessage", "is_archived"),
    ("chat.postMessage", "invalid_blocks"),
    ("D0LEA", "messages_tab_disabled"),
    (1, "cut"),
}

STREAM_REFUSALS = (
    "missing_scope",
    "unknown_method",
    "channel_type_not_supported",
    "message_not_in_streaming_state",
    "message_not_found",
    "invalid_arguments",
    "a_new_error",
)

MODEL_FAULTS: dict[str, tuple[Kind, Any, bool]] = {
    **{name: PASSING[name] for name in ("500", "429", "html", "reset", "reset once done")},
    "cut": ("cut", None, True),
}


def _cases(*methods: Any, names: tuple[str, ...] = ()) -> list[Any]:
    """Each with each, of which CI runs a few; of REFUSED, where no names are given."""
    return [
        pytest.param(method, name, marks=() if (method, name) in IN_CI else pytest.mark.trial)
        for method in methods
        for name in (names or REFUSED[method].split())
    ]


@asynccontextmanager
async def meet(trial: Trial, method: str, name: str, times: int, spared: int = 0) -> AsyncIterator[Fault]:
    kind, says, after = PASSING[name]
    if method in LOOKED_UP:
        await trial.restart()
    fault = Fault(method, kind, says, after=after, times=times, spared=spared)
    with trial.slack.meeting(fault):
        yield fault


@pytest.mark.parametrize(("method", "name"), _cases(*LOOKED_UP, *POSTS, names=tuple(PASSING)))
async def test_what_goes_wrong_once_changes_nothing_in_the_end(quick: Trial, method: str, name: str):
    async with meet(quick, method, name, times=1) as fault:
        await quick.whole()
        assert fault.met or method == "chat.postEphemeral", "there was nothing that could go wrong"


@pytest.mark.trial
@pytest.mark.parametrize("spared", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", list(PASSING))
async def test_each_post_in_turn_may_go_wrong(quick: Trial, name: str, spared: int):
    async with meet(quick, "chat.postMessage", name, times=1, spared=spared):
        await quick.whole()


@pytest.mark.parametrize(("method", "name"), _cases(*STREAMS, names=tuple(PASSING)))
async def test_a_stream_that_goes_wrong_once_is_one_reply_in_the_end(streaming: Trial, method: str, name: str):
    async with meet(streaming, method, name, times=1) as fault:
        await streaming.whole()
        assert fault.met, "there was nothing that could go wrong"


@pytest.mark.trial
@pytest.mark.parametrize(("method", "name"), _cases(*LOOKED_UP, *POSTS[1:3], names=tuple(PASSING)))
async def test_what_goes_wrong_for_long_is_made_up_for_when_it_is_over(quick: Trial, method: str, name: str):
    async with meet(quick, method, name, times=FOR_EVER) as fault:
        talk = await quick.begin()
        if method == "chat.update":  # nothing is, before that
            await talk.decide()
        await until(lambda: fault.met >= 2 or (talk.booked() and method != "chat.update"), "it to go wrong twice")
        quick.slack.disarm()
        await talk.decide()
        await talk.finish()
        await talk.settled()


@pytest.mark.parametrize(("method", "error"), _cases(*REFUSED))
async def test_what_is_refused_for_good_is_told_and_costs_nobody_else_anything(quick: Trial, method: str, error: str):
    """In the channel, while others go on in their direct messages; where there is none, in Ana's direct message."""
    if method in LOOKED_UP:
        await quick.restart()
    channel = "" if method in ("usergroups.users.list", "conversations.open", "views.open") else SUPPORT
    fault = Fault(method, "refusal", error, times=FOR_EVER, channel=channel)
    with quick.slack.meeting(fault):
        talk = await quick.begin(channel or None)
        await talk.told_the_end()
        await _others_talk(quick, channel)
        met = fault.met
        await _others_talk(quick, channel)
        assert fault.met == met, "it is tried for ever"
        assert met or method == "chat.postEphemeral", "there was nothing to refuse"


@pytest.mark.parametrize(
    ("channel", "error"), _cases("D0LEA", names=("messages_tab_disabled", "a_new_error", "missing_scope"))
)
async def test_who_cannot_be_asked_in_a_direct_message_is_named_to_who_asked(quick: Trial, channel: str, error: str):
    fault = Fault("chat.postMessage", "refusal", error, times=FOR_EVER, channel=channel)
    with quick.slack.meeting(fault):
        talk = await quick.begin()

        async def named() -> bool:
            return any("<@U0LEA> could not be reached" in words(each) for each in await talk.told())

        await until(named, "Ana to be told that Lea cannot be reached")
        await talk.told_the_end()
        assert not await talk.copies()
        assert fault.met


@pytest.mark.trial
@pytest.mark.parametrize(("method", "error"), _cases(*STREAMS, names=STREAM_REFUSALS))
async def test_where_nothing_can_be_streamed_the_reply_is_there_all_the_same(streaming: Trial, method: str, error: str):
    fault = Fault(method, "refusal", error, times=FOR_EVER)
    with streaming.slack.meeting(fault):
        await streaming.whole()
        assert fault.met, "there was nothing to refuse"


@pytest.mark.trial
@pytest.mark.parametrize(
    ("method", "name"), _cases(*STREAMS, names=tuple(name for name in PASSING if not name.startswith("hang")))
)
async def test_a_stream_that_goes_wrong_twice_is_one_reply_in_the_end(streaming: Trial, method: str, name: str):
    async with meet(streaming, method, name, times=2) as fault:
        await streaming.whole()
        assert fault.met, "there was nothing that could go wrong"


@pytest.mark.trial
@pytest.mark.parametrize("error", ["missing_scope", "thread_not_found", "a_new_error"])
async def test_where_nothing_can_be_looked_up_the_conversation_goes_on(quick: Trial, error: str):
    """What was lost may stand there twice then."""
    lost = Fault("chat.postMessage", "reset", after=True)
    with quick.slack.meeting(lost, Fault("conversations.replies", "refusal", error, times=FOR_EVER)):
        talk = await quick.begin()
        await talk.told_the_end()


@pytest.mark.parametrize(("spared", "name"), _cases(0, 1, 2, names=tuple(MODEL_FAULTS)))
async def test_what_goes_wrong_once_at_the_model_costs_a_click_at_most(quick: Trial, spared: int, name: str):
    kind, says, after = MODEL_FAULTS[name]
    fault = Fault("completions", kind, says, after=after, spared=spared)
    with quick.model.meeting(fault):
        talk = await quick.begin()
        await talk.told_the_end()
        await talk.settled()
        assert fault.met


async def _others_talk(trial: Trial, channel: str) -> None:
    """In their direct messages, for half the time that is watched, where the fault is not theirs too."""
    end = time.monotonic() + WATCHED / 2
    while time.monotonic() < end:
        if channel:
            await trial.whole()
        else:
            await trial.page.journal(after=10**9)


async def test_the_calls_of_a_whole_conversation_are_those_that_are_tried_here(quick: Trial, streaming: Trial):
    await quick.restart()
    for trial in (quick, streaming):
        trial.slack.calls.clear()
        await trial.whole()
    called = {*quick.slack.calls, *streaming.slack.calls} - {
        "auth.test",
        "apps.connections.open",
        "conversations.replies",
    }
    assert called <= {*LOOKED_UP, *POSTS, *STREAMS}
    assert called >= {*STREAMS, "chat.postMessage", "chat.update", "users.info"}
