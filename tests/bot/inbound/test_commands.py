"""The slash command: what waits for me, help, and stop; privately, and in time."""

from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.inbound import payloads
from bot.inbound.payloads import Person, SlashCommand
from bot.shown import commands
from bot.shown.overview import Overview, Some, Waiting
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from storage import Storage, posts
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Json, Page
from tests.support import linter
from tests.support.waiting import until


@tool(title="Pay bill {number}", approval=Approval(approvers=["U0LEA"], allow={"approve", "reject"}))
def pay(number: int) -> str:
    """Pay it."""
    return f"paid {number}"


@tool(title="Write {text}", approval=Approval(allow={"approve", "reject"}))
def write(text: str) -> str:
    """Write it."""
    return f"wrote {text}"


async def answer(page: Page, text: str, channel: str = "C0SUPPORT", user: str = "U0ANA") -> Json:
    """What the command is answered with, which only this person sees."""
    mine = page.as_user(user)
    before = len(await _whispers(mine, channel))
    assert await mine.command(text, channel=channel) == {"acked": True}
    found = await until(lambda: _later(mine, channel, before), f"an answer to {text!r}")
    (told,) = found[before:]
    return told


async def _whispers(page: Page, channel: str) -> list[Json]:
    return [each for each in await page.messages(channel) if each.get("ephemeral_to") == page.user]


async def _later(page: Page, channel: str, before: int) -> list[Json] | None:
    found = await _whispers(page, channel)
    return found if len(found) > before else None


def said(message: Json) -> str:
    return "\n".join(linter.lines(message["blocks"]))


async def test_alone_and_as_list_it_says_what_waits_for_whoever_asks_with_links(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, slack: Any
):
    async with running(workspace, storage, [pay], calls(("pay", {"number": 7})), says("Paid."), http=http) as bot:
        assert said(await answer(page, "/signoff")) == "Nothing waits for you."
        root = (await page.say("@signoff pay it"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        link = (await slack.chat_getPermalink(channel="C0SUPPORT", message_ts=card["ts"]))["permalink"]
        await until(lambda: storage.read(lambda db: posts.at(db, "C0SUPPORT", card["ts"])), "that its place is known")
        for text in ("/signoff", "/signoff list", "/signoff  LIST "):
            told = await answer(page, text, user="U0LEA")
            first, *_, last = said(told).split("\n")
            assert (first, last) == ("One question waits for you.", "@ asked in @ · until @")
            assert told["blocks"][1]["text"]["text"] == "Pay bill 7?"
            urls = [node["url"] for node in linter.nodes(told["blocks"]) if "url" in node]
            assert urls == [link]
            assert told["text"] == "One question waits for you. · Pay bill 7?"
        assert said(await answer(page, "/signoff list")) == "Nothing waits for you."  # it waits for Lea
        assert "Guests cannot" in said(await answer(page, "/signoff list", user="U0MAX"))


async def test_help_says_what_there_is_and_so_does_an_unknown_word(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], http=http):
        helped = said(await answer(page, "/signoff help"))
        assert all(f"/signoff {word}" in helped for word in ("list", "stop", "help"))
        unknown = said(await answer(page, "/signoff dance <!channel> now"))
        assert unknown.startswith("There is no command “dance”.")
        assert helped.split("\n", 1)[1] == unknown.split("\n", 1)[1]


async def test_stop_ends_what_runs_for_whoever_types_it_in_this_conversation_and_says_which(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), http=http) as bot:
        assert "Nothing that you asked for" in said(await answer(page, "/signoff stop"))
        root = (await page.say("@signoff write *a*"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        assert "Nothing that you asked for" in said(await answer(page, "/signoff stop", user="U0LEA"))
        assert "Nothing that you asked for" in said(await answer(page, "/signoff stop", channel="D0ANA"))
        first, quoted = (await answer(page, "/signoff stop"))["blocks"]
        assert first["text"]["text"] == "Stopped."
        assert quoted["text"] == {"type": "plain_text", "text": "You asked: “write *a*”", "emoji": False}

        async def is_gone() -> bool:
            found = [each for each in await page.messages() if each["ts"] == card["ts"]]
            return not any(block["type"] == "actions" for each in found for block in each["blocks"])

        await until(is_gone, "the card's buttons to be gone")
        assert said(await answer(page, "/signoff stop")).startswith("Nothing ")


async def test_stop_in_a_thread_is_about_that_thread_and_for_whoever_may_stop_it(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    proposed = calls(("pay", {"number": 7}))
    async with running(workspace, storage, [pay], proposed, proposed, http=http) as bot:
        first, second = [(await page.say(f"@signoff pay {n}"))["ts"] for n in (7, 8)]
        for root in (first, second):
            await bot.card(root, channel="C0SUPPORT")
        guest = page.as_user("U0MAX")
        await guest.command("/signoff stop", channel="C0SUPPORT", thread_ts=first)
        await bot.reads(first, "Only", "C0SUPPORT", "U0MAX")
        await page.as_user("U0LEA").command("/signoff stop", channel="C0SUPPORT", thread_ts=first)  # who decides
        await bot.reads(first, "Cancelled", "C0SUPPORT")
        assert await bot.card(second, channel="C0SUPPORT")


async def test_what_cannot_be_looked_up_in_time_is_said_in_time(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], http=http):
        await page.fault(without_scopes=["users:read"])
        assert said(await answer(page, "/signoff list")) == commands.NOT_NOW


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [(None, "", ""), ("  ", "", ""), ("List", "list", ""), ("stop  that now ", "stop", "that now")],
)
def test_a_command_is_read_word_for_word(text: str | None, word: str, rest: str):
    body = {"user_id": "U1", "team_id": "T1", "channel_id": "C1", "command": "/signoff", "text": text}
    assert payloads.command(body) == SlashCommand(Person("U1", "T1"), "C1", word, rest)
    assert payloads.command({**body, "thread_ts": "1.0"}).thread_ts == "1.0"


def waiting(title: str) -> Waiting:
    link = "https://harbour.slack.com/archives/C0/p1"
    return Waiting(title, "U0ANA", "C0SUPPORT", ["U0LEA"], 1, True, [], 1_790_000_000.0, link, True)


@pytest.mark.parametrize(
    "shown",
    [
        commands.listed(Overview("U0EVA")),
        commands.listed(
            Overview("U0EVA", waiting=Some([waiting("Pay bill 7")], 1), doubts=Some([waiting("Pay bill 8")], 1))
        ),
        commands.listed(Overview("U0EVA", waiting=Some([waiting("Pay bill 7")] * 20, 200), unclear=True)),
        commands.listed(Overview("U0EVA", refusal="Guests cannot ask me to do things here.")),
        commands.help_(),
        commands.help_("dance"),
        commands.told(commands.NOT_NOW),
        commands.told(commands.NOTHING_AT_WORK),
        commands.stopped("Stopped.", "pay bill 7"),
    ],
)
def test_every_answer_is_what_the_standard_asks_for(shown: Any):
    assert linter.message(shown.text, shown.blocks) == []


def test_of_very_many_the_first_are_listed_and_the_others_counted():
    shown = commands.listed(Overview("U0EVA", waiting=Some([waiting("Pay bill 7")] * 20, 200)))
    assert "and 190 more" in linter.lines(shown.blocks)
    assert linter.lines(shown.blocks)[0] == "200 questions wait for you."
