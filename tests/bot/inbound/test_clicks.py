"""Clicks and forms, through Slack's own client and Bolt: what counts is stored, what does not is told to one person."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from pydantic import BaseModel, SecretStr

from bot.demo.workspace import HARBOUR_GOODS, Workspace
from bot.inbound import clicks, filling
from bot.inbound.payloads import Person
from bot.people.directory import Directory
from bot.people.people import People
from bot.shown import cards, timeline
from bot.shown.on_record import ShownCalls
from bot.shown.posting import Poster
from bot.shown.shown_calls import revision
from graphs.agent.call_record import records
from graphs.agent.desk import Decided, read_poll
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Reject
from graphs.approvals.judge import Refused
from graphs.models.errors import ModelUnavailable
from storage import Storage, posts
from storage.posts import Post
from tests.agent.conversing import LEA, THREAD, Talk, calls, says
from tests.bot.running import Bot, button, buttons, running
from tests.bot.support import calls_of
from tests.demo.workspace.support import Json, Page, Slack
from tests.support.waiting import until


@dataclass(frozen=True)
class Waiting:
    """A conversation in which calls wait, and the listeners of its card."""

    talk: Talk
    on: clicks.Clicks
    filling: filling.Filling


def clicked(value: str, user: str = "U0LEA", channel: str = "D0ANA", ts: str = "2.0", root: str = "1.0") -> Json:
    """A click on a button of a message, as Slack sends it."""
    return {
        "type": "block_actions",
        "user": {"id": user, "team_id": "T0LOCAL"},
        "team": {"id": "T0LOCAL"},
        "trigger_id": "t1",
        "container": {"type": "message", "channel_id": channel, "message_ts": ts, "thread_ts": root},
        "actions": [{"type": "button", "action_id": cards.APPROVE, "value": value, "action_ts": "9.0"}],
    }


class Till:
    """What was paid."""

    def __init__(self) -> None:
        self.paid: list[tuple[int, Decimal]] = []


@pytest.fixture
def till() -> Till:
    return Till()


@pytest.fixture
def pay(till: Till) -> Tool[..., Any]:
    @tool(approval=Approval(when=lambda args: args.amount > 50))
    def pay(number: int, amount: Decimal) -> str:
        """Pay it."""
        till.paid.append((number, amount))
        return f"paid {amount}"

    return pay


@pytest.fixture
def lead_pays(till: Till) -> Tool[..., Any]:
    @tool(approval=Approval(approvers=["U0LEA"]))
    def lead_pays(number: int, amount: Decimal) -> str:
        """Pay it."""
        till.paid.append((number, amount))
        return f"paid {amount}"

    return lead_pays


PAY = {"number": 7, "amount": 80}


async def whispers(bot: Bot, user: str = "U0ANA", channel: str = "D0ANA") -> list[str]:
    return await bot.page.as_user(user).whispers(channel)


async def whispered(bot: Bot, words: str, user: str = "U0ANA", channel: str = "D0ANA") -> str:
    async def look() -> str | None:
        return next((text for text in await whispers(bot, user, channel) if words in text), None)

    return await until(look, f"a whisper {words!r}")


async def opened(page: Page, watching: list[Json]) -> Json:
    """The modal that was opened last."""
    return (await until(lambda: [event for event in watching if event["type"] == "view_opened"], "a modal"))[-1]["view"]


async def test_approve_runs_what_was_shown_once_and_the_agent_goes_on(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("It is paid."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        assert await bot.press(card, "approve") == {"acked": True}
        await bot.reads(root, "It is paid.")
        done = await bot.reads(root, "Done: paid 80")
        assert (done["ts"], button(done, "approve")) == (card["ts"], None)
        assert till.paid == [(7, Decimal(80))]


async def test_a_click_is_acknowledged_only_once_it_is_stored(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Done."), http=http) as bot:
        card = await bot.card((await page.say("pay 80", "D0ANA"))["ts"])
        await bot.stop()
        assert (await bot.press(card, "approve"))["acked"]
        (row,) = await storage.interrupts(status="answered")
        assert row.answered_by == "U0ANA"


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_a_decision_that_cannot_be_stored_is_not_acknowledged(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Done."), http=http) as bot:
        card = await bot.card((await page.say("pay 80", "D0ANA"))["ts"])

        def refuse(db: Any) -> None:
            db.execute(
                "create trigger broken before update of answer on interrupts begin select raise(abort, 'no'); end"
            )

        await storage.write(refuse)
        assert not (await bot.press(card, "approve"))["acked"]
        (row,) = await storage.interrupts(status="waiting")
        assert row.answer is None


async def test_edit_shows_a_form_checks_it_and_runs_what_was_made_of_it(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Paid less."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        async with page.watching() as watching:
            await bot.press(card, "edit")
            view = await opened(page, watching)
        inputs = {block["label"]["text"]: block for block in view["blocks"] if block["type"] == "input"}
        assert inputs.keys() == {"Number", "Amount"}
        assert inputs["Amount"]["element"]["initial_value"] == "80"
        (row,) = await storage.interrupts(status="waiting")
        assert view["private_metadata"] == row.id

        def filled(amount: str) -> Json:
            block = inputs["Amount"]
            return {block["block_id"]: {block["element"]["action_id"]: {"type": "number_input", "value": amount}}}

        wrong = await page.submit(view["id"], **filled("1e400"))
        assert wrong["errors"].keys() == {inputs["Amount"]["block_id"]}
        assert till.paid == []
        assert await page.submit(view["id"], **filled("60.5")) == {}
        await bot.reads(root, "Paid less.")
        await bot.reads(root, "80 → 60.5")
        assert till.paid == [(7, Decimal("60.5"))]
        told = next(message["content"] for message in bot.model.asked[-1] if message["role"] == "tool")
        assert told.startswith("Edited by")


async def test_reject_takes_a_reason_to_the_model_and_runs_nothing(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("I see."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        async with page.watching() as watching:
            await bot.press(card, "reject")
            view = await opened(page, watching)
        said, block = view["blocks"]
        assert said["text"]["text"].startswith("Pay (amount 80, number 7) will not run.")
        assert (block["label"]["text"], block["optional"]) == ("Reason", True)
        reason = {block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": "too much"}}}
        assert await page.submit(view["id"], **reason) == {}
        await bot.reads(root, "I see.")
        await bot.reads(root, "too much")
        assert till.paid == []
        told = next(message["content"] for message in bot.model.asked[-1] if message["role"] == "tool")
        assert "too much" in told


async def test_respond_answers_in_the_tools_place(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("I see."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        async with page.watching() as watching:
            await bot.press(await bot.card(root), "respond")
            view = await opened(page, watching)
        said, block = view["blocks"]
        assert said["text"]["text"].startswith("Pay (amount 80, number 7) will not run. The model reads your response")
        assert (block["label"]["text"], block["optional"]) == ("Response", False)
        blank = await page.submit(view["id"], **filled_in(view, Response="  \n"))
        assert blank["errors"].keys() == {block["block_id"]}
        answer = {block["block_id"]: {block["element"]["action_id"]: {"type": "plain_text_input", "value": "by hand"}}}
        assert await page.submit(view["id"], **answer) == {}
        await bot.reads(root, "I see.")
        assert till.paid == []
        assert "by hand" in next(m["content"] for m in bot.model.asked[-1] if m["role"] == "tool")


async def test_whoever_may_not_decide_is_told_so_and_nobody_else_is(
    workspace: Workspace,
    storage: Storage,
    lead_pays: Tool[..., Any],
    till: Till,
    http: aiohttp.ClientSession,
    page: Page,
):
    async with running(workspace, storage, [lead_pays], calls(("lead_pays", PAY)), says("Paid."), http=http) as bot:
        root = (await page.say("@signoff pay 80"))["ts"]
        card = await bot.card(root, channel="C0SUPPORT")
        assert (await bot.press(card, "approve", "U0ANA"))["acked"]
        await whispered(bot, "not among", "U0ANA", "C0SUPPORT")
        assert (await bot.press(card, "approve", "U0MAX"))["acked"]
        await whispered(bot, "Guests", "U0MAX", "C0SUPPORT")
        assert (await bot.press(card, "edit", "U0ANA"))["acked"]
        assert (await whispers(bot, "U0LEA", "C0SUPPORT"), till.paid) == ([], [])
        assert (await bot.press(card, "approve", "U0LEA"))["acked"]
        await bot.reads(root, "Paid.", "C0SUPPORT")
        assert len(till.paid) == 1


async def test_the_second_click_hears_who_was_first(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Paid."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        await bot.stop()
        await bot.press(card, "approve")
        await bot.press(card, "approve")
        await whispered(bot, "Pay (amount 80, number 7): This call was already approved by <@U0ANA>")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            await whispered(bot, "already approved")
        assert not [event for event in watching if event["type"] == "view_opened"]


async def test_a_form_is_judged_again_when_it_is_submitted(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Paid."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        async with page.watching() as watching:
            await bot.press(card, "reject")
            view = await opened(page, watching)
        await bot.press(card, "approve")
        answer = await page.submit(view["id"])
        assert "already approved by @Ana Ruiz at " in str(answer["view"]["blocks"])
        assert "Pay (amount 80, number 7): " in str(answer["view"]["blocks"]), "which call it was about"
        assert "U0ANA" not in str(answer["view"]["blocks"])
        await bot.reads(root, "Paid.")
        assert len(till.paid) == 1


@pytest.mark.parametrize("metadata", ["f" * 32, "", "nonsense"])
@pytest.mark.parametrize("form", [filling.EDIT_FORMS[0], filling.REJECT_FORM, filling.RESPOND_FORM])
async def test_a_form_whose_question_is_not_there_says_so(
    workspace: Workspace,
    storage: Storage,
    pay: Tool[..., Any],
    http: aiohttp.ClientSession,
    page: Page,
    slack: Any,
    metadata: str,
    form: str,
):
    async with running(workspace, storage, [pay], says("Hello."), http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "Hello.")
        view = {
            "type": "modal",
            "callback_id": form,
            "private_metadata": metadata,
            "title": {"type": "plain_text", "text": "x"},
            "submit": {"type": "plain_text", "text": "x"},
            "blocks": [{"type": "divider"}],
        }
        opened_view = await slack.views_open(trigger_id=workspace.permissions.issue_trigger("U0ANA"), view=view)
        answer = await page.submit(opened_view["view"]["id"])
        assert "not there any more" in str(answer["view"]["blocks"])


async def test_a_button_of_another_conversation_or_another_database_counts_nowhere(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page,
    slack: Any,
):  # fmt: skip
    async with running(workspace, storage, [pay], calls(("pay", PAY)), says("Paid."), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        (row,) = await storage.interrupts(status="waiting")
        (forged,) = [block for block in card["blocks"] if buttons({"blocks": [block]}, "approve")]
        for value in (row.id, "f" * 32, "", "'; drop table interrupts; --"):
            elements = [{**element, "value": value} for element in forged["elements"]]
            copy = {"type": "actions", "block_id": "decide", "elements": elements}
            posted = await slack.chat_postMessage(channel="C0SUPPORT", text="forged", blocks=[copy])
            message = {"channel": "C0SUPPORT", "ts": posted["ts"]}
            for action in ("approve", "reject"):
                assert (await page.click(message, "decide", action))["acked"]
        await until(lambda: whispers(bot, channel="C0SUPPORT"), "a whisper")
        assert all("no question of this conversation" in text for text in await whispers(bot, channel="C0SUPPORT"))
        assert ([each.id for each in await storage.interrupts(status="waiting")], till.paid) == ([row.id], [])


async def test_approve_all_decides_what_the_card_showed(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    three = calls(*(("pay", {"number": number, "amount": 80}) for number in (1, 2, 3)))
    async with running(workspace, storage, [pay], three, says("All paid."), http=http) as bot:
        root = (await page.say("pay all", "D0ANA"))["ts"]

        async def whole() -> Json | None:
            card = await bot.card(root, cards.APPROVE_ALL)
            return card if len(buttons(card, "approve")) == 3 else None

        old = await until(whole, "a card with three rows")
        await bot.press(old, "approve")
        await until(lambda: till.paid, "the first payment")
        (stale,) = buttons(old, cards.APPROVE_ALL)

        async def fresh() -> bool:
            now = button(await bot.card(root, cards.APPROVE_ALL), cards.APPROVE_ALL)
            return now is not None and now["value"] != stale["value"]

        await until(fresh, "the card without the first row")
        await bot.press(await bot.card(root, cards.APPROVE_ALL), cards.APPROVE_ALL)
        await bot.reads(root, "All paid.")
        assert sorted(number for number, _ in till.paid) == [1, 2, 3]


async def test_approve_all_says_which_did_not_count(
    workspace: Workspace,
    storage: Storage,
    pay: Tool[..., Any],
    lead_pays: Tool[..., Any],
    till: Till,
    http: aiohttp.ClientSession,
    page: Page,
):
    two = calls(("pay", PAY), ("lead_pays", PAY))
    async with running(workspace, storage, [pay, lead_pays], two, says("Done."), http=http) as bot:
        root = (await page.say("pay both", "D0ANA"))["ts"]
        await bot.press(await bot.card(root, cards.APPROVE_ALL), cards.APPROVE_ALL)
        text = await whispered(bot, "1 of 2 approved")
        assert "• Lead pays (amount 80, number 7): " in text
        assert "not among" in text
        (left,) = await storage.interrupts(status="waiting")
        assert left.payload["name"] == "lead_pays"


async def test_a_turn_that_failed_is_tried_again_once(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    away = [True]

    def line(messages: Any) -> Any:
        if away[0]:
            raise ModelUnavailable("The model cannot be reached.", retryable=True)
        return says("Here I am.")

    async with running(workspace, storage, [pay], line, http=http) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        card = await bot.card(root, cards.RETRY)
        assert "The model cannot be reached." in str(card["blocks"])
        away[0] = False
        assert (await bot.press(card, cards.RETRY))["acked"]
        await bot.reads(root, "Here I am.")

        async def no_button() -> bool:
            return not any(button(message, cards.RETRY) for message in await page.messages("D0ANA"))

        await until(no_button, "the card of the failure without its button")
        assert len(bot.model.asked) == 2


async def hops_of(storage: Storage, listener: Any, body: Json) -> int:
    """How often storage is asked before the click is acknowledged. One less where the writer's thread, still awake from
    what came before, takes the write along: a bound is what can be promised.
    """
    counted: list[int] = []

    async def ack(**_: Any) -> None:
        counted.append(storage.hops - before)

    before = storage.hops
    await listener(ack, body)
    return counted[0]


@pytest.fixture
async def waiting(storage: Storage, slack: Slack, delivery: Poster, lead_pays: Tool[..., Any]) -> Waiting:
    """Two calls wait, and no bot runs beside what is counted. Who the people are is known by then."""
    talk = Talk(storage, [lead_pays], calls(("lead_pays", PAY), ("lead_pays", PAY)), says("Paid."))
    await talk.say("pay")
    people = People(Directory(slack, HARBOUR_GOODS.id), HARBOUR_GOODS.id)
    for user in ("U0LEA", "U0ANA"):
        await people.actor(Person(user, HARBOUR_GOODS.id))
    return Waiting(
        talk,
        clicks.Clicks(storage, talk.graph, talk.desk, delivery, people),
        filling.Filling(storage, talk.desk, slack, delivery, people),
    )


@pytest.mark.parametrize("user", ["U0LEA", "U0ANA"])
async def test_a_click_is_acknowledged_after_one_read_and_one_write(waiting: Waiting, user: str):
    row, other = await waiting.talk.all_waiting()
    assert await hops_of(waiting.talk.storage, waiting.on.approve, clicked(row.id, user)) <= 2
    counts = user == "U0LEA"
    assert await waiting.talk.all_waiting() == ([other] if counts else [row, other])


async def test_a_click_on_a_copy_costs_no_more(waiting: Waiting):
    row, other = await waiting.talk.all_waiting()
    storage = waiting.talk.storage
    subject = timeline.copy_subject(timeline.calls_subject(row.terms["message_id"]), "D0LEA")
    await storage.write(lambda db: posts.save(db, Post(subject, THREAD, "D0LEA", "5.0", "shown"), storage.now()))
    assert await hops_of(storage, waiting.on.approve, clicked(row.id, channel="D0LEA", ts="5.0", root="5.0")) <= 2
    assert await waiting.talk.all_waiting() == [other]


async def test_a_submitted_reason_is_stored_after_one_read_and_one_write(waiting: Waiting):
    row, other = await waiting.talk.all_waiting()
    body = {
        "type": "view_submission",
        "user": {"id": "U0LEA", "team_id": "T0LOCAL"},
        "team": {"id": "T0LOCAL"},
        "view": {"id": "V1", "callback_id": "", "private_metadata": row.id, "state": {"values": {}}},
    }
    assert await hops_of(waiting.talk.storage, waiting.filling.submit_reject, body) <= 2
    assert await waiting.talk.all_waiting() == [other]


async def test_all_rows_of_a_card_are_decided_in_few_hops(waiting: Waiting):
    rows = await waiting.talk.all_waiting()
    toolbox, message = waiting.talk.agent.toolbox, (await waiting.talk.messages())[-1]
    shown = revision(ShownCalls(toolbox, records(rows, [], [])).calls(message, {}))
    assert await hops_of(waiting.talk.storage, waiting.on.approve_all, clicked(f"{message['id']}:{shown}")) <= 5
    assert await waiting.talk.all_waiting() == []


@pytest.mark.parametrize(("length", "counts"), [(20, True), (50_000, False)])
@pytest.mark.parametrize("at_once", [False, True])
async def test_what_its_card_does_not_show_whole_is_not_approved_by_a_button_made_up(
    storage: Storage, slack: Slack, delivery: Poster, length: int, counts: bool, at_once: bool
):
    @tool(approval=Approval(approvers=["U0LEA"]))
    def write(text: str) -> str:
        """Write it."""
        return "written"

    two = calls(("write", {"text": "x" * length}), ("write", {"text": "y" * length}))
    talk = Talk(storage, [write], two, says("Done."))
    await talk.say("write")
    rows = await talk.all_waiting()
    people = People(Directory(slack, HARBOUR_GOODS.id), HARBOUR_GOODS.id)
    on = clicks.Clicks(storage, talk.graph, talk.desk, delivery, people)
    message = (await talk.messages())[-1]
    page, *others = cards.pages(ShownCalls(talk.agent.toolbox, records(rows, [], [])).calls(message, {}))
    if at_once:
        await hops_of(storage, on.approve_all, clicked(f"{message['id']}:{revision(page)}"))
    else:
        await hops_of(storage, on.approve, clicked(rows[0].id))
    left = rows[len(page) :] if at_once else rows[1:]
    assert bool(others) != counts
    assert [row.id for row in await talk.all_waiting()] == [row.id for row in (left if counts else rows)]


async def test_a_question_that_moved_while_it_was_judged_is_read_again(waiting: Waiting):
    row, _ = await waiting.talk.all_waiting()
    storage, desk = waiting.talk.storage, waiting.talk.desk
    poll = await storage.read(lambda db: read_poll(db, row.id))
    assert isinstance(await desk.decide(row.id, THREAD, LEA, Reject("no"), poll), Decided)
    late = await desk.decide(row.id, THREAD, LEA, Approve(), poll)
    assert isinstance(late, Refused)
    assert "already rejected by <@U0LEA>" in late.reason


def demoted(workspace: Workspace, **changes: Any) -> None:
    """Lea's account is another one from now on; without changes she is in no group any more."""
    team = workspace.team
    people = tuple(replace(each, **changes) if each.id == "U0LEA" else each for each in team.people)
    groups = team.groups if changes else tuple(replace(each, members=()) for each in team.groups)
    workspace.team = replace(team, people=people, groups=groups)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({}, "not among those"), ({"deleted": True}, "deactivated"), ({"is_restricted": True}, "Guests")],
)
async def test_who_may_not_decide_any_more_does_not_once_a_card_or_a_form_is_open(
    workspace: Workspace,
    storage: Storage,
    till: Till,
    http: aiohttp.ClientSession,
    page: Page,
    changes: dict[str, bool],
    said: str,
):
    @tool(approval=Approval(approvers=["S0LEADS"]))
    def leads_pay(number: int, amount: Decimal) -> str:
        """Pay it."""
        till.paid.append((number, amount))
        return f"paid {amount}"

    async with running(workspace, storage, [leads_pay], calls(("leads_pay", PAY)), says("Paid."), http=http) as bot:
        card = await bot.card((await page.say("@signoff pay 80"))["ts"], channel="C0SUPPORT")
        lea = page.as_user("U0LEA")
        views: list[Json] = []
        for action in ("edit", "reject", "respond"):
            async with lea.watching() as watching:
                await bot.press(card, action, "U0LEA")
                views.append(await opened(lea, watching))
        demoted(workspace, **changes)
        assert (await bot.press(card, "approve", "U0LEA"))["acked"]
        await whispered(bot, said, "U0LEA", "C0SUPPORT")
        for view in views:
            answer = await lea.submit(view["id"], **filled_in(view))
            assert said in str(answer["view"]["blocks"])
        assert ([row.status for row in await storage.interrupts(status="waiting")], till.paid) == (["waiting"], [])


async def test_a_click_that_cannot_be_judged_now_counts_for_nothing_and_counts_once_it_can(
    workspace: Workspace,
    storage: Storage,
    lead_pays: Tool[..., Any],
    till: Till,
    http: aiohttp.ClientSession,
    page: Page,
):
    two = calls(*(("lead_pays", {"number": number, "amount": 80}) for number in (1, 2)))
    async with running(workspace, storage, [lead_pays], two, says("Paid."), http=http) as bot:
        root = (await page.say("@signoff pay twice"))["ts"]
        card = await bot.card(root, cards.APPROVE_ALL, channel="C0SUPPORT")
        await page.fault(http={"method": "users.info", "status": 503, "times": 2})
        for action in (cards.APPROVE_ALL, "approve"):
            assert (await bot.press(card, action, "U0LEA"))["acked"]

        async def told() -> bool:
            found = await whispers(bot, "U0LEA", "C0SUPPORT")
            return len([text for text in found if "Click again" in text]) == 2

        await until(told, "two whispers")
        assert till.paid == []
        looked = len(await calls_of(page, "users.info"))
        await bot.press(card, cards.APPROVE_ALL, "U0LEA")
        assert len(await calls_of(page, "users.info")) == looked + 1, "one person, whatever the rows"
        await bot.reads(root, "Paid.", "C0SUPPORT")
        assert len(till.paid) == 2


def filled_in(view: Json, **values: str) -> Json:
    """What submitting the view sends: each input as it stands, or as its block's values say."""
    found: Json = {}
    values = {name.lower(): value for name, value in values.items()}
    for block in (block for block in view["blocks"] if block["type"] == "input"):
        element = block["element"]
        state: Json = {"type": element["type"]}
        if "initial_option" in element:
            state["selected_option"] = element["initial_option"]
        else:
            state["value"] = values.get(block["label"]["text"].lower(), element.get("initial_value", "a reason"))
        found[block["block_id"]] = {element["action_id"]: state}
    return found


async def test_a_call_that_cannot_run_or_be_asked_about_says_so_in_the_conversation(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], till: Till, http: aiohttp.ClientSession, page: Page
):
    @tool(approval=Approval(approvers=["U0MAX"]))
    def guest_pays(number: int) -> str:
        """Pay it."""
        return "paid"

    three = calls(
        ("pay", {"number": "seven", "amount": 80}), ("guest_pays", {"number": 7}), ("pay", {**PAY, "amount": 5})
    )
    async with running(workspace, storage, [pay, guest_pays], three, says("I see."), http=http) as bot:
        root = (await page.say("@signoff pay"))["ts"]
        await bot.reads(root, "I see.", "C0SUPPORT")
        card = await bot.reads(root, "its rule lets this one pass", "C0SUPPORT")
        invalid, away, ran = (str(block) for block in card["blocks"])
        assert "not valid" in invalid
        assert "number: " in invalid
        assert "nobody was asked" in away
        assert "Max Oduya is a guest" in away
        assert "its rule" not in invalid + away
        assert "Paid" in ran
        assert till.paid == [(7, Decimal(5))]


class Item(BaseModel):
    name: str
    number: int = 1


async def test_edit_takes_lists_long_texts_and_objects_and_changes_only_what_was_changed(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    sent: list[tuple[Any, ...]] = []

    @tool(approval=True)
    def send(to: list[str], subject: str, body: str, items: list[Item]) -> str:
        """Send it."""
        sent.append((to, subject, body, [item.model_dump() for item in items]))
        return "sent"

    body = "Dear Jonas,\r\n" + "all the best " * 300
    args = {"to": ["a@x.test"], "subject": "Lamps", "body": body, "items": [{"name": "lamp", "number": 2}]}
    async with running(workspace, storage, [send], calls(("send", args)), says("It is sent."), http=http) as bot:
        root = (await page.say("send it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            view = await opened(page, watching)
        assert [block["label"]["text"] for block in view["blocks"] if block["type"] == "input"] == [
            "To",
            "Subject",
            "Items",
        ]
        assert "Body stays as it is: it has 3,9" in str(view["blocks"][-1])
        wrong = await page.submit(
            view["id"], **filled_in(view, to="a@x.test", items='[{"name": "lamp", "number": "x"}]')
        )
        assert "This is not JSON" in str(wrong["errors"])
        wrong = await page.submit(view["id"], **filled_in(view, items='[{"name": "lamp", "number": "x"}]'))
        (said,) = wrong["errors"].values()
        assert said.startswith("Entry 1, number: ")
        assert await page.submit(view["id"], **filled_in(view, to='["a@x.test", "b@x.test"]')) == {}
        await bot.reads(root, "It is sent.")
        assert sent == [(["a@x.test", "b@x.test"], "Lamps", body, [{"name": "lamp", "number": 2}])]


async def test_an_edit_that_changes_nothing_leaves_every_byte(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    @tool(approval=True)
    def send(to: list[str], amount: Decimal, rate: float, key: SecretStr, note: str = "") -> str:
        """Send it."""
        return "sent"

    args = {"to": ["a\u200b"], "amount": "12345678901234567.10", "rate": 80.0, "key": "hunter2", "note": "a\r\nb"}
    async with running(workspace, storage, [send], calls(("send", args)), says("It is sent."), http=http) as bot:
        root = (await page.say("send it", "D0ANA"))["ts"]
        card = await bot.card(root, "edit")
        async with page.watching() as watching:
            await bot.press(card, "edit")
            view = await opened(page, watching)
        assert "hunter2" not in str(view)
        assert await page.submit(view["id"], **filled_in(view)) == {}
        await bot.reads(root, "It is sent.")
        first, second = sorted(await storage.interrupts(status="answered"), key=lambda row: row.ordinal)
        assert first.terms["data"] == second.terms["data"]


async def test_a_card_whose_call_no_form_can_edit_says_so(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    @tool(approval=True)
    def post(text: str) -> str:
        """Post it."""
        return "posted"

    async with running(workspace, storage, [post], calls(("post", {"text": "y" * 3001})), http=http) as bot:
        card = await bot.card((await page.say("post it", "D0ANA"))["ts"])
        assert button(card, "edit") is None
        assert "Text stays as it is: it has 3,001 characters, and a form holds 3,000." in str(card["blocks"])


async def test_approve_all_says_which_rows_did_not_count_and_why(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page
):
    @tool(approval=Approval(approvers=["U0LEA"], self_approval=False))
    def cancel_order(order_id: int, why_not: str) -> str:
        """Cancel it."""
        return "cancelled"

    @tool(approval=True)
    def note(text: str) -> str:
        """Note it."""
        return "noted"

    three = calls(
        ("cancel_order", {"order_id": 7, "why_not": "*late* <!channel> <@U0LEA>"}),
        ("cancel_order", {"order_id": 8, "why_not": ""}),
        ("note", {"text": "a"}),
    )
    async with running(workspace, storage, [cancel_order, note], three, http=http) as bot:
        card = await bot.card((await page.say("@signoff cancel"))["ts"], cards.APPROVE_ALL, channel="C0SUPPORT")
        await bot.press(card, cards.APPROVE_ALL)
        said = (await whispered(bot, "Not counted", channel="C0SUPPORT")).split("\n")
        assert said[0] == "1 of 3 approved. Not counted:"
        assert said[1].startswith(
            '• Cancel order (order id 7, why not "*late* &lt;!channel&gt; &lt;@U0LEA&gt;"): You asked'
        )
        assert said[2].startswith("• Cancel order (order id 8")
        assert len(said) == 3
        (whisper,) = [each for each in await page.messages() if each.get("ephemeral_to")]
        (part,) = whisper["blocks"][0]["elements"]
        assert {element["type"] for element in part["elements"]} == {"text"}, "nothing of the arguments is formatted"
        assert '"*late* <!channel> <@U0LEA>"' in part["elements"][0]["text"]


async def test_a_call_whose_tool_is_gone_can_be_rejected_and_nothing_hangs(
    workspace: Workspace, storage: Storage, pay: Tool[..., Any], http: aiohttp.ClientSession, page: Page
):
    async with running(workspace, storage, [pay], calls(("pay", PAY)), http=http) as bot:
        root = (await page.say("pay 80", "D0ANA"))["ts"]
        card = await bot.card(root)
        async with page.watching() as watching:
            await bot.press(card, "edit")
            view = await opened(page, watching)
    async with running(workspace, storage, [], says(""), says("I see."), http=http) as bot:
        assert (await bot.press(card, "edit"))["acked"]
        await whispered(bot, "not there any more")
        answer = await page.submit(view["id"], **filled_in(view))
        assert "not there any more" in str(answer["view"]["blocks"])
        async with page.watching() as watching:
            await bot.press(card, "reject")
            view = await opened(page, watching)
        assert await page.submit(view["id"], **filled_in(view)) == {}
        await bot.reads(root, "I see.")


@pytest.mark.parametrize("action", ["reject", "respond"])
async def test_a_form_says_which_of_two_calls_it_is_about(
    workspace: Workspace, storage: Storage, http: aiohttp.ClientSession, page: Page, action: str
):
    @tool(approval=Approval())
    def send(to: str, body: str) -> str:
        """Send it."""
        return "sent"

    bodies = ["x" * 200 + "*1*", "x" * 200 + "*2*"]
    proposed = calls(*(("send", {"to": "a@x.test", "body": body}) for body in bodies))
    async with running(workspace, storage, [send], proposed, says("Done."), http=http) as bot:
        card = await bot.card((await page.say("send both", "D0ANA"))["ts"])
        for nth, body in enumerate(bodies):
            await bot.press(card, action, nth=nth)
            opened = [each for each in await page.journal("call") if each["method"] == "views.open"]
            blocks = opened[-1]["arguments"]["view"]["blocks"]
            assert body in str(blocks)
            assert {block["type"] for block in blocks} <= {"section", "rich_text", "input"}
            assert all(block["text"]["type"] == "plain_text" for block in blocks if block["type"] == "section")
