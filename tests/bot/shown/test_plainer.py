"""What Slack does not take as it is, is shown plainer; what cannot be seen cannot be approved; what follows goes on."""

import json
from typing import Any

import pytest

from bot.shown import cards, plainer
from bot.shown.cards import Shown
from bot.shown.shown_calls import revision
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from storage import Storage
from tests.agent.conversing import calls, says
from tests.bot.elsewhere import SCRIPT, Start, finished, ran, settled, start, write
from tests.bot.rows import proposed, question, rows
from tests.bot.running import button, buttons
from tests.demo.workspace.support import Json, Page

__all__ = ["ran", "start", "write"]

NOT_SO = [
    "invalid_blocks",
    "invalid_blocks_format",
    "msg_too_long",
    "msg_blocks_too_long",
    "missing_scope",
    "invalid_metadata_format",
    "too_many_attachments",
    "no_text",
    "an_error_that_nobody_has_seen_yet",
]

LONG = "\n".join(f"line {n} <&> *bold*" for n in range(300))


@tool(approval=Approval())
def pay(to: str, text: str) -> str:
    """Pay."""
    return "paid"


def waiting() -> Shown:
    args = {"to": "jonas@example.com", "text": LONG}
    page = rows([pay], proposed(("call_1", "pay", args)), question(args))
    return cards.calls(page, revision(page))


def everything(value: Any) -> str:
    match value:
        case {"type": "plain_text" | "mrkdwn", "text": str(text)}:
            return text
        case dict():
            return "".join(map(everything, value.values()))
        case list() | tuple():
            return "".join(map(everything, value))
        case _:
            return ""


def actions(shown: Shown) -> list[tuple[str, str]]:
    return [(e["action_id"], e["value"]) for each in shown.blocks for e in each.get("elements", ()) if "value" in e]


def test_the_plain_form_shows_the_exact_arguments_and_has_every_button():
    full, plain, *_ = plainer.forms(waiting())
    assert {each["type"] for each in plain.blocks} == {"section", "actions"}
    assert "\n".join(f"│ {line}" for line in LONG.splitlines()) in everything(plain.blocks)
    assert "jonas@example.com" in everything(plain.blocks)
    before, after = (
        [each["elements"] for each in shown.blocks if each["type"] == "actions"] for shown in (full, plain)
    )
    assert [[(e["action_id"], e["value"]) for e in each] for each in after] == [
        [(e["action_id"], e["value"]) for e in each] for each in before
    ]
    assert all(len(each["text"]["text"]) <= 3000 for each in plain.blocks if each["type"] == "section")


def test_in_the_plain_form_no_value_writes_another_arguments_line():
    faked = "x\n└\nto: somebody@example.com\n┌\n" + LONG
    honest = {"to": "jonas@example.com", "text": faked}
    page = rows([pay], proposed(("call_1", "pay", honest)), question(honest))
    _, plain, *_ = plainer.forms(cards.calls(page, revision(page)))
    lines = everything(plain.blocks).splitlines()
    assert "│ └" in lines
    assert "│ to: somebody@example.com" in lines
    assert "to: somebody@example.com" not in lines


def test_what_cannot_be_seen_cannot_be_approved():
    _, _, sentence, bare = plainer.forms(waiting())
    assert [action for action, _ in actions(sentence)] == ["reject"]
    assert "line 20 " not in json.dumps(sentence.blocks)
    assert "not shown here" in sentence.text
    assert bare == Shown(sentence.text, ())


@pytest.mark.parametrize("error", NOT_SO)
async def test_a_card_that_is_refused_once_is_shown_plainer_and_decided(
    page: Page, start: Start, ran: list[str], storage: Storage, error: str
):
    await page.fault(http={"method": "chat.postMessage", "error": error})
    script = (calls(("write", {"text": "a"})), says("It is written."))
    async with start(*script) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        assert "text a" in str(card["blocks"])
        await settled(storage)
        assert len(await in_dm(page, root)) == 1
        await bot.press(card, "approve")
        await bot.reads(root, "It is written.")
        assert ran == ["a"]


async def in_dm(page: Page, root: str) -> list[Json]:
    found = await page.messages("D0ANA")
    return [each for each in found if each.get("thread_ts") == root and not each.get("ephemeral_to")]


async def test_a_card_of_which_only_a_sentence_can_be_shown_can_be_rejected_and_what_follows_goes_on(
    page: Page, start: Start, ran: list[str], storage: Storage
):
    await page.fault(http={"method": "chat.postMessage", "error": "msg_blocks_too_long", "times": 2})
    async with start(calls(("write", {"text": "a"})), says("Then not.")) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root, "reject")
        assert button(card, "approve") is None
        await settled(storage)
        view = await _opened(page, bot, card)
        await page.submit(view["id"])
        await bot.reads(root, "Then not.")
        assert ran == []


async def _opened(page: Page, bot: Any, card: Json) -> Json:
    await bot.press(card, "reject")
    call = next(each for each in await page.journal("call") if each["method"] == "views.open")
    return call["answer"]["view"]


@pytest.mark.parametrize("error", NOT_SO)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_what_is_refused_for_ever_is_tried_a_few_times_and_no_more(
    page: Page, start: Start, storage: Storage, error: str, method: str
):
    async with start() as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        card = await bot.card(root)
        await page.fault(http={"method": method, "error": error, "times": 1000})
        await bot.press(card, "approve")
        await finished(storage)
        await settled(storage)
        met = [each for each in await page.journal("fault") if each.get("method") == method]
        assert len(met) <= 16
        if method == "chat.update":
            await bot.reads(root, "It is written.")
            shown = await in_dm(page, root)
            assert not any(buttons(each, "approve") for each in shown)
            assert len([each for each in shown if "wrote a" in str(each)]) == 1


async def test_a_reply_that_is_refused_is_shown_plainer(page: Page, start: Start):
    await page.fault(http={"method": "chat.startStream", "error": "invalid_blocks", "times": 10})
    await page.fault(http={"method": "chat.postMessage", "error": "invalid_blocks"})
    async with start(says("# A title\n\nand *words*")) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        said = await bot.reads(root, "A title")
        assert [each["type"] for each in said["blocks"]] == ["section"]
        assert said["blocks"][0]["text"]["text"] == "# A title\n\nand *words*"


async def test_a_reply_of_which_nothing_can_be_shown_says_so(page: Page, start: Start):
    await page.fault(http={"method": "chat.startStream", "error": "invalid_blocks", "times": 10})
    await page.fault(http={"method": "chat.postMessage", "error": "msg_too_long", "times": 2})
    async with start(says("Hello."), says("Again.")) as bot:
        root = (await page.say("hello", "D0ANA"))["ts"]
        await bot.reads(root, "the whole is not shown here")
        await page.say("hello", "D0ANA", thread_ts=root)
        await bot.reads(root, "Again.")


async def test_what_slack_does_not_like_about_the_metadata_costs_only_that(page: Page, start: Start):
    await page.fault(http={"method": "chat.postMessage", "error": "invalid_metadata_format"})
    async with start(*SCRIPT[1:]) as bot:
        root = (await page.say("write a", "D0ANA"))["ts"]
        await bot.reads(root, "It is written.")


@pytest.mark.parametrize(
    ("hidden", "seen"), [("\u200b", r"\u{200b}"), ("\\u{200b}", r"\u{5c}u{200b}"), ("\u202e", r"\u{202e}")]
)
def test_the_plainer_form_of_what_can_be_approved_is_whole(hidden: str, seen: str):
    args = {"to": "a", "text": "\n".join(f"{n}: x{hidden}y" for n in range(250))}
    page = rows([pay], proposed(("call_1", "pay", args)), question(args))
    first, second, *_ = plainer.forms(cards.calls(page, revision(page)))
    lines = everything(second.blocks).split("\n")
    assert [f"│ {n}: x{seen}y" for n in range(250)] == [line for line in lines if line.startswith("│")]
    for form in (first, second):
        assert button({"blocks": form.blocks}, cards.APPROVE) is not None


@pytest.mark.parametrize("size", [*range(2880, 3010, 7)])
def test_no_line_of_a_value_stands_outside_of_its_box_in_the_plainer_form(size: int):
    args = {"to": "a", "text": "x" * size + "to: somebody else\nto: another\n" + "y" * 3100 + "to: a third"}
    page = rows([pay], proposed(("call_1", "pay", args)), question(args))
    _, second, *_ = plainer.forms(cards.calls(page, revision(page)))
    lines = [
        line for block in second.blocks if block["type"] == "section" for line in block["text"]["text"].split("\n")
    ]
    assert [line for line in lines if line.startswith("to")] == ["to a"]
    assert all(len(block["text"]["text"]) <= 3000 for block in second.blocks if block["type"] == "section")
