"""How the bot is told: Socket Mode, its order, its repetitions, and what is kept while nobody listens."""

import asyncio
from typing import Any

import aiohttp
import pytest

from bot.demo.workspace import Workspace
from tests.demo.workspace.support import CARD, TOKENS, Page, Slack, connected, new_app
from tests.support.waiting import until

Json = dict[str, Any]


APP = {"Authorization": f"Bearer {TOKENS.app}"}


class RawBot:
    """A bot that speaks Socket Mode by hand, so that it can refuse to ack."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.hello: Json = {}

    @classmethod
    async def connect(cls, http: aiohttp.ClientSession, workspace: Workspace) -> "RawBot":
        async with http.post(f"{workspace.url}/api/apps.connections.open", headers=APP) as response:
            url = (await response.json())["url"]
        bot = cls(await http.ws_connect(url))
        bot.hello = await bot.receive()
        assert bot.hello["type"] == "hello"
        return bot

    async def receive(self) -> Json:
        async with asyncio.timeout(5):
            return await self.socket.receive_json()

    async def ack(self, envelope: Json) -> None:
        await self.socket.send_json({"envelope_id": envelope["envelope_id"]})


def listening_app(workspace: Workspace, heard: list[Json]):
    app = new_app(workspace)

    @app.event("message")
    async def message(event):
        heard.append(event)

    @app.event("app_mention")
    async def mention(event):
        heard.append(event)

    return app


async def test_a_mention_is_told_twice_and_a_direct_message_once(workspace: Workspace, page: Page):
    heard: list[Json] = []
    async with connected(listening_app(workspace, heard)):
        posted = await page.say("@signoff hello")
        await until(lambda: len(heard) == 2, "both events")
        await page.say("hi <@U0SIGNOFF>", channel="D0ANA")
        await until(lambda: len(heard) == 3, "the direct message")
    assert [event["type"] for event in heard] == ["message", "app_mention", "message"]
    assert {event["ts"] for event in heard[:2]} == {posted["ts"]}
    assert heard[0]["text"] == "<@U0SIGNOFF> hello"
    assert [event.get("channel_type") for event in heard] == ["channel", None, "im"]


async def test_edits_and_deletions_are_told(workspace: Workspace, page: Page):
    heard: list[Json] = []
    async with connected(listening_app(workspace, heard)):
        message = await page.say("helo")
        await page.post("/client/edits", channel="C0SUPPORT", ts=message["ts"], text="hello")
        await page.post("/client/deletions", channel="C0SUPPORT", ts=message["ts"])
        await until(lambda: len(heard) == 3, "three events")
    _, changed, deleted = heard
    assert changed["subtype"] == "message_changed"
    assert (changed["previous_message"]["text"], changed["message"]["text"]) == ("helo", "hello")
    assert changed["message"]["edited"]["user"] == "U0ANA"
    assert (deleted["subtype"], deleted["deleted_ts"]) == ("message_deleted", message["ts"])


async def test_the_text_arrives_in_slacks_form(workspace: Workspace, page: Page):
    typed = "mail bob@example.com <b> & see https://example.com/a?b=1&c=2, @lea @nobody #support #7 &amp;"
    assert (await page.say(typed))["text"] == (
        "mail <mailto:bob@example.com|bob@example.com> &lt;b&gt; &amp; see "
        "<https://example.com/a?b=1&amp;c=2>, <@U0LEA> @nobody <#C0SUPPORT|support> #7 &amp;amp;"
    )


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_an_unacked_event_comes_again_three_times_with_its_reason(
    workspace: Workspace, http: aiohttp.ClientSession, page: Page
):
    bot = await RawBot.connect(http, workspace)
    await page.say("hello")
    envelopes = [await bot.receive() for _ in range(4)]
    assert [envelope["retry_attempt"] for envelope in envelopes] == [0, 1, 2, 3]
    assert [envelope["retry_reason"] for envelope in envelopes] == ["", "timeout", "timeout", "timeout"]
    assert len({envelope["payload"]["event_id"] for envelope in envelopes}) == 1
    assert len({envelope["envelope_id"] for envelope in envelopes}) == 4
    await until(lambda: workspace.store.events() == [], "giving up")
    await bot.socket.close()


async def test_events_wait_in_order_for_a_bot_that_is_away(workspace: Workspace, page: Page):
    for number in range(5):
        await page.say(f"m{number}")
    heard: list[Json] = []
    async with connected(listening_app(workspace, heard)):
        await until(lambda: len(heard) == 5, "the kept events")
        await until(lambda: workspace.store.events() == [], "the acks")
    assert [event["text"] for event in heard] == [f"m{number}" for number in range(5)]


async def test_an_event_that_was_lost_with_its_connection_goes_to_the_next(
    workspace: Workspace, http: aiohttp.ClientSession, page: Page
):
    first = await RawBot.connect(http, workspace)
    await page.say("hello")
    lost = await first.receive()
    await first.socket.close()
    second = await RawBot.connect(http, workspace)
    again = await second.receive()
    assert again["payload"]["event_id"] == lost["payload"]["event_id"]
    assert again["retry_reason"] == "connection_failed"
    await second.ack(again)
    await until(lambda: workspace.store.events() == [], "the ack")
    await second.socket.close()


async def test_two_connections_take_turns(workspace: Workspace, http: aiohttp.ClientSession, page: Page):
    bots = [await RawBot.connect(http, workspace) for _ in range(2)]
    await page.say("one")
    await page.say("two")
    texts = [(await bot.receive())["payload"]["event"]["text"] for bot in bots]
    assert sorted(texts) == ["one", "two"]
    for bot in bots:
        await bot.socket.close()


async def test_an_eleventh_connection_is_sent_away(workspace: Workspace, http: aiohttp.ClientSession):
    bots = [await RawBot.connect(http, workspace) for _ in range(10)]
    async with http.post(f"{workspace.url}/api/apps.connections.open", headers=APP) as response:
        url = (await response.json())["url"]
    async with http.ws_connect(url) as eleventh:
        assert (await eleventh.receive_json())["reason"] == "too_many_websockets"
        assert (await eleventh.receive()).type is aiohttp.WSMsgType.CLOSE
    await bots.pop().socket.close()
    bots.append(await RawBot.connect(http, workspace))
    for bot in bots:
        await bot.socket.close()


async def test_each_connection_is_told_how_many_there_are(workspace: Workspace, http: aiohttp.ClientSession):
    bots = [await RawBot.connect(http, workspace) for _ in range(3)]
    assert [bot.hello["num_connections"] for bot in bots] == [1, 2, 3]
    await bots[0].socket.close()
    last = await RawBot.connect(http, workspace)
    assert last.hello["num_connections"] == 3
    for bot in (*bots, last):
        await bot.socket.close()


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_what_one_connection_does_not_ack_comes_again_over_another(
    workspace: Workspace, http: aiohttp.ClientSession, page: Page
):
    frozen, alive = [await RawBot.connect(http, workspace) for _ in range(2)]
    await page.say("one")
    unacked = await frozen.receive()
    await page.say("two")  # which has its turn at the other, so that the turn is the frozen one's again
    await alive.ack(await alive.receive())
    again = await alive.receive()
    assert again["payload"]["event_id"] == unacked["payload"]["event_id"]
    assert (again["retry_attempt"], again["retry_reason"]) == (1, "timeout")
    await alive.ack(again)
    await until(lambda: workspace.store.events() == [], "the acks")
    sent = [(each["connection"], each["attempt"]) for each in await page.journal("event")]
    assert sent == [(1, 0), (2, 0), (2, 1)]
    assert [each["connection"] for each in await page.journal("ack")] == [2, 2]
    for bot in (frozen, alive):
        await bot.socket.close()


async def test_a_redelivery_on_demand_repeats_the_same_event(workspace: Workspace, page: Page):
    heard: list[Json] = []
    await page.fault(redeliver=2)
    async with connected(listening_app(workspace, heard)):
        await page.say("hello")
        await until(lambda: len(heard) == 3, "three deliveries")
    events = await page.journal("event")
    assert len({event["payload"]["event_id"] for event in events}) == 1
    assert [event["attempt"] for event in events] == [0, 1, 2]


async def test_a_bot_that_is_asked_to_reconnect_does_and_goes_on(workspace: Workspace, page: Page):
    heard: list[Json] = []
    async with connected(listening_app(workspace, heard)):
        await page.say("before")
        await until(lambda: len(heard) == 1, "the first message")
        await page.fault(disconnect=True)
        await page.say("after")
        await until(lambda: len(heard) == 2, "the second message")
    assert [event["text"] for event in heard] == ["before", "after"]


async def test_the_page_sees_the_bot_come_and_go(workspace: Workspace, page: Page):
    async with page.watching() as seen:
        async with connected(listening_app(workspace, [])):
            await until(lambda: [e for e in seen if e == {"type": "bot", "connected": True}], "its coming")
        await until(lambda: [e for e in seen if e == {"type": "bot", "connected": False}], "its going")


async def test_the_bots_own_posts_are_told_with_its_bot_id(
    workspace: Workspace, http: aiohttp.ClientSession, slack: Slack
):
    bot = await RawBot.connect(http, workspace)
    await slack.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    event = (await bot.receive())["payload"]["event"]
    assert (event["bot_id"], event["user"]) == ("B0SIGNOFF", "U0SIGNOFF")
    await bot.socket.close()


async def test_stop_is_told_with_the_streams_it_stops(
    workspace: Workspace, http: aiohttp.ClientSession, slack: Slack, page: Page
):
    root = await page.say("long question", channel="D0ANA")
    stream = await slack.chat_startStream(channel="D0ANA", thread_ts=root["ts"], markdown_text="Well")
    await page.post("/client/stop", channel="D0ANA", thread_ts=root["ts"])
    bot = await RawBot.connect(http, workspace)
    events = [(await bot.receive())["payload"]["event"] for _ in range(3)]
    assert events[-1]["type"] == "agent_session_stopped"
    assert events[-1]["streaming_message_ts"] == [stream["ts"]]
    await bot.socket.close()


async def test_a_connection_needs_a_fresh_ticket(workspace: Workspace, http: aiohttp.ClientSession):
    async with http.get(f"{workspace.url}/link", params={"ticket": "made-up"}) as response:
        assert response.status == 403
