"""What the page shows of an agent at work: its Home, commands, tasks, files, forms on forms, and what is marked."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page as Tab
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp

from bot.demo.workspace import Workspace
from tests.demo.workspace.browser import DESKTOP, PHONE, act_as, main_column, open_channel, opened, thread
from tests.demo.workspace.looks import looked_at
from tests.demo.workspace.support import Page, Slack, connected, slack_client

pytestmark = [pytest.mark.browser, pytest.mark.slow]

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
def ana(page: Page) -> Page:
    return page


@pytest.fixture
def heard() -> list[Json]:
    """What the bot was told by clicks, forms and Stop."""
    return []


@pytest.fixture
async def app(workspace: Workspace, heard: list[Json]) -> AsyncIterator[AsyncApp]:
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


async def open_thread(tab: Tab) -> None:
    await open_channel(tab, "support")
    await main_column(tab).get_by_role("button", name="3 replies").click()


@pytest.mark.usefixtures("app")
async def test_home_is_the_readers_own_and_its_buttons_work(chromium: str, workspace: Workspace, heard: list[Json]):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "Signoff")
        await tab.get_by_role("tab", name="Messages").focus()
        await tab.keyboard.press("ArrowLeft")
        home = tab.get_by_role("tabpanel", name="Home")
        await expect(home).to_contain_text("Your grants")
        await expect(tab.get_by_label("Message Signoff")).to_be_hidden()
        await home.get_by_role("button", name="Revoke").click()
        await tab.keyboard.press("Escape")
        assert heard == []  # who says no has not clicked
        await home.get_by_role("button", name="Revoke").click()
        await tab.get_by_role("dialog").get_by_role("button", name="Revoke").click()
        await expect(home.get_by_role("button", name="Revoke")).not_to_have_attribute("aria-busy", "true")
        assert [action["action_id"] for action in heard] == ["revoke"]
        await tab.get_by_role("tab", name="Messages").click()
        await expect(tab.get_by_label("Message Signoff")).to_be_visible()


@pytest.mark.usefixtures("app")
async def test_a_command_is_offered_answered_to_one_and_can_be_put_away(chromium: str, workspace: Workspace):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "support")
        area = tab.get_by_label("Message #support")
        await area.press_sequentially("/s")
        await expect(tab.get_by_role("listbox").get_by_role("option")).to_contain_text("[list | ")
        await area.press("Tab")
        await area.press_sequentially("list")
        await area.press("Enter")
        answer = main_column(tab).locator(".ephemeral")
        await expect(answer).to_contain_text("You said: list")
        await expect(area).to_have_value("")
        await answer.get_by_role("button", name="Dismiss", exact=True).click()
        await expect(answer).to_have_count(0)
        await area.fill("/signoff again")
        await area.press("Enter")
        await answer.get_by_role("button", name="Dismiss message").click()
        await expect(answer).to_have_count(0)
        await area.fill("/dance")
        await area.press("Enter")
        await expect(tab.get_by_test_id("banner")).to_contain_text("/dance is not a valid command")
        await expect(area).to_have_value("/dance")


@pytest.mark.usefixtures("app")
async def test_work_is_shown_rated_and_stopped(
    chromium: str, workspace: Workspace, ana: Page, slack: Slack, heard: list[Json]
):
    await work(ana, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "support")
        await expect(main_column(tab).get_by_role("button", name="3 replies")).to_contain_text("Signoff is working…")
        await open_thread(tab)
        tasks = await thread(tab).locator(".task-title").all_text_contents()
        assert tasks == ["Looked up order 1042 (Done)", "Couldn't look up the parcel (Failed)", "Checking (Running)"]
        await expect(thread(tab)).to_contain_text("A refund")  # the session's title
        await expect(tab.get_by_test_id("status")).to_have_text("Signoff is working…")
        await thread(tab).get_by_role("button", name="Stop").click()
        await expect(thread(tab).get_by_role("button", name="Stop")).to_be_hidden()
        await thread(tab).get_by_role("button", name="Good").click()
        await expect(thread(tab).get_by_role("button", name="Good")).to_have_attribute("aria-pressed", "true")
    assert [each.get("type") for each in heard] == ["agent_session_stopped", "feedback_buttons"]
    assert heard[1]["value"] == "up"


@pytest.mark.usefixtures("app")
async def test_a_file_is_named_measured_and_read(chromium: str, workspace: Workspace, ana: Page, slack: Slack):
    await work(ana, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        files = thread(tab).get_by_role("list", name="Files")
        await expect(files).to_contain_text("arguments.json 14 bytes")
        await files.get_by_role("button", name="Preview").click()
        await expect(files.locator("pre")).to_have_text('{"amount": 80}')
        async with tab.expect_download() as saved:
            await files.get_by_role("link", name="Download arguments.json").click()
        assert (await (await saved.value).path()).read_text() == '{"amount": 80}'


@pytest.mark.usefixtures("app")
async def test_choices_load_and_forms_lie_on_forms(
    chromium: str, workspace: Workspace, ana: Page, slack: Slack, heard: list[Json]
):
    await work(ana, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        await thread(tab).get_by_role("button", name="Edit", exact=True).click()
        dialog = tab.get_by_role("dialog")
        await expect(dialog.get_by_label("Amount")).to_be_focused()
        await dialog.get_by_label("Amount").fill("75.50")
        await dialog.get_by_label("Customer").press_sequentially("mia")
        await expect(dialog.get_by_role("listbox").get_by_role("option")).to_have_text(["Mia Blom"])
        await dialog.get_by_label("Customer").press("Enter")
        await expect(dialog.get_by_label("Customer")).to_have_value("Mia Blom")
        others = dialog.get_by_label("Others")
        for typed in ("we", "so"):
            await others.press_sequentially(typed)
            await expect(dialog.get_by_role("listbox").get_by_role("option")).to_have_count(1)
            await others.press("Enter")
        await dialog.get_by_role("button", name="Remove Jonas Weber").click()
        await dialog.get_by_role("button", name="More").click()
        await expect(dialog.get_by_role("heading")).to_have_text("More of it")
        await dialog.get_by_label("Note").fill("noted")
        await dialog.get_by_role("button", name="Back").click()
        await expect(dialog.get_by_label("Amount")).to_have_value("75.50")  # what was typed is still there
        await dialog.get_by_role("button", name="Keep").click()
        await expect(dialog).to_be_hidden()
        await expect(thread(tab).get_by_role("button", name="Edit", exact=True)).to_be_focused()
    [values] = heard
    assert values["Customer"]["v"]["selected_option"]["value"] == "Mia Blom"
    assert [each["value"] for each in values["Others"]["v"]["selected_options"]] == ["Kai Sommer"]


@pytest.mark.usefixtures("app")
async def test_the_cross_closes_every_form_and_escape_one(chromium: str, workspace: Workspace, ana: Page, slack: Slack):
    await work(ana, slack)
    async with opened(chromium, workspace.url) as tab:
        await open_thread(tab)
        dialog = tab.get_by_role("dialog")
        for leave, left in (("Escape", "Edit refund"), ("Close dialog", None)):
            if not await dialog.is_visible():
                await thread(tab).get_by_role("button", name="Edit", exact=True).click()
            await dialog.get_by_role("button", name="More").click()
            await expect(dialog.get_by_label("Note")).to_be_focused()
            if left:
                await tab.keyboard.press(leave)
                await expect(dialog.get_by_role("heading")).to_have_text(left)
            else:
                await dialog.get_by_role("button", name=leave).click()
                await expect(dialog).to_be_hidden()


@pytest.mark.usefixtures("app")
async def test_a_link_to_a_message_opens_it(chromium: str, workspace: Workspace, ana: Page, slack: Slack):
    ts = await work(ana, slack)
    link = (await slack.chat_getPermalink(channel="C0SUPPORT", message_ts=ts))["permalink"]
    await slack.chat_postMessage(channel="D0ANA", text="Waits", blocks=[says(f"<{link}|this card>, <#C0DEPLOYS>")])
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "Signoff")
        await main_column(tab).get_by_role("link", name="this card").click()
        await expect(thread(tab).locator(f"[data-ts='{ts}']")).to_be_focused()
        await slack.chat_update(channel="C0SUPPORT", ts=ts, text="Refund?", blocks=[says("*Changed*")])
        await expect(thread(tab)).to_contain_text("Changed")
        await expect(thread(tab).get_by_role("button", name="New messages")).to_be_hidden()
        await open_channel(tab, "Signoff")
        await main_column(tab).get_by_role("link", name="#deploys").click()
        await expect(main_column(tab).get_by_role("heading", name="#deploys").first).to_be_visible()
        await tab.goto(link)  # and from outside
        await expect(thread(tab).locator(f"[data-ts='{ts}']")).to_be_focused()
        await act_as(tab, "Max Oduya")
        await tab.goto(link.replace("C0SUPPORT", "C0LEADS"))
        await expect(tab.get_by_test_id("banner")).to_contain_text("That message is not there")


@pytest.mark.usefixtures("app")
async def test_what_waits_is_marked_where_it_waits(chromium: str, workspace: Workspace, ana: Page, slack: Slack):
    ts = await work(ana, slack)
    async with opened(chromium, workspace.url) as tab:
        sidebar = tab.get_by_test_id("sidebar")
        await expect(sidebar.get_by_role("button", name="waiting for you")).to_have_count(0)
        await act_as(tab, "Lea Brandt")
        await expect(sidebar.get_by_role("button", name="support, 1 waiting for you")).to_be_visible()
        await expect(tab.get_by_role("banner").get_by_text("1 waiting for you")).to_be_visible()
        await slack.chat_update(channel="C0SUPPORT", ts=ts, text="Refunded")
        await expect(sidebar.get_by_role("button", name="waiting for you")).to_have_count(0)


@pytest.mark.usefixtures("app")
async def test_a_channel_offers_what_can_be_said_there(chromium: str, workspace: Workspace, ana: Page):
    async with opened(chromium, workspace.url) as tab:
        await open_channel(tab, "deploys")
        offered = main_column(tab).get_by_role("group", name="Suggestions").get_by_role("button").first
        text = await offered.inner_text()
        await offered.click()
        await expect(thread(tab)).to_contain_text(f"@Signoff {text}")
    assert [each["text"] for each in await ana.messages("C0DEPLOYS")] == [f"<@U0SIGNOFF> {text}"]


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")])
@pytest.mark.usefixtures("app")
async def test_nothing_is_in_anybodys_way(
    size: Any, scheme: Any, chromium: str, workspace: Workspace, ana: Page, slack: Slack
):
    """Every surface, looked at by axe and for contrast, reach and names."""
    await work(ana, slack)
    await ana.command("/signoff list")
    async with opened(chromium, workspace.url, viewport=size, color_scheme=scheme) as tab:

        async def back_to_the_list() -> None:
            while size is PHONE and not await tab.get_by_test_id("sidebar").is_visible():
                await tab.locator(".back:visible").first.click()

        found = dict[str, list[str]]()
        await back_to_the_list()
        found["the list"] = await looked_at(tab)
        await open_channel(tab, "support")
        found["a command's answer"] = await looked_at(tab)
        await main_column(tab).get_by_role("button", name="3 replies").click()
        await thread(tab).get_by_role("button", name="Preview").click()
        found["a thread"] = await looked_at(tab)
        await thread(tab).get_by_role("button", name="Edit", exact=True).click()
        dialog = tab.get_by_role("dialog")
        await dialog.get_by_label("Customer").press_sequentially("o")
        await expect(dialog.get_by_role("listbox").get_by_role("option").first).to_be_visible()
        found["choices"] = await looked_at(tab)
        await dialog.get_by_label("Customer").press("Escape")
        await dialog.get_by_role("button", name="Keep").click()
        await expect(dialog.get_by_label("Amount")).to_be_focused()
        found["errors"] = await looked_at(tab)
        await dialog.get_by_role("button", name="More").click()
        await expect(dialog.get_by_label("Note")).to_be_focused()
        found["a pushed form"] = await looked_at(tab)
        await dialog.get_by_role("button", name="Close dialog").click()
        await back_to_the_list()
        await open_channel(tab, "Signoff")
        found["a direct message"] = await looked_at(tab)
        await tab.get_by_role("tab", name="Home").click()
        await tab.get_by_role("button", name="Revoke").click()
        found["a question"] = await looked_at(tab)
        await tab.keyboard.press("Escape")
        found["Home"] = await looked_at(tab)
        await back_to_the_list()
        await open_channel(tab, "deploys")
        await tab.get_by_label("Message #deploys").press_sequentially("/")
        found["commands"] = await looked_at(tab)
    assert found == {surface: [] for surface in found}
