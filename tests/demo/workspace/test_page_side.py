"""What a person can see and do, the side panel, and who is kept out."""

import sqlite3
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.demo.workspace import Workspace, serve_workspace
from bot.demo.workspace.people import HARBOUR_GOODS
from tests.demo.workspace.support import Page
from tests.support.waiting import until


async def test_boot_shows_each_person_their_own_conversations(page: Page):
    ana, lea = await page.get("/client/boot"), await page.as_user("U0LEA").get("/client/boot")
    assert [(each["id"], each["kind"]) for each in ana["channels"]] == [("C0SUPPORT", "channel"), ("D0ANA", "dm")]
    assert [each["id"] for each in lea["channels"]] == ["C0SUPPORT", "C0LEADS", "D0LEA"]
    assert ana["channels"][1]["with"] == "U0SIGNOFF"
    assert (ana["me"]["name"], ana["bot"]["id"]) == ("ana", "U0SIGNOFF")


async def test_a_private_channel_is_heard_by_its_members_only(page: Page):
    lea = page.as_user("U0LEA")
    async with page.watching() as seen_by_ana, lea.watching() as seen_by_lea:
        await lea.say("between us", channel="C0LEADS")
        await lea.say("for all")
        await until(lambda: len(seen_by_lea) >= 2 and seen_by_ana, "the messages")
    assert [event["message"]["text"] for event in seen_by_ana] == ["for all"]
    assert "no conversation 'C0LEADS'" in (await page.post("/client/messages", channel="C0LEADS", text="x"))["error"]


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/client/messages", {"channel": "C0SUPPORT"}, "The field 'text' is missing, or is not text."),
        ("/client/messages", {"channel": "C0SUPPORT", "text": "  "}, "A message needs some text."),
        (
            "/client/messages",
            {"channel": "C0SUPPORT", "text": "x", "thread_ts": "1.000001"},
            "There is no message '1.000001' to reply to.",
        ),
        (
            "/client/messages",
            {"user": "U0SIGNOFF", "channel": "C0SUPPORT", "text": "x"},
            "'U0SIGNOFF' is in no conversation 'C0SUPPORT'.",
        ),
        (
            "/client/views/V1/submit",
            {"values": {"amount": 80}},
            "The field 'values' is wrong: Input should be a valid dictionary.",
        ),
        ("/client/views/V1/submit", {}, "This dialog is not open any more."),
    ],
)
async def test_a_call_that_cannot_be_done_says_why(path: str, body: dict, sentence: str, page: Page):
    assert (await page.post(path, **body))["error"] == sentence


async def test_nobody_changes_somebody_elses_message(page: Page):
    ts = (await page.say("mine"))["ts"]
    answer = await page.as_user("U0LEA").post("/client/edits", channel="C0SUPPORT", ts=ts, text="theirs")
    assert answer["error"] == "This message was written by somebody else."
    assert [message["text"] for message in await page.messages()] == ["mine"]


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
async def test_other_web_pages_are_kept_out(headers: dict, workspace: Workspace, http: aiohttp.ClientSession):
    async with http.get(f"{workspace.url}/client/boot", headers=headers) as response:
        assert response.status == 403


async def test_the_page_itself_is_served(workspace: Workspace, http: aiohttp.ClientSession):
    async with http.get(f"{workspace.url}/") as response:
        assert response.content_type == "text/html"
    async with http.get(f"{workspace.url}/static/index.html") as response:
        assert response.status == 200


async def test_the_side_panel_follows_a_database_of_somebody_else(tmp_path: Path, http: aiohttp.ClientSession):
    file = tmp_path / "orders.db"
    async with serve_workspace(port=0, panel=file) as workspace:
        page = Page(http, workspace.url)
        assert await page.get("/client/tables") == {"tables": []}
        async with page.watching() as seen:
            database = sqlite3.connect(file)
            database.execute("pragma journal_mode = wal")
            database.execute('create table "outbox ""x""" (recipient text, body blob)')
            database.execute('insert into "outbox ""x""" values (?, ?)', ("bob", b"123"))
            database.commit()
            shown = [{"name": 'outbox "x"', "columns": ["recipient", "body"], "rows": [["bob", "(3 bytes)"]]}]
            await until(lambda: [e for e in seen if e == {"type": "tables", "tables": shown}], "the new table")
            database.close()
        assert await page.get("/client/tables") == {"tables": shown}


async def test_another_team_can_be_handed_in(http: aiohttp.ClientSession):
    archived = tuple(replace(each, archived=True) for each in HARBOUR_GOODS.conversations)
    team = replace(HARBOUR_GOODS, conversations=archived)
    async with serve_workspace(port=0, team=team) as workspace:
        headers = {"Authorization": f"Bearer {workspace.tokens.bot}"}
        call = {"channel": "C0SUPPORT", "text": "x"}
        async with http.post(f"{workspace.url}/api/chat.postMessage", headers=headers, json=call) as response:
            assert (await response.json())["error"] == "is_archived"
