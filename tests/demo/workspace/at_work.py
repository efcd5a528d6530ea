"""An agent at work, for whoever tests what the page shows of it: its thread, forms, Home and answers to commands."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_bolt.async_app import AsyncApp

from bot.demo.workspace import Workspace
from tests.demo.workspace.support import Page, Slack, connected, slack_client

Json = dict[str, Any]

CUSTOMERS = ("Jonas Weber", "Mia Blom", "Kai Sommer")


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def says(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str, **more: Any) -> Json:
    return {"type": "button", "action_id": label.lower(), "text": plain(label), "value": "q1"} | more


def buttons(*elements: Json) -> Json:
    return {"type": "actions", "block_id": "decide", "elements": list(elements)}


def entry(label: str, element: Json, **more: Any) -> Json:
    field = {"type": "input", "block_id": label, "label": plain(label), "element": {"action_id": "v"} | element}
    return field | more


def modal(title: str, *blocks: Json) -> Json:
    return {"type": "modal", "title": plain(title), "submit": plain("Keep"), "blocks": list(blocks)}


PICK = [{"text": plain(each), "value": each} for each in ("Late", "Broken")]

FORM = modal(
    "Edit refund",
    {"type": "alert", "level": "error", "text": plain("The refund could not be read.")},
    says("Submitting runs the call."),
    entry("Order", {"type": "number_input", "is_decimal_allowed": False, "initial_value": "1042"}),
    entry(
        "Amount", {"type": "number_input", "is_decimal_allowed": True, "focus_on_load": True}, hint=plain("`amount`")
    ),
    entry("Why", {"type": "radio_buttons", "options": PICK}, optional=True),
    entry("Customer", {"type": "external_select", "min_query_length": 0}),
    entry("Others", {"type": "multi_external_select", "min_query_length": 2}, optional=True),
    entry("Day", {"type": "datepicker", "initial_date": "2026-12-01"}),
    entry("Time", {"type": "timepicker"}, optional=True),
    entry("When", {"type": "datetimepicker"}, optional=True),
    entry("Mail", {"type": "email_text_input"}, optional=True),
    entry("Page", {"type": "url_text_input"}, optional=True),
    entry("Colleague", {"type": "users_select"}, optional=True),
    entry("Extras", {"type": "checkboxes", "options": PICK}, optional=True),
    entry("Tags", {"type": "multi_static_select", "options": PICK}, optional=True),
    buttons(button("More")),
)

REVOKE = {
    "title": plain("Revoke it?"),
    "text": plain("It will ask again."),
    "confirm": plain("Revoke"),
    "deny": plain("No"),
}


def task(number: int, title: str, status: str, **more: str) -> Json:
    return {"type": "task_update", "id": str(number), "title": title, "status": status} | more


RATE: Json = {
    "type": "context_actions",
    "block_id": "rate",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "rate",
            "positive_button": {"text": plain("Good"), "value": "up"},
            "negative_button": {"text": plain("Bad"), "value": "down"},
        }
    ],
}


@pytest.fixture
def heard() -> list[Json]:
    """What the bot was told by clicks, forms and Stop."""
    return []


@pytest.fixture
async def at_work(workspace: Workspace, heard: list[Json]) -> AsyncIterator[AsyncApp]:
    """A bot that does a little of all that Signoff does, so that the page has it to show."""
    app = AsyncApp(client=slack_client(workspace.url))
    listens(app, heard)
    answers(app)
    opens_forms(app, heard)
    async with connected(app):
        yield app


def listens(app: AsyncApp, heard: list[Json]) -> None:
    """To what people say, to Stop, and to buttons that do nothing but be heard."""

    @app.event("message")
    @app.event("app_mention")
    async def said() -> None: ...

    @app.event("agent_session_stopped")
    async def stopped(event: Json, client: Any) -> None:
        heard.append(event)
        place = {"channel_id": event["channel"], "thread_ts": event["thread_ts"]}
        await client.agents_sessions_setStatus(**place, status="active")

    @app.action("revoke")
    @app.action("rate")
    async def kept(ack: Any, action: Json) -> None:
        await ack()
        heard.append(action)


def answers(app: AsyncApp) -> None:
    """Publishes a Home, and answers a command with what can be put away."""

    @app.event("app_home_opened")
    async def visited(event: Json, client: Any) -> None:
        if event["tab"] == "home":
            blocks = [says("*Your grants*"), buttons(button("Revoke", confirm=REVOKE))]
            await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @app.command("/signoff")
    async def command(ack: Any, body: Json) -> None:
        await ack(text="list", blocks=[says(f"You said: {body['text']}"), buttons(button("Dismiss"))])

    @app.action("dismiss")
    async def dismiss(ack: Any, respond: Any) -> None:
        await ack()
        await respond(delete_original=True)


def opens_forms(app: AsyncApp, heard: list[Json]) -> None:
    """A form, another on it, the choices in them, and what was submitted."""

    @app.action("edit")
    async def edit(ack: Any, body: Json, client: Any) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.action("more")
    async def more(ack: Any, body: Json, client: Any) -> None:
        await ack()
        pushed = modal("More of it", entry("Note", {"type": "plain_text_input", "multiline": True}))
        await client.views_push(trigger_id=body["trigger_id"], view=pushed)

    @app.options("v")
    async def customers(ack: Any, body: Json) -> None:
        found = [each for each in CUSTOMERS if body["value"].lower() in each.lower()]
        await ack(options=[{"text": plain(each), "value": each} for each in found])

    @app.view("")
    async def submitted(ack: Any, view: Json) -> None:
        await ack()
        heard.append(view["state"]["values"])


async def work(ana: Page, slack: Slack, channel: str = "C0SUPPORT") -> str:
    """A thread in which the agent works, answers, asks and leaves a file. Returns the card's `ts`."""
    root = (await ana.say("refund order 1042", channel=channel))["ts"]
    who = {"recipient_team_id": "T0LOCAL", "recipient_user_id": "U0ANA"}
    stream = await slack.chat_stream(channel=channel, thread_ts=root, buffer_size=1, **who)
    await stream.append(chunks=[task(1, "Looked up order 1042", "complete", details="Storm lantern")])
    await stream.append(chunks=[task(2, "Couldn't look up the parcel", "error"), task(3, "Checking", "in_progress")])
    await stream.append(markdown_text="It **came late**.\n\n| item | paid |\n|---|---|\n| Lantern | 129.90 |\n")
    await stream.stop(blocks=[RATE])
    decide = [
        says("*Refund 80.00 euro?*\n<@U0LEA> decides"),
        buttons(button("Approve", style="primary"), button("Edit")),
    ]
    card = await slack.chat_postMessage(channel=channel, thread_ts=root, text="Refund?", blocks=decide)
    await slack.files_upload_v2(channel=channel, thread_ts=root, filename="arguments.json", content='{"amount": 80}')
    await slack.agents_sessions_setStatus(channel_id=channel, thread_ts=root, status="processing", title="A refund")
    return card["ts"]
