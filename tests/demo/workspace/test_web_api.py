"""The Web API as the official client calls it: the table, tokens, methods and Slack's names for failures."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.demo.workspace import Workspace
from bot.demo.workspace.methods import METHODS
from tests.demo.workspace.support import CARD, Page, Slack, slack_client


async def error_of(call) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return caught.value.response["error"]


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_every_method_of_the_table_has_a_route(method: str, workspace: Workspace, http: aiohttp.ClientSession):
    token = "xapp-local" if method == "apps.connections.open" else "xoxb-local"
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{workspace.url}/api/{method}", headers=headers, json={}) as response:
        answer = await response.json()
    assert response.status == 200
    assert answer.get("error") not in ("unknown_method", "invalid_auth")


async def test_a_method_outside_the_table_is_unknown(slack: Slack):
    assert await error_of(slack.api_call("chat.scheduleMessage")) == "unknown_method"


@pytest.mark.parametrize(("token", "error"), [("xoxb-other", "invalid_auth"), ("xapp-local", "not_allowed_token_type")])
async def test_a_wrong_token_is_refused(token: str, error: str, workspace: Workspace):
    client = AsyncWebClient(token=token, base_url=f"{workspace.url}/api/")
    assert await error_of(client.auth_test()) == error


async def test_auth_test_says_who_the_bot_is(slack: Slack):
    answer = await slack.auth_test()
    assert (answer["team_id"], answer["user_id"], answer["bot_id"]) == ("T0LOCAL", "U0SIGNOFF", "B0SIGNOFF")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


async def test_a_form_with_json_in_it_is_read_like_json(workspace: Workspace, http: aiohttp.ClientSession, page: Page):
    form = {"token": "xoxb-local", "channel": "C0SUPPORT", "text": "hi", "blocks": json.dumps(CARD)}
    async with http.post(f"{workspace.url}/api/chat.postMessage", data=form) as response:
        assert (await response.json())["ok"]
    assert (await page.messages())[0]["blocks"] == CARD


async def test_post_update_delete(slack: Slack, page: Page):
    posted = await slack.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    await slack.chat_update(channel="C0SUPPORT", ts=posted["ts"], text="done")
    [message] = await page.messages()
    assert message["text"] == "done"
    assert "blocks" not in message, "text without blocks removes the blocks, as Slack does"
    await slack.chat_delete(channel="C0SUPPORT", ts=posted["ts"])
    assert await page.messages() == []


async def test_replies_are_counted_and_read_back_with_metadata(slack: Slack, page: Page):
    root = await page.say("hello")
    metadata = {"event_type": "approval", "event_payload": {"id": "q1"}}
    await slack.chat_postMessage(channel="C0SUPPORT", thread_ts=root["ts"], text="one", metadata=metadata)
    assert [message.get("reply_count") for message in await page.messages()] == [1, None]
    with_metadata = await slack.conversations_replies(channel="C0SUPPORT", ts=root["ts"], include_all_metadata=True)
    assert with_metadata["messages"][0]["reply_count"] == 1
    assert with_metadata["messages"][1]["metadata"] == metadata
    without = await slack.conversations_replies(channel="C0SUPPORT", ts=root["ts"])
    assert "metadata" not in without["messages"][1]


async def test_history_has_pages_newest_first_and_no_replies(slack: Slack, page: Page):
    roots = [await page.say(f"m{number}") for number in range(3)]
    await page.say("a reply", thread_ts=roots[0]["ts"])
    first = await slack.conversations_history(channel="C0SUPPORT", limit=2)
    assert [message["text"] for message in first["messages"]] == ["m2", "m1"]
    cursor = first["response_metadata"]["next_cursor"]
    rest = await slack.conversations_history(channel="C0SUPPORT", limit=2, cursor=cursor)
    assert [message["text"] for message in rest["messages"]] == ["m0"]
    assert rest["has_more"] is False


async def test_an_ephemeral_message_is_for_one_person(slack: Slack, page: Page):
    await slack.chat_postEphemeral(channel="C0SUPPORT", user="U0ANA", text="only you")
    assert [message["ephemeral_to"] for message in await page.messages()] == ["U0ANA"]
    assert await page.as_user("U0LEA").messages() == []
    assert await error_of(slack.chat_postEphemeral(channel="C0LEADS", user="U0ANA", text="x")) == "user_not_in_channel"


async def test_what_slack_refuses_has_slacks_name(slack: Slack, page: Page):
    by_ana = (await page.say("mine"))["ts"]
    assert await error_of(slack.chat_postMessage(channel="C0NOWHERE", text="x")) == "channel_not_found"
    assert await error_of(slack.api_call("chat.postMessage", json={"channel": "C0SUPPORT"})) == "no_text"
    assert await error_of(slack.chat_update(channel="C0SUPPORT", ts="1.000001", text="x")) == "message_not_found"
    assert await error_of(slack.chat_update(channel="C0SUPPORT", ts=by_ana, text="x")) == "cant_update_message"
    assert await error_of(slack.chat_delete(channel="C0SUPPORT", ts=by_ana)) == "cant_delete_message"
    assert await error_of(slack.users_info(user="U0NOBODY")) == "user_not_found"
    assert await error_of(slack.usergroups_users_list(usergroup="S0NONE")) == "no_such_subteam"
    assert await error_of(slack.conversations_replies(channel="C0SUPPORT", ts="1.000001")) == "thread_not_found"


async def test_people_groups_and_conversations(slack: Slack):
    max_oduya = (await slack.users_info(user="U0MAX"))["user"]
    assert (max_oduya["is_restricted"], max_oduya["team_id"]) == (True, "T0LOCAL")
    assert (await slack.usergroups_users_list(usergroup="S0LEADS"))["users"] == ["U0LEA"]
    assert (await slack.conversations_open(users="U0LEA"))["channel"]["id"] == "D0LEA"
    assert (await slack.conversations_members(channel="C0LEADS"))["members"] == ["U0LEA", "U0SIGNOFF"]
    leads = (await slack.conversations_info(channel="C0LEADS"))["channel"]
    assert (leads["is_private"], leads["is_im"], leads["is_member"]) == (True, False, True)
    listed = await slack.conversations_list(types="public_channel,im")
    assert [channel["id"] for channel in listed["channels"]] == [
        *("C0SUPPORT", "C0DEPLOYS", "C0ANNOUNCEMENTS", "C0INTAKE", "C0DEBUG", "C0GIT"),
        *("D0ANA", "D0LEA", "D0MAX"),
    ]


async def test_posting_to_a_person_goes_to_the_direct_message(slack: Slack):
    assert (await slack.chat_postMessage(channel="U0LEA", text="psst"))["channel"] == "D0LEA"


async def test_reactions_are_shown_and_counted_once(slack: Slack, page: Page):
    ts = (await page.say("hello"))["ts"]
    await slack.reactions_add(channel="C0SUPPORT", timestamp=ts, name="eyes")
    assert (await page.messages())[0]["reactions"] == [{"name": "eyes", "users": ["U0SIGNOFF"], "count": 1}]
    again = slack.reactions_add(channel="C0SUPPORT", timestamp=ts, name="eyes")
    assert await error_of(again) == "already_reacted"
    await slack.reactions_remove(channel="C0SUPPORT", timestamp=ts, name="eyes")
    assert "reactions" not in (await page.messages())[0]


async def test_an_uploaded_file_is_whole_and_a_download(
    slack: Slack, page: Page, workspace: Workspace, http: aiohttp.ClientSession
):
    await slack.files_upload_v2(channel="C0SUPPORT", filename="arguments.html", content="<b>all of it</b>")
    [message] = await page.messages()
    assert [file["name"] for file in message["files"]] == ["arguments.html"]
    async with http.get(f"{workspace.url}/client/files/{message['files'][0]['id']}?user=U0ANA") as response:
        assert await response.text() == "<b>all of it</b>"
        assert response.headers["Content-Disposition"] == "attachment"


async def test_status_is_shown_and_cleared_by_the_next_post(slack: Slack, page: Page):
    root = (await page.say("hello"))["ts"]
    async with page.watching() as seen:
        await slack.assistant_threads_setStatus(channel_id="C0SUPPORT", thread_ts=root, status="is thinking…")
        await slack.agents_sessions_setStatus(channel_id="C0SUPPORT", thread_ts=root, status="suspended")
        await slack.chat_postMessage(channel="C0SUPPORT", thread_ts=root, text="there")
        await slack.assistant_threads_setTitle(channel_id="C0SUPPORT", thread_ts=root, title="Greeting")
        await slack.chat_getPermalink(channel="C0SUPPORT", message_ts=root)
        statuses = [event["status"] for event in seen if event["type"] == "status"]
    assert statuses == ["is thinking…", ""]
    assert await error_of(slack.agents_sessions_setStatus(channel_id="C0SUPPORT", status="busy")) == "invalid_arguments"


async def test_a_fault_is_answered_as_slack_would_and_only_as_often_as_asked(page: Page, workspace: Workspace):
    slack = slack_client(workspace.url)
    slack.retry_handlers.clear()
    await page.fault(http={"method": "chat.postMessage", "status": 429, "retry_after": 7})
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(channel="C0SUPPORT", text="x")
    assert (caught.value.response.status_code, caught.value.response["error"]) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "7"
    await page.fault(http={"method": "chat.postMessage", "status": 500, "after_commit": True})
    with pytest.raises(SlackApiError):
        await slack.chat_postMessage(channel="C0SUPPORT", text="said, but the answer was lost")
    await slack.chat_postMessage(channel="C0SUPPORT", text="fine")
    assert [message["text"] for message in await page.messages()] == ["said, but the answer was lost", "fine"]
    assert (await page.fault(smoke=True))["error"].startswith("Unknown fault 'smoke'")


async def test_a_refusal_on_demand_has_slacks_form(page: Page, workspace: Workspace):
    slack = slack_client(workspace.url)
    await page.fault(http={"method": "chat.postMessage", "error": "is_archived"})
    assert await error_of(slack.chat_postMessage(channel="C0SUPPORT", text="x")) == "is_archived"
    assert "one of the ways" in (await page.fault(http={"method": "users.info", "way": "slowly"}))["error"]
    assert "needs a way" in (await page.fault(http={"method": "users.info"}))["error"]


@pytest.mark.parametrize("after_commit", [False, True])
@pytest.mark.parametrize("way", ["html", "cut", "reset", "hang", "headers", "trickle"])
async def test_a_broken_answer_never_becomes_a_whole_one(
    page: Page, workspace: Workspace, http: aiohttp.ClientSession, way: str, after_commit: bool
):
    await page.fault(http={"method": "chat.postMessage", "way": way, "after_commit": after_commit})

    async def answer() -> Any:
        headers = {"Authorization": "Bearer xoxb-local"}
        said = {"channel": "C0SUPPORT", "text": "x"}
        async with http.post(f"{workspace.url}/api/chat.postMessage", headers=headers, json=said) as response:
            return await response.json()

    with pytest.raises((TimeoutError, aiohttp.ClientError, ValueError)):
        await asyncio.wait_for(answer(), 0.5)
    assert len(await page.messages()) == after_commit


ODD = st.sampled_from([None, -1, "", "x", "{", [], [1], {}, {"a": 1}, True, "D0ANA", "U0ANA", "1.000001"])
WORDS = (
    "user text ts thread_ts blocks view metadata files chunks prompts message_ts block_id action_id values view_id tab "
    "users user_id trigger_id limit cursor oldest status title timestamp length markdown_text redeliver http types "
    "usergroup hash external_id selected_options"
)
NAMES = st.sampled_from(WORDS.split())
CALLS = "messages edits deletions actions views/V1/submit views/V1/close home stop faults"
PATHS = [*(f"/api/{method}" for method in METHODS), *(f"/client/{call}" for call in CALLS.split())]


async def test_no_argument_is_odd_enough_for_a_500(workspace: Workspace, http: aiohttp.ClientSession):
    tokens = {"api": workspace.tokens.bot, "client": workspace.tokens.page}
    orders = st.builds(
        lambda order: {"channel": "D0ANA", "channel_id": "D0ANA", "user": "U0ANA"} | order,
        st.dictionaries(NAMES, ODD, max_size=12),
    )
    for path, order in _examples(st.tuples(st.sampled_from(PATHS), orders), 400):
        headers = {"Authorization": f"Bearer {tokens[path.split('/')[1]]}"}
        async with http.post(f"{workspace.url}{path}", json=order, headers=headers) as response:
            assert response.status != 403
            assert response.status < 500, (path, order)
        workspace.faults.http.clear()


def _examples(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Draws examples up front: hypothesis runs no coroutines."""
    drawn: list[Any] = []

    @settings(max_examples=count, database=None)
    @given(strategy)
    def draw(example: Any) -> None:
        drawn.append(example)

    draw()
    return drawn
