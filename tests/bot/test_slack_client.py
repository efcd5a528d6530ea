"""A call of Slack ends: answered, refused, or in time; and says which. Over HTTP, against a Slack that fails."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace
from bot.shown import cards, lookup
from bot.shown.posting import Poster
from bot.slack_client import SlackClient, seconds_for, session
from bot.slack_errors import UNCERTAIN, is_passing, may_have_arrived, reason
from storage import Storage
from storage.ids import ThreadId
from storage.posts import Conversation, Post
from tests.bot.support import BOT, show, texts
from tests.demo.workspace.support import Page
from tests.support.waiting import until

SILENT = ["hang", "headers", "trickle"]
FOREIGN = ["html", "cut", "reset"]

CALLS: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "auth.test": lambda slack: slack.auth_test(),
    "users.info": lambda slack: slack.users_info(user="U0ANA"),
    "usergroups.users.list": lambda slack: slack.usergroups_users_list(usergroup="S0LEADS"),
    "conversations.info": lambda slack: slack.conversations_info(channel="C0SUPPORT"),
    "conversations.members": lambda slack: slack.conversations_members(channel="C0SUPPORT"),
    "conversations.replies": lambda slack: slack.conversations_replies(channel="C0SUPPORT", ts="1.1"),
    "conversations.history": lambda slack: slack.conversations_history(channel="C0SUPPORT"),
    "conversations.open": lambda slack: slack.conversations_open(users="U0ANA"),
    "chat.getPermalink": lambda slack: slack.chat_getPermalink(channel="C0SUPPORT", message_ts="1.1"),
    "chat.postMessage": lambda slack: slack.chat_postMessage(channel="C0SUPPORT", text="a"),
    "chat.postEphemeral": lambda slack: slack.chat_postEphemeral(channel="C0SUPPORT", user="U0ANA", text="a"),
    "chat.update": lambda slack: slack.chat_update(channel="C0SUPPORT", ts="1.1", text="a"),
    "chat.delete": lambda slack: slack.chat_delete(channel="C0SUPPORT", ts="1.1"),
    "chat.startStream": lambda slack: slack.chat_startStream(channel="C0SUPPORT", thread_ts="1.1", markdown_text="a"),
    "chat.appendStream": lambda slack: slack.chat_appendStream(channel="C0SUPPORT", ts="1.1", markdown_text="a"),
    "chat.stopStream": lambda slack: slack.chat_stopStream(channel="C0SUPPORT", ts="1.1"),
    "views.open": lambda slack: slack.views_open(trigger_id="t", view={}),
    "assistant.threads.setStatus": lambda slack: slack.assistant_threads_setStatus(
        channel_id="C0SUPPORT", thread_ts="1.1", status=""
    ),
    "assistant.threads.setSuggestedPrompts": lambda slack: slack.assistant_threads_setSuggestedPrompts(
        channel_id="C0SUPPORT", prompts=[{"title": "a", "message": "a"}]
    ),
    "apps.connections.open": lambda slack: slack.apps_connections_open(app_token="xapp-local"),
}


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def slack_that(answers: Answer) -> AsyncIterator[SlackClient]:
    """The bot's client on a Slack that answers every call so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answers)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
        async with session() as http:
            yield SlackClient(token="xoxb-local", base_url=url, session=http)
    finally:
        await runner.cleanup()


async def test_half_a_character_in_an_answer_is_mended():
    async def users_info(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "user": {"real_name": "Ana \ud83d", "tags": ["\ud83d\ude00"]}})

    async with slack_that(users_info) as slack:
        answer = await slack.users_info(user="U0ANA")
    assert answer["user"] == {"real_name": "Ana \ufffd", "tags": ["😀"]}


@pytest.mark.parametrize("given", [{}, {"ts": None}, {"ts": 7}, {"ts": ""}, {"permalink": []}, {"messages": {}}])
@pytest.mark.parametrize(
    "method", ["chat.postMessage", "chat.startStream", "chat.getPermalink", "conversations.replies"]
)
async def test_an_answer_without_what_was_asked_for_is_none(method: str, given: dict[str, Any]):
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, **given})

    async with slack_that(answer) as slack:
        with pytest.raises(UNCERTAIN) as ended:
            await CALLS[method](slack)
    assert is_passing(ended.value)
    assert may_have_arrived(ended.value)


@pytest.mark.parametrize(
    "message", [7, None, {}, {"ts": 1}, {"ts": "1.1", "blocks": {}}, {"ts": "1.1", "metadata": ""}]
)
async def test_messages_that_are_none_of_slacks_are_no_answer(message: Any):
    async def answer(_: web.Request) -> web.Response:
        return web.json_response({"ok": True, "messages": [message]})

    async with slack_that(answer) as slack:
        for method in ("conversations.replies", "conversations.history"):
            with pytest.raises(UNCERTAIN) as ended:
                await CALLS[method](slack)
            assert is_passing(ended.value)


async def test_a_page_of_messages_that_leads_to_itself_is_the_last():
    calls: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.json_response({"ok": True, "messages": [], "response_metadata": {"next_cursor": "same"}})

    post = Post("message:m1", ThreadId("T0LOCAL/C0SUPPORT/1.1"), "C0SUPPORT", None, None, "1.1", opening="Hello.")
    async with slack_that(answer) as slack:
        assert (await lookup.find(slack, post, BOT, [])).ts is None
    assert len(calls) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nothing_is_sent_on_to_where_an_answer_leads(status: int):
    calls: list[str] = []

    async def leads_on(request: web.Request) -> web.Response:
        calls.append(request.path)
        answer = web.json_response({"ok": True, "ts": "1.1"}, status=status if request.path != "/else" else 200)
        answer.headers["Location"] = "/else"
        return answer

    async with slack_that(leads_on) as slack:
        with pytest.raises(UNCERTAIN) as ended:
            await CALLS["chat.postMessage"](slack)
    assert is_passing(ended.value)
    assert calls == ["/api/chat.postMessage"]


@pytest.mark.parametrize("is_said", [True, False])
async def test_an_answer_without_end_is_not_read_to_its_end(is_said: bool):
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        if is_said:
            answer.content_length = 2**40
        await answer.prepare(request)
        await answer.write(b'{"ok": true, "ts": "1.1", "more": "')
        while True:
            await answer.write(b"a" * 2**20)
            sent += 1

    async with slack_that(endless) as slack:
        with pytest.raises(UNCERTAIN) as ended:
            await CALLS["chat.postMessage"](slack)
    assert not isinstance(ended.value, TimeoutError)
    assert sent < 100


@pytest.fixture
async def quick(workspace: Workspace) -> AsyncIterator[SlackClient]:
    """The bot's client, in a hurry."""
    async with session() as http:
        yield SlackClient(
            token="xoxb-local", base_url=f"{workspace.url}/api/", session=http, seconds=lambda method: 0.1
        )


@pytest.mark.parametrize("method", CALLS)
async def test_every_call_ends_whatever_comes_back(
    quick: SlackClient, slack: SlackClient, page: Page, workspace: Workspace, method: str
) -> None:
    for way in SILENT + FOREIGN:
        await page.fault(http={"method": method, "way": way, "times": 9})  # aiohttp asks again by itself after a reset
        with pytest.raises(UNCERTAIN) as ended:
            await asyncio.wait_for(CALLS[method](quick if way in SILENT else slack), 5)
        assert is_passing(ended.value), way
        assert reason(ended.value) is None, way
        assert isinstance(ended.value, TimeoutError) == (way in SILENT), way
        workspace.faults.http.clear()


async def test_bolts_own_client_has_the_same_deadlines(quick: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "apps.connections.open", "way": "hang"})
    with pytest.raises(TimeoutError):
        await CALLS["apps.connections.open"](quick.without_token())
    assert quick.token == "xoxb-local"
    assert quick.without_token().token is None


def test_a_form_is_opened_within_the_life_of_its_trigger() -> None:
    assert seconds_for("views.open") < 3
    assert seconds_for("views.update") < 3
    assert seconds_for("chat.postMessage") <= 10
    assert seconds_for("a.method.of.tomorrow") <= 10


@pytest.mark.parametrize("way", SILENT)
@pytest.mark.parametrize("after_commit", [False, True])
async def test_a_post_without_answer_is_looked_up_and_stands_once(
    quick: SlackClient,
    slack: SlackClient,
    page: Page,
    storage: Storage,
    conversation: Conversation,
    way: str,
    after_commit: bool,
) -> None:
    await page.fault(http={"method": "chat.postMessage", "way": way, "after_commit": after_commit})
    with pytest.raises(TimeoutError):
        await show(Poster(quick, storage, BOT), conversation, [("message:m1", cards.reply("Hello.")[0])])
    await show(Poster(slack, storage, BOT), conversation, [("message:m1", cards.reply("Hello.")[0])])
    assert len(await texts(page, conversation.thread_ts)) == 1


async def test_calls_under_way_and_later_ones_end_when_they_are_told_to(slack: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "chat.postMessage", "way": "hang", "times": 2})
    under_way = asyncio.create_task(slack.chat_postMessage(channel="C0SUPPORT", text="a"))

    async def met() -> bool:
        return [entry["method"] for entry in await page.journal("fault") if "method" in entry] == ["chat.postMessage"]

    await until(met, "the call to hang")
    began = time.monotonic()
    slack.end_within(0.2)
    with pytest.raises(TimeoutError):
        await under_way
    with pytest.raises(TimeoutError):
        await slack.without_token().chat_postMessage(channel="C0SUPPORT", text="b")
    assert time.monotonic() - began < 5  # not the ten that a post may take


async def test_a_short_rate_limit_is_waited_out(slack: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "chat.postMessage", "status": 429, "retry_after": 1})
    await slack.chat_postMessage(channel="C0SUPPORT", text="a")
    assert len(await page.messages()) == 1


async def test_a_long_rate_limit_is_kept_without_waiting_or_asking(slack: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "chat.postMessage", "status": 429, "retry_after": 3600})
    for _ in range(3):
        async with asyncio.timeout(5):
            with pytest.raises(SlackApiError) as refused:
                await slack.chat_postMessage(channel="C0SUPPORT", text="a")
        assert reason(refused.value) == "ratelimited"
        assert is_passing(refused.value)
    await slack.chat_postMessage(channel="D0ANA", text="another channel is not limited")
    assert len([entry for entry in await page.journal("fault") if "method" in entry]) == 1
    assert await page.messages() == []


async def test_a_rate_limit_of_no_time_is_no_leave_to_hammer(slack: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "chat.postMessage", "status": 429, "retry_after": 0, "times": 10**6})
    with pytest.raises(UNCERTAIN):
        await slack.chat_postMessage(channel="C0SUPPORT", text="a")
    assert len([entry for entry in await page.journal("fault") if "method" in entry]) <= 10


@pytest.mark.parametrize("said", [-1, "soon", "9" * 400])
async def test_a_rate_limit_that_makes_no_sense_is_one_all_the_same(slack: SlackClient, page: Page, said: Any) -> None:
    await page.fault(http={"method": "views.open", "status": 429, "retry_after": said, "times": 2})
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            await slack.views_open(trigger_id="t", view={})
        assert reason(refused.value) == "ratelimited"


async def test_a_form_waits_for_no_rate_limit(slack: SlackClient, page: Page) -> None:
    await page.fault(http={"method": "views.open", "status": 429, "retry_after": 1})
    with pytest.raises(SlackApiError) as refused:
        await slack.views_open(trigger_id="t", view={})
    assert reason(refused.value) == "ratelimited"
    assert len([entry for entry in await page.journal("fault") if "method" in entry]) == 1


@pytest.mark.parametrize("error", ["token_revoked", "account_inactive", "invalid_auth", "token_expired"])
@pytest.mark.parametrize("method", ["users.info", "chat.postMessage", "views.open", "apps.connections.open"])
async def test_a_token_that_is_refused_once_is_known_to_be_dead(
    slack: SlackClient, page: Page, method: str, error: str
) -> None:
    await page.fault(http={"method": method, "error": error})
    assert not slack.dead.is_set()
    with pytest.raises(SlackApiError):
        await CALLS[method](slack.without_token() if method == "apps.connections.open" else slack)
    assert slack.dead.is_set()
    assert slack.last_words == f"{method} was refused: {error}"


@pytest.mark.parametrize("error", ["internal_error", "channel_not_found", "missing_scope", "ratelimited", "a_new_one"])
async def test_another_refusal_is_no_sign_that_the_token_is_dead(slack: SlackClient, page: Page, error: str) -> None:
    await page.fault(http={"method": "users.info", "error": error})
    with pytest.raises(SlackApiError) as refused:
        await slack.users_info(user="U0ANA")
    assert reason(refused.value) == error
    assert not slack.dead.is_set()
