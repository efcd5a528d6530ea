"""Every surface of an agent at work, looked at by axe and for contrast, reach and names: two widths, light and dark."""

from typing import Any

import pytest
from playwright.async_api import expect

from bot.demo.workspace import Workspace
from tests.demo.workspace.at_work import work
from tests.demo.workspace.browser import DESKTOP, PHONE, main_column, open_channel, opened, thread
from tests.demo.workspace.looks import looked_at
from tests.demo.workspace.support import Page, Slack

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")])
@pytest.mark.usefixtures("at_work")
async def test_nothing_is_in_anybodys_way(
    size: Any, scheme: Any, chromium: str, workspace: Workspace, page: Page, slack: Slack
):
    await work(page, slack)
    await page.command("/signoff list")
    async with opened(chromium, workspace.url, viewport=size, color_scheme=scheme) as tab:

        async def back_to_the_list() -> None:
            while size is PHONE and not await tab.get_by_test_id("sidebar").is_visible():
                await tab.locator(".back:visible").first.click()

        found = dict[str, list[str]]()
        await back_to_the_list()
        found["the list"] = await looked_at(tab)
        await open_channel(tab, "support")
        found["a command's answer"] = await looked_at(tab)
        await main_column(tab).get_by_role("button", name="3 replies").click()
        await thread(tab).get_by_role("button", name="Preview").click()
        found["a thread"] = await looked_at(tab)
        await thread(tab).get_by_role("button", name="Edit", exact=True).click()
        dialog = tab.get_by_role("dialog")
        await dialog.get_by_label("Customer").press_sequentially("o")
        await expect(dialog.get_by_role("listbox").get_by_role("option").first).to_be_visible()
        found["choices"] = await looked_at(tab)
        await dialog.get_by_label("Customer").press("Escape")
        await dialog.get_by_role("button", name="Keep").click()
        await expect(dialog.get_by_label("Amount")).to_be_focused()
        found["errors"] = await looked_at(tab)
        await dialog.get_by_role("button", name="More").click()
        await expect(dialog.get_by_label("Note")).to_be_focused()
        found["a pushed form"] = await looked_at(tab)
        await dialog.get_by_role("button", name="Close dialog").click()
        await back_to_the_list()
        await open_channel(tab, "Signoff")
        found["a direct message"] = await looked_at(tab)
        await tab.get_by_role("tab", name="Home").click()
        await tab.get_by_role("button", name="Revoke").click()
        found["a question"] = await looked_at(tab)
        await tab.keyboard.press("Escape")
        found["Home"] = await looked_at(tab)
        await back_to_the_list()
        await open_channel(tab, "deploys")
        await tab.get_by_label("Message #deploys").press_sequentially("/")
        found["commands"] = await looked_at(tab)
    assert found == {surface: [] for surface in found}
