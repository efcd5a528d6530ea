"""The body of a call from the page."""

import json
from typing import Any

from aiohttp import web

from bot.workspace.errors import ClientError


async def read_order(request: web.Request, *required: str) -> dict[str, Any]:
    """The JSON object of a POST. Raises ClientError naming the first field that is missing."""
    try:
        order = json.loads(await request.text() or "{}")
    except ValueError:
        raise ClientError("The body is not JSON.") from None
    if not isinstance(order, dict):
        raise ClientError("The body is not a JSON object.")
    for field in required:
        if not isinstance(order.get(field), str):
            raise ClientError(f"The field {field!r} is missing, or is not text.")
    return order
