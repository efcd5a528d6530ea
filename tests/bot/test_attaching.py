"""Arguments that do not fit on a card: they are in a file beside it, and only then it can be approved there."""

import hashlib
import json
import re
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from bot.inbound.asked import UNSEEN
from graphs.agent.described import DescribedArguments
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.running import Bot, button, running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until

BODY = "\n".join(f"line {number} of a very long letter" for number in range(600))
SCRIPT = (calls(("send", {"to": "ana", "body": BODY})), says("It is sent."))


@pytest.fixture
def sent() -> list[str]:
    return []


@pytest.fixture
def send(sent: list[str]) -> Tool[..., Any]:
    @tool(approval=Approval(approvers=["requester", "U0LEA"]))
    def send(to: str, body: str) -> str:
        """Send a letter."""
        sent.append(body)
        return "sent"

    return send


async def files(page: Page, root: str, channel: str = "D0ANA") -> list[Json]:
    messages = await page.messages(channel)
    return [each for m in messages if m.get("thread_ts") == root for each in m.get("files") or ()]


async def content(page: Page, file: Json, user: str = "U0ANA") -> bytes:
    async with page._http.get(file["url_private"], params={"user": user}) as answer:  # pyright: ignore[reportPrivateUsage]
        assert answer.status == 200
        return await answer.read()


async def asked(bot: Bot, page: Page) -> str:
    return (await page.say("send it", "D0ANA"))["ts"]


async def test_it_can_be_approved_once_the_file_is_up(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    send: Tool[..., Any],
    sent: list[str],
):
    async with running(workspace, storage, [send], *SCRIPT, http=http) as bot:
        root = await asked(bot, page)
        card = await bot.card(root)
        (file,) = await files(page, root)
        whole = await content(page, file)
        assert json.loads(whole) == {"to": "ana", "body": BODY}
        (digest,) = set(re.findall(r"SHA-256 ([0-9a-f]{64})", str(card["blocks"])))
        assert hashlib.sha256(whole).hexdigest() == digest
        await bot.press(card, "approve")
        await bot.reads(root, "It is sent.")
        assert sent == [BODY]


@pytest.mark.parametrize("args", [{"to": "ana", "body": "\u200b" * 1500}, {str(n): n for n in range(41)}])
async def test_what_is_short_and_does_not_fit_is_in_one_file_too(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, args: dict[str, Any]
):
    @tool(approval=True)
    def note(about: dict[str, Any]) -> str:
        """Note it."""
        return "noted"

    described = replace(note, signature=DescribedArguments({"type": "object"}), parameters={"type": "object"})
    script = (calls(("note", args)), says("It is noted."))
    async with running(workspace, storage, [described], *script, http=http) as bot:
        root = (await page.say("note it", "D0ANA"))["ts"]
        card = await bot.card(root)
        assert len(await files(page, root)) == 1
        await bot.press(card, "approve")
        await bot.reads(root, "It is noted.")
        assert len(await files(page, root)) == 1


async def test_until_then_it_can_be_rejected_and_the_upload_is_tried_again(
    workspace: Workspace,
    storage: Storage,
    http: aiohttp.ClientSession,
    page: Page,
    send: Tool[..., Any],
    sent: list[str],
):
    await page.fault(http={"method": "files.completeUploadExternal", "status": 500, "times": 2})
    async with running(workspace, storage, [send], *SCRIPT, http=http) as bot:
        root = await asked(bot, page)
        card = await bot.card(root, "reject")
        assert button(card, "approve") is None
        assert "Approve appears once" in str(card["blocks"])
        forged = {**card, "blocks": []}
        (row,) = await storage.interrupts(status="waiting")
        old = {"type": "button", "action_id": "approve", "value": row.id}
        await workspace.socket_mode.ask("interactive", _click(forged, old, root))
        (said,) = await until(page.whispers, "that it does not count")
        assert said.endswith(UNSEEN.reason)
        assert await bot.card(root, "approve")
        assert len(await files(page, root)) == 1
        assert sent == []


async def test_a_place_that_takes_no_file_says_so(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, send: Tool[..., Any]
):
    fault = {"method": "files.getUploadURLExternal", "error": "file_uploads_disabled", "times": 9}
    await page.fault(http=fault)
    async with running(workspace, storage, [send], *SCRIPT, http=http) as bot:
        root = await asked(bot, page)
        await bot.reads(root, "Slack takes no file here (file_uploads_disabled). Reject it instead.")
        assert button(await bot.card(root, "reject"), "approve") is None


async def test_a_copy_has_a_file_of_its_own(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, send: Tool[..., Any]
):
    async with running(workspace, storage, [send], *SCRIPT, http=http) as bot:
        root = await asked(bot, page)
        await bot.card(root)

        async def copied() -> Json | None:
            messages = await page.as_user("U0LEA").messages("D0LEA")
            has_file = any(m.get("files") for m in messages)
            return next((m for m in messages if has_file and button(m, "approve") is not None), None)

        copy = await until(copied, "the copy with its file")
        await bot.press(copy, "approve", user="U0LEA")
        await bot.reads(root, "It is sent.")


def _click(message: Json, action: Json, root: str) -> Json:
    return {
        "type": "block_actions",
        "user": {"id": "U0ANA", "team_id": "T0LOCAL"},
        "team": {"id": "T0LOCAL"},
        "trigger_id": "t1",
        "container": {
            "type": "message",
            "channel_id": "D0ANA",
            "message_ts": message["ts"],
            "thread_ts": root,
        },
        "message": message,
        "actions": [{**action, "action_ts": "9.0"}],
    }
