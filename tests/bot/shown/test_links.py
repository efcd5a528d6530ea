"""Addresses of messages that were made are those that Slack gives."""

import pytest

from bot.shown.links import address
from storage.posts import Place
from tests.demo.workspace.support import Page, Slack

TEAM = "https://harbour.slack.com/"


async def test_an_address_is_the_one_that_slack_gives(page: Page, slack: Slack) -> None:
    team = (await slack.auth_test())["url"]
    root = (await page.say("hello"))["ts"]
    reply = (await page.say("again", thread_ts=root))["ts"]
    for ts in (root, reply):
        given = (await slack.chat_getPermalink(channel="C0SUPPORT", message_ts=ts))["permalink"]
        made = address(team, Place("C0SUPPORT", root), ts)
        assert made is not None
        assert made.partition("?")[0] == given.partition("?")[0]
        assert ("thread_ts" in made) == (ts == reply)


@pytest.mark.parametrize(
    ("team", "ts"), [("", "1.0"), ("ftp://x", "1.0"), (TEAM, ""), (TEAM, "1"), (TEAM, "1.0:9.0"), (TEAM, "a.b")]
)
def test_what_is_not_known_has_no_address(team: str, ts: str) -> None:
    assert address(team, Place("C0SUPPORT", ""), ts) is None


def test_a_message_outside_of_threads_has_a_short_one() -> None:
    assert address(TEAM, Place("C1", ""), "1.5") == "https://harbour.slack.com/archives/C1/p15"
    assert address(TEAM, Place("C1", "1.5"), "2.5") == (
        "https://harbour.slack.com/archives/C1/p25?thread_ts=1.5&cid=C1"
    )
