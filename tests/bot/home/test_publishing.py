"""Everybody's Home: published when they open it, and whenever what concerns them changes; nobody else's."""

from datetime import UTC
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.home import publishing
from bot.home.publishing import Pace
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from storage import Storage, homes, usage
from storage.ids import ThreadId
from storage.usage import Used
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, running
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


@tool(title="Lead {text}", approval=Approval(approvers=["S0LEADS"], allow={"approve", "reject"}))
def lead(text: str) -> str:
    """Lead it."""
    return f"led {text}"


async def home_of(page: Page, user: str = "U0ANA") -> Json | None:
    return (await page.get("/client/boot", user=user))["home"]


async def lines(page: Page, user: str = "U0ANA") -> list[str]:
    view = await home_of(page, user)
    return linter.lines(view["blocks"]) if view is not None else []


async def opens(page: Page, user: str = "U0ANA") -> None:
    await page.as_user(user).post("/client/home", tab="home")


async def reads(page: Page, words: str, user: str = "U0ANA") -> list[str]:
    """The lines of somebody's Home, once one says this."""

    async def look() -> list[str] | None:
        found = await lines(page, user)
        return found if any(words in line for line in found) else None

    return await until(look, f"{words!r} on the Home of {user}")


async def section(page: Page, header: str, user: str = "U0ANA") -> list[Json]:
    """The blocks beneath a header."""
    view = await home_of(page, user)
    assert view is not None
    found: list[Json] = []
    is_in = False
    for block in view["blocks"]:
        if block["type"] == "header":
            is_in = block["text"]["text"] == header
        elif is_in:
            found.append(block)
    return found


def links(blocks: list[Json]) -> list[str]:
    return [block["accessory"]["url"] for block in blocks if "accessory" in block]


async def published(page: Page, user: str = "U0ANA") -> int:
    """How often Slack was given this person's Home."""
    calls_ = [each for each in await page.journal("call") if each["method"] == "views.publish"]
    return len([each for each in calls_ if each["arguments"]["user_id"] == user and each["answer"]["ok"]])


async def permalink(slack: Any, message: Json) -> str:
    return (await slack.chat_getPermalink(channel=message["channel"], message_ts=message["ts"]))["permalink"]


async def test_a_first_visit_says_what_to_try_and_its_button_tries_it(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    proposed = calls(("write", {"text": "hello"}))
    async with running(
        workspace, storage, [write], proposed, says("Done."), http=http, examples=["write hello"]
    ) as bot:
        await opens(page)
        await reads(page, "One thing to try: “write hello”")
        view = await home_of(page)
        assert view is not None
        (button,) = [node for node in linter.nodes(view["blocks"]) if node.get("type") == "button"]
        async with page.watching() as seen:
            place = {"view_id": view["id"], "block_id": "begin", "action_id": button["action_id"]}
            assert await page.post("/client/actions", **place) == {"acked": True}
            await page.post("/client/actions", **place)  # twice, as one does
            opened = await until(lambda: [e for e in seen if e["type"] == "view_opened"], "that it was sent")
        assert "under Messages" in str(opened[0]["view"]["blocks"])
        (root,) = [each for each in await page.messages("D0ANA") if "tries an example" in each["text"]]
        card = await bot.card(root["ts"])
        assert bot.model.asked[0][-1]["content"] == "write hello"
        await reads(page, "Write hello")
        assert "One thing to try" not in str(await lines(page))
        await bot.press(card, "approve")  # who pressed it asked for it, and decides
        await reads(page, "Wrote hello · approved by you")


async def test_what_waits_for_somebody_leads_to_where_they_see_it_and_goes_when_it_was_decided(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, slack: Any
):
    async with running(workspace, storage, [pay], calls(("pay", {"number": 7})), says("Paid."), http=http) as bot:
        await opens(page)
        await opens(page, "U0LEA")
        await reads(page, "Nothing waits for you", "U0LEA")
        root = (await page.say("pay it", "D0ANA"))["ts"]
        card = await bot.card(root)
        await reads(page, "Pay bill 7", "U0LEA")
        (copy,) = await until(lambda: _copies(page), "Lea's copy")

        async def leads_there() -> bool:
            return links(await section(page, "Waiting for you", "U0LEA")) == [await permalink(slack, copy)]

        await until(leads_there, "Open to lead to her copy")
        await reads(page, "Pay bill 7")
        assert "Nothing waits for you" in str(await section(page, "Waiting for you"))
        of_ana = await section(page, "Waiting for others")
        assert links(of_ana) == [await permalink(slack, card)]
        assert "<@U0LEA> decides" in str(of_ana)
        await bot.press(copy, "approve", "U0LEA")
        for user, by in (("U0ANA", "@"), ("U0LEA", "you")):
            await reads(page, f"Paid bill 7 · approved by {by}", user)
            assert links((await home_of(page, user) or {})["blocks"]) == []


async def _copies(page: Page) -> list[Json]:
    found = await page.as_user("U0LEA").messages("D0LEA")
    return [each for each in found if "Pay bill 7" in str(each) or "pay" in str(each.get("blocks"))]


async def test_who_may_not_talk_to_it_reads_that_and_nothing_of_others(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [pay], calls(("pay", {"number": 7})), http=http) as bot:
        root = (await page.say("@signoff pay it", "C0SUPPORT"))["ts"]
        await bot.card(root, channel="C0SUPPORT")
        await opens(page, "U0MAX")
        found = await reads(page, "Guests cannot", "U0MAX")
        assert len(found) == 2  # and when it was updated
        assert await home_of(page, "U0LEA") is None  # who never opened it has none


async def test_a_group_that_cannot_be_looked_up_shows_nothing_as_theirs_and_says_so(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [lead], calls(("lead", {"text": "us"})), http=http) as bot:
        root = (await page.say("@signoff lead", "C0SUPPORT"))["ts"]
        await page.fault(without_scopes=["usergroups:read"])
        await bot.card(root, channel="C0SUPPORT")
        await opens(page, "U0LEA")
        await reads(page, "It cannot be told right now whether more waits for you", "U0LEA")
        assert "Lead us" not in str(await lines(page, "U0LEA"))
        await page.fault(without_scopes=[])
        await reads(page, "Lead us", "U0LEA")
        assert "It cannot be told" not in str(await lines(page, "U0LEA"))


async def test_somebody_who_cannot_be_looked_up_sees_nothing_until_they_can_be(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], http=http):
        await page.fault(without_scopes=["users:read"])
        await opens(page)
        found = await reads(page, "Who you are cannot be looked up right now")
        assert len(found) == 2  # and when it was updated
        await page.fault(without_scopes=[])
        await reads(page, "Nothing waits for you")


async def test_it_is_published_again_only_when_it_changed_or_is_opened(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], calls(("write", {"text": "a"})), says("Hi."), http=http) as bot:
        await opens(page)
        await reads(page, "Nothing waits for you")
        before = await published(page)
        root = (await page.as_user("U0LEA").say("write", "D0LEA"))["ts"]  # of which Ana is told nothing
        await until(lambda: _card(bot, root), "Lea's card")
        await opens(page, "U0LEA")
        await reads(page, "Write a", "U0LEA")
        assert await published(page) == before
        await opens(page)
        await until(lambda: _more(page, before), "a second view for Ana")


async def _card(bot: Bot, root: str) -> bool:
    found = await bot.page.as_user("U0LEA").messages("D0LEA")
    return any(each.get("thread_ts") == root and "approve" in str(each.get("blocks")) for each in found)


async def _more(page: Page, before: int) -> bool:
    return await published(page) > before


async def test_a_restart_publishes_what_changed_meanwhile_and_nothing_else(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    proposed = calls(("pay", {"number": 7}))
    async with running(workspace, storage, [pay], proposed, http=http) as bot:
        for user in ("U0ANA", "U0LEA", "U0MAX"):
            await opens(page, user)
        await reads(page, "Guests cannot", "U0MAX")
        root = (await page.say("pay it", "D0ANA"))["ts"]
        await bot.card(root)
        await reads(page, "Pay bill 7", "U0LEA")

        async def settled() -> bool:
            found = await storage.read(homes.every)
            return bool(links(await section(page, "Waiting for you", "U0LEA"))) and len(found) == 3

        await until(settled, "all to be shown")
    await storage.write(lambda db: db.execute("update interrupts set expires_at = 1 where status = 'waiting'") and None)
    before = {user: await published(page, user) for user in ("U0ANA", "U0LEA", "U0MAX")}
    async with running(workspace, storage, [pay], says("Too late."), http=http):
        await reads(page, "Pay bill 7 · timed out, not run")
        await reads(page, "Nothing waits for you", "U0LEA")
        assert await published(page, "U0MAX") == before["U0MAX"]
        assert await published(page, "U0LEA") > before["U0LEA"]


async def test_a_question_that_cannot_be_read_costs_nobody_else_their_home(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
):
    proposed = calls(("pay", {"number": 7}))
    async with running(workspace, storage, [pay, write], proposed, http=http) as bot:
        await bot.card((await page.say("pay it", "D0ANA"))["ts"])
        broken = "update interrupts set terms = json_remove(terms, '$.terms.tool') where status = 'waiting'"
        await storage.write(lambda db: db.execute(broken) and None)
        await opens(page, "U0LEA")  # who would decide about it
        await opens(page, "U0MAX")
        await reads(page, "Guests cannot", "U0MAX")

        async def said() -> list[str]:
            lines = [record.getMessage() for record in caplog.records]
            return [line for line in lines if "the Home of U0LEA cannot be made" in line]

        assert len(await until(said, "that Lea's cannot be made")) == 1
        assert await home_of(page, "U0LEA") is None


@pytest.mark.parametrize("status", [429, 500])
async def test_what_slack_does_not_take_now_is_published_later(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, status: int
):
    async with running(workspace, storage, [write], http=http):
        fault = {"method": "views.publish", "status": status, "times": 1}
        await page.fault(http=fault | ({"retry_after": 1} if status == 429 else {}))
        await opens(page)
        await reads(page, "Nothing waits for you")


def test_views_are_published_at_the_pace_that_slack_takes():
    now = [0.0]
    pace = Pace(2, 0.5, lambda: now[0])
    assert [pace.take(), pace.take(), pace.take()] == [0.0, 0.0, 2.0]
    now[0] = 1.0
    assert pace.take() == 1.0
    now[0] = 2.0
    assert [pace.take(), pace.take()] == [0.0, 2.0]
    now[0] = 100.0
    assert [pace.take(), pace.take(), pace.take()] == [0.0, 0.0, 2.0]


async def test_an_admin_reads_what_replies_took_and_nobody_else_does(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    today = storage.clock().astimezone(UTC).date().isoformat()
    used = Used("m1", ThreadId("t"), "U0ANA", today, "small", 1_200, 34)
    await storage.write(lambda db: usage.put(db, used))
    async with running(workspace, storage, [], http=http, admins=["U0LEA"]):
        await opens(page, "U0LEA")
        found = await reads(page, "Today: 1,234 tokens in 1 reply", "U0LEA")
        assert "Usage" in found
        await opens(page)
        assert "Usage" not in await reads(page, "Waiting for you")


async def test_the_home_of_an_admin_follows_what_replies_take(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(publishing, "USAGE_EVERY", 0.0)
    async with running(workspace, storage, [], http=http, admins=["U0LEA"]):
        await opens(page, "U0LEA")
        await reads(page, "Nothing in the last 7 days", "U0LEA")
        today = storage.clock().astimezone(UTC).date().isoformat()
        used = Used("m1", ThreadId("t"), "U0ANA", today, "small", 1_200, 34)
        await storage.write(lambda db: usage.put(db, used))
        await reads(page, "Today: 1,234 tokens in 1 reply", "U0LEA")
