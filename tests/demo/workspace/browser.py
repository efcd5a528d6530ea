"""The page in a real browser, for whoever tests what a person sees.

The page forbids `eval` (its Content-Security-Policy), so wait with locators and `expect`, not with `wait_for_function`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Locator, Page, async_playwright

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

ARGUMENTS = (
    "--no-sandbox",  # there is none inside a container
    "--no-proxy-server",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True)
class Program:
    """A running workspace: its address, and the tokens that it made for a bot."""

    url: str
    bot_token: str
    app_token: str
    process: asyncio.subprocess.Process


@asynccontextmanager
async def opened(chromium: str, url: str, **context: Any) -> AsyncIterator[Page]:
    """The workspace's page at `url`, loaded and live, in a fresh browser profile; `context` is Playwright's.

    `chromium` is the fixture of that name. An error that the page does not catch fails the block.
    """
    errors: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        try:
            options = {"viewport": DESKTOP, "timezone_id": "Europe/Berlin", "locale": "en-GB"} | context
            page = await (await browser.new_context(**options)).new_page()
            page.on("pageerror", lambda error: errors.append(str(error)))
            await page.goto(url)
            await page.locator(".message-body, .intro h2").first.wait_for(state="attached")
            yield page
        finally:
            await browser.close()
    assert errors == []


@asynccontextmanager
async def workspace_program(data: Path, port: int = 0, *more: str) -> AsyncIterator[Program]:
    """`python -m bot.demo.workspace` as a process of its own. It is killed at the end of the block."""
    arguments = ("-m", "bot.demo.workspace", "--port", str(port), "--data", str(data), *more)
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        yield await started(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def started(process: asyncio.subprocess.Process) -> Program:
    """What the workspace prints when it accepts connections."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        ready, bot, app = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
    assert ready.startswith("ready http://"), "the workspace did not start"
    return Program(ready.removeprefix("ready "), bot.partition("=")[2], app.partition("=")[2], process)


def thread(page: Page) -> Locator:
    """The thread pane, when one is open."""
    return page.locator("[data-thread]")


def main_column(page: Page) -> Locator:
    return page.get_by_test_id("conversation")


async def act_as(page: Page, name: str) -> None:
    await page.get_by_label("Act as").select_option(label=name)


async def open_channel(page: Page, name: str) -> None:
    await page.get_by_test_id("sidebar").get_by_role("button", name=name).click()
