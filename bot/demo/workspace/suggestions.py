"""The choices of an external select: the bot is asked for them while a person types."""

from typing import Any

from bot.demo.workspace.blocks import block_kit
from bot.demo.workspace.blocks.shapes import Items, Shape, check
from bot.demo.workspace.workspace import Workspace

Json = dict[str, Any]

EXTERNAL = ("external_select", "multi_external_select")

_ANSWER = Shape(
    {
        "options": Items(block_kit.PLAIN_OPTION, 100, least=0),
        "option_groups": Items(block_kit.OPTION_GROUP, 100, least=0),
    }
)


async def suggest(workspace: Workspace, payload: Json, element: Json, block_id: str, typed: str) -> Json:
    """`{options}` or `{option_groups}` for what was `typed`; `{failed}` when the bot has no answer that Slack takes."""
    action = {"action_id": element["action_id"], "block_id": block_id, "value": typed}
    ack = await workspace.socket_mode.ask("interactive", payload | {"type": "block_suggestion"} | action)
    if ack is None or not ("options" in ack or "option_groups" in ack) or any(check(ack, _ANSWER, "")):
        return {"failed": "The choices could not be loaded. Type again to try once more."}
    return {name: ack[name] for name in ("options", "option_groups") if name in ack}
