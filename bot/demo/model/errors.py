"""Errors in OpenAI's shape, raised anywhere below the server and answered by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class ApiError(Exception):
    """An answer other than 200: `message`, `param`, `code` and `kind` (its `type`) are what OpenAI's error has."""

    message: str
    status: int = 400
    param: str | None = None
    code: str | None = None
    kind: str = "invalid_request_error"
    headers: Mapping[str, str] = field(default_factory=dict)
