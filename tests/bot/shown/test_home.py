"""Home as a view: what stands first, what an empty section says, and what Slack and the standard ask of all of it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.demo.workspace.blocks.limits import view_problems
from bot.shown import home
from bot.shown.overview import Decided, Overview, Some, Usage, Waiting
from bot.shown.text import Block
from graphs.approvals.states import State
from storage.usage import Sum
from tests.support import linter

NOW = 1_790_000_000.0
READER = "U0EVA"
EXAMPLES = ["refund order 1042, 80 euro, it came late"]
HOSTILE = "*Pay* <!channel> <@U0LEA> :tada: `x`\n> \u202eevil\u2066 & <https://a.b|c>" + "x" * 5000


def waiting(title: str = "Refund 80.00 euro on order 1042", **more: Any) -> Waiting:
    usual = {
        "title": title,
        "requester": "U0ANA",
        "channel": "C0SUPPORT",
        "approvers": ["requester"],
        "quorum": 1,
        "self_approval": True,
        "votes": [],
        "expires_at": NOW + 3600,
        "link": "https://harbour.slack.com/archives/C0SUPPORT/p1?thread_ts=1.0&cid=C0SUPPORT",
        "for_reader": True,
    }
    return Waiting(**(usual | more))


def decided(title: str = "Refund 80.00 euro on order 1042", **more: Any) -> Decided:
    usual = {
        "title": title,
        "state": State.DONE,
        "decision": "approve",
        "by": ["U0LEA"],
        "at": NOW - 60,
        "reason": "",
        "link": "https://harbour.slack.com/archives/C0SUPPORT/p1",
    }
    return Decided(**(usual | more))


def many(title: str = "Refund 80.00 euro on order 1042") -> Overview:
    """All that a view may have, of more."""
    people = [f"U{number:08}" for number in range(20)]
    some = [waiting(title, approvers=people, quorum=3, votes=people[:2], for_reader=False) for _ in range(20)]
    past = [decided(title, decision="reject", state=State.REJECTED, reason=title, by=people)] * home.DECIDED_SHOWN
    return Overview(
        READER,
        waiting=Some(some[: home.WAITING_SHOWN], 200),
        theirs=Some(some[: home.THEIRS_SHOWN], 200),
        doubts=Some(some[: home.DOUBTS_SHOWN], 200),
        decided=past,
        is_new=True,
        unclear=True,
    )


WEEK = [Sum("2026-09-20", 40, 900_000, 12_000), Sum("2026-09-21", 1, 1_200, 34)]
PEOPLE = [Sum("U0ANA", 30, 700_000, 10_000), Sum("U0EVA", 10, 200_000, 2_000), Sum("", 1, 1_200, 34)]
MANY_PEOPLE = [Sum(f"U{number:08}", 1, 10**9, 10**9) for number in range(40)]

STATES = {
    "usage": Overview(READER, decided=[decided()], usage=Usage(WEEK[1:], WEEK, PEOPLE)),
    "no usage": Overview(READER, usage=Usage([], [], [])),
    "full, for an admin": replace(many(), usage=Usage(WEEK[1:], WEEK, MANY_PEOPLE)),
    "first visit": Overview(READER, is_new=True),
    "empty": Overview(READER),
    "new, and asked to decide": Overview(READER, waiting=Some([waiting()], 1), is_new=True),
    "one of each": Overview(
        READER,
        waiting=Some([waiting()], 1),
        theirs=Some([waiting(approvers=["U0LEA", "S0LEADS", "channel"], for_reader=False)], 1),
        doubts=Some([waiting(link=None, expires_at=None, about="doubt")], 1),
        decided=[decided()],
    ),
    "full": many(),
    "hostile": many(HOSTILE),
    "refused": Overview(READER, refusal="Guests cannot ask me to do things here. A full member of this workspace can."),
    "refused, and asked to decide": Overview(
        READER, refusal="You are not among the people.", waiting=Some([waiting()], 1)
    ),
    "unclear": Overview(READER, unclear=True),
    "decisions": Overview(
        READER,
        decided=[
            decided(),
            decided(state=State.RUNNING),
            decided(state=State.FAILED, by=["U0ANA", "U0LEA"]),
            decided(state=State.IN_DOUBT),
            decided(state=State.STALE),
            decided(state=State.REJECTED, decision="reject", reason="wrong customer"),
            decided(state=State.RESPONDED, decision="respond"),
            decided(state=State.EXPIRED, decision=None, by=[]),
            decided("Which colour?", state=None, decision=None),
            decided(state=State.DONE, decision="edit", link=None),
        ],
    ),
}


def shown(overview: Overview, examples: Any = EXAMPLES) -> Block:
    return home.view(overview, examples, NOW)


def read(overview: Overview, examples: Any = EXAMPLES) -> list[str]:
    return linter.lines(shown(overview, examples)["blocks"])


def buttons(overview: Overview) -> list[str]:
    return [node["text"]["text"] for node in linter.nodes(shown(overview)["blocks"]) if node.get("type") == "button"]


@pytest.mark.parametrize("name", STATES)
def test_every_state_is_what_slack_takes_and_what_the_standard_asks_for(name: str) -> None:
    view = shown(STATES[name])
    assert view["type"] == "home"
    assert len(view["blocks"]) <= 100
    assert view_problems(view) == []
    if name != "hostile":  # whose words are not ours
        assert linter.view(view) == []


@given(title=some.text(min_size=1, max_size=400))
def test_whatever_a_call_is_called_slack_takes_it_and_nothing_in_it_counts(title: str) -> None:
    overview = Overview(READER, waiting=Some([waiting(title)], 1), decided=[decided(title, reason=title)])
    view = shown(overview)
    assert view_problems(view) == []
    ours = [node["text"] for node in linter.nodes(view["blocks"]) if node.get("type") == "mrkdwn"]
    said = [node["text"] for node in linter.nodes(shown(Overview(READER, waiting=Some([waiting()], 1)))["blocks"])
            if node.get("type") == "mrkdwn"]  # fmt: skip
    assert ours == said


def test_what_waits_for_the_reader_comes_first_with_who_asked_until_when_and_a_way_to_it() -> None:
    overview = STATES["one of each"]
    headers = [block["text"]["text"] for block in shown(overview)["blocks"] if block["type"] == "header"]
    assert headers == ["Waiting for you", "Waiting for others", "In doubt", "Last decisions"]
    _, first, print_, *_ = shown(overview)["blocks"]
    assert first["text"] == {"type": "plain_text", "text": "Refund 80.00 euro on order 1042?", "emoji": False}
    assert first["accessory"]["text"]["text"] == "Open"
    assert first["accessory"]["url"].startswith("https://harbour.slack.com/archives/C0SUPPORT/p1")
    said = print_["elements"][0]["text"]
    assert said.startswith("<@U0ANA> asked in <#C0SUPPORT> · until <!date^1790003600^")
    assert first["accessory"]["accessibility_label"] == "Open: Refund 80.00 euro on order 1042?"


def test_what_others_decide_says_who_and_how_far_it_is() -> None:
    theirs = waiting(approvers=["U0LEA", "S0LEADS", "channel"], quorum=2, votes=["U0LEA"], for_reader=False)
    said = home.small_print(theirs, READER)
    assert "2 of <@U0LEA>, anyone in <!subteam^S0LEADS>, anyone in the conversation decide" in said
    assert "1 of 2 approved" in said
    assert "decides" not in home.small_print(waiting(), READER)
    asked = waiting(approvers=["U0LEA"], for_reader=False, about="answer")
    assert "<@U0LEA> answers" in home.small_print(asked, READER)
    assert home.small_print(waiting(channel="D0ANA"), READER).startswith("<@U0ANA> asked · ")


def test_whoever_reads_it_is_you():
    assert home.small_print(waiting(), "U0ANA").startswith("You asked in <#C0SUPPORT> · ")
    lines = linter.lines(home.view(Overview("U0LEA", decided=[decided(by=["U0ANA", "U0LEA"])]), (), NOW)["blocks"])
    assert "Refunded 80.00 euro on order 1042 · approved by @, you · @ · Open" in lines


def test_what_is_in_doubt_is_not_asked_for_but_said_to_have_run_perhaps():
    doubt = waiting(about="doubt", expires_at=None)
    assert home.first_line(doubt) == "Refund 80.00 euro on order 1042"
    assert home.small_print(doubt, READER) == "It may already have run · <@U0ANA> asked in <#C0SUPPORT>"


@pytest.mark.parametrize(
    ("title", "asked"),
    [
        ("Refund 80 euro", "Refund 80 euro?"),
        ("Is it right?", "Is it right?"),
        ("Pay \u202ebill", "Pay \\u{202e}bill?"),
        ("a table: x 7", "a table: x 7"),
    ],
)
def test_what_waits_is_a_question_where_it_can_be_read_as_one(title: str, asked: str):
    overview = Overview(READER, waiting=Some([waiting(title)], 1))
    assert shown(overview)["blocks"][1]["text"]["text"] == asked


def test_of_very_many_the_first_are_shown_and_the_others_counted() -> None:
    lines = read(many())
    assert "and 180 more" in lines
    assert f"and {200 - home.THEIRS_SHOWN} more" in lines


def test_an_empty_section_says_by_the_agents_own_example_what_would_be_there() -> None:
    said = "\n".join(read(Overview(READER)))
    assert said.count("“refund order 1042, 80 euro, it came late”") == 2
    assert "“Refunded order 1042, 80 euro, it came late · approved by you”" in said
    assert f"“{home.EXAMPLE}”" in "\n".join(read(Overview(READER), ()))


def test_the_first_visit_says_what_it_does_and_has_one_thing_to_try() -> None:
    lines = read(STATES["first visit"])
    assert lines[0] == "Signoff asks before it acts"
    assert "One thing to try: “refund order 1042, 80 euro, it came late”" in lines
    assert buttons(STATES["first visit"]) == ["Try It"]
    assert buttons(Overview(READER)) == []
    assert read(STATES["new, and asked to decide"])[0] == "Waiting for you"


def test_an_agent_without_examples_has_a_button_that_leads_to_where_one_writes() -> None:
    messages = "https://harbour.slack.com/archives/D0EVA"
    view = shown(Overview(READER, is_new=True, messages=messages), ())
    (button,) = [node for node in linter.nodes(view["blocks"]) if node.get("type") == "button"]
    assert (button["text"]["text"], button["url"]) == ("Open Messages", messages)
    assert linter.view(view) == []
    view = shown(STATES["first visit"], ())
    assert not [node for node in linter.nodes(view["blocks"]) if node.get("type") == "button"]


def test_whoever_may_not_talk_to_it_reads_so_and_has_no_controls() -> None:
    lines = read(STATES["refused"])
    assert lines[0].startswith("Guests cannot ask me")
    assert len(lines) == 2
    assert lines[1].startswith(("@", "Updated"))
    assert buttons(STATES["refused"]) == []
    assert buttons(STATES["refused, and asked to decide"]) == ["Open"]  # they may decide all the same


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (decided(), "Refunded 80.00 euro on order 1042 · approved by @ · @ · Open"),
        (decided(state=State.RUNNING), "Refunding 80.00 euro on order 1042 · approved by @ · @ · Open"),
        (decided(state=State.FAILED), "Couldn't refund 80.00 euro on order 1042 · approved by @ · @ · Open"),
        (decided(state=State.STALE), "Refund 80.00 euro on order 1042 · approved by @, not run · @ · Open"),
        (
            decided(state=State.REJECTED, decision="reject", reason="wrong\ncustomer", link=None),
            "Refund 80.00 euro on order 1042 · rejected by @: wrong customer · @",
        ),
        (
            decided(state=State.EXPIRED, decision=None, by=[], link=None),
            "Refund 80.00 euro on order 1042 · timed out, not run · @",
        ),
        (decided("Which colour?", state=None, decision=None), "Which colour? · answered by @ · @ · Open"),
        (decided("Go on?", state=None, decision="continue", link=None), "Go on? · continued by @ · @"),
        (decided("Go on?", state=None, decision=None, by=[], link=None), "Go on? · timed out, not answered · @"),
    ],
)
def test_a_decision_is_one_line_that_says_what_came_of_it(past: Decided, said: str) -> None:
    assert said in read(Overview(READER, decided=[past]))


def test_the_time_of_the_update_is_the_readers_and_no_part_of_what_tells_views_apart() -> None:
    one, other = home.view(STATES["empty"], EXAMPLES, NOW), home.view(STATES["empty"], EXAMPLES, NOW + 60)
    assert one["blocks"][:-1] == other["blocks"][:-1]
    assert one["blocks"][-1]["elements"][0]["text"] == (
        "Updated <!date^1790000000^{date_short_pretty} at {time}|2026-09-21 14:13 UTC>"
    )
    digests = {home.digest(overview, EXAMPLES) for overview in STATES.values()}
    assert len(digests) == len(STATES)
    assert linter.view(home.unknown(NOW)) == []


def test_what_replies_took_stands_last_with_people_as_mentions() -> None:
    lines = read(STATES["usage"])
    start = lines.index("Usage")
    assert lines[start + 1 : start + 3] == [
        "Today: 1,234 tokens in 1 reply (1,200 read, 34 written)",
        "Last 7 days: 913,234 tokens in 41 replies (901,200 read, 12,034 written)",
    ]
    small = shown(STATES["usage"])["blocks"][-2]["elements"][0]["text"]
    assert small == "By person: <@U0ANA> 710,000 · you 202,000"
    assert "and 35 more" in str(shown(STATES["full, for an admin"])["blocks"])


def test_who_is_no_admin_reads_nothing_of_it() -> None:
    assert "Usage" not in read(STATES["one of each"])
    assert any(line.startswith("Nothing in the last 7 days.") for line in read(STATES["no usage"]))
