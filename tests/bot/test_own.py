"""A graph of one's own in Slack: what it asks is a card, what is clicked is its answer, and it goes on."""

from datetime import timedelta
from typing import Annotated, Any, Literal, TypedDict

import aiohttp
import pytest
from pydantic import BaseModel, Field

from bot.demo.workspace import Workspace
from bot.forms.forms import block_id
from graphs import END, START, StateGraph, add_messages, interrupt
from graphs.errors import QuestionExpired
from graphs.runtime.compiled import CompiledGraph
from storage import Storage
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import Bot, buttons, running
from tests.demo.workspace.support import Json, Page
from tests.support.waiting import until


class Chat(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]
    draft: str
    size: int


class Refund(BaseModel):
    amount: Annotated[int, Field(ge=1, le=100)]
    reason: str = ""


def asking(value: Any, **more: Any) -> StateGraph:
    """A graph that asks this, and says what the answer was."""

    async def ask(chat: Chat) -> dict[str, Any]:
        try:
            answer = interrupt(value, **more)
        except QuestionExpired:
            answer = "nobody"
        return {"messages": [{"role": "assistant", "content": f"The answer: {answer!r}"}]}

    return StateGraph(Chat).add_node("ask", ask).add_edge(START, "ask").add_edge("ask", END)


class Theatre:
    """Where graphs are tried: a workspace, a store, and a page."""

    def __init__(self, workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page) -> None:
        self.workspace = workspace
        self.storage = storage
        self.http = http
        self.page = page

    def bot(self, own: Any, **more: Any) -> Any:
        return running(self.workspace, self.storage, [], http=self.http, own=own, **more)

    async def form(self, bot: Bot, card: Json, action: str) -> Json:
        async with self.page.watching() as watching:
            await bot.press(card, action)
            return await opened(self.page, watching)


@pytest.fixture
def theatre(workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page) -> Theatre:
    return Theatre(workspace, storage, http, page)


def labels(card: Json) -> list[str]:
    return [
        each["text"]["text"] for block in card["blocks"] if block["type"] == "actions" for each in block["elements"]
    ]


@pytest.mark.parametrize(("action", "answer"), [("answer_yes", True), ("answer_no", False)])
async def test_a_yes_or_no_is_a_button_each(theatre: Theatre, action: str, answer: bool):
    graph = asking({"question": "Deploy version 2?", "to": "production"}, response_schema=bool)
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        card = await bot.card(root, action)
        assert labels(card) == ["Yes", "No"]
        assert card["text"].startswith("Answer needed: Deploy version 2? For <@U0ANA>")
        assert "production" in str(card["blocks"])
        for _ in range(2):
            await bot.press(card, action)
        await bot.reads(root, f"The answer: {answer!r}")
        over = await bot.reads(root, "answered")
        assert buttons(over, action) == []
        assert await until(theatre.page.whispers, "the second click") == ["This was already answered by <@U0ANA>."]


async def test_at_most_five_literals_are_a_button_each(theatre: Theatre):
    graph = asking("Which size?", response_schema=Literal["small", "very_large"])
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("order", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_option_1")
        assert labels(card) == ["Small", "Very Large"]
        await bot.press(card, "answer_option_1")
        await bot.reads(root, "The answer: 'very_large'")


async def test_a_form_of_the_schema_is_filled_from_the_value_and_says_what_does_not_fit(theatre: Theatre):
    graph = asking({"question": "Refund how much?", "amount": 80, "order": 7}, response_schema=Refund)
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("refund", "D0ANA"))["ts"]
        card = await bot.card(root, "answer")
        assert labels(card) == ["Answer"]
        view = await theatre.form(bot, card, "answer")
        inputs = {block["block_id"]: block for block in view["blocks"] if block["type"] == "input"}
        assert inputs[block_id("amount")]["element"]["initial_value"] == "80"
        assert inputs[block_id("amount")]["hint"]["text"] == "amount · at least 1 · at most 100"
        assert view["submit"]["text"] == "Send Answer"
        assert await theatre.page.submit(view["id"], **filled_in(view, amount="30")) == {}
        await bot.reads(root, "The answer: Refund(amount=30, reason='a reason')")


async def test_without_a_schema_it_is_one_text(theatre: Theatre):
    async with theatre.bot(asking("What is your name?")) as bot:
        root = (await theatre.page.say("hi", "D0ANA"))["ts"]
        view = await theatre.form(bot, await bot.card(root, "answer"), "answer")
        assert await theatre.page.submit(view["id"], **filled_in(view, answer="Ana")) == {}
        await bot.reads(root, "The answer: 'Ana'")


async def test_only_who_is_asked_answers(theatre: Theatre):
    graph = asking("Deploy?", response_schema=bool, approvers=["U0LEA"])
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("@signoff deploy", "C0SUPPORT"))["ts"]
        card = await bot.card(root, "answer_yes", "C0SUPPORT")
        assert "<@U0LEA> answers" in str(card["blocks"])
        await bot.press(card, "answer_yes")
        (said,) = await until(lambda: theatre.page.whispers("C0SUPPORT"), "why it does not count")
        assert "not among those who decide" in said
        await bot.press(card, "answer_yes", user="U0LEA")
        await bot.reads(root, "The answer: True", "C0SUPPORT")


async def test_what_nobody_answers_in_time_is_over(theatre: Theatre):
    graph = asking("Deploy?", response_schema=bool, expires_after=timedelta(seconds=1))
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        await bot.reads(root, "The answer: 'nobody'")
        await bot.reads(root, "Timed out, not answered.")


async def test_it_waits_over_a_restart(theatre: Theatre):
    graph = asking("Deploy?", response_schema=bool)
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_yes")
    async with theatre.bot(graph) as bot:
        await bot.press(card, "answer_yes")
        await bot.reads(root, "The answer: True")
        cards = [m for m in await theatre.page.messages("D0ANA") if "Deploy?" in m["text"]]
        assert len(cards) == 1


def stopping(storage: Storage) -> CompiledGraph:
    """Drafts, and publishes; it stops before that."""

    async def write(chat: Chat) -> dict[str, Any]:
        return {"draft": "Bees.", "size": 1}

    async def publish(chat: Chat) -> dict[str, Any]:
        return {"messages": [{"role": "assistant", "content": f"Published: {chat['draft']} ({chat['size']})"}]}

    graph = StateGraph(Chat).add_sequence([write, publish]).add_edge(START, "write").add_edge("publish", END)
    return graph.compile(storage, interrupt_before=["publish"])


async def test_a_stop_names_the_node_shows_the_state_and_goes_on(theatre: Theatre):
    async with theatre.bot(stopping) as bot:
        root = (await theatre.page.say("write", "D0ANA"))["ts"]
        card = await bot.card(root, "continue")
        assert labels(card) == ["Continue", "Edit State", "Stop"]
        assert "Go on with publish?" in card["text"]
        assert "Bees." in str(card["blocks"])
        view = await theatre.form(bot, card, "edit_state")
        assert view["submit"]["text"] == "Save State"
        assert await theatre.page.submit(view["id"], **filled_in(view, draft="Bees dance.")) == {}
        await bot.reads(root, "Bees dance.")
        await bot.press(await bot.card(root, "continue"), "continue")
        await bot.reads(root, "Published: Bees dance. (1)")
        await bot.reads(root, "continued")


async def test_a_run_ends_at_its_stop(theatre: Theatre):
    async with theatre.bot(stopping) as bot:
        root = (await theatre.page.say("write", "D0ANA"))["ts"]
        await bot.press(await bot.card(root, "continue"), "stop_here")
        await bot.reads(root, "Stopped.")
        await bot.reads(root, "Cancelled, the request was stopped.")
        await theatre.page.say("again", "D0ANA", thread_ts=root)
        assert await bot.card(root, "continue")


async def test_each_channel_has_its_own(theatre: Theatre):
    own = {"C0DEPLOYS": asking("Deploy?", response_schema=bool)}
    async with theatre.bot(asking("What else?"), by_channel=own) as bot:
        root = (await theatre.page.say("@signoff deploy", "C0DEPLOYS"))["ts"]
        assert await bot.card(root, "answer_yes", "C0DEPLOYS")
        other = (await theatre.page.say("hi", "D0ANA"))["ts"]
        assert await bot.card(other, "answer")
