"""Every event, button and form has a listener; what has none is acknowledged all the same."""

from typing import Any

import aiohttp

from bot import routes
from bot.demo.workspace import Workspace
from bot.inbound import answering, filling
from bot.manifest import EVENTS, manifest
from bot.shown import cards, feedback, home, notices, questions
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from storage import Storage, inbox
from tests.agent.conversing import calls, says
from tests.bot.running import running
from tests.demo.workspace.support import Page
from tests.support.waiting import until


class Anything:
    """Has every attribute: the tables are read, not called."""

    def __getattr__(self, name: str) -> Any:
        return Anything()


ON: Any = Anything()


@tool(approval=Approval())
def write(text: str) -> str:
    """Write it."""
    return f"wrote {text}"


def test_the_manifest_subscribes_to_what_has_a_route_and_to_nothing_else() -> None:
    assert {event.partition(".")[0] for event in EVENTS} == routes.events(ON).keys()


def test_every_button_and_form_has_a_route() -> None:
    assert routes.actions(ON).keys() == {
        notices.REJECT_AND_SEND, feedback.FEEDBACK,
        questions.YES, questions.NO, *questions.OPTIONS, questions.ANSWER,
        questions.CONTINUE, questions.EDIT_STATE, questions.STOP_HERE,
        cards.APPROVE, cards.APPROVE_ALL, cards.EDIT, cards.REJECT, cards.RESPOND,
        cards.IT_RAN, cards.RUN_AGAIN, cards.GIVE_UP, cards.RETRY,
    }  # fmt: skip
    assert routes.on_home(ON).keys() == {home.TRY_EXAMPLE, home.OPEN}
    assert routes.commands(ON).keys() == {each["command"] for each in manifest()["features"]["slash_commands"]}
    assert routes.views(ON).keys() == {*filling.EDIT_FORMS, *answering.FORMS, filling.REJECT_FORM, filling.RESPOND_FORM}


async def test_a_button_that_nobody_knows_is_acknowledged(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession, slack: Any
):
    async with running(workspace, storage, [write], says("Hello."), http=http):
        element = {"type": "button", "action_id": "of_another_time", "text": {"type": "plain_text", "text": "Old"}}
        blocks = [{"type": "actions", "block_id": "decide", "elements": [element]}]
        await slack.chat_postMessage(channel="C0SUPPORT", text="old", blocks=blocks)
        (message,) = await page.messages()
        assert await page.click(message, action_id="of_another_time") == {"acked": True}


async def test_every_kind_of_event_is_acknowledged(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], says("Hello."), http=http):
        said = await page.say("hello", "D0ANA")
        await page.post("/client/edits", channel="D0ANA", ts=said["ts"], text="hello!")
        await page.post("/client/home", tab="messages")
        await page.post("/client/home", tab="home")
        await page.post("/client/stop", channel="D0ANA", thread_ts=said["ts"])
        await page.post("/client/deletions", channel="D0ANA", ts=said["ts"])

        async def all_acked() -> bool:
            sent = {e["envelope_id"] for e in await page.journal("event") if "envelope_id" in e}
            acked = {e["envelope_id"] for e in await page.journal("ack") if e["in_time"]}
            kinds = {e["payload"]["event"]["type"] for e in await page.journal("event") if "envelope_id" in e}
            return sent == acked and {"message", "app_home_opened", "agent_session_stopped"} <= kinds

        await until(all_acked, "an ack for every event")


async def test_half_a_character_from_slack_costs_nothing(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    proposed = calls(("write", {"text": "a \ud83d"}))
    async with running(workspace, storage, [write], proposed, says("Hello \ufffd."), http=http) as bot:
        root = (await page.say("pay \ud83d now \ud83d\ude00", "D0ANA"))["ts"]
        card = await bot.card(root, "reject")
        assert bot.model.asked[0][-1]["content"] == "pay \ufffd now 😀"
        async with page.watching() as watching:
            await bot.press(card, "reject")

            async def opened() -> Any:
                return next((each["view"] for each in watching if each.get("type") == "view_opened"), None)

            view = await until(opened, "the form")
        (block,) = [each for each in view["blocks"] if each["type"] == "input"]
        reason = {
            block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": "no \ude00"}}
        }
        assert await page.submit(view["id"], **reason) == {}
        await bot.reads(root, "Hello")
        assert "no \ufffd" in bot.model.asked[1][-1]["content"]


async def test_a_message_that_is_delivered_three_times_is_read_once(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], says("Hello."), says("Again."), http=http) as bot:
        await page.fault(redeliver=2)
        root = (await page.say("hello", "D0ANA"))["ts"]

        async def acked() -> bool:
            return len([entry for entry in await page.journal("ack") if entry["in_time"]]) >= 3

        await until(acked, "three acks")
        await bot.reads(root, "Hello.")

        async def all_read() -> bool:
            return await storage.read(lambda db: inbox.unread(db, storage.owner)) == []

        await until(all_read, "an empty inbox")
        assert len(bot.model.asked) == 1


async def test_a_message_that_cannot_be_stored_is_not_acknowledged(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], says("Hello."), http=http):

        def refuse(db: Any) -> None:
            db.execute("create trigger broken before insert on inbox begin select raise(abort, 'no'); end")

        await storage.write(refuse)
        await page.say("hello", "D0ANA")

        async def repeated() -> bool:
            return any(e.get("attempt") == 1 for e in await page.journal("event"))

        await until(repeated, "the second delivery")
        assert await page.journal("ack") == []


async def test_talk_that_is_not_for_the_bot_is_not_kept(
    workspace: Workspace, storage: Storage, page: Page, http: aiohttp.ClientSession
):
    async with running(workspace, storage, [write], says("Hello."), http=http) as bot:
        await page.say("lunch?")
        root = (await page.say("@signoff hello"))["ts"]
        await bot.reads(root, "Hello.", "C0SUPPORT")
        (model_saw,) = bot.model.asked
        assert [m["content"] for m in model_saw if m["role"] == "user"] == ["hello"]
