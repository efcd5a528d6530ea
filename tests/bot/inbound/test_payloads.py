"""Slack's payloads, in the shapes that the local workspace sends, become our types."""

from typing import Any

import pytest

from bot.demo.workspace import HARBOUR_GOODS, events
from bot.demo.workspace.messages import Message as Posted
from bot.inbound import payloads
from bot.inbound.payloads import Click, Person, SlackMessage, SlackThread, Submission

TEAM = HARBOUR_GOODS
BOT = TEAM.bot.id


def body(text: str, channel: str = "C0SUPPORT", kind: Any = events.message, **more: Any) -> dict[str, Any]:
    conversation = TEAM.conversation(channel)
    assert conversation is not None
    fields: dict[str, Any] = {"channel": channel, "ts": "2.0", "user": "U0ANA", "text": text} | more
    posted = Posted(**fields)
    return events.envelope(TEAM, kind(TEAM, posted, conversation), 2.0)


def test_a_direct_message_is_addressed_and_starts_its_own_thread() -> None:
    sent = body("hello", "D0ANA")
    thread = SlackThread("T0LOCAL", "D0ANA", "2.0")
    assert payloads.message(sent, BOT) == SlackMessage(
        sent["event_id"], thread, "2.0", "U0ANA", "hello", addressed=True
    )
    assert thread.thread_id == "T0LOCAL/D0ANA/2.0"


def test_a_reply_belongs_to_its_threads_first_message() -> None:
    message = payloads.message(body("and?", thread_ts="1.0"), BOT)
    assert message is not None
    assert (message.thread.thread_ts, message.ts, message.addressed) == ("1.0", "2.0", False)


@pytest.mark.parametrize("kind", [events.message, events.app_mention])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<@U0SIGNOFF> refund it", "refund it"),
        ("  <@U0SIGNOFF>: refund it", "refund it"),
        ("hey <@U0SIGNOFF>, refund it", "hey @signoff, refund it"),
        ("<@U0SIGNOFF>", ""),
        ("<@U0SIGNOFF|signoff> refund it", "refund it"),
        ("hey <@U0SIGNOFF|signoff>", "hey @signoff"),
        ("<@U0SIGNOFF> tell <@U0LEA> &lt;3", "tell <@U0LEA> &lt;3"),
    ],
)
def test_a_mention_is_addressed_in_both_events_that_tell_of_it(kind: Any, text: str, said: str) -> None:
    message = payloads.message(body(text, kind=kind), BOT)
    assert message is not None
    assert (message.text, message.addressed) == (said, True)


def test_talk_in_a_channel_is_not_addressed() -> None:
    message = payloads.message(body("hello all <@U0LEA>"), BOT)
    assert message is not None
    assert not message.addressed


def edited() -> dict[str, Any]:
    posted = Posted(channel="D0ANA", ts="2.0", user="U0ANA", text="new")
    dm = TEAM.conversation("D0ANA")
    assert dm is not None
    return events.envelope(TEAM, events.message_changed(TEAM, posted.to_slack(TEAM), posted, dm, "3.0"), 3.0)


def deleted() -> dict[str, Any]:
    posted = Posted(channel="D0ANA", ts="2.0", user="U0ANA", text="old")
    dm = TEAM.conversation("D0ANA")
    assert dm is not None
    return events.envelope(TEAM, events.message_deleted(posted.to_slack(TEAM), dm, "3.0"), 3.0)


NOT_SAID: dict[str, dict[str, Any]] = {
    "an edit": edited(),
    "a deletion": deleted(),
    "the bot's own post": body("done", user=BOT),
    "another bot's post": {
        "team_id": "T0LOCAL",
        "event_id": "E",
        "event": {"type": "message", "bot_id": "B1", "user": "U1"},
    },
    "a join": {
        "team_id": "T0LOCAL",
        "event_id": "E",
        "event": {"type": "message", "subtype": "channel_join", "user": "U1"},
    },
    "an opened tab": events.envelope(TEAM, events.app_home_opened("U0ANA", "D0ANA", "messages", None, "1.0"), 1.0),
    "a click": {"type": "block_actions"},
    "nothing": {},
}


@pytest.mark.parametrize("what", NOT_SAID)
def test_what_nobody_said_is_no_message(what: str) -> None:
    assert payloads.message(NOT_SAID[what], BOT) is None


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast"])
def test_a_message_with_a_file_or_sent_to_the_channel_too_is_said(subtype: str) -> None:
    sent = body("look", "D0ANA")
    sent["event"]["subtype"] = subtype
    assert payloads.message(sent, BOT) is not None


ACTION = {"type": "button", "action_id": "approve", "block_id": "b", "value": "q1", "action_ts": "9.0"}
CLICK: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U0ANA", "team_id": "T0LOCAL"},
    "team": {"id": "T0LOCAL"},
    "trigger_id": "t1",
    "container": {"type": "message", "channel_id": "D0ANA", "message_ts": "2.0", "thread_ts": "1.0"},
    "actions": [ACTION],
}


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        ("", ["a.pdf"], "{a.pdf}"),
        (f"<@{BOT}>", ["a.pdf", "b <@U0LEA>&.png"], "{a.pdf, b &lt;@U0LEA&gt;&amp;.png}"),
        ("read this", ["a\n b.pdf"], "read this\n\n{a b.pdf}"),
        ("", [None], "{a file}"),
        ("", [f"{n}" for n in range(12)], "{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 2 more}"),
        (f" <@{BOT}> ", [], ""),
    ],
)
def test_files_are_named_and_said_to_be_unread(text: str, names: list[str | None], said: str) -> None:
    sent = body(text)
    sent["event"] |= {"subtype": "file_share", "files": [{"name": name} for name in names]}
    message = payloads.message(sent, BOT)
    assert message is not None
    unread = "(Attached, and not read, because files cannot be read here: "
    assert message.text == said.replace("{", unread).replace("}", ")")


def test_a_click_says_who_where_and_which_button() -> None:
    thread = SlackThread("T0LOCAL", "D0ANA", "1.0")
    assert payloads.click(CLICK) == Click(Person("U0ANA", "T0LOCAL"), thread, "approve", "q1", "t1", "9.0", "2.0")


def test_a_click_finds_its_thread_wherever_slack_says_it() -> None:
    container = {"type": "message", "channel_id": "D0ANA", "message_ts": "2.0"}
    assert payloads.click({**CLICK, "container": container}).thread.thread_ts == "2.0"
    in_message = {**CLICK, "container": container, "message": {"ts": "2.0", "thread_ts": "1.0"}}
    assert payloads.click(in_message).thread.thread_ts == "1.0"


def test_a_click_of_somebody_from_another_team_is_theirs() -> None:
    body = {**CLICK, "user": {"id": "U9EVE", "team_id": "T9ELSE"}}
    assert payloads.click(body).person == Person("U9EVE", "T9ELSE")
    assert payloads.click({**CLICK, "team": None}).thread.team == "T0LOCAL"


def test_a_submission_says_who_what_was_filled_in_and_what_we_put_there() -> None:
    view = {
        "id": "V1",
        "callback_id": "edit",
        "root_view_id": "V0",
        "private_metadata": "q1",
        "state": {"values": {"b": {"a": {"value": "x"}}}},
    }
    body = {"type": "view_submission", "user": {"id": "U0ANA", "team_id": "T0LOCAL"}, "view": view, "team": None}
    person = Person("U0ANA", "T0LOCAL")
    assert payloads.submission(body) == Submission(person, "q1", {"b": {"a": {"value": "x"}}}, "V1", "edit", "V0")


def test_a_delivery_carries_all_that_the_inbox_keeps() -> None:
    message = payloads.message(body("hello", "D0ANA"), BOT)
    assert message is not None
    stored = message.delivery()
    assert (stored.kind, stored.thread_id, stored.ts, stored.user, stored.text) == (
        "message", "T0LOCAL/D0ANA/2.0", "2.0", "U0ANA", "hello",
    )  # fmt: skip
