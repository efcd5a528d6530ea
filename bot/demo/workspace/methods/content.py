"""What a message may contain: the text, blocks and metadata of a call, checked as Slack checks them."""

from dataclasses import dataclass
from typing import Any

from bot.demo.workspace.blocks.ids import with_ids
from bot.demo.workspace.blocks.limits import (
    BLOCKS_LENGTH,
    MARKDOWN_LENGTH,
    TEXT_LENGTH,
    blocks_length,
    message_problems,
)
from bot.demo.workspace.errors import SlackError
from bot.demo.workspace.methods.arguments import Arguments

Json = dict[str, Any]


@dataclass(frozen=True)
class Content:
    """The checked content of a message. None: the call did not say."""

    text: str | None
    blocks: list[Json] | None
    metadata: Json | None

    @property
    def empty(self) -> bool:
        return not self.text and not self.blocks


def read_content(arguments: Arguments) -> Content:
    """Reads and checks what is to be posted. Raises SlackError as Slack names it."""
    text = None if arguments.get("text") is None else arguments.text("text")
    blocks = arguments.structure("blocks")
    if markdown := arguments.text("markdown_text"):
        if text or blocks:
            raise SlackError("markdown_text_conflict")
        if len(markdown) > MARKDOWN_LENGTH:
            raise SlackError("msg_too_long")
        text, blocks = markdown, [{"type": "markdown", "text": markdown}]
    if text is not None and len(text) > TEXT_LENGTH:
        raise SlackError("msg_too_long")
    return Content(text, None if blocks is None else check_blocks(blocks), read_metadata(arguments))


def check_blocks(blocks: Any) -> list[Json]:
    """Blocks that may stand in a message, with ids. Raises SlackError."""
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    if problems := message_problems(blocks):
        raise SlackError("invalid_blocks", problems)
    if blocks_length(blocks) > BLOCKS_LENGTH:
        raise SlackError("msg_blocks_too_long")
    return with_ids(blocks)


def read_metadata(arguments: Arguments) -> Json | None:
    """Message metadata: an event type, and a payload of the app's own."""
    metadata = arguments.structure("metadata")
    if metadata is None:
        return None
    well_formed = isinstance(metadata, dict) and isinstance(metadata.get("event_payload"), dict)
    if not well_formed or not metadata.get("event_type"):
        raise SlackError("invalid_metadata_format")
    return {"event_type": metadata["event_type"], "event_payload": metadata["event_payload"]}
