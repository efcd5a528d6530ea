"""The page for whoever uses a keyboard, a screen reader or a phone: focus, contrast, names, and what is cut."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp

from bot.demo.workspace import Tokens, Workspace, serve_workspace
from tests.demo.workspace.browser import PHONE, act_as, main_column, open_channel, opened, thread
from tests.demo.workspace.looks import looked_at
from tests.demo.workspace.support import TOKENS, Page, Slack, connected, slack_client
from tests.support.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Json = dict[str, Any]

PROMPTS = [{"title": f"refund order {number}, it came late", "message": f"refund {number}"} for number in range(4)]
LONG = "\n".join(f"line {number} of a long argument" for number in range(80))
FOCUSED = "document.activeElement === document.body ? 'nothing' : document.activeElement.outerHTML.slice(0, 200)"


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def card(text: str, *labels: str, value: str = "q1", block: str = "decide") -> list[Json]:
    """What asks: a text, the arguments, and buttons."""
    styles = {"Approve": "primary", "Reject": "danger"}
    elements = [
        {"type": "button", "action_id": label.lower(), "value": value, "text": plain(label)}
        | ({"style": styles[label]} if label in styles else {})
        for label in labels
    ]
    arguments = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": LONG}]}
    shown: list[Json] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": text}},
        {"type": "rich_text", "elements": [arguments]},
    ]
    return [*shown, {"type": "actions", "block_id": block, "elements": elements}] if labels else shown


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Somebody's data: two rows that begin alike, a wide table, a long value."""
    with closing(sqlite3.connect(tmp_path / "orders.db")) as database:
        database.execute("create table refunds (order_id integer, amount text, key text primary key)")
        database.executemany("insert into refunds values (?, ?, ?)", [(7, "1.00", "a"), (7, "2.00", "b")])
        columns = [f"column_{number}" for number in range(9)]
        database.execute(f"create table wide ({', '.join(columns)})")
        database.execute(f"insert into wide values ({', '.join('?' * 9)})", ["value"] * 8 + ["the last value " * 40])
        database.commit()
    return tmp_path / "orders.db"


@pytest.fixture
async def workspace(file: Path) -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, panel=file, tokens=TOKENS) as workspace:
        yield workspace


@pytest.fixture
def ana(http: aiohttp.ClientSession, workspace: Workspace) -> Page:
    return Page(http, workspace.url)


@pytest.fixture
def bot(workspace: Workspace) -> Slack:
    return slack_client(workspace.url)


@pytest.fixture
async def app(bot: Slack) -> AsyncIterator[AsyncApp]:
    """A bot that suggests what to ask, decides at a click on Approve and opens a form at a click on Edit."""
    app = AsyncApp(client=bot)
    form = {
        "type": "modal",
        "title": plain("Edit it"),
        "submit": plain("Save"),
        "blocks": [
            {
                "type": "input",
                "block_id": "a",
                "label": plain("Amount"),
                "element": {"type": "plain_text_input", "action_id": "v"},
            }
        ],
    }

    @app.event("app_home_opened")
    async def visited(event: Json) -> None:
        await bot.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=PROMPTS)

    @app.event("message")
    async def heard() -> None: ...

    @app.action("approve")
    async def approve(ack: Any, body: Json) -> None:
        await ack()
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await bot.chat_update(**where, text="done", blocks=card("Approved"))

    @app.action("edit")
    async def edit(ack: Any, body: Json) -> None:
        await ack()
        # While the form is open the card is drawn anew, with another block id, as after a vote.
        where = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        await bot.chat_update(**where, text="card", blocks=card("Refund?", "Approve", "Edit", "Reject", block="again"))
        await bot.views_open(trigger_id=body["trigger_id"], view=form)

    async with connected(app):
        yield app


async def ask(ana: Page, bot: Slack, text: str = "<@U0ANA> asked for this · <@U0LEA> decides") -> Json:
    root = await ana.say("please")
    blocks = card(text, "Approve", "Edit", "Reject")
    return (await bot.chat_postMessage(channel="C0SUPPORT", thread_ts=root["ts"], text="card", blocks=blocks)).data


async def open_thread(tab: Tab) -> None:
    await open_channel(tab, "support")
    await main_column(tab).get_by_role("button", name="1 reply").click()


@pytest.mark.usefixtures("app")
async def test_a_person_can_write_at_once(chromium: str, workspace: Workspace):
    async with opened(chromium, workspace.url) as tab:
        await expect(tab.get_by_label("Message Signoff")).to_be_focused()
        await tab.keyboard.type("hello")
        await tab.keyboard.press("Enter")
        await expect(thread(tab).get_by_label("Reply in thread")).to_be_focused()
        await tab.keyboard.type("more")
        await tab.keyboard.press("Enter")
        await expect(thread(tab).get_by_text("more")).to_be_visible()
        await expect(thread(tab).get_by_label("Reply in thread")).to_be_focused()
        await tab.keyboard.press("Escape")
        await expect(tab.get_by_label("Message Signoff")).to_be_focused()
        await act_as(tab, "Lea Brandt")
        await expect(tab.get_by_label("Message Signoff")).to_be_focused()
        await open_channel(tab, "support")
        await expect(tab.get_by_label("Message #support")).to_be_focused()
        await tab.reload()
        await expect(tab.get_by_label("Message #support")).to_be_focused()


@pytest.mark.usefixtures("app")
async def test_what_is_suggested_goes_once_the_conversation_has_begun(chromium: str, workspace: Workspace):
    async with opened(chromium, workspace.url, viewport=PHONE, has_touch=True, is_mobile=True) as tab:
        suggested = tab.get_by_role("button", name="it came late")
        await expect(suggested).to_have_count(4)
        height = await tab.locator(".prompts").evaluate("(node) => node.getBoundingClientRect().height")
        assert height < PHONE["height"] / 10
        await suggested.first.tap()
        await thread(tab).get_by_label("Back to the conversation").tap()
        await expect(main_column(tab).get_by_text("refund 0")).to_be_visible()
        await expect(suggested).to_have_count(0)
        await tab.reload()
        await expect(main_column(tab).get_by_text("refund 0")).to_be_visible()
        await expect(suggested).to_have_count(0)
        await act_as(tab, "Lea Brandt")
        await expect(suggested).to_have_count(4)


@pytest.mark.usefixtures("app")
async def test_the_focus_is_never_on_nothing(chromium: str, workspace: Workspace, ana: Page, bot: Slack):
    posted = await ask(ana, bot)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        message = thread(tab).locator(f"[data-ts='{posted['ts']}']")
        for _ in range(2):  # the second time on a card that was drawn anew
            await message.get_by_role("button", name="Edit").focus()
            await tab.keyboard.press("Enter")
            await expect(tab.get_by_test_id("modal").get_by_label("Amount")).to_be_focused()
            await tab.keyboard.press("Escape")
            await expect(message.get_by_role("button", name="Edit")).to_be_focused()
        await message.get_by_role("button", name="Approve").click()
        await expect(message.get_by_role("button", name="Approve")).to_have_count(0)
        await expect(message).to_be_focused()
        await tab.keyboard.press("Tab")
        assert await tab.evaluate(FOCUSED) != "nothing"
        mine = await ana.say("to be deleted", thread_ts=posted["message"]["thread_ts"])
        own = thread(tab).locator(f"[data-ts='{mine['ts']}']")
        await own.hover()
        await own.get_by_label("Edit message").click()
        await tab.keyboard.press("Escape")
        await expect(own).to_be_focused()
        await own.get_by_label("Delete message").click()
        await tab.keyboard.press("Escape")
        await expect(own.get_by_label("Delete message")).to_be_focused()
        await own.get_by_label("Delete message").click()
        await tab.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await expect(own).to_have_count(0)
        await expect(thread(tab).get_by_label("Reply in thread")).to_be_focused()
        await thread(tab).get_by_label("Close thread").click()
        await expect(tab.get_by_label("Message #support")).to_be_focused()
        await tab.get_by_label("Close data").click()
        await expect(tab.get_by_label("Message #support")).to_be_focused()


async def test_a_column_that_gives_way_hands_the_focus_on(chromium: str, workspace: Workspace):
    async with opened(chromium, workspace.url, viewport=PHONE) as tab:
        await tab.get_by_label("Show data").click()
        await expect(tab.get_by_test_id("panel").get_by_label("Back to the conversation")).to_be_focused()
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_label("Message Signoff")).to_be_focused()
        await tab.get_by_label("Back to conversations").click()
        await expect(tab.get_by_test_id("sidebar").get_by_role("button").first).to_be_focused()


async def test_another_seat_has_something_waiting(chromium: str, workspace: Workspace, ana: Page, bot: Slack):
    async with opened(chromium, workspace.url) as tab:
        seats = tab.get_by_test_id("seats").get_by_role("button")
        await expect(tab).to_have_title("Harbour Goods")
        await expect(seats).to_have_count(0)
        posted = await ask(ana, bot)
        await expect(tab).to_have_title("(1) Harbour Goods")
        await expect(seats).to_have_text("LBLea Brandt1waiting")
        await tab.reload()
        await expect(tab).to_have_title("(1) Harbour Goods")
        await tab.get_by_role("button", name="Lea Brandt 1 waiting").click()
        await expect(tab.get_by_label("Act as")).to_have_value("U0LEA")
        await expect(seats).to_have_count(0)
        await expect(tab).to_have_title("(1) Harbour Goods")
        await bot.chat_update(channel="C0SUPPORT", ts=posted["ts"], text="done", blocks=card("Approved"))
        await expect(tab).to_have_title("Harbour Goods")


async def test_a_long_argument_is_shown_whole_when_asked_for(
    chromium: str, workspace: Workspace, ana: Page, bot: Slack
):
    posted = await ask(ana, bot)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        message = thread(tab).locator(f"[data-ts='{posted['ts']}']")
        frame = message.locator(".clip")
        cut = "(node) => node.scrollHeight - node.clientHeight"
        assert await frame.evaluate(cut) > 100
        await message.get_by_role("button", name="Show more").click()
        assert await frame.evaluate(cut) == 0
        await bot.reactions_add(channel="C0SUPPORT", timestamp=posted["ts"], name="eyes")
        await expect(message.locator(".reaction")).to_be_visible()
        await expect(message.get_by_role("button", name="Show less")).to_be_focused()
        assert await frame.evaluate(cut) == 0
        await message.get_by_role("button", name="Show less").click()
        assert await frame.evaluate(cut) > 100
        table = tab.get_by_test_id("panel").locator("[data-table=wide]")
        await table.get_by_role("button", name="Show more").click()
        assert await table.locator(".clip.open").evaluate(cut) == 0
        await expect(message.locator("pre")).to_contain_text("line 79")


async def test_the_data_panel_reaches_every_column_and_knows_its_rows(chromium: str, workspace: Workspace, file: Path):
    async with opened(chromium, workspace.url) as tab:
        frame = tab.get_by_test_id("panel").get_by_role("region", name="wide: all columns")
        assert await frame.evaluate("(node) => node.scrollWidth > node.clientWidth")
        await frame.focus()
        await tab.keyboard.press("End")
        for _ in range(60):
            await tab.keyboard.press("ArrowRight")
        last = frame.locator("td").last
        hidden = (
            "(node) => node.getBoundingClientRect().right - node.closest('.table-frame').getBoundingClientRect().right"
        )

        async def is_in() -> bool:
            return await last.evaluate(hidden) <= 1

        await until(is_in, "the last column, which the keyboard brings in")
        rows = tab.locator("[data-table=refunds] tbody tr")
        await expect(rows).to_have_count(2)
        with closing(sqlite3.connect(file)) as database:
            database.execute("update refunds set amount = '3.00' where key = 'b'")
            database.commit()
        await expect(rows.nth(1)).to_contain_text("3.00")
        await expect(tab.locator("[data-table=refunds] .flash")).to_have_text(["3.00"])


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["desktop", "phone"])
async def test_everything_can_be_read_reached_and_named(
    device: str, scheme: str, chromium: str, workspace: Workspace, ana: Page, bot: Slack
):
    await bot.chat_postMessage(channel="D0ANA", text="`code` <@U0ANA> <https://example.com|link> *b*\n> quoted")
    posted = await ask(ana, bot)
    options: Json = {"color_scheme": scheme, "reduced_motion": "reduce"}
    if device == "phone":
        options |= {"viewport": PHONE}
    async with opened(chromium, workspace.url, **options) as tab:
        await expect(tab.get_by_role("button", name="it came late").first).to_be_visible()
        assert await looked_at(tab) == []
        if device == "phone":
            await tab.get_by_label("Back to conversations").click()
            await expect(tab.get_by_test_id("sidebar")).to_be_visible()
            assert await looked_at(tab) == []
        await open_thread(tab)
        message = thread(tab).locator(f"[data-ts='{posted['ts']}']")
        await expect(message.get_by_role("button", name="Approve")).to_be_visible()
        assert await looked_at(tab) == []
        await message.get_by_role("button", name="Edit").click()
        await expect(tab.get_by_test_id("modal").get_by_label("Amount")).to_be_focused()
        await tab.get_by_test_id("modal").get_by_role("button", name="Save").click()
        await expect(tab.get_by_text("Please fill in this field.")).to_be_visible()
        assert await looked_at(tab) == []
        await tab.keyboard.press("Escape")
        own = thread(tab).locator(".message").first
        await own.hover()
        await own.get_by_label("Delete message").click()
        assert await looked_at(tab) == []
        await tab.keyboard.press("Escape")
        await message.get_by_role("button", name="Approve").click()
        await expect(message.get_by_role("button", name="Approve")).to_have_count(0)
        assert await looked_at(tab) == []
        await act_as(tab, "Lea Brandt")
        await bot.chat_postMessage(channel="C0LEADS", text="news")
        await bot.chat_postMessage(channel="D0LEA", text="news")
        await until(lambda: workspace.waiting.counts == {}, "the decision")
        assert await looked_at(tab) == []


async def test_a_page_of_an_earlier_start_goes_on(chromium: str, tmp_path: Path):
    """Its token is no longer one; what it sends is sent once."""
    async with serve_workspace(port=0, data=tmp_path) as workspace, opened(chromium, workspace.url) as tab:
        workspace.tokens = Tokens()
        await tab.get_by_label("Message Signoff").fill("still here")
        await tab.get_by_label("Message Signoff").press("Enter")
        await expect(thread(tab).get_by_text("still here")).to_be_visible()
        await tab.get_by_label("Reply in thread").fill("and again")
        await tab.get_by_label("Reply in thread").press("Enter")
        await expect(thread(tab).get_by_text("and again")).to_be_visible()
    assert [message.text for message in workspace.history.of("D0ANA")] == ["still here", "and again"]
