"""What the demo hosts: in each of its channels, what the page offers to say there is understood, and asked about."""

from pathlib import Path

import aiohttp
import pytest

from bot.demo.stage import stage
from tests.demo.workspace.support import Page
from tests.support.waiting import until

BUTTONS = {
    "C0DEPLOYS": {"Yes", "No"},
    "C0ANNOUNCEMENTS": {"Answer"},
    "C0INTAKE": {"Answer"},
    "C0DEBUG": {"Continue", "Edit State", "Stop"},
    "C0GIT": {"Approve", "Edit", "Reject"},
}


async def _labels(page: Page, channel: str) -> set[str]:
    return {
        element["text"]["text"]
        for message in await page.messages(channel)
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for element in block["elements"]
    }


@pytest.mark.slow
async def test_each_channel_has_a_way_of_its_own_to_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "SIGNOFF_AGENT", "SIGNOFF_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    async with stage(tmp_path, 0) as built, aiohttp.ClientSession() as http:
        await built.start_bot()
        page = Page(http, built.url)
        offered = {each["id"]: each["prompts"] for each in (await page.get("/client/boot"))["channels"]}
        assert {channel for channel, prompts in offered.items() if prompts} == set(BUTTONS)
        for channel, labels in BUTTONS.items():
            await page.say(f"@signoff {offered[channel][-1]}", channel=channel)

            async def asks(channel: str = channel, labels: set[str] = labels) -> bool:
                return labels <= await _labels(page, channel)

            await until(asks, f"the question in {channel}")
