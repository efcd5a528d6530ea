"""What an answer of Slack's has to say, by method, as far as we use it. One that says less is none.

What looks a person, a group or a conversation up reads its own answers (`people/directory.py`).

Source: the responses of docs.slack.dev/reference/methods.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints, ValidationError

_Text = Annotated[str, StringConstraints(min_length=1)]


class _Posted(BaseModel):
    ts: _Text


class _Linked(BaseModel):
    permalink: _Text


class _Metadata(BaseModel):
    event_payload: dict[str, Any] = {}


class _Message(BaseModel):
    ts: _Text
    user: str | None = None
    text: str | None = None
    blocks: list[dict[str, Any]] | None = None
    metadata: _Metadata | None = None


class _Page(BaseModel):
    next_cursor: str | None = None


class _Messages(BaseModel):
    messages: list[_Message]
    response_metadata: _Page | None = None


class _Socket(BaseModel):
    url: _Text


_SAYS: dict[str, type[BaseModel]] = {
    "apps.connections.open": _Socket,
    "chat.getPermalink": _Linked,
    "chat.postMessage": _Posted,
    "chat.startStream": _Posted,
    "conversations.history": _Messages,
    "conversations.replies": _Messages,
}


def is_whole(method: str, answer: object) -> bool:
    """Whether an answer to a call that went well says what we asked for."""
    if (says := _SAYS.get(method)) is None:
        return True
    try:
        says.model_validate(answer)
    except ValidationError:
        return False
    return True
