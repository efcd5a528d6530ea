"""Home and the command as people use them: a first visit, what waits, the way to it, and what was decided."""

import re

import pytest
from playwright.async_api import Locator, expect
from playwright.async_api import Page as Screen

from tests.demo.workspace.browser import PHONE, act_as, open_channel, opened, thread
from tests.demo.workspace.looks import looked_at
from tests.stories.programs import Stage
from tests.stories.shop import Shop
from tests.stories.test_browser import keep, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def act(screen: Screen, name: str, title: str) -> None:
    """Act as somebody else, once the page shows what they see."""
    await act_as(screen, name)
    await expect(screen.get_by_text(title)).to_be_visible(timeout=10_000)


async def home(screen: Screen) -> Locator:
    """The Home tab of whoever acts, opened."""
    await screen.get_by_role("tab", name="Home").click()
    return screen.get_by_test_id("home")


async def test_a_first_visit_tries_the_example_and_home_leads_to_the_card(chromium: str, stage: Stage, shop: Shop):
    async with opened(chromium, stage.url) as screen:
        await open_channel(screen, "Signoff")
        shown = await home(screen)
        await expect(shown.get_by_role("heading", name="Signoff asks before it acts")).to_be_visible(timeout=20_000)
        assert await looked_at(screen) == []
        await keep(screen, "home-first")
        await shown.get_by_role("button", name=re.compile("^Try")).click()
        notice = screen.get_by_test_id("modal")
        await expect(notice.get_by_text("under Messages")).to_be_visible(timeout=10_000)
        await notice.get_by_role("button", name="Close").last.click()
        opening = shown.get_by_role("button", name=re.compile("^Open")).or_(
            shown.get_by_role("link", name=re.compile("^Open"))
        )
        await expect(shown.get_by_text("Refund 80.00 euro on order 1042?")).to_be_visible(timeout=20_000)
        assert await looked_at(screen) == []
        await keep(screen, "home-waiting")
        await opening.first.click()
        approve = thread(screen).get_by_role("button", name="Approve")
        await expect(approve).to_be_visible(timeout=20_000)
        await approve.click()
        shown = await home(screen)
        await expect(shown.get_by_text("Refunded 80.00 euro on order 1042")).to_be_visible(timeout=20_000)
        await expect(shown.get_by_text("Nothing waits for you")).to_be_visible()
        assert await looked_at(screen) == []
        await keep(screen, "home-decided")
        assert shop.refunds == [(1042, "80.00")]


async def test_whom_it_waits_for_finds_it_on_their_home_and_by_the_command(chromium: str, stage: Stage, shop: Shop):
    async with opened(chromium, stage.url) as screen:
        await act(screen, "Lea Brandt", "Support team lead")
        await open_channel(screen, "Signoff")
        shown = await home(screen)
        await expect(shown.get_by_text("Nothing waits for you")).to_be_visible(timeout=20_000)
        await act(screen, "Ana Ruiz", "Customer support")
        await open_channel(screen, "support")
        await write(screen, "@signoff cancel order 1043, the customer changed her mind")
        await act(screen, "Lea Brandt", "Support team lead")
        await open_channel(screen, "Signoff")
        shown = await home(screen)
        await expect(shown.get_by_text("Cancel order 1043?")).to_be_visible(timeout=20_000)
        await expect(shown.get_by_text(re.compile("Ana Ruiz asked in #support"))).to_be_visible()
        await open_channel(screen, "support")
        await write(screen, "/signoff list")
        await expect(screen.get_by_text("One question waits for you.").last).to_be_visible(timeout=10_000)
        assert await looked_at(screen) == []
        await keep(screen, "signoff-list")
        assert shop.status(1043) == "paid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_home_can_be_read_on_a_phone(chromium: str, stage: Stage, scheme: str):
    async with opened(chromium, stage.url, viewport=PHONE, color_scheme=scheme) as screen:
        shown = await home(screen)
        await expect(shown.get_by_role("heading", name="Last decisions")).to_be_visible(timeout=20_000)
        assert await looked_at(screen) == []
        await keep(screen, f"home-phone-{scheme}")
