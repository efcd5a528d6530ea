"""The body of a call from the page."""

import json
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from bot.demo.workspace.errors import ClientError

_TEXT = TypeAdapter(str)
_VALUES = TypeAdapter(dict[str, dict[str, dict[str, Any]]])

OPTIONAL: dict[str, TypeAdapter[Any]] = {
    "channel": _TEXT,
    "message_ts": _TEXT,
    "thread_ts": TypeAdapter(str | None),
    "view_id": _TEXT,
    "value": _TEXT,
    "values": _VALUES,
    "state": _VALUES,
    "selected_option": TypeAdapter(dict[str, Any] | None),
    "selected_options": TypeAdapter(list[dict[str, Any]]),
}
"""What these fields look like in every call that has them."""


async def read_order(request: web.Request, *required: str) -> dict[str, Any]:
    """The JSON object of a POST. Raises ClientError naming the first field that is missing or of the wrong kind."""
    try:
        order = json.loads(await request.text() or "{}")
    except ValueError:
        raise ClientError("The body is not JSON.") from None
    if not isinstance(order, dict):
        raise ClientError("The body is not a JSON object.")
    for field in required:
        if not isinstance(order.get(field), str):
            raise ClientError(f"The field {field!r} is missing, or is not text.")
    for field in order.keys() & OPTIONAL.keys():
        try:
            OPTIONAL[field].validate_python(order[field], strict=True)
        except ValidationError as error:
            raise ClientError(f"The field {field!r} is wrong: {error.errors()[0]['msg']}.") from None
    return order
