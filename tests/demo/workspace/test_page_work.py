"""What the page shows of an agent at work: its Home, commands, tasks, files, forms on forms, and what is marked."""

from typing import Any

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from bot.demo.workspace import Workspace
from tests.demo.workspace.at_work import says, work
from tests.demo.workspace.browser import act_as, main_column, open_channel, opened, thread
from tests.demo.workspace.support import Page, Slack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Json = dict[str, Any]


async def open_thread(tab: Tab) -> None:
    await open_channel(tab, "support")
    await main_column(tab).get_by_role("button", name="3 replies").click()


@pytest.mark.usefixtures("at_work")
async def test_home_is_the_readers_own_and_its_buttons_work(chromium: str, workspace: Workspace, heard: list[Json]):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "Signoff")
        await tab.get_by_role("tab", name="Messages").focus()
        await tab.keyboard.press("ArrowLeft")
        home = tab.get_by_role("tabpanel", name="Home")
        await expect(home).to_contain_text("Your grants")
        await expect(tab.get_by_label("Message Signoff")).to_be_hidden()
        await home.get_by_role("button", name="Revoke").click()
        await tab.keyboard.press("Escape")
        assert heard == []  # who says no has not clicked
        await home.get_by_role("button", name="Revoke").click()
        await tab.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(home.get_by_role("button", name="Revoke")).not_to_have_attribute("aria-busy", "true")
        assert [action["action_id"] for action in heard] == ["revoke"]
        await tab.get_by_role("tab", name="Messages").click()
        await expect(tab.get_by_label("Message Signoff")).to_be_visible()


@pytest.mark.usefixtures("at_work")
async def test_a_command_is_offered_answered_to_one_and_can_be_put_away(chromium: str, workspace: Workspace):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "support")
        area = tab.get_by_label("Message #support")
        await area.press_sequentially("/s")
        await expect(tab.get_by_role("listbox").get_by_role("option")).to_contain_text("[list | ")
        await area.press("Tab")
        await area.press_sequentially("list")
        await area.press("Enter")
        answer = main_column(tab).locator(".ephemeral")
        await expect(answer).to_contain_text("You said: list")
        await expect(area).to_have_value("")
        await answer.get_by_role("button", name="Dismiss", exact=True).click()
        await expect(answer).to_have_count(0)
        await area.press_sequentially("/signoff")
        await area.press("Enter")  # it is whole: nothing is completed
        await expect(answer).to_contain_text("You said:")
        await answer.get_by_role("button", name="Dismiss message").click()
        await expect(answer).to_have_count(0)
        await area.fill("/dance")
        await area.press("Enter")
        await expect(tab.get_by_test_id("banner")).to_contain_text("/dance is not a valid command")
        await expect(area).to_have_value("/dance")


@pytest.mark.usefixtures("at_work")
async def test_work_is_shown_rated_and_stopped(
    chromium: str, workspace: Workspace, page: Page, slack: Slack, heard: list[Json]
):
    await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "support")
        await expect(main_column(tab).get_by_role("button", name="3 replies")).to_contain_text("Signoff is working…")
        await open_thread(tab)
        tasks = await thread(tab).locator(".task-title").all_text_contents()
        assert tasks == ["Looked up order 1042 (Done)", "Couldn't look up the parcel (Failed)", "Checking (Running)"]
        await expect(thread(tab)).to_contain_text("A refund")  # the session's title
        await expect(tab.get_by_test_id("status")).to_have_text("Signoff is working…")
        await thread(tab).get_by_role("button", name="Stop").click()
        await expect(thread(tab).get_by_role("button", name="Stop")).to_be_hidden()
        await thread(tab).get_by_role("button", name="Good").click()
        await expect(thread(tab).get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    assert [each.get("type") for each in heard] == ["agent_session_stopped", "feedback_buttons"]
    assert heard[1]["value"] == "up"


@pytest.mark.usefixtures("at_work")
async def test_a_file_is_named_measured_and_read(chromium: str, workspace: Workspace, page: Page, slack: Slack):
    await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        files = thread(tab).get_by_role("list", name="Files")
        await expect(files).to_contain_text("arguments.json 14 bytes")
        await files.get_by_role("button", name="Preview").click()
        await expect(files.locator("pre")).to_have_text('{"amount": 80}')
        async with tab.expect_download() as saved:
            await files.get_by_role("link", name="Download arguments.json").click()
        assert (await (await saved.value).path()).read_text() == '{"amount": 80}'


@pytest.mark.usefixtures("at_work")
async def test_choices_load_and_forms_lie_on_forms(
    chromium: str, workspace: Workspace, page: Page, slack: Slack, heard: list[Json]
):
    await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        await thread(tab).get_by_role("button", name="Edit", exact=True).click()
        dialog = tab.get_by_role("dialog")
        await expect(dialog.get_by_label("Amount")).to_be_focused()
        await dialog.get_by_label("Amount").fill("75.50")
        await dialog.get_by_label("Customer").press_sequentially("mia")
        await expect(dialog.get_by_role("listbox").get_by_role("option")).to_have_text(["Mia Blom"])
        await dialog.get_by_label("Customer").press("Enter")
        await expect(dialog.get_by_label("Customer")).to_have_value("Mia Blom")
        others = dialog.get_by_label("Others")
        for typed in ("we", "so"):
            await others.press_sequentially(typed)
            await expect(dialog.get_by_role("listbox").get_by_role("option")).to_have_count(1)
            await others.press("Enter")
        await dialog.get_by_role("button", name="Remove Jonas Weber").click()
        await dialog.get_by_role("button", name="More").click()
        await expect(dialog.get_by_role("heading")).to_have_text("More of it")
        await dialog.get_by_label("Note").fill("noted")
        await dialog.get_by_role("button", name="Back").click()
        await expect(dialog.get_by_label("Amount")).to_have_value("75.50")  # what was typed is still there
        await dialog.get_by_role("button", name="Keep").click()
        await expect(dialog).to_be_hidden()
        await expect(thread(tab).get_by_role("button", name="Edit", exact=True)).to_be_focused()
    [values] = heard
    assert values["Customer"]["v"]["selected_option"]["value"] == "Mia Blom"
    assert [each["value"] for each in values["Others"]["v"]["selected_options"]] == ["Kai Sommer"]


@pytest.mark.usefixtures("at_work")
async def test_the_cross_closes_every_form_and_escape_one(
    chromium: str, workspace: Workspace, page: Page, slack: Slack
):
    await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        dialog = tab.get_by_role("dialog")
        for leave, left in (("Escape", "Edit refund"), ("Close dialog", None)):
            if not await dialog.is_visible():
                await thread(tab).get_by_role("button", name="Edit", exact=True).click()
            await dialog.get_by_role("button", name="More").click()
            await expect(dialog.get_by_label("Note")).to_be_focused()
            if left:
                await tab.keyboard.press(leave)
                await expect(dialog.get_by_role("heading")).to_have_text(left)
            else:
                await dialog.get_by_role("button", name=leave).click()
                await expect(dialog).to_be_hidden()


@pytest.mark.usefixtures("at_work")
async def test_a_link_to_a_message_opens_it(chromium: str, workspace: Workspace, page: Page, slack: Slack):
    ts = await work(page, slack)
    link = (await slack.chat_getPermalink(channel="C0SUPPORT", message_ts=ts))["permalink"]
    await slack.chat_postMessage(channel="D0ANA", text="Waits", blocks=[says(f"<{link}|this card>, <#C0DEPLOYS>")])
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "Signoff")
        await main_column(tab).get_by_role("link", name="this card").click()
        await expect(thread(tab).locator(f"[data-ts='{ts}']")).to_be_focused()
        await slack.chat_update(channel="C0SUPPORT", ts=ts, text="Refund?", blocks=[says("*Changed*")])
        await expect(thread(tab)).to_contain_text("Changed")
        await expect(thread(tab).get_by_role("button", name="New messages")).to_be_hidden()
        await open_channel(tab, "Signoff")
        await main_column(tab).get_by_role("link", name="#deploys").click()
        await expect(main_column(tab).get_by_role("heading", name="#deploys").first).to_be_visible()
        await tab.goto(link)  # and from outside
        await expect(thread(tab).locator(f"[data-ts='{ts}']")).to_be_focused()
        await act_as(tab, "Max Oduya")
        await tab.goto(link.replace("C0SUPPORT", "C0LEADS"))
        await expect(tab.get_by_test_id("banner")).to_contain_text("That message is not there")


@pytest.mark.usefixtures("at_work")
async def test_what_waits_is_marked_where_it_waits(chromium: str, workspace: Workspace, page: Page, slack: Slack):
    ts = await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        sidebar = tab.get_by_test_id("sidebar")
        await expect(sidebar.get_by_role("button", name="waiting for you")).to_have_count(0)
        await act_as(tab, "Lea Brandt")
        await expect(sidebar.get_by_role("button", name="support, 1 waiting for you")).to_be_visible()
        await expect(tab.get_by_role("banner").get_by_text("1 waiting for you")).to_be_visible()
        await slack.chat_update(channel="C0SUPPORT", ts=ts, text="Refunded")
        await expect(sidebar.get_by_role("button", name="waiting for you")).to_have_count(0)


@pytest.mark.usefixtures("at_work")
async def test_a_channel_offers_what_can_be_said_there(chromium: str, workspace: Workspace, page: Page):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "deploys")
        offered = main_column(tab).get_by_role("group", name="Suggestions").get_by_role("button").first
        text = await offered.inner_text()
        await offered.click()
        await expect(thread(tab)).to_contain_text(f"@Signoff {text}")
    assert [each["text"] for each in await page.messages("C0DEPLOYS")] == [f"<@U0SIGNOFF> {text}"]
