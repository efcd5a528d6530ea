"""The page by keyboard alone: what Tab reaches, what shows where it is, and where a form keeps it."""

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect

from bot.demo.workspace import Workspace
from tests.demo.workspace.at_work import work
from tests.demo.workspace.browser import main_column, opened, thread
from tests.demo.workspace.support import Page, Slack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CONTROLS = """
(root) => {
  const all = document.querySelectorAll(`${root} :is(button, a[href], input, select, textarea, summary)`);
  const groups = new Set();
  return [...all].filter((node) => {
    if (!node.checkVisibility({ visibilityProperty: true }) || node.disabled || node.tabIndex < 0) return false;
    if (node.closest(".tools")) return false;  // shown once their message has the focus
    if (node.type !== "radio") return true;
    const first = !groups.has(node.name);
    groups.add(node.name);
    return first;
  }).map((node) => { node.dataset.expected = "yes"; return node.outerHTML.slice(0, 140); });
}
"""

HERE = """
() => {
  const node = document.activeElement;
  if (node === document.body || node === null) return null;
  const radio = node.type === "radio" ? document.querySelector(`[name="${node.name}"][data-expected]`) : null;
  const again = (radio ?? node).dataset.expected === "reached";
  if ((radio ?? node).dataset.expected) (radio ?? node).dataset.expected = "reached";
  const style = getComputedStyle(node);
  const frame = getComputedStyle(node.closest(".composer, .editor") ?? node);
  const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return { again, seen: outline || frame.boxShadow !== "none", html: node.outerHTML.slice(0, 140),
    inDialog: node.closest("dialog") !== null };
}
"""

MISSED = """() => [...document.querySelectorAll("[data-expected='yes']")].map((node) => node.outerHTML.slice(0, 140))"""


async def walk(tab: Tab, root: str, steps: int = 150) -> list[dict]:
    """Presses Tab until everything in `root` was reached, or for `steps`; the places in which the focus was."""
    assert await tab.evaluate(CONTROLS, root)
    places = list[dict]()
    for _ in range(steps):
        await tab.keyboard.press("Tab")
        if place := await tab.evaluate(HERE):
            places.append(place)
        if not await tab.evaluate(MISSED):
            break
    return places


@pytest.mark.usefixtures("at_work")
async def test_tab_reaches_every_control_and_shows_where_it_is(
    chromium: str, workspace: Workspace, page: Page, slack: Slack
):
    await work(page, slack)
    await page.command("/signoff list")
    async with opened(chromium, workspace.url) as tab:
        await tab.get_by_test_id("sidebar").get_by_role("button", name="support").focus()
        await tab.keyboard.press("Enter")
        await main_column(tab).get_by_role("button", name="3 replies").focus()
        await tab.keyboard.press("Enter")
        await expect(thread(tab).get_by_label("Reply in thread")).to_be_focused()
        places = await walk(tab, "#app")
        assert await tab.evaluate(MISSED) == []
        assert [place["html"] for place in places if not place["seen"]] == []


@pytest.mark.usefixtures("at_work")
async def test_a_form_keeps_the_focus_and_gives_it_back(chromium: str, workspace: Workspace, page: Page, slack: Slack):
    await work(page, slack)
    async with opened(chromium, workspace.url) as tab:
        await tab.get_by_test_id("sidebar").get_by_role("button", name="support").click()
        await main_column(tab).get_by_role("button", name="3 replies").click()
        edit = thread(tab).get_by_role("button", name="Edit", exact=True)
        await edit.focus()
        await tab.keyboard.press("Enter")
        await expect(tab.get_by_role("dialog").get_by_label("Amount")).to_be_focused()
        places = await walk(tab, "dialog")
        assert await tab.evaluate(MISSED) == []
        assert [place["html"] for place in places if not place["seen"] or not place["inDialog"]] == []
        await tab.keyboard.press("Escape")
        await expect(tab.get_by_role("dialog")).to_be_hidden()
        await expect(edit).to_be_focused()


@pytest.mark.usefixtures("at_work")
async def test_new_messages_are_read_out(chromium: str, workspace: Workspace, page: Page, slack: Slack):
    """They arrive in a log, whose additions a screen reader speaks; what the app is doing is a status."""
    root = (await page.say("hello"))["ts"]
    async with opened(chromium, workspace.url) as tab:
        await tab.get_by_test_id("sidebar").get_by_role("button", name="support").click()
        await slack.chat_postMessage(channel="C0SUPPORT", thread_ts=root, text="an answer")
        await main_column(tab).get_by_role("button", name="1 reply").click()
        await expect(thread(tab).get_by_role("log")).to_contain_text("an answer")
        await slack.assistant_threads_setStatus(channel_id="C0SUPPORT", thread_ts=root, status="is looking it up")
        await expect(thread(tab).get_by_role("status")).to_contain_text("Signoff is looking it up")
