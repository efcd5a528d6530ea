"""What the app of the workspace may do, and who may read what it leaves there."""

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.demo.workspace import HARBOUR_GOODS, Workspace
from bot.demo.workspace.methods import METHODS
from bot.demo.workspace.scopes import GRANTED, NEEDED
from bot.manifest import manifest
from tests.demo.workspace.support import TOKENS, Page, Slack


def test_the_app_was_installed_with_what_its_manifest_asks():
    assert set(manifest()["oauth_config"]["scopes"]["bot"]) <= set(GRANTED)


def test_the_page_offers_the_commands_of_the_manifest():
    declared = [
        (command["command"], command["description"], command["usage_hint"])
        for command in manifest()["features"]["slash_commands"]
    ]
    assert [(each.name, each.description, each.usage_hint) for each in HARBOUR_GOODS.commands] == declared


def test_scopes_are_of_methods_and_granted_ones():
    assert set(NEEDED) <= set(METHODS)
    assert {scope for scopes in NEEDED.values() for scope in scopes} <= set(GRANTED)


async def test_without_a_scope_what_needs_it_is_refused(slack: Slack, page: Page):
    assert "files:write" in (await slack.auth_test()).headers["x-oauth-scopes"].split(",")
    await page.fault(without_scopes=["files:write"])
    assert "files:write" not in (await slack.auth_test()).headers["x-oauth-scopes"].split(",")
    with pytest.raises(SlackApiError) as refused:
        await slack.files_getUploadURLExternal(filename="a.txt", length=1)
    answer = refused.value.response
    assert (answer["error"], answer["needed"]) == ("missing_scope", "files:write")
    assert "files:write" not in answer["provided"].split(",")
    await page.fault(without_scopes=[])
    await slack.files_getUploadURLExternal(filename="a.txt", length=1)
    assert "error" in await page.fault(without_scopes=["everything:write"])


async def test_a_file_is_for_those_who_are_where_it_was_posted(
    slack: Slack, page: Page, workspace: Workspace, http: aiohttp.ClientSession
):
    root = (await page.say("hello", channel="D0ANA"))["ts"]
    more = {"channel": "D0ANA", "thread_ts": root, "initial_comment": "All of it."}
    await slack.files_upload_v2(filename="a.txt", content="secret", **more)
    posted = (await page.messages("D0ANA"))[-1]
    assert (posted["thread_ts"], posted["text"]) == (root, "All of it.")
    [file] = posted["files"]
    assert (file["name"], file["size"], file["mimetype"]) == ("a.txt", 6, "text/plain")

    async def read(query: str = "", **headers: str) -> tuple[int, str]:
        async with http.get(f"{workspace.url}/client/files/{file['id']}{query}", headers=headers) as response:
            return response.status, await response.text()

    assert await read("?user=U0ANA") == (200, "secret")
    assert await read(Authorization=f"Bearer {TOKENS.bot}") == (200, "secret")
    assert [(await read(query))[0] for query in ("", "?user=U0LEA", "?user=U0SIGNOFF")] == [404, 404, 404]


async def test_the_bytes_of_a_file_can_be_lost(slack: Slack, page: Page):
    await page.fault(http={"method": "upload", "status": 503})
    with pytest.raises(SlackRequestError):
        await slack.files_upload_v2(channel="C0SUPPORT", filename="a.txt", content="lost")
    assert await page.messages() == []
    await slack.files_upload_v2(channel="C0SUPPORT", filename="a.txt", content="kept")
    assert len(await page.messages()) == 1


async def test_a_persons_time_zone_is_the_one_of_their_page(slack: Slack, page: Page):
    assert (await slack.users_info(user="U0ANA"))["user"]["tz_offset"] == 0
    await page.post("/client/zone", zone="Asia/Kolkata")
    told = (await slack.users_info(user="U0ANA"))["user"]
    assert (told["tz"], told["tz_offset"]) == ("Asia/Kolkata", 19_800)
    assert "error" in await page.post("/client/zone", zone="Nowhere/Town")


async def test_a_sessions_state_is_told_to_a_page_that_comes_later(slack: Slack, page: Page):
    root = (await page.say("hello"))["ts"]
    await slack.agents_sessions_setStatus(channel_id="C0SUPPORT", thread_ts=root, status="suspended")
    [session] = (await page.get("/client/boot"))["sessions"]
    assert session == {
        "channel": "C0SUPPORT",
        "thread_ts": root,
        "session": {"status": "suspended", "title": ""},
    }
