"""A graph of one's own in Slack: what it asks is a card, what is clicked is its answer, and it goes on."""

import asyncio
import json
import operator
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, TypedDict

import aiohttp
import pytest
from pydantic import BaseModel, Field

from bot.demo.workspace import Workspace
from bot.forms.inputs import block_id
from graphs import END, START, StateGraph, add_messages, interrupt
from graphs.agent.question_desk import QuestionDesk
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from graphs.errors import QuestionExpired
from graphs.runtime.compiled import CompiledGraph
from storage import Connection, Storage, audit, interrupts
from tests.bot.elsewhere import settled
from tests.bot.inbound.test_clicks import filled_in, opened
from tests.bot.running import Bot, buttons, running
from tests.demo.workspace.support import Json, Page, Slack
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
        await asyncio.gather(bot.press(card, action), bot.press(card, action))  # the buttons go once one of them counts
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


async def test_D13_only_who_is_asked_answers(theatre: Theatre):
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


async def test_D13_what_nobody_answers_in_time_is_over(theatre: Theatre):
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


async def copy_for(theatre: Theatre, user: str, words: str) -> Json:
    """What somebody's direct message with the bot shows that says these words, once it does."""
    page = theatre.page.as_user(user)

    async def look() -> Json | None:
        messages = await page.messages(f"D0{user[2:]}")
        return next((m for m in messages if words in str([m["text"], m.get("blocks")])), None)

    return await until(look, f"{words!r} for {user}")


async def test_who_is_asked_and_cannot_see_the_conversation_has_a_copy(theatre: Theatre):
    graph = asking({"question": "Deploy?", "to": "production"}, response_schema=bool, approvers=["U0LEA"])
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        own = await bot.card(root, "answer_yes")
        copy = await copy_for(theatre, "U0LEA", "Deploy?")
        assert labels(copy) == labels(own) == ["Yes", "No"]
        assert "production" in str(copy["blocks"])
        await bot.press(own, "answer_yes")
        (said,) = await until(theatre.page.whispers, "why it does not count")
        assert "not among those who decide" in said
        await bot.press(copy, "answer_no", user="U0LEA")
        await bot.reads(root, "The answer: False")
        over = await copy_for(theatre, "U0LEA", "answered by")
        assert over["ts"] == copy["ts"]
        assert labels(over) == []
        assert labels(await bot.reads(root, "answered by")) == []


async def test_a_copy_waits_over_a_restart_and_is_there_once(theatre: Theatre):
    graph = asking("Deploy?", response_schema=bool, approvers=["U0LEA"])
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        copy = await copy_for(theatre, "U0LEA", "Deploy?")
    async with theatre.bot(graph) as bot:
        await bot.press(copy, "answer_yes", user="U0LEA")
        await bot.reads(root, "The answer: True")
        over = await copy_for(theatre, "U0LEA", "answered by")
        asked = [m for m in await theatre.page.as_user("U0LEA").messages("D0LEA") if "Deploy?" in m["text"]]
        assert [m["ts"] for m in asked] == [over["ts"]] == [copy["ts"]]


def in_parallel() -> StateGraph:
    """Two nodes that ask at once."""

    def node(name: str) -> Any:
        async def ask(chat: Chat) -> dict[str, Any]:
            answer = interrupt(f"May {name} go on?", response_schema=bool)
            return {"messages": [{"role": "assistant", "content": f"{name}: {answer}"}]}

        return ask

    graph = StateGraph(Chat).add_node("left", node("left")).add_node("right", node("right"))
    return graph.add_edge(START, "left").add_edge(START, "right").add_edge("left", END).add_edge("right", END)


async def test_questions_of_parallel_nodes_are_a_card_each_in_any_order(theatre: Theatre):
    async with theatre.bot(in_parallel()) as bot:
        root = (await theatre.page.say("go", "D0ANA"))["ts"]
        left, right = await bot.reads(root, "May left go on?"), await bot.reads(root, "May right go on?")
        assert left["ts"] != right["ts"]
        await bot.press(right, "answer_no")
        await until(lambda: _is_over(bot, root, "May right go on?"), "the record of the first answer")
        assert labels(await bot.reads(root, "May left go on?")) == ["Yes", "No"]
        await bot.press(left, "answer_yes")
        await bot.reads(root, "right: False")
        await bot.reads(root, "left: True")


async def _is_over(bot: Bot, root: str, words: str) -> bool:
    return labels(await bot.reads(root, words)) == []


async def test_a_subgraphs_question_is_a_card(theatre: Theatre):
    inner = asking("Deep inside?", response_schema=bool).compile()
    outer = StateGraph(Chat).add_node("inner", inner).add_edge(START, "inner").add_edge("inner", END)
    async with theatre.bot(outer) as bot:
        root = (await theatre.page.say("go", "D0ANA"))["ts"]
        await bot.press(await bot.card(root, "answer_yes"), "answer_yes")
        await bot.reads(root, "The answer: True")


async def test_two_clicks_pass_one_stop(theatre: Theatre):
    passed: list[str] = []

    def counting(storage: Storage) -> CompiledGraph:
        def node(name: str) -> Any:
            async def run(chat: Chat) -> dict[str, Any]:
                passed.append(name)
                return {"draft": name}

            return run

        graph = StateGraph(Chat)
        for name in ("one", "two", "three"):
            graph.add_node(name, node(name))
        graph.add_edge(START, "one").add_edge("one", "two").add_edge("two", "three").add_edge("three", END)
        return graph.compile(storage, interrupt_before=["two", "three"])

    async with theatre.bot(counting) as bot:
        root = (await theatre.page.say("go", "D0ANA"))["ts"]
        card = await bot.card(root, "continue")
        await asyncio.gather(bot.press(card, "continue"), bot.press(card, "continue"))
        await bot.reads(root, "Go on with three?")
        assert passed == ["one", "two"]
        assert await until(theatre.page.whispers, "the second click") == ["This was already answered by <@U0ANA>."]


async def test_a_card_that_was_deleted_is_asked_again(theatre: Theatre, slack: Slack):
    async with theatre.bot(asking("Deploy?", response_schema=bool)) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        card = await bot.card(root, "answer_yes")
        await settled(theatre.storage)
        await slack.chat_delete(channel="D0ANA", ts=card["ts"])
        again = await until(lambda: _another(bot, root, card), "the question once more")
        await bot.press(again, "answer_yes")
        await bot.reads(root, "The answer: True")


async def _another(bot: Bot, root: str, than: Json) -> Json | None:
    found = await bot.card(root, "answer_yes")
    return found if found["ts"] != than["ts"] else None


async def test_a_node_that_fails_is_tried_again_with_the_answer_that_it_has(theatre: Theatre):
    tries: list[bool] = []

    async def ask(chat: Chat) -> dict[str, Any]:
        tries.append(interrupt("Deploy?", response_schema=bool))
        if len(tries) == 1:
            raise RuntimeError("the cable is out")
        return {"messages": [{"role": "assistant", "content": f"Deployed after {len(tries)}."}]}

    graph = StateGraph(Chat).add_node("ask", ask).add_edge(START, "ask").add_edge("ask", END)
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        await bot.press(await bot.card(root, "answer_yes"), "answer_yes")
        await bot.press(await bot.card(root, "retry"), "retry")
        await bot.reads(root, "Deployed after 2.")
        assert tries == [True, True]


def gathering(storage: Storage) -> CompiledGraph:
    """Gathers notes, one to the others, and stops before it reads them."""

    class Notes(TypedDict):
        messages: Annotated[list[dict[str, Any]], add_messages]
        notes: Annotated[list[str], operator.add]

    async def gather(state: Notes) -> dict[str, Any]:
        return {"notes": ["bees", "wasps"]}

    async def read(state: Notes) -> dict[str, Any]:
        return {"messages": [{"role": "assistant", "content": f"Read: {', '.join(state['notes'])}."}]}

    graph = StateGraph(Notes).add_sequence([gather, read]).add_edge(START, "gather").add_edge("read", END)
    return graph.compile(storage, interrupt_before=["read"])


async def test_what_is_gathered_is_shown_and_not_edited(theatre: Theatre):
    async with theatre.bot(gathering) as bot:
        root = (await theatre.page.say("go", "D0ANA"))["ts"]
        card = await bot.card(root, "continue")
        assert labels(card) == ["Continue", "Stop"]
        assert "wasps" in str(card["blocks"])
        await bot.press(card, "continue")
        await bot.reads(root, "Read: bees, wasps.")


async def test_an_edit_of_the_state_is_on_record_and_one_that_comes_late_is_not_made(theatre: Theatre):
    async with theatre.bot(stopping) as bot:
        root = (await theatre.page.say("write", "D0ANA"))["ts"]
        card = await bot.card(root, "edit_state")
        first, late = [await theatre.form(bot, card, "edit_state") for _ in range(2)]
        assert await theatre.page.submit(first["id"], **filled_in(first, draft="Ants.")) == {}
        stop = card["blocks"][-1]["elements"][0]["value"]
        (row,) = await theatre.storage.read(lambda db: audit.of_questions(db, [stop]))
        facts = json.loads(row.facts)
        assert (row.kind, row.user, facts["edited"]) == ("decision", "U0ANA", ["draft"])
        await bot.reads(root, "Ants.")
        await bot.press(await bot.card(root, "continue"), "continue")
        await bot.reads(root, "Published: Ants. (1)")
        refused = await theatre.page.submit(late["id"], **filled_in(late, draft="Late."))
        assert "This was already answered by @Ana" in str(refused)


async def test_S6_an_edit_that_a_click_overtakes_changes_nothing(theatre: Theatre):
    async with theatre.bot(stopping) as bot:
        root = (await theatre.page.say("write", "D0ANA"))["ts"]
        card = await bot.card(root, "edit_state")
        await settled(theatre.storage)
        await bot.stop()
        stop = card["blocks"][-1]["elements"][0]["value"]
        row = await theatre.storage.read(lambda db: interrupts.get(db, stop))
        assert row is not None
        desk, graph = QuestionDesk(theatre.storage), stopping(theatre.storage)
        ana = Actor(UserId("U0ANA"), theatre.workspace.team.id, "member", frozenset())
        config: Any = {"configurable": {"thread_id": row.thread_id}}

        async def overtaken(first: Callable[[Connection], None]) -> None:
            assert await desk.answer(row, row.thread_id, ana, None) == row
            await graph.aupdate_state(config, {"draft": "Late."}, first=first)

        refused = await desk.edit(row, row.thread_id, ana, ["draft"], overtaken)
        assert refused == Refused("This was already answered by <@U0ANA>.")
        assert (await graph.aget_state(config)).values["draft"] == "Bees."


async def test_a_question_that_reaches_nobody_ends_as_one_that_nobody_answered(theatre: Theatre):
    graph = asking("Deploy?", response_schema=bool, approvers=["U0LEA"], expires_after=timedelta(hours=1))
    await theatre.page.fault(http={"method": "conversations.open", "error": "cannot_dm_user", "times": 100})
    async with theatre.bot(graph) as bot:
        root = (await theatre.page.say("deploy", "D0ANA"))["ts"]
        await bot.reads(root, "The answer: 'nobody'")
        over = await bot.reads(root, "Nobody who may answer could be reached, not answered.")
        assert labels(over) == []
        (row,) = await theatre.storage.read(lambda db: interrupts.select(db, "kind = ?", ("question",)))
        (entry,) = await theatre.storage.read(lambda db: audit.of_questions(db, [row.id]))
        assert json.loads(entry.facts)["decision"] == "unreachable"


async def test_a_thread_whose_channel_got_another_graph_says_so_and_loses_nothing(theatre: Theatre):
    first, other = asking("Deploy?", response_schema=bool), in_parallel()
    async with theatre.bot(other, by_channel={"C0DEPLOYS": first}) as bot:
        root = (await theatre.page.say("@signoff deploy", "C0DEPLOYS"))["ts"]
        card = await bot.card(root, "answer_yes", "C0DEPLOYS")
        await settled(theatre.storage)
    async with theatre.bot(first, by_channel={"C0DEPLOYS": other}) as bot:
        await bot.press(card, "answer_yes")
        said = await until(lambda: theatre.page.whispers("C0DEPLOYS"), "why it does not go on")
        assert said[0].startswith("What answers here was changed while this waited, so it cannot go on.")
    async with theatre.bot(other, by_channel={"C0DEPLOYS": first}) as bot:
        await bot.reads(root, "The answer: True", "C0DEPLOYS")
