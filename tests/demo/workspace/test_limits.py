"""Slack's limits: the largest that it takes, and the smallest that it refuses, with the pointer to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.errors import SlackApiError

from bot.demo.workspace.blocks import block_kit
from bot.demo.workspace.blocks.ids import with_ids
from bot.demo.workspace.blocks.limits import blocks_length, message_problems, view_problems
from tests.demo.workspace.support import FORM, Slack

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "action_id": "a", "text": plain("Go")} | more


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements)} | more


def entry(element: Json, **more: Any) -> Json:
    return {"type": "input", "block_id": "i", "label": plain("label"), "element": {"action_id": "a"} | element} | more


def option(text: str = "t", value: str = "v") -> Json:
    return {"text": plain(text), "value": value}


def modal(*blocks: Json, **more: Any) -> Json:
    return {"type": "modal", "title": plain("T"), "submit": plain("OK"), "blocks": list(blocks)} | more


DIVIDER: Json = {"type": "divider"}

MESSAGE_LIMITS: list[tuple[str, Any, Any, str]] = [
    ("blocks", [DIVIDER] * 50, [DIVIDER] * 51, "/blocks"),
    (
        "section text",
        [{"type": "section", "text": mrkdwn("x" * 3000)}],
        [{"type": "section", "text": mrkdwn("x" * 3001)}],
        "/blocks/0/text/text",
    ),
    (
        "fields",
        [{"type": "section", "fields": [plain("x")] * 10}],
        [{"type": "section", "fields": [plain("x")] * 11}],
        "/blocks/0/fields",
    ),
    (
        "field text",
        [{"type": "section", "fields": [plain("x" * 2000)]}],
        [{"type": "section", "fields": [plain("x" * 2001)]}],
        "/blocks/0/fields/0/text",
    ),
    (
        "header",
        [{"type": "header", "text": plain("x" * 150)}],
        [{"type": "header", "text": plain("x" * 151)}],
        "/blocks/0/text/text",
    ),
    (
        "context",
        [{"type": "context", "elements": [mrkdwn("x")] * 10}],
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        "/blocks/0/elements",
    ),
    (
        "actions",
        [actions(*(button(action_id=f"a{n}") for n in range(25)))],
        [actions(*(button(action_id=f"a{n}") for n in range(26)))],
        "/blocks/0/elements",
    ),
    (
        "button text",
        [actions(button(text=plain("x" * 75)))],
        [actions(button(text=plain("x" * 76)))],
        "/blocks/0/elements/0/text/text",
    ),
    (
        "button value",
        [actions(button(value="x" * 2000))],
        [actions(button(value="x" * 2001))],
        "/blocks/0/elements/0/value",
    ),
    (
        "action_id",
        [actions(button(action_id="x" * 255))],
        [actions(button(action_id="x" * 256))],
        "/blocks/0/elements/0/action_id",
    ),
    (
        "block_id",
        [DIVIDER | {"block_id": "x" * 255}],
        [DIVIDER | {"block_id": "x" * 256}],
        "/blocks/0/block_id",
    ),
    (
        "block_id twice",
        [DIVIDER | {"block_id": "x"}, DIVIDER | {"block_id": "y"}],
        [DIVIDER | {"block_id": "x"}, DIVIDER | {"block_id": "x"}],
        "/blocks/1/block_id",
    ),
    (
        "action_id twice in a block",
        [actions(button()), actions(button())],
        [actions(button(), button())],
        "/blocks/0",
    ),
    (
        "markdown together",
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6000}] * 2 + [{"type": "markdown", "text": "x"}],
        "/blocks",
    ),
    (
        "empty text",
        [{"type": "section", "text": plain("x")}],
        [{"type": "section", "text": plain("")}],
        "/blocks/0/text/text",
    ),
    ("section without text", [{"type": "section", "text": plain("x")}], [{"type": "section"}], "/blocks/0"),
    ("alert", [DIVIDER], [{"type": "alert", "text": plain("x")}], "/blocks/0/type"),
    ("unknown block", [DIVIDER], [{"type": "sparkles"}], "/blocks/0/type"),
    ("unknown property", [DIVIDER], [DIVIDER | {"colour": "red"}], "/blocks/0"),
    (
        "style",
        [actions(button(style="danger"))],
        [actions(button(style="green"))],
        "/blocks/0/elements/0/style",
    ),
    (
        "empty rich text",
        [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}],
        [
            {
                "type": "rich_text",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}],
            }
        ],
        "/blocks/0/elements/0/elements/0/text",
    ),
]

TEXT: Json = {"type": "plain_text_input"}

VIEW_LIMITS: list[tuple[str, Json, Json, str]] = [
    ("blocks", modal(*[DIVIDER] * 100), modal(*[DIVIDER] * 101), "/view/blocks"),
    ("title", modal(DIVIDER, title=plain("x" * 24)), modal(DIVIDER, title=plain("x" * 25)), "/view/title/text"),
    ("submit", modal(DIVIDER, submit=plain("x" * 24)), modal(DIVIDER, submit=plain("x" * 25)), "/view/submit/text"),
    ("close", modal(DIVIDER, close=plain("x" * 24)), modal(DIVIDER, close=plain("x" * 25)), "/view/close/text"),
    (
        "private_metadata",
        modal(DIVIDER, private_metadata="x" * 3000),
        modal(DIVIDER, private_metadata="x" * 3001),
        "/view/private_metadata",
    ),
    ("callback_id", modal(DIVIDER, callback_id="x" * 255), modal(DIVIDER, callback_id="x" * 256), "/view/callback_id"),
    ("input without submit", modal(entry(TEXT)), modal(entry(TEXT), submit=None), "/view"),
    (
        "initial_value",
        modal(entry(TEXT | {"initial_value": "x" * 3000})),
        modal(entry(TEXT | {"initial_value": "x" * 3001})),
        "/view/blocks/0/element/initial_value",
    ),
    (
        "initial_value over max_length",
        modal(entry(TEXT | {"initial_value": "xx", "max_length": 2})),
        modal(entry(TEXT | {"initial_value": "xxx", "max_length": 2})),
        "/view/blocks/0/element/initial_value",
    ),
    (
        "label",
        modal(entry(TEXT, label=plain("x" * 2000))),
        modal(entry(TEXT, label=plain("x" * 2001))),
        "/view/blocks/0/label/text",
    ),
    (
        "placeholder",
        modal(entry(TEXT | {"placeholder": plain("x" * 150)})),
        modal(entry(TEXT | {"placeholder": plain("x" * 151)})),
        "/view/blocks/0/element/placeholder/text",
    ),
    (
        "option text",
        modal(entry({"type": "static_select", "options": [option("x" * 75)]})),
        modal(entry({"type": "static_select", "options": [option("x" * 76)]})),
        "/view/blocks/0/element/options/0/text/text",
    ),
    (
        "options",
        modal(entry({"type": "static_select", "options": [option(value=str(n)) for n in range(100)]})),
        modal(entry({"type": "static_select", "options": [option(value=str(n)) for n in range(101)]})),
        "/view/blocks/0/element/options",
    ),
    (
        "checkboxes",
        modal(entry({"type": "checkboxes", "options": [option(value=str(n)) for n in range(10)]})),
        modal(entry({"type": "checkboxes", "options": [option(value=str(n)) for n in range(11)]})),
        "/view/blocks/0/element/options",
    ),
    (
        "initial_option",
        modal(entry({"type": "static_select", "options": [option()], "initial_option": option()})),
        modal(entry({"type": "static_select", "options": [option()], "initial_option": option("other")})),
        "/view/blocks/0/element/initial_option",
    ),
    *(
        (f"{kind} in a modal", modal(DIVIDER), modal({"type": kind}), "/view/blocks/0/type")
        for kind in ("markdown", "table", "container", "plan", "task_card")
    ),
    *(
        (
            f"min_query_length of {kind}",
            modal(entry({"type": kind, "min_query_length": 0})),
            modal(entry({"type": kind, "min_query_length": "0"})),
            "/view/blocks/0/element/min_query_length",
        )
        for kind in ("external_select", "multi_external_select")
    ),
    *(
        (
            f"{initial} of {kind}",
            modal(entry({"type": kind, initial: right})),
            modal(entry({"type": kind, initial: wrong})),
            f"/view/blocks/0/element/{initial}",
        )
        for kind, initial, right, wrong in [
            ("datepicker", "initial_date", "2026-12-01", "1 December"),
            ("timepicker", "initial_time", "23:59", "24:00"),
            ("datetimepicker", "initial_date_time", 1_796_000_000, 1_796_000_000_000),
            ("number_input", "initial_value", "-7.50", "seven"),
            ("number_input", "min_value", "0", "1e3"),
        ]
    ),
    (
        "focus_on_load",
        modal(entry(TEXT | {"focus_on_load": True}), entry(TEXT, block_id="j")),
        modal(entry(TEXT | {"focus_on_load": True}), entry(TEXT | {"focus_on_load": True}, block_id="j")),
        "/view/blocks",
    ),
    (
        "alert's level",
        modal({"type": "alert", "text": plain("x"), "level": "error"}),
        modal({"type": "alert", "text": plain("x"), "level": "fatal"}),
        "/view/blocks/0/level",
    ),
    (
        "alert",
        modal({"type": "alert", "text": plain("x" * 200)}),
        modal({"type": "alert", "text": plain("x" * 201)}),
        "",
    ),
]


def pointers(problems: list[str]) -> list[str]:
    return [problem.partition("[json-pointer:")[2].removesuffix("]") for problem in problems]


@pytest.mark.parametrize(("largest", "beyond", "pointer"), [case[1:] for case in MESSAGE_LIMITS], ids=lambda _: None)
def test_message_limits(largest: list[Json], beyond: list[Json], pointer: str):
    assert message_problems(largest) == []
    assert pointer in pointers(message_problems(beyond))


@pytest.mark.parametrize(("largest", "beyond", "pointer"), [case[1:] for case in VIEW_LIMITS], ids=lambda _: None)
def test_view_limits(largest: Json, beyond: Json, pointer: str):
    assert view_problems(largest) == []
    found = pointers(view_problems(beyond))
    assert pointer in found if pointer else found


async def test_a_refusal_points_at_what_is_wrong(slack: Slack):
    with pytest.raises(SlackApiError) as caught:
        await slack.chat_postMessage(
            channel="C0SUPPORT", text="card", blocks=[{"type": "section", "text": mrkdwn("x" * 3001)}]
        )
    response = caught.value.response
    message = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert response["error"] == "invalid_blocks"
    assert response["response_metadata"]["messages"] == [f"[ERROR] {message}"]
    assert response["errors"] == [message]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"text": "x" * 40_000}, None),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"markdown_text": "x" * 12_000}, None),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"blocks": [{"type": "section", "text": mrkdwn("x" * 2640)}] * 5}, None),
        ({"blocks": [{"type": "section", "text": mrkdwn("x" * 2641)}] * 5}, "msg_blocks_too_long"),
        ({"text": "x", "metadata": {"event_type": ""}}, "invalid_metadata_format"),
        ({"blocks": {"type": "divider"}}, "invalid_blocks_format"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
async def test_message_sizes(content: Json, error: str | None, slack: Slack):
    call = slack.api_call("chat.postMessage", json={"channel": "C0SUPPORT"} | content)
    if error is None:
        assert (await call)["ok"]
        return
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response["error"] == error


def test_the_form_of_these_tests_is_valid():
    assert view_problems(FORM) == []


NAMES = st.sampled_from(
    ["type", "text", "elements", "block_id", "action_id", "options", "element", "child_blocks", "x"]
)
KINDS = st.sampled_from([*block_kit.BLOCKS, *block_kit.ELEMENTS, "x"])
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | KINDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(ANY_JSON)
def test_whatever_comes_is_judged_and_never_crashes(anything: Any):
    block = {"type": "section", "text": plain("x")} | (anything if isinstance(anything, dict) else {"x": anything})
    for blocks in ([anything], [block], [{"type": "container", "child_blocks": [block]}], [actions(block)]):
        if message_problems(blocks) == []:
            assert blocks_length(with_ids(blocks)) >= 0
        view_problems(modal(*blocks))
