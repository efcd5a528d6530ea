"""What a person can see and do, the side panel, and who is kept out."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.demo.workspace import Workspace, serve_workspace
from bot.demo.workspace.people import HARBOUR_GOODS
from bot.demo.workspace.waiting import Waiting
from tests.demo.workspace.support import Page, Slack
from tests.support.waiting import until


async def test_boot_shows_each_person_their_own_conversations(page: Page):
    ana, lea = await page.get("/client/boot"), await page.as_user("U0LEA").get("/client/boot")
    examples = ["C0DEPLOYS", "C0ANNOUNCEMENTS", "C0INTAKE", "C0DEBUG", "C0GIT"]
    assert [each["id"] for each in ana["channels"]] == ["C0SUPPORT", *examples, "D0ANA"]
    assert [each["id"] for each in lea["channels"]] == ["C0SUPPORT", *examples, "C0LEADS", "D0LEA"]
    assert {each["kind"] for each in ana["channels"][:-1]} == {"channel"}
    assert (ana["channels"][-1]["kind"], ana["channels"][-1]["with"]) == ("dm", "U0SIGNOFF")
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
            shown = [
                {
                    "name": 'outbox "x"',
                    "columns": ["recipient", "body"],
                    "rows": [["bob", "(3 bytes)"]],
                    "keys": ["[1]"],
                    "count": 1,
                }
            ]
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


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("(name text, amount text)", ["[1]", "[2]"]),
        ("(name text, amount text, key text primary key)", ['["a"]', '["b"]']),
        ("(name text, amount text, key text, primary key (key, name)) without rowid", ['["a", "x"]', '["b", "x"]']),
        ("(name text, rowid text, key text)", ["[1]", "[2]"]),
        ("(name text, id integer primary key, key blob)", ["[1]", "[2]"]),
    ],
)
async def test_rows_are_known_by_what_tells_them_apart(
    table: str, keys: list[str], tmp_path: Path, http: aiohttp.ClientSession
):
    file = tmp_path / "orders.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute(f"create table t {table}")
        columns = [row[1] for row in database.execute("pragma table_info(t)")]
        for number, key in enumerate("ab", 1):
            given = {"name": "x", "key": key, "id": number}
            named = [column for column in columns if column in given]
            values = [given[column] for column in named]
            database.execute(f"insert into t ({', '.join(named)}) values ({', '.join('?' * len(named))})", values)
        database.commit()
    async with serve_workspace(port=0, panel=file) as workspace:
        (found,) = (await Page(http, workspace.url).get("/client/tables"))["tables"]
    assert (found["keys"], found["columns"], found["count"]) == (keys, columns, 2)
    assert [row[0] for row in found["rows"]] == ["x", "x"]


async def test_a_table_says_how_many_rows_it_has(tmp_path: Path, http: aiohttp.ClientSession):
    file = tmp_path / "orders.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("create table t (n integer)")
        database.executemany("insert into t values (?)", [(number,) for number in range(250)])
        database.commit()
    async with serve_workspace(port=0, panel=file) as workspace:
        (found,) = (await Page(http, workspace.url).get("/client/tables"))["tables"]
    assert (len(found["rows"]), found["count"]) == (200, 250)


def asks(text: str, *labels: str) -> list[dict]:
    """A card: what it says, and its buttons."""
    elements = [
        {"type": "button", "action_id": label, "value": "q1", "text": {"type": "plain_text", "text": label}}
        for label in labels
    ]
    return [{"type": "section", "text": {"type": "mrkdwn", "text": text}}, {"type": "actions", "elements": elements}]


@pytest.mark.parametrize(
    ("channel", "text", "waiting"),
    [
        ("C0SUPPORT", "<@U0ANA> asked for this · <@U0LEA> decides", {"U0LEA": 1}),
        ("C0SUPPORT", "<@U0ANA> asked for this, and decides", {"U0ANA": 1}),
        ("C0SUPPORT", "<@U0ANA> asked for this · <!subteam^S0LEADS> decides", {"U0LEA": 1}),
        ("C0SUPPORT", "<@U0ANA> asked for this · <@U0LEA>, <@U0MAX>: 2 approve", {"U0LEA": 1, "U0MAX": 1}),
        ("C0SUPPORT", "nobody is named", {}),
        ("D0ANA", "<@U0ANA> asked for this, and decides", {"U0ANA": 1}),
        ("D0ANA", "<@U0ANA> asked for this · <@U0LEA> decides", {}),
    ],
)
async def test_everybody_can_see_for_whom_something_waits(
    channel: str, text: str, waiting: dict, page: Page, slack: Slack, workspace: Workspace
):
    root = await page.say("please", channel)
    async with page.as_user("U0MAX").watching() as seen:
        card = await slack.chat_postMessage(
            channel=channel, thread_ts=root["ts"], text="card", blocks=asks(text, "Approve", "Reject")
        )
        assert (await page.get("/client/boot"))["waiting"] == waiting
        await slack.chat_update(channel=channel, ts=card["ts"], text="done", blocks=asks(text, "x")[:1])
        assert (await page.get("/client/boot"))["waiting"] == {}
        await page.say("end")
        await until(lambda: any(e["type"] == "message" and e["message"]["text"] == "end" for e in seen), "the end")
    told = [event["waiting"] for event in seen if event["type"] == "waiting"]
    assert told == ([waiting, {}] if waiting else [])
    assert Waiting(workspace.team, workspace.history).counts == {}


async def test_what_waits_is_known_after_a_restart_and_forgotten_with_the_message(page: Page, slack: Slack, workspace):
    root = await page.say("please")
    names = {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
        {"type": "user", "user_id": "U0LEA"}]}]}  # fmt: skip
    blocks = [names, asks("x", "Approve")[1]]
    card = await slack.chat_postMessage(channel="C0SUPPORT", thread_ts=root["ts"], text="card", blocks=blocks)
    assert workspace.waiting.counts == Waiting(workspace.team, workspace.history).counts == {"U0LEA": 1}
    await slack.chat_delete(channel="C0SUPPORT", ts=card["ts"])
    assert workspace.waiting.counts == {}
