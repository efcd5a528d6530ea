"""A person at the page, in Chromium: chats, mends the proposal in the form, approves, and sees what came of it."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page as Screen
from playwright.async_api import expect

from tests.demo.workspace.browser import act_as, main_column, open_channel, opened, thread
from tests.stories.programs import ROOT, Stage
from tests.stories.shop import Shop

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ARTEFACTS = ROOT / "artefacts"


async def keep(screen: Screen, name: str) -> Path:
    """A picture of the page, for whoever looks at a build."""
    ARTEFACTS.mkdir(exist_ok=True)
    file = ARTEFACTS / f"{name}.png"
    await screen.screenshot(path=file)
    return file


async def write(screen: Screen, text: str) -> None:
    composer = screen.get_by_role("textbox", name=re.compile("^Message ")).first
    await composer.fill(text)
    await composer.press("Enter")


async def test_a_person_chats_mends_the_proposal_and_approves(chromium: str, stage: Stage, shop: Shop):
    async with opened(chromium, stage.url) as screen:
        await write(screen, "refund order 1042, 80 euro, it came late")
        conversation = thread(screen)
        await expect(conversation.get_by_text("Jonas Weber").first).to_be_visible(timeout=20_000)
        await expect(conversation.get_by_role("button", name="Approve")).to_be_visible(timeout=20_000)
        await keep(screen, "asked")
        assert shop.refunds == []

        await conversation.get_by_role("button", name="Edit").click()
        form = screen.get_by_test_id("modal")
        amount = form.get_by_label("Amount")
        await expect(amount).to_have_value("80")
        await amount.fill("0")
        await form.get_by_role("button", name="Run Edited Call").click()
        await expect(form.get_by_text("more than 0")).to_be_visible(timeout=10_000)
        await keep(screen, "refused")
        await amount.fill("60")
        await form.get_by_role("button", name="Run Edited Call").click()
        await expect(form).to_be_hidden(timeout=10_000)
        await expect(conversation.get_by_text(re.compile(r"80\s*→\s*60"))).to_be_visible(timeout=20_000)
        await expect(conversation.get_by_text(re.compile("Refunded 60.00 euro.*You edited"))).to_be_visible(
            timeout=20_000
        )
        await expect(conversation.get_by_role("button", name="Approve")).to_have_count(0)
        assert shop.refunds == [(1042, "60.00")]
        await expect(screen.get_by_test_id("panel")).to_contain_text("60.00", timeout=10_000)
        await keep(screen, "edited")


async def test_one_asks_and_another_approves(chromium: str, stage: Stage, shop: Shop):
    async with opened(chromium, stage.url) as screen:
        await open_channel(screen, "support")
        await write(screen, "@signoff cancel order 1043, the customer changed her mind")
        replies = main_column(screen).get_by_role("button", name=re.compile("repl(y|ies)")).last
        await expect(replies).to_be_visible(timeout=20_000)
        await act_as(screen, "Lea Brandt")
        await open_channel(screen, "support")
        await replies.click()
        approve = thread(screen).get_by_role("button", name="Approve")
        await expect(approve).to_be_visible(timeout=20_000)
        assert shop.status(1043) == "paid"
        await approve.click()
        meant = screen.get_by_role("dialog", name="Approve this?")
        await expect(meant.get_by_text("Cancel order 1043?")).to_be_visible()
        assert shop.status(1043) == "paid"
        await keep(screen, "meant")
        await meant.get_by_role("button", name="Approve").click()
        await expect(thread(screen).get_by_text(re.compile("approved by"))).to_be_visible(timeout=20_000)
        await expect(thread(screen).get_by_text("Cancelled order 1043").last).to_be_visible(timeout=20_000)
        assert shop.status(1043) == "cancelled"
        await expect(screen.get_by_test_id("panel")).to_contain_text("cancelled", timeout=10_000)
        await keep(screen, "approved")
