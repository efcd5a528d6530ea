"""Slack's blocks, elements and objects with their limits, as tables.

Sources: docs.slack.dev/reference/block-kit, slack_sdk's validators, and the limits that Slack's errors name.
"""

from bot.demo.workspace.blocks.shapes import Choice, Items, Kind, Node, Shape, String, Text, Whole

FLAG = Kind(bool)
ID = String(255, least=1)
ANY_LIST = Kind(list)
ANY_OBJECT = Kind(dict)
NUMBER = Whole(0, 10**12)

CONFIRM = Shape(
    {
        "title": Text(100, plain=True),
        "text": Text(300),
        "confirm": Text(30, plain=True),
        "deny": Text(30, plain=True),
        "style": Choice(("primary", "danger")),
    },
    required=("title", "text", "confirm", "deny"),
)


def _option(*, plain: bool) -> Shape:
    fields = {"text": Text(75, plain=plain), "value": String(150, least=1), "description": Text(75, plain=plain)}
    return Shape(fields | {"url": String(3000)}, required=("text", "value"))


PLAIN_OPTION, OPTION = _option(plain=True), _option(plain=False)
OPTION_GROUP = Shape({"label": Text(75, plain=True), "options": Items(PLAIN_OPTION, 100)}, ("label", "options"))

COMMON = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": FLAG}
PLACEHOLDER = {"placeholder": Text(150, plain=True)}


def _entry(initial: String, **more: String | Kind | Whole) -> Shape:
    """An input of one line or more that a person types into."""
    config = {"dispatch_action_config": ANY_OBJECT}
    return Shape({**COMMON, **PLACEHOLDER, **config, "initial_value": initial, **more})


def _picker(initial: str, rule: String | Whole) -> Shape:
    return Shape({**COMMON, **PLACEHOLDER, initial: rule, "timezone": String(255)})


def _select(initial: str, *, options: bool = False, multi: bool = False) -> Shape:
    fields = {**COMMON, **PLACEHOLDER, "response_url_enabled": FLAG, "default_to_current_conversation": FLAG}
    fields |= {"filter": ANY_OBJECT, "min_query_length": NUMBER}
    fields |= {"max_selected_items": NUMBER} if multi else {}
    if options:
        chosen = Items(PLAIN_OPTION, 100) if multi else PLAIN_OPTION
        fields |= {"options": Items(PLAIN_OPTION, 100), "option_groups": Items(OPTION_GROUP, 100), initial: chosen}
    else:
        fields[initial] = ANY_LIST if multi else String(255)
    return Shape(fields)


_NUMERAL = String(255, form=r"-?\d+(\.\d+)?", called="a number, as text")

_FEEDBACK = Shape(
    {"text": Text(75, plain=True), "value": String(2000, least=1), "accessibility_label": String(75)},
    required=("text", "value"),
)

ELEMENTS: dict[str, Shape] = {
    "button": Shape(
        {
            "action_id": ID,
            "confirm": CONFIRM,
            "text": Text(75, plain=True),
            "value": String(2000),
            "url": String(3000),
            "style": Choice(("primary", "danger")),
            "accessibility_label": String(75),
            "visible_to_user_ids": Items(ID, 100),
            "agent_prompt": Kind(object),
        },
        required=("text",),
    ),
    "checkboxes": Shape(
        {**COMMON, "options": Items(OPTION, 10), "initial_options": Items(OPTION, 10)}, required=("options",)
    ),
    "radio_buttons": Shape({**COMMON, "options": Items(OPTION, 10), "initial_option": OPTION}, required=("options",)),
    "overflow": Shape({"action_id": ID, "confirm": CONFIRM, "options": Items(PLAIN_OPTION, 5)}, required=("options",)),
    "plain_text_input": _entry(String(3000), multiline=FLAG, min_length=Whole(0, 3000), max_length=Whole(1, 3000)),
    "number_input": _entry(_NUMERAL, is_decimal_allowed=FLAG, min_value=_NUMERAL, max_value=_NUMERAL),
    "email_text_input": _entry(String(255)),
    "url_text_input": _entry(String(3000)),
    "rich_text_input": Shape({**COMMON, **PLACEHOLDER, "initial_value": ANY_OBJECT}, closed=False),
    "file_input": Shape({"action_id": ID, "filetypes": ANY_LIST, "max_files": Whole(1, 10)}),
    "datepicker": _picker("initial_date", String(10, form=r"\d{4}-\d{2}-\d{2}", called="a date as YYYY-MM-DD")),
    "timepicker": _picker("initial_time", String(5, form=r"([01]\d|2[0-3]):[0-5]\d", called="a time as HH:mm")),
    "datetimepicker": _picker("initial_date_time", Whole(10**9, 10**10 - 1)),
    "static_select": _select("initial_option", options=True),
    "multi_static_select": _select("initial_options", options=True, multi=True),
    "external_select": Shape({**COMMON, **PLACEHOLDER, "initial_option": PLAIN_OPTION, "min_query_length": NUMBER}),
    "multi_external_select": Shape(
        {
            **COMMON,
            **PLACEHOLDER,
            "initial_options": Items(PLAIN_OPTION, 100),
            "min_query_length": NUMBER,
            "max_selected_items": Whole(1, 100),
        }
    ),
    "users_select": _select("initial_user"),
    "multi_users_select": _select("initial_users", multi=True),
    "conversations_select": _select("initial_conversation"),
    "multi_conversations_select": _select("initial_conversations", multi=True),
    "channels_select": _select("initial_channel"),
    "multi_channels_select": _select("initial_channels", multi=True),
    "image": Shape(
        {"image_url": String(3000, least=1), "slack_file": ANY_OBJECT, "alt_text": String(2000, least=1)}, ("alt_text",)
    ),
    "feedback_buttons": Shape(
        {"action_id": ID, "positive_button": _FEEDBACK, "negative_button": _FEEDBACK},
        required=("positive_button", "negative_button"),
    ),
    "icon_button": Shape(
        {
            "action_id": ID,
            "confirm": CONFIRM,
            "text": Text(75, plain=True),
            "icon": Choice(("trash",)),
            "value": String(2000),
            "accessibility_label": String(75),
            "visible_to_user_ids": Items(ID, 100),
        },
        required=("icon", "text"),
    ),
    "workflow_button": Shape({"action_id": ID, "text": Text(75, plain=True)}, ("text",), closed=False),
    "plain_text": Shape({"text": String(3000, least=1), "emoji": FLAG}, required=("text",)),
    "mrkdwn": Shape({"text": String(3000, least=1), "verbatim": FLAG}, required=("text",)),
}
"""What stands inside blocks: by type, its fields and limits."""

PICKERS = frozenset({"datepicker", "timepicker", "datetimepicker"})
SELECTS = frozenset(name for name in ELEMENTS if name.endswith("_select"))
BUTTONS = frozenset({"button", "checkboxes", "radio_buttons", "overflow", "workflow_button"})
IN_ACTIONS = SELECTS | PICKERS | BUTTONS | {"rich_text_input"}
IN_SECTIONS = SELECTS | PICKERS | BUTTONS | {"image"}
IN_INPUTS = SELECTS | PICKERS | {name for name in ELEMENTS if name.endswith("_input")} | {"checkboxes", "radio_buttons"}

RICH_TEXT_LEAVES: dict[str, Shape] = {
    "text": Shape({"text": String(40_000, least=1), "style": ANY_OBJECT}, required=("text",)),
    "link": Shape({"url": String(3000, least=1)}, ("url",), closed=False),
    **{
        name: Shape(closed=False)
        for name in ("emoji", "user", "usergroup", "channel", "broadcast", "date", "color", "team")
    },
}
LEAF = Node(frozenset(RICH_TEXT_LEAVES), RICH_TEXT_LEAVES)
LEAVES = {"elements": Items(LEAF, 10_000, least=0), "border": NUMBER}
SECTION = {"rich_text_section": Shape(LEAVES, ("elements",))}
LIST = {"elements": Items(Node(frozenset(SECTION), SECTION), 10_000), "style": Choice(("bullet", "ordered"))}
RICH_TEXT: dict[str, Shape] = SECTION | {
    "rich_text_preformatted": Shape({**LEAVES, "language": String(255)}, ("elements",)),
    "rich_text_quote": Shape(LEAVES, ("elements",)),
    "rich_text_list": Shape({**LIST, "indent": NUMBER, "offset": NUMBER, "border": NUMBER}, ("elements", "style")),
}

_TITLE, _CAPTION = Text(150), Text(200)

TASK_STATES = ("pending", "in_progress", "complete", "error")

_RICH_TEXT = Shape(
    {"elements": Items(Node(frozenset(RICH_TEXT), RICH_TEXT), 10_000), "block_id": ID}, required=("elements",)
)

BLOCKS: dict[str, Shape] = {
    "section": Shape(
        {
            "text": Text(3000),
            "fields": Items(Text(2000), 10),
            "accessory": Node(IN_SECTIONS, ELEMENTS),
            "expand": FLAG,
        }
    ),
    "header": Shape({"text": Text(150, plain=True), "level": NUMBER}, ("text",)),
    "divider": Shape(),
    "context": Shape(
        {"elements": Items(Node(frozenset({"image", "plain_text", "mrkdwn"}), ELEMENTS), 10)}, ("elements",)
    ),
    "actions": Shape({"elements": Items(Node(frozenset(IN_ACTIONS), ELEMENTS), 25)}, ("elements",)),
    "context_actions": Shape(
        {"elements": Items(Node(frozenset({"feedback_buttons", "icon_button"}), ELEMENTS), 5)}, ("elements",)
    ),
    "input": Shape(
        {
            "label": Text(2000, plain=True),
            "element": Node(frozenset(IN_INPUTS), ELEMENTS),
            "hint": Text(2000, plain=True),
            "optional": FLAG,
            "dispatch_action": FLAG,
        },
        ("label", "element"),
    ),
    "image": Shape(
        {
            "image_url": String(3000, least=1),
            "slack_file": ANY_OBJECT,
            "alt_text": String(2000, least=1),
            "title": Text(2000, plain=True),
        },
        ("alt_text",),
    ),
    "rich_text": Shape({"elements": Items(Node(frozenset(RICH_TEXT), RICH_TEXT), 10_000)}, ("elements",)),
    "markdown": Shape({"text": String(12_000, least=1)}, ("text",)),
    "table": Shape({"rows": Items(Items(ANY_OBJECT, 20), 100), "column_settings": ANY_LIST}, ("rows",)),
    "data_table": Shape({"rows": Items(ANY_LIST, 201)}, closed=False),
    "task_card": Shape(
        {
            "task_id": ID,
            "title": String(2000, least=1),
            "status": Choice(TASK_STATES),
            "details": _RICH_TEXT,
            "output": _RICH_TEXT,
            "sources": Items(ANY_OBJECT, 50, least=0),
        },
        required=("task_id", "title", "status"),
    ),
    "plan": Shape({"title": String(2000), "tasks": Items(ANY_OBJECT, 50, least=0)}, ("title",), closed=False),
    "card": Shape(
        {
            "title": _TITLE,
            "subtitle": _TITLE,
            "body": _CAPTION,
            "actions": Items(Node(frozenset({"button"}), ELEMENTS), 3),
        },
        closed=False,
    ),
    "carousel": Shape({"elements": Items(ANY_OBJECT, 10)}, closed=False),
    "alert": Shape(
        {"text": _CAPTION, "level": Choice(("default", "info", "warning", "error", "success"))}, required=("text",)
    ),
    "video": Shape(closed=False),
    "file": Shape(closed=False),
}
"""Every block that Slack knows, by type."""

_INSIDE_CONTAINERS = frozenset(BLOCKS) - {"alert", "input"}
BLOCKS["container"] = Shape(
    {"title": _TITLE, "child_blocks": Items(Node(_INSIDE_CONTAINERS, BLOCKS), 10)}, ("child_blocks",), closed=False
)

for _name, _shape in BLOCKS.items():
    BLOCKS[_name] = Shape({**_shape.fields, "block_id": ID}, _shape.required, _shape.closed)

IN_MODALS = frozenset(
    {"actions", "alert", "card", "context", "divider", "header", "image", "input", "rich_text", "section", "video"}
)
IN_MESSAGES = frozenset(BLOCKS) - {"alert"}
IN_HOMES = IN_MODALS - {"alert"}

MODAL = Shape(
    {
        "title": Text(24, plain=True),
        "submit": Text(24, plain=True),
        "close": Text(24, plain=True),
        "blocks": Items(Node(IN_MODALS, BLOCKS), 100),
        "private_metadata": String(3000),
        "callback_id": String(255),
        "external_id": String(255),
        "clear_on_close": FLAG,
        "notify_on_close": FLAG,
        "submit_disabled": FLAG,
    },
    required=("title", "blocks"),
)
HOME = Shape(
    {
        "blocks": Items(Node(IN_HOMES, BLOCKS), 100),
        "private_metadata": String(3000),
        "callback_id": String(255),
        "external_id": String(255),
    },
    required=("blocks",),
)
MESSAGE = Items(Node(IN_MESSAGES, BLOCKS), 50, least=0)
