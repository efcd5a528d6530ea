"""The page in Chromium: what a person sees and does, against the workspace as a process and Slack's own client."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import expect
from slack_bolt.async_app import AsyncApp

from tests.demo.workspace.browser import (
    PHONE,
    Program,
    act_as,
    main_column,
    open_channel,
    opened,
    thread,
    workspace_program,
)  # fmt: skip
from tests.demo.workspace.support import CARD, Page, Slack, connected, slack_client

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Json = dict[str, Any]


@pytest.fixture
async def program(tmp_path: Path) -> AsyncIterator[Program]:
    async with workspace_program(tmp_path) as program:
        yield program


@pytest.fixture
def url(program: Program) -> str:
    return program.url


@pytest.fixture
def ana(http: aiohttp.ClientSession, url: str) -> Page:
    return Page(http, url)


@pytest.fixture
def bot(program: Program) -> Slack:
    return slack_client(program.url, program.bot_token)


@pytest.fixture
def app_token(program: Program) -> str:
    return program.app_token


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def section(text: str) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


ATTACK = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"

HOSTILE = [
    {"type": "header", "text": plain(ATTACK)},
    section("<javascript:window.hacked=1|press me> &lt;b&gt;not bold&lt;/b&gt;"),
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "<img src=x onerror=alert(1)>"}]},
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": ATTACK},
                    {"type": "link", "url": "javascript:window.hacked=1", "text": "press me too"},
                ],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "*raw* <@U0LEA> &amp;"}]},
        ],
    },
    {"type": "markdown", "text": f"{ATTACK} [press](javascript:window.hacked=1) **bold**"},
]


async def test_nothing_that_is_said_becomes_markup(chromium: str, url: str, ana: Page, bot: Slack):
    await ana.say(f"{ATTACK} & so on")
    await bot.chat_postMessage(channel="C0SUPPORT", text="hostile", blocks=HOSTILE)
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        messages = main_column(page).locator(".message")
        await expect(messages).to_have_count(2)
        await expect(messages.nth(0).locator(".text")).to_have_text(f"{ATTACK} & so on")
        await expect(messages.nth(1)).to_contain_text("<b>not bold</b>")
        await expect(messages.nth(1).get_by_role("heading")).to_have_text(ATTACK)
        await expect(messages.nth(1).locator("pre")).to_have_text("*raw* <@U0LEA> &amp;")
        await expect(messages.nth(1).locator(".markdown strong")).to_have_text("bold")
        await expect(messages.locator("script, img, iframe, b")).to_have_count(0)
        await expect(messages.locator("a")).to_have_count(0)
        assert await page.evaluate("window.hacked") is None


async def test_mrkdwn_reads_as_in_slack(chromium: str, url: str, bot: Slack):
    text = (
        "*bold* _slanted_ ~gone~ `a*b*c` 2 * 3 * 4 snake_case_name <@U0ANA> <#C0SUPPORT> <!subteam^S0LEADS> "
        "<https://example.com/a?b=1&amp;c=2|the page>\n"
        "&gt; a quote\n```\n*not bold*\n``` at <!date^1790000000^{date_num} {time}|some day>"
    )
    await bot.chat_postMessage(channel="C0SUPPORT", text=text)
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        message = main_column(page).locator(".message .text")
        await expect(message.locator("strong")).to_have_text(["bold"])
        await expect(message.locator("em")).to_have_text(["slanted"])
        await expect(message.locator("s")).to_have_text(["gone"])
        await expect(message.locator("code")).to_have_text(["a*b*c", "*not bold*"])
        await expect(message.locator(".mention")).to_have_text(["@Ana Ruiz", "#support", "@leads"])
        await expect(message.locator("blockquote")).to_have_text("a quote")
        await expect(message.get_by_role("link", name="the page")).to_have_attribute(
            "href", "https://example.com/a?b=1&c=2"
        )
        await expect(message.locator("time")).to_have_text("21/09/2026 16:13")
        await expect(message).to_contain_text("2 * 3 * 4 snake_case_name")


MARKDOWN = """# Title
one
two **bold *both*** ~~gone~~ `<b>` <b>raw</b> &lt;i&gt; <@U0LEA> <https://example.com/a|label> ![alt](https://example.com/i)

1. first
2. second
   - inner

> quoted

- [x] done

| a | b |
| --- | --- |
| `1` | *2* |

```py
x < 1 &amp; y
```
<div>
<script>window.hacked = 1</script>
</div>"""


async def test_markdown_reads_as_in_slack(chromium: str, url: str, bot: Slack):
    await bot.chat_postMessage(channel="D0ANA", text="md", blocks=[{"type": "markdown", "text": MARKDOWN}])
    async with opened(chromium, url) as tab:
        await open_channel(tab, "Signoff")
        shown = main_column(tab).locator(".markdown")
        await expect(shown.get_by_role("heading")).to_have_text("Title")
        first = shown.locator("p").first
        await expect(first).to_have_text(
            "one\ntwo bold both gone <b> <b>raw</b> <i> @Lea Brandt label alt", use_inner_text=True
        )
        links = await first.get_by_role("link").evaluate_all("all => all.map(each => each.href)")
        assert links == ["https://example.com/a", "https://example.com/i"]
        await expect(shown.locator("ol > li")).to_have_count(2)
        await expect(shown.locator("ol ul > li")).to_have_text("inner")
        await expect(shown.locator("blockquote")).to_have_text("quoted")
        await expect(shown.get_by_text("☑ done")).to_be_visible()
        await expect(shown.get_by_role("cell")).to_have_text(["1", "2"])
        await expect(shown.locator("pre")).to_have_text("x < 1 & y")
        await expect(shown.locator("p").last).to_contain_text("<script>window.hacked = 1</script>")
        assert await tab.evaluate("window.hacked") is None


async def test_plain_text_keeps_its_colons_where_its_sender_says_so(chromium: str, url: str, bot: Slack):
    texts = [{"type": "plain_text", "text": "*it* is :tada:", "emoji": emoji} for emoji in (False, True)]
    await bot.chat_postMessage(channel="C0SUPPORT", text="x", blocks=[{"type": "context", "elements": texts}])
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        message = main_column(page).locator(".message")
        await expect(message).to_contain_text("*it* is :tada:")
        await expect(message).to_contain_text("*it* is 🎉")


async def test_an_unknown_block_is_said(chromium: str, url: str, bot: Slack):
    block = {
        "type": "video",
        "title": plain("A film"),
        "alt_text": "film",
        "video_url": "https://example.com/v",
        "thumbnail_url": "https://example.com/t.png",
    }
    await bot.chat_postMessage(channel="C0SUPPORT", text="film", blocks=[block])
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        await expect(main_column(page).get_by_text("unsupported block: video")).to_be_visible()


async def test_a_direct_message_opens_its_thread_and_answers_stand_only_there(chromium: str, url: str, bot: Slack):
    async with opened(chromium, url) as page:
        composer = page.get_by_label("Message Signoff")
        await composer.fill("first line")
        await composer.press("Shift+Enter")
        await composer.press_sequentially("second line")
        await composer.press("Enter")
        root = await thread(page).get_attribute("data-thread")
        await expect(thread(page).locator(".text")).to_have_text("first line\nsecond line")
        await bot.assistant_threads_setStatus(channel_id="D0ANA", thread_ts=root, status="is thinking...")
        await expect(page.get_by_test_id("status")).to_have_text("Signoff is thinking…")
        await bot.chat_postMessage(channel="D0ANA", thread_ts=root, text="an answer")
        await expect(thread(page).get_by_text("an answer")).to_be_visible()
        await expect(page.get_by_test_id("status")).to_have_text("")
        await expect(main_column(page).get_by_text("an answer")).to_have_count(0)
        await expect(main_column(page).get_by_role("button", name="1 reply")).to_be_visible()
        await page.get_by_label("Close thread").click()
        await expect(thread(page)).to_have_count(0)


async def test_an_app_that_is_visited_suggests_what_to_ask(chromium: str, url: str, bot: Slack, app_token: str):
    app = AsyncApp(client=bot)
    prompts = [{"title": "Look something up", "message": "look up 7"}]

    @app.event("app_home_opened")
    async def opened_home(event: Json) -> None:
        if event["tab"] == "messages":
            await bot.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

    async with connected(app, app_token), opened(chromium, url) as page:
        await page.get_by_role("button", name="Look something up").click()
        await expect(thread(page).locator(".text")).to_have_text("look up 7")


async def test_a_streamed_answer_grows(chromium: str, url: str, ana: Page, bot: Slack):
    root = await ana.say("tell me", channel="D0ANA")
    async with opened(chromium, url) as page:
        stream = await bot.chat_startStream(channel="D0ANA", thread_ts=root["ts"], markdown_text="one ")
        await main_column(page).get_by_role("button", name="1 reply").click()
        answer = thread(page).locator(".message").nth(1)
        await expect(answer.locator(".text")).to_have_text("one")
        await expect(answer).to_have_attribute("aria-busy", "true")
        await bot.chat_appendStream(channel="D0ANA", ts=stream["ts"], markdown_text="**two**")
        await expect(answer.locator("strong")).to_have_text("two")
        await bot.chat_stopStream(channel="D0ANA", ts=stream["ts"])
        await expect(answer).not_to_have_attribute("aria-busy", "true")


async def test_each_person_sees_their_own(chromium: str, url: str, ana: Page, bot: Slack):
    button = {"type": "button", "action_id": "lead", "text": plain("Leads only"), "visible_to_user_ids": ["U0LEA"]}
    await bot.chat_postMessage(
        channel="C0SUPPORT", text="card", blocks=[*CARD, {"type": "actions", "elements": [button]}]
    )
    await bot.chat_postEphemeral(channel="C0SUPPORT", user="U0ANA", text="psst")
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        await expect(main_column(page).get_by_text("Only visible to you")).to_be_visible()
        await expect(page.get_by_role("button", name="Leads only")).to_have_count(0)
        await act_as(page, "Lea Brandt")
        await expect(page.get_by_role("button", name="Leads only")).to_be_visible()
        await expect(main_column(page)).to_have_attribute("data-channel", "C0SUPPORT")
        await expect(page.get_by_text("psst")).to_have_count(0)
        await bot.chat_postMessage(channel="C0LEADS", text="news")
        await expect(page.get_by_test_id("sidebar").get_by_role("button", name="leads, 1 new")).to_be_visible()


async def test_a_click_waits_and_says_when_nobody_answered(chromium: str, url: str, bot: Slack, app_token: str):
    await bot.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    async with opened(chromium, url) as page:
        await open_channel(page, "support")
        await expect(page.get_by_test_id("banner")).to_contain_text("The bot is not connected")
        app = AsyncApp(client=bot)
        async with connected(app, app_token):
            await expect(page.get_by_test_id("banner")).to_be_hidden()
            approve = page.get_by_role("button", name="Approve", exact=True)
            await approve.click()
            await expect(approve).to_have_attribute("aria-busy", "true")
            await expect(page.get_by_text("⚠ Signoff did not answer within 3 seconds. Try again.")).to_be_visible()
            await expect(approve).not_to_have_attribute("aria-busy", "true")


def option(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


def field(name: str, element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": name, "label": plain(name), "element": {"action_id": "v", **element}, **more}


INPUTS = [
    field("line", {"type": "plain_text_input"}),
    field("story", {"type": "plain_text_input", "multiline": True, "initial_value": "as proposed"}),
    field("nothing", {"type": "plain_text_input"}, optional=True, hint=plain("May stay empty.")),
    field("amount", {"type": "number_input", "is_decimal_allowed": True, "initial_value": "80.50", "max_value": "100"}),
    field(
        "colour",
        {"type": "static_select", "options": [option("Red"), option("Blue")], "initial_option": option("Blue")},
    ),
    field("speed", {"type": "radio_buttons", "options": [option("Slow"), option("Fast")]}),
    field(
        "flags",
        {"type": "checkboxes", "options": [option("Loud"), option("Long")], "initial_options": [option("Long")]},
    ),
    field("tags", {"type": "multi_static_select", "options": [option("New"), option("Old")]}),
    field("day", {"type": "datepicker", "initial_date": "2026-11-23"}),
    field("hour", {"type": "timepicker"}),
    field("moment", {"type": "datetimepicker", "initial_date_time": 1790000001}),
    field("mail", {"type": "email_text_input"}),
    field("link", {"type": "url_text_input"}),
    field("later", {"type": "datepicker"}, optional=True),
]

FORM: Json = {
    "type": "modal",
    "callback_id": "form",
    "title": plain("Edit it"),
    "submit": plain("Save"),
    "blocks": INPUTS,
}


def form_app(bot: Slack, received: list[Json], answers: list[Json]) -> AsyncApp:
    """A bot whose Approve opens the form, and which answers its submissions one by one as told."""
    app = AsyncApp(client=bot)

    @app.action("approve")
    async def approve(ack: Any, body: Json) -> None:
        await ack()
        await bot.views_open(trigger_id=body["trigger_id"], view=FORM)

    @app.view("form")
    async def submitted(ack: Any, view: Json) -> None:
        received.append(view["state"]["values"])
        await ack(**answers.pop(0))

    return app


async def test_a_form_posts_each_input_in_slacks_shape(chromium: str, url: str, bot: Slack, app_token: str):
    await bot.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    received: list[Json] = []
    async with connected(form_app(bot, received, [{}]), app_token), opened(chromium, url) as page:
        await open_channel(page, "support")
        await page.get_by_role("button", name="Approve", exact=True).click()
        form = page.get_by_role("dialog", name="Edit it")
        await expect(form.get_by_label("line", exact=True)).to_be_focused()
        await form.get_by_label("line", exact=True).fill("one line")
        await form.get_by_label("story", exact=True).fill("two\nlines")
        await form.get_by_label("amount", exact=True).fill("90.25")
        await form.get_by_label("colour", exact=True).select_option(label="Red")
        await form.get_by_label("Fast", exact=True).check()
        await form.get_by_label("Loud", exact=True).check()
        await form.get_by_label("Old", exact=True).check()
        await form.get_by_label("hour", exact=True).fill("09:30")
        await form.get_by_label("mail", exact=True).fill("ana@example.com")
        await form.get_by_label("link", exact=True).fill("https://example.com/")
        await form.get_by_role("button", name="Save").click()
        await expect(form).to_be_hidden()
    assert [_without_text_types(values) for values in received] == [
        {
            "line": {"v": {"type": "plain_text_input", "value": "one line"}},
            "story": {"v": {"type": "plain_text_input", "value": "two\nlines"}},
            "nothing": {"v": {"type": "plain_text_input", "value": None}},
            "amount": {"v": {"type": "number_input", "value": "90.25"}},
            "colour": {"v": {"type": "static_select", "selected_option": "red"}},
            "speed": {"v": {"type": "radio_buttons", "selected_option": "fast"}},
            "flags": {"v": {"type": "checkboxes", "selected_options": ["loud", "long"]}},
            "tags": {"v": {"type": "multi_static_select", "selected_options": ["old"]}},
            "day": {"v": {"type": "datepicker", "selected_date": "2026-11-23"}},
            "hour": {"v": {"type": "timepicker", "selected_time": "09:30"}},
            "moment": {"v": {"type": "datetimepicker", "selected_date_time": 1790000001}},
            "mail": {"v": {"type": "email_text_input", "value": "ana@example.com"}},
            "link": {"v": {"type": "url_text_input", "value": "https://example.com/"}},
            "later": {"v": {"type": "datepicker", "selected_date": None}},
        }
    ]


def _without_text_types(values: Json) -> Json:
    """Options by their value, after a look that each is whole."""

    def short(chosen: Any) -> Any:
        if isinstance(chosen, list):
            return [short(each) for each in chosen]
        if isinstance(chosen, dict):
            assert chosen["text"]["text"].lower() == chosen["value"]
            return chosen["value"]
        return chosen

    return {
        block: {action: {name: short(each) for name, each in state.items()} for action, state in actions.items()}
        for block, actions in values.items()
    }


async def test_a_form_says_what_is_wrong_beneath_the_field(chromium: str, url: str, bot: Slack, app_token: str):
    await bot.chat_postMessage(channel="C0SUPPORT", text="card", blocks=CARD)
    small = FORM | {"blocks": [INPUTS[0], INPUTS[3]]}
    received: list[Json] = []
    done = {"type": "modal", "title": plain("All done"), "blocks": [section("Nothing more to do.")]}
    answers: list[Json] = [
        {"response_action": "errors", "errors": {"amount": "No more than was paid."}},
        {"response_action": "update", "view": done},
    ]
    app = form_app(bot, received, answers)

    @app.action("small")
    async def open_small(ack: Any, body: Json) -> None:
        await ack()
        await bot.views_open(trigger_id=body["trigger_id"], view=small)

    button = {"type": "button", "action_id": "small", "text": plain("Ask"), "value": "x"}
    await bot.chat_postMessage(channel="C0SUPPORT", text="card", blocks=[{"type": "actions", "elements": [button]}])
    async with connected(app, app_token), opened(chromium, url) as page:
        await open_channel(page, "support")
        await page.get_by_role("button", name="Ask", exact=True).click()
        form = page.get_by_role("dialog", name="Edit it")
        line, amount = form.get_by_label("line", exact=True), form.get_by_label("amount", exact=True)
        await amount.fill("much")
        await form.get_by_role("button", name="Save").click()
        await expect(line).to_be_focused()
        await expect(line).to_have_attribute("aria-invalid", "true")
        await expect(form.get_by_text("Enter a number, such as 80 or 12.5.")).to_be_visible()
        assert received == [], "the page itself refused it"
        await line.fill("a line")
        await amount.fill("99")
        await form.get_by_role("button", name="Save").click()
        await expect(form.get_by_text("No more than was paid.")).to_be_visible()
        await expect(amount).to_be_focused()
        await expect(line).to_have_value("a line")
        await form.get_by_role("button", name="Save").click()
        changed = page.get_by_role("dialog", name="All done")
        await expect(changed).to_contain_text("Nothing more to do.")
        await page.keyboard.press("Escape")
        await expect(changed).to_be_hidden()


async def test_a_lost_workspace_is_said_and_found_again(chromium: str, tmp_path: Path, http: aiohttp.ClientSession):
    async with workspace_program(tmp_path) as program, opened(chromium, program.url) as page:
        url, process = program.url, program.process
        await open_channel(page, "support")
        await page.get_by_label("Message #support").fill("half a thought")
        process.kill()
        await expect(page.get_by_test_id("banner")).to_contain_text("Reconnecting to the workspace…")
        await process.wait()
        async with workspace_program(tmp_path, port=int(url.rpartition(":")[2])):
            await Page(http, url).say("said meanwhile")
            await expect(main_column(page).get_by_text("said meanwhile")).to_be_visible()
            await expect(page.get_by_test_id("banner")).not_to_contain_text("Reconnecting")
            await expect(page.get_by_label("Message #support")).to_have_value("half a thought")
            await page.get_by_label("Message #support").press("Enter")
            await expect(main_column(page).get_by_text("half a thought")).to_be_visible()


async def test_a_phone_shows_one_column_at_a_time(chromium: str, url: str, ana: Page, bot: Slack):
    root = await ana.say("@signoff hello " + "w" * 200)
    await bot.chat_postMessage(channel="C0SUPPORT", thread_ts=root["ts"], text="card", blocks=CARD)
    async with opened(chromium, url, viewport=PHONE, has_touch=True, is_mobile=True) as page:
        await page.get_by_label("Back to conversations").tap()
        await expect(main_column(page)).to_be_hidden()
        await page.get_by_test_id("sidebar").get_by_role("button", name="support").tap()
        await main_column(page).get_by_role("button", name="1 reply").tap()
        await expect(main_column(page)).to_be_hidden()
        await expect(page.get_by_label("Act as")).to_be_visible()
        for control in (
            thread(page).get_by_role("button", name="Approve", exact=True),
            thread(page).get_by_label("Reply in thread"),
            thread(page).get_by_label("Back to the conversation"),
        ):
            box = await control.bounding_box()
            assert box is not None
            assert min(box["width"], box["height"]) >= 44
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
        assert await page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
        await thread(page).get_by_label("Back to the conversation").tap()
        await expect(main_column(page)).to_be_visible()
