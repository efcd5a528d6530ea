"""`make pictures`: plays a refund in the demo, in a browser, and keeps what a person saw for the README.

Writes `card.png` (the card, light), `card-dark.png` (on a phone, dark) and `ask-edit-run.webp` (ask, edit, run).
"""

from __future__ import annotations

import asyncio
import io
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from bot.demo.stage import stage

FOLDER = Path(__file__).parent
WIDE, PHONE = {"width": 1120, "height": 700}, {"width": 390, "height": 780}
WAIT = 20_000.0
"""Milliseconds for what the demo does in one."""

SECONDS = (1600, 2600, 2600, 3200)
"""Milliseconds that each picture of the animation is seen."""

ARGUMENTS = ("--no-sandbox", "--no-proxy-server", "--disable-gpu", "--disable-background-networking", "--no-first-run")
REFUND = "refund order 1042, 80 euro, it came late"


async def main() -> None:
    with tempfile.TemporaryDirectory() as data:
        async with stage(Path(data), 0) as built, _browser() as browser:
            await built.start_bot()
            await _animation(browser, built.url)
            await _phone(browser, built.url)


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is needed to make the pictures: install it, and run this again.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


async def _opened(browser: Browser, url: str, scheme: str, **options: object) -> Page:
    context = await browser.new_context(color_scheme=scheme, locale="en-GB", **options)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("textbox", name="Message").first.wait_for()
    return page


async def _animation(browser: Browser, url: str) -> None:
    page = await _opened(browser, url, "light", viewport=WIDE)
    frames: list[bytes] = []
    await page.get_by_role("button", name="Data").click()  # the shop's books, beside the conversation
    composer = page.get_by_role("textbox", name="Message").first
    await composer.fill(REFUND)
    frames.append(await page.screenshot())
    await composer.press("Enter")
    thread = page.locator("[data-thread]")
    await expect(thread.get_by_role("button", name="Approve")).to_be_visible(timeout=WAIT)
    await page.mouse.move(0, 0)
    frames.append(await page.screenshot())
    await thread.screenshot(path=FOLDER / "card.png")
    await thread.get_by_role("button", name="Edit").click()
    form = page.get_by_test_id("modal")
    await form.get_by_label("Amount").fill("60")
    frames.append(await page.screenshot())
    await form.get_by_role("button", name="Run Edited Call").click()
    await expect(thread.get_by_text("Refunded 60.00 euro").last).to_be_visible(timeout=WAIT)
    await expect(thread.get_by_role("button", name="Edit")).to_have_count(0, timeout=WAIT)
    await expect(page.get_by_test_id("panel")).to_contain_text("60.00", timeout=WAIT)
    frames.append(await page.screenshot())
    _write(frames, FOLDER / "ask-edit-run.webp")
    await page.close()


async def _phone(browser: Browser, url: str) -> None:
    page = await _opened(browser, url, "dark", viewport=PHONE, device_scale_factor=2)
    composer = page.get_by_role("textbox", name="Message").first
    await composer.fill("refund order 1044, 60 euro")
    await composer.press("Enter")
    await expect(page.locator("[data-thread]").get_by_role("button", name="Approve")).to_be_visible(timeout=WAIT)
    await page.screenshot(path=FOLDER / "card-dark.png")
    await page.close()


def _write(frames: list[bytes], file: Path) -> None:
    first, *others = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    first.save(file, save_all=True, append_images=others, duration=list(SECONDS), loop=0, quality=80, method=6)


if __name__ == "__main__":
    asyncio.run(main())
