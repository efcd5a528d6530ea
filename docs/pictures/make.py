"""`make pictures`: plays refunds in the demo, in a browser, and keeps what a person saw for the README.

Writes `card.png` (a card, light), `card-dark.png` (one on a phone, dark) and `ask-edit-run.webp` (ask, edit, run)
beside itself, or into the folder that is its one argument.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from bot.demo.stage import stage

WIDE, PHONE = ViewportSize(width=1120, height=700), ViewportSize(width=390, height=844)
WAIT = 20_000.0
"""Milliseconds for what the demo does in one."""

SECONDS = (1600, 2600, 2600, 3200)
"""Milliseconds that each picture of the animation is seen."""

ARGUMENTS = ("--no-sandbox", "--no-proxy-server", "--disable-gpu", "--disable-background-networking", "--no-first-run")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

REFUND = "refund order 1042, 80 euro, it came late"
JACKET = "refund order 1043, 100 euro, the wrong size"
COMPASS = "refund order 1044, 60 euro, it broke"

_OF_ANOTHER_DEMO = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "SIGNOFF_AGENT", "SIGNOFF_CONFIG")
"""Variables that would have another model or another agent played."""


async def main(folder: Path) -> None:
    for variable in _OF_ANOTHER_DEMO:
        os.environ.pop(variable, None)
    with tempfile.TemporaryDirectory() as data:
        async with stage(Path(data), 0) as built, _browser() as browser:
            await built.start_bot()
            frames = await _asked_edited_run(browser, built.url)
            _write(frames, folder / "ask-edit-run.webp")
            await _card(browser, built.url, JACKET, folder / "card.png", "light", WIDE)
            await _card(browser, built.url, COMPASS, folder / "card-dark.png", "dark", PHONE)


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    given = os.environ.get("CHROMIUM")
    chromium = next(filter(None, map(shutil.which, [given] if given else BROWSERS)), None)
    if chromium is None:
        raise SystemExit("The pictures need Chromium: install it, or name it in the variable CHROMIUM.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


async def _opened(browser: Browser, url: str, scheme: Literal["light", "dark"], **options: Any) -> Page:
    context = await browser.new_context(color_scheme=scheme, locale="en-GB", **options)
    page = await context.new_page()
    await page.goto(url)
    await page.get_by_role("textbox", name="Message").first.wait_for()
    return page


async def _asked_edited_run(browser: Browser, url: str) -> list[bytes]:
    page = await _opened(browser, url, "light", viewport=WIDE)
    frames: list[bytes] = []
    await page.get_by_role("button", name="Data").click()  # the shop's books, beside the conversation
    composer = page.get_by_role("textbox", name="Message").first
    await composer.fill(REFUND)
    frames.append(await page.screenshot())
    await composer.press("Enter")
    thread = page.locator("[data-thread]")
    await expect(thread.get_by_role("button", name="Approve")).to_be_visible(timeout=WAIT)
    await thread.get_by_role("button", name="Edit").hover()
    frames.append(await page.screenshot())
    await thread.get_by_role("button", name="Edit").click()
    form = page.get_by_test_id("modal")
    await form.get_by_label("Amount").fill("60")
    frames.append(await page.screenshot())
    await form.get_by_role("button", name="Run Edited Call").click()
    await expect(thread.get_by_text("Refunded 60.00 euro").last).to_be_visible(timeout=WAIT)
    await expect(thread.get_by_role("button", name="Edit")).to_have_count(0, timeout=WAIT)
    await expect(page.get_by_test_id("panel")).to_contain_text("60.00", timeout=WAIT)
    frames.append(await page.screenshot())
    await page.close()
    return frames


async def _card(
    browser: Browser, url: str, asked: str, file: Path, scheme: Literal["light", "dark"], viewport: ViewportSize
) -> None:
    """What a request is answered with, at twice the size, as sharp screens show it."""
    page = await _opened(browser, url, scheme, viewport=viewport, device_scale_factor=2)
    composer = page.get_by_role("textbox", name="Message").first
    await composer.fill(asked)
    await composer.press("Enter")
    thread = page.locator("[data-thread]")
    await expect(thread.get_by_role("button", name="Approve")).to_be_visible(timeout=WAIT)
    await thread.screenshot(path=file)
    await page.close()


def _write(frames: list[bytes], file: Path) -> None:
    first, *others = [Image.open(io.BytesIO(frame)).convert("RGB") for frame in frames]
    first.save(file, save_all=True, append_images=others, duration=list(SECONDS), loop=0, quality=80, method=6)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))
