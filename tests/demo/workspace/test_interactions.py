"""Clicks, modals and their timers, with a bot made by the real Bolt."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.demo.workspace import Workspace
from tests.demo.workspace.support import CARD, FORM, Page, Slack, connected, new_app
from tests.support.clock import Clock
from tests.support.waiting import until

Json = dict[str, Any]


async def post_card(slack: Slack, page: Page, **more: Any) -> Json:
    posted = await slack.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD, **more)
    return next(message for message in await page.messages() if message["ts"] == posted["ts"])


def form_app(workspace: Workspace, submissions: list[Json], answer: Json):
    """An app that opens FORM on a click, keeps each submission, and acks it with `answer`."""
    app = new_app(workspace)

    @app.action("approve")
    async def approve(ack, body, client):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("form")
    async def submitted(ack, body):
        submissions.append(body)
        await ack(**answer)

    return app


async def opened_form(slack: Slack, page: Page) -> Json:
    async with page.watching() as seen:
        assert await page.click(await post_card(slack, page)) == {"acked": True}
        return (await until(lambda: [e for e in seen if e["type"] == "view_opened"], "the modal"))[0]["view"]


async def test_a_click_reaches_bolt_with_all_it_needs(workspace: Workspace, slack: Slack, page: Page):
    app, clicks = new_app(workspace), list[Json]()

    @app.action("approve")
    async def approve(ack, body, respond):
        clicks.append(body)
        await ack()
        await respond(text="seen", replace_original=False)

    root = await page.say("hello")
    async with connected(app):
        card = await post_card(slack, page, thread_ts=root["ts"])
        assert await page.click(card) == {"acked": True}
        answers = await until(lambda: _ephemerals(page), "the answer by response_url")
    [body] = clicks
    assert body["actions"][0]["value"] == "q1"
    assert body["user"] == {"id": "U0ANA", "username": "ana", "name": "ana", "team_id": "T0LOCAL"}
    assert body["container"]["thread_ts"] == root["ts"]
    assert body["message"]["blocks"] == CARD
    assert [message["text"] for message in answers] == ["seen"]


async def _ephemerals(page: Page) -> list[Json]:
    return [message for message in await page.messages() if message.get("ephemeral_to") == page.user]


@pytest.mark.parametrize("ack_timeout", [0.3])
async def test_a_click_that_nobody_acks_is_shown_to_who_clicked(workspace: Workspace, slack: Slack, page: Page):
    app = new_app(workspace)

    @app.action("approve")
    async def approve():
        """Forgets to ack."""

    async with connected(app), page.watching() as seen, page.as_user("U0LEA").watching() as seen_by_lea:
        answer = await page.click(await post_card(slack, page))
        failed = (await until(lambda: [e for e in seen if e["type"] == "click_failed"], "the warning"))[0]
    assert answer == {"acked": False, "text": "Signoff did not answer within 3 seconds. Try again."}
    assert (failed["action_id"], failed["text"]) == ("approve", answer["text"])
    assert "click_failed" not in [event["type"] for event in seen_by_lea]


async def test_a_click_while_the_bot_is_away_fails_at_once(slack: Slack, page: Page):
    answer = await page.click(await post_card(slack, page))
    assert answer["acked"] is False
    assert "not running" in answer["text"]


async def test_only_what_is_there_can_be_clicked(slack: Slack, page: Page):
    card = await post_card(slack, page)
    assert "no element 'nope'" in (await page.click(card, action_id="nope"))["error"]
    assert "no conversation 'C0LEADS'" in (await page.click(card | {"channel": "C0LEADS"}))["error"]


async def test_a_submission_brings_every_input(workspace: Workspace, slack: Slack, page: Page):
    submissions: list[Json] = []
    async with connected(form_app(workspace, submissions, {})), page.watching() as seen:
        view = await opened_form(slack, page)
        assert await page.submit(view["id"], amount={"v": {"type": "number_input", "value": "12.50"}}) == {}
        await until(lambda: [e for e in seen if e["type"] == "view_closed"], "the modal's end")
    assert submissions[0]["view"]["state"]["values"] == {
        "amount": {"v": {"type": "number_input", "value": "12.50"}},
        "note": {"v": {"type": "plain_text_input", "value": None}},
    }
    assert "not open" in (await page.submit(view["id"]))["error"]


@pytest.mark.parametrize("value", ["", "many", "1e3"])
async def test_what_slacks_client_would_not_send_never_reaches_the_bot(
    value: str, workspace: Workspace, slack: Slack, page: Page
):
    submissions: list[Json] = []
    async with connected(form_app(workspace, submissions, {})):
        view = await opened_form(slack, page)
        answer = await page.submit(view["id"], amount={"v": {"value": value}})
    assert list(answer["errors"]) == ["amount"]
    assert submissions == []


@pytest.mark.parametrize(
    ("ack", "answer", "open_titles"),
    [
        ({"response_action": "errors", "errors": {"amount": "too much"}}, {"errors": {"amount": "too much"}}, ["Edit"]),
        (
            {"response_action": "errors", "errors": {"nope": "too much"}},
            {"failed": "We had some trouble connecting. Try again?"},
            ["Edit"],
        ),
        ({"response_action": "update", "view": FORM | {"title": {"type": "plain_text", "text": "2"}}}, "view", ["2"]),
        (
            {"response_action": "push", "view": FORM | {"title": {"type": "plain_text", "text": "2"}}},
            "view",
            ["Edit", "2"],
        ),
        ({"response_action": "clear"}, {}, []),
        ({}, {}, []),
        (
            {"response_action": "update", "view": FORM | {"title": {"type": "plain_text", "text": "x" * 25}}},
            {"failed": "We had some trouble connecting. Try again?"},
            ["Edit"],
        ),
    ],
    ids=[
        "errors",
        "errors at a block that is not there",
        "update",
        "push",
        "clear",
        "close",
        "update with an invalid view",
    ],
)
async def test_what_the_ack_does(
    ack: Json, answer: Any, open_titles: list[str], workspace: Workspace, slack: Slack, page: Page
):
    async with connected(form_app(workspace, [], ack)):
        view = await opened_form(slack, page)
        got = await page.submit(view["id"])
    assert got == answer or (answer == "view" and got["view"]["title"]["text"] == "2")
    root = workspace.views.get(view["id"])
    stack = workspace.views.stack(root) if root else []
    assert [each.body["title"]["text"] for each in stack] == open_titles


async def test_a_trigger_opens_one_view_within_three_seconds(workspace: Workspace, slack: Slack, clock: Clock):
    async def error(trigger_id: str, view: Json = FORM) -> str | None:
        try:
            await slack.views_open(trigger_id=trigger_id, view=view)
        except SlackApiError as refused:
            return refused.response["error"]
        return None

    in_time, late = (workspace.permissions.issue_trigger("U0ANA") for _ in range(2))
    clock.forward(3.0)
    invalid = FORM | {"title": {"type": "plain_text", "text": "x" * 25}}
    assert await error(in_time, invalid) == "invalid_arguments"
    assert await error(in_time) is None
    assert await error(in_time) == "exchanged_trigger_id"
    clock.forward(0.001)
    assert await error(late) == "expired_trigger_id"
    assert await error("made.up.id") == "invalid_trigger_id"


async def test_a_view_is_updated_only_from_the_state_that_was_seen(workspace: Workspace, slack: Slack):
    trigger = workspace.permissions.issue_trigger("U0ANA")
    view = (await slack.views_open(trigger_id=trigger, view=FORM))["view"]
    await slack.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    with pytest.raises(SlackApiError) as conflict:
        await slack.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    assert conflict.value.response["error"] == "hash_conflict"
    with pytest.raises(SlackApiError) as unknown:
        await slack.views_update(view_id="V0NONE", view=FORM)
    assert unknown.value.response["error"] == "not_found"


async def test_three_modals_lie_on_each_other_and_not_four(workspace: Workspace, slack: Slack):
    trigger = workspace.permissions.issue_trigger("U0ANA")
    view = (await slack.views_open(trigger_id=trigger, view=FORM))["view"]
    for _ in range(2):
        trigger = workspace.permissions.issue_trigger("U0ANA", view["id"])
        view = (await slack.views_push(trigger_id=trigger, view=FORM))["view"]
    trigger = workspace.permissions.issue_trigger("U0ANA", view["id"])
    with pytest.raises(SlackApiError) as full:
        await slack.views_push(trigger_id=trigger, view=FORM)
    assert full.value.response["error"] == "push_limit_reached"


async def test_the_home_tab_is_published_opened_and_clicked(workspace: Workspace, slack: Slack, page: Page):
    app, heard = new_app(workspace), list[str]()

    @app.event("app_home_opened")
    async def opened(event, client):
        heard.append(event["tab"])
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": CARD})

    @app.action("approve")
    async def clicked(ack, body):
        heard.append(body["container"]["type"])
        await ack()

    async with connected(app), page.watching() as seen:
        await page.post("/client/home", tab="home")
        view = (await until(lambda: [e for e in seen if e["type"] == "home"], "the home tab"))[0]["view"]
        click = {"view_id": view["id"], "block_id": "decide", "action_id": "approve"}
        assert await page.post("/client/actions", **click) == {"acked": True}
    assert heard == ["home", "view"]
    assert (await page.get("/client/boot"))["home"]["blocks"] == CARD
