"""Slash commands and the choices of external selects: what the bot is asked, and what its answer does."""

from typing import Any

import pytest

from bot.demo.workspace import Workspace
from tests.demo.workspace.support import Page, Slack, connected, new_app
from tests.support.waiting import until

Json = dict[str, Any]

GREEN = {"text": {"type": "plain_text", "text": "Green"}, "value": "green"}

COLOUR = {
    "type": "modal",
    "title": {"type": "plain_text", "text": "Colour"},
    "submit": {"type": "plain_text", "text": "Save"},
    "blocks": [
        {
            "type": "input",
            "block_id": "colour",
            "label": {"type": "plain_text", "text": "Colour"},
            "element": {"type": "external_select", "action_id": "v", "min_query_length": 0},
        }
    ],
}


async def test_a_command_reaches_bolt_and_its_ack_is_for_one_person(workspace: Workspace, page: Page):
    app, commands = new_app(workspace), list[Json]()

    @app.command("/signoff")
    async def command(ack, body):
        commands.append(body)
        await ack("Nothing waits for you.")

    async with connected(app):
        assert await page.command("/signoff list @lea <b>") == {"acked": True}
    [body] = commands
    names = ("command", "text", "user_id", "channel_id", "channel_name", "team_id")
    told = ("/signoff", "list <@U0LEA> &lt;b&gt;", "U0ANA", "C0SUPPORT", "support", "T0LOCAL")
    assert tuple(body[name] for name in names) == told
    assert await page.whispers("C0SUPPORT") == ["Nothing waits for you."]
    assert await page.as_user("U0LEA").messages() == []  # the command itself is nobody's message


async def test_a_command_can_open_a_form_and_answer_later(workspace: Workspace, page: Page):
    app = new_app(workspace)

    @app.command("/signoff")
    async def command(ack, body, client, respond):
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=COLOUR)
        await respond(text="first")
        await respond(text="second", replace_original=True)
        await respond(text="for all", response_type="in_channel")

    async with connected(app), page.watching() as seen:
        root = (await page.say("hello", channel="D0ANA"))["ts"]
        assert await page.command("/signoff help", channel="D0ANA", thread_ts=root) == {"acked": True}
        await until(lambda: [e for e in seen if e["type"] == "view_opened"], "the form")
        whispers = await until(lambda: _whispers(page), "the later answer")
        messages = await until(lambda: _posted(page), "what all see")
    assert whispers == ["second"]
    assert [message["thread_ts"] for message in messages] == [root, root]


async def _whispers(page: Page) -> list[str] | None:
    found = await page.whispers()
    return found if found == ["second"] else None


async def _posted(page: Page) -> list[Json] | None:
    messages = [each for each in await page.messages("D0ANA") if each["user"] == "U0SIGNOFF"]
    return messages if len(messages) == 2 else None


async def test_a_command_that_nobody_has_is_refused_and_one_that_fails_says_so(page: Page):
    unknown = await page.command("/dance now")
    assert unknown["error"].startswith("/dance is not a valid command.")
    failed = await page.command("/signoff")
    assert (failed["acked"], failed["text"]) == (False, "/signoff failed: Signoff did not answer within 3 seconds.")
    assert (await page.say("7/8 of it"))["text"] == "7/8 of it"


async def open_form(workspace: Workspace, slack: Slack) -> str:
    trigger = workspace.permissions.issue_trigger("U0ANA")
    return (await slack.views_open(trigger_id=trigger, view=COLOUR))["view"]["id"]


async def test_an_external_select_asks_for_its_choices(workspace: Workspace, slack: Slack, page: Page):
    app, asked = new_app(workspace), list[Json]()

    @app.options("v")
    async def colours(ack, body):
        asked.append(body)
        await ack(options=[GREEN])

    async with connected(app):
        view = await open_form(workspace, slack)
        where = {"block_id": "colour", "action_id": "v", "value": "gr"}
        assert await page.post("/client/suggestions", view_id=view, **where) == {"options": [GREEN]}
    [body] = asked
    assert (body["type"], body["value"], body["container"]) == (
        "block_suggestion",
        "gr",
        {"type": "view", "view_id": view},
    )
    assert (body["user"]["id"], body["view"]["id"]) == ("U0ANA", view)


@pytest.mark.parametrize("answer", [{}, {"options": [{"text": "Green"}]}, {"options": [GREEN] * 101}])
async def test_choices_that_slack_would_not_take_are_none(answer: Json, workspace: Workspace, slack: Slack, page: Page):
    app = new_app(workspace)

    @app.options("v")
    async def colours(ack):
        await ack(**answer)

    async with connected(app):
        where = {"block_id": "colour", "action_id": "v", "value": "gr"}
        loaded = await page.post("/client/suggestions", view_id=await open_form(workspace, slack), **where)
    assert list(loaded) == ["failed"]


async def test_feedback_is_the_value_of_the_button_that_was_pressed(workspace: Workspace, slack: Slack, page: Page):
    def rating(text: str, value: str) -> Json:
        return {"text": {"type": "plain_text", "text": text}, "value": value}

    buttons = {"positive_button": rating("Good", "up"), "negative_button": rating("Bad", "down")}
    feedback = {"type": "feedback_buttons", "action_id": "rate", **buttons}
    app, rated = new_app(workspace), list[str]()

    @app.action("rate")
    async def rate(ack, action):
        rated.append(action["value"])
        await ack()

    async with connected(app):
        blocks = [{"type": "context_actions", "block_id": "f", "elements": [feedback]}]
        await slack.chat_postMessage(channel="C0SUPPORT", text="Was it?", blocks=blocks)
        [message] = await page.messages()
        assert await page.click(message, "f", "rate", value="down") == {"acked": True}
        assert "error" in await page.click(message, "f", "rate", value="sideways")
    assert rated == ["down"]
