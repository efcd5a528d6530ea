"""What an agent's thread asks by itself: whether to go on after many calls, and what a tool asks while it runs."""

from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel, Field

from bot.demo.workspace import Workspace
from bot.withdrawing import TAKEN_BACK
from graphs import interrupt
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from storage.ids import ThreadId
from tests.agent.conversing import Line, calls, says
from tests.bot.elsewhere import settled
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import Bot, buttons, running
from tests.bot.test_progress import sessions
from tests.demo.workspace.support import Json, Page, Slack
from tests.support.rows import claims_of
from tests.support.waiting import until


class Seat(BaseModel):
    row: int = Field(ge=1, le=40)
    at_the_aisle: bool = False


class Stage:
    """A bot with tools that ask while they run."""

    def __init__(self, workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page) -> None:
        self.workspace, self.storage, self.http, self.page = workspace, storage, http, page
        self.booked: list[str] = []

    def bot(self, *lines: Line, **question: Any) -> Any:
        return running(self.workspace, self.storage, self.tools(**question), *lines, http=self.http)

    def tools(self, **question: Any) -> list[Tool[..., Any]]:
        question = {"response_schema": Seat, **question}

        @tool
        def look(what: str) -> str:
            """Look something up."""
            return f"{what} is there"

        @tool
        async def choose_seat(show: str) -> str:
            """Choose a seat."""
            seat = interrupt({"question": "Which seat?", "show": show}, **question)
            return f"seat {seat}"

        @tool(approval=Approval(), title="Book {show}")
        async def book(show: str) -> str:
            """Book it."""
            self.booked.append(f"begun {show}")
            is_sure = interrupt({"question": "Is it for two?"}, response_schema=bool)
            self.booked.append(f"{show} {is_sure}")
            return f"booked {show}"

        return [look, choose_seat, book]

    async def form(self, bot: Bot, card: Json) -> Json:
        async with self.page.watching() as watching:
            await bot.press(card, "answer")
            return await opened(self.page, watching)


@pytest.fixture
def stage(workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page) -> Stage:
    return Stage(workspace, storage, http, page)


MANY = calls(*[("look", {"what": f"thing {number}"}) for number in range(25)])


async def session(page: Page, status: str) -> None:
    """Once Slack's session stands so."""

    async def look() -> bool:
        return (await sessions(page))[-1:] == [status]

    await until(look, f"a session that is {status}")


async def gone(bot: Bot, root: str, words: str) -> None:
    """Once no message of the thread says these words."""

    async def look() -> bool:
        messages = await bot.page.messages("D0ANA")
        return not [m for m in messages if m.get("thread_ts") == root and words in str([m["text"], m.get("blocks")])]

    await until(look, f"no {words!r}")


async def test_after_many_calls_in_a_row_the_person_is_asked_and_yes_goes_on(stage: Stage):
    async with stage.bot(MANY, says("That is all of them.")) as bot:
        root = (await stage.page.say("look everywhere", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_yes")
        assert card["text"].startswith("Answer needed: 25 calls in a row for this request. Go on? For <@U0ANA>")
        assert len(bot.model.asked) == 1
        await session(stage.page, "suspended")
        await bot.press(card, "answer_yes")
        await bot.reads(root, "That is all of them.")
        over = await bot.reads(root, "answered by")
        assert over["ts"] == card["ts"]
        assert not buttons(over, "answer_yes")
        await session(stage.page, "active")


async def test_no_ends_the_turn_and_the_next_message_is_answered(stage: Stage):
    async with stage.bot(MANY, says("(not said)"), says("Back again.")) as bot:
        root = (await stage.page.say("look everywhere", "D0ANA"))["ts"]
        await bot.press(await bot.card(root, "answer_no"), "answer_no")
        await bot.reads(root, "Ended after 25 calls in a row, as asked for.")
        await stage.page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "Back again.")
        sent = bot.model.asked[-1]
        told = [message["tool_call_id"] for message in sent if message["role"] == "tool"]
        assert told == [call["id"] for message in sent for call in message.get("tool_calls") or ()]


async def test_stop_while_it_is_asked_whether_to_go_on_ends_the_turn(stage: Stage):
    async with stage.bot(MANY, says("(not said)"), says("Back again.")) as bot:
        root = (await stage.page.say("look everywhere", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_yes")
        await stage.page.post("/client/stop", channel="D0ANA", thread_ts=root)
        await bot.reads(root, "Stopped.")
        over = await bot.reads(root, "Cancelled, the request was stopped.")
        assert over["ts"] == card["ts"]
        await stage.page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "Back again.")


async def test_what_a_tool_asks_is_a_form_and_its_call_reads_as_one_that_waits(stage: Stage):
    async with stage.bot(calls(("choose_seat", {"show": "Macbeth"})), says("Row 3 it is.")) as bot:
        root = (await stage.page.say("a seat for Macbeth", "D0ANA"))["ts"]
        card = await bot.card(root, "answer")
        assert "Macbeth" in str(card["blocks"])
        row = await bot.reads(root, "waits for an answer")
        assert row["ts"] != card["ts"]
        assert "task_card" not in str(row["blocks"])
        await session(stage.page, "suspended")
        form = await stage.form(bot, card)
        assert await stage.page.submit(form["id"], **filled_in(form, row="3")) == {}
        await bot.reads(root, "Row 3 it is.")
        await bot.reads(root, "answered by")
        await gone(bot, root, "waits for an answer")
        (result,) = [m["content"] for m in bot.model.asked[-1] if m["role"] == "tool"]
        assert result == "seat row=3 at_the_aisle=False"


async def test_a_call_that_was_approved_and_asks_says_so_and_runs_its_rest_once(stage: Stage):
    async with stage.bot(calls(("book", {"show": "Macbeth"})), says("Booked.")) as bot:
        root = (await stage.page.say("book Macbeth", "D0ANA"))["ts"]
        card = await bot.card(root)
        await bot.press(card, "approve")
        question = await bot.card(root, "answer_yes")
        assert (await bot.reads(root, "Waits for an answer"))["ts"] == card["ts"]
        await bot.press(question, "answer_yes")
        await bot.reads(root, "Booked.")
        assert stage.booked == ["begun Macbeth", "begun Macbeth", "Macbeth True"]
        await bot.reads(root, "Done: booked Macbeth")


@pytest.mark.parametrize("word", ["stop", "Cancel that."])
async def test_a_word_of_the_requester_ends_what_a_tool_asks_in_the_middle_of(stage: Stage, word: str):
    lines = calls(("book", {"show": "Macbeth"})), says("(not said)"), says("As you like.")
    async with stage.bot(*lines) as bot:
        root = (await stage.page.say("book Macbeth", "D0ANA"))["ts"]
        await bot.press(await bot.card(root), "approve")
        await bot.card(root, "answer_yes")
        await stage.page.say(word, "D0ANA", thread_ts=root)
        await bot.reads(root, "Stopped.")
        over = await bot.reads(root, "Cancelled, the request was stopped.")
        assert not buttons(over, "answer_yes")
        await gone(bot, root, "Waits for an answer")
        await bot.reads(root, "In doubt: Book Macbeth")
        rows = await stage.storage.read(lambda db: claims_of(db, ThreadId(f"{stage.workspace.team.id}/D0ANA/{root}")))
        assert [claim.status for claim in rows] == ["in doubt"]
        await stage.page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "As you like.")
        (told,) = [m["content"] for m in bot.model.asked[-1] if m["role"] == "tool"]
        assert told.startswith("In doubt: ")
        assert not [m for m in bot.model.asked[-1] if m["role"] == "user" and m["content"] == word]


async def test_a_word_takes_back_calls_alone_where_nothing_else_waits(stage: Stage):
    async with stage.bot(calls(("book", {"show": "Macbeth"})), says("As you like.")) as bot:
        root = (await stage.page.say("book Macbeth", "D0ANA"))["ts"]
        await bot.card(root)
        await stage.page.say("stop", "D0ANA", thread_ts=root)
        await bot.reads(root, TAKEN_BACK)
        await bot.reads(root, "As you like.")


async def test_the_card_of_a_question_that_was_deleted_is_posted_anew(stage: Stage, slack: Slack):
    async with stage.bot(calls(("choose_seat", {"show": "Macbeth"})), says("Fine."), response_schema=bool) as bot:
        root = (await stage.page.say("a seat", "D0ANA"))["ts"]
        first = await bot.card(root, "answer_yes")
        await settled(stage.storage)
        await slack.chat_delete(channel="D0ANA", ts=first["ts"])

        async def another() -> Json | None:
            found = await bot.card(root, "answer_yes")
            return found if found["ts"] != first["ts"] else None

        await bot.press(await until(another, "another card"), "answer_yes")
        await bot.reads(root, "Fine.")


async def test_a_question_whose_time_is_over_is_told_to_the_model_as_one_that_nobody_answered(stage: Stage):
    question = {"response_schema": bool, "expires_after": timedelta(seconds=1)}
    async with stage.bot(calls(("choose_seat", {"show": "Macbeth"})), says("Too late."), **question) as bot:
        root = (await stage.page.say("a seat", "D0ANA"))["ts"]
        await bot.reads(root, "Too late.")
        await bot.reads(root, "Timed out, not answered.")
        (told,) = [m["content"] for m in bot.model.asked[-1] if m["role"] == "tool"]
        assert told == "Failed: Nobody answered in time what it asked. This is no refusal."


async def test_who_cannot_see_the_conversation_answers_at_a_copy(stage: Stage):
    question = {"response_schema": bool, "approvers": ["U0LEA"]}
    async with stage.bot(calls(("choose_seat", {"show": "Macbeth"})), says("Fine."), **question) as bot:
        root = (await stage.page.say("a seat", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_yes")

        async def copied() -> Json | None:
            found = await stage.page.as_user("U0LEA").messages("D0LEA")
            return next((each for each in found if buttons(each, "answer_yes")), None)

        copy = await until(copied, "the copy")
        await bot.press(card, "answer_yes")  # not hers to answer
        assert len(await until(stage.page.whispers, "why not")) == 1
        await bot.press(copy, "answer_yes", "U0LEA")
        await bot.reads(root, "Fine.")
        await bot.reads(root, "answered by")


async def test_home_lists_what_a_tool_asks(stage: Stage):
    async with stage.bot(calls(("choose_seat", {"show": "Macbeth"})), says("Fine."), response_schema=bool) as bot:
        root = (await stage.page.say("a seat", "D0ANA"))["ts"]
        await bot.card(root, "answer_yes")
        await stage.page.post("/client/home", tab="home")

        async def home() -> bool:
            view = (await stage.page.get("/client/boot", user="U0ANA"))["home"]
            return "Which seat?" in str(view)

        await until(home, "the question on Home")
