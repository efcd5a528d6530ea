"""Errors in OpenAI's shape, raised anywhere below the server and answered by it."""

from typing import Any


class ApiError(Exception):
    """An answer other than 200.

    `status` is the HTTP status; `message`, `param`, `code` and `kind` (its `type`) are the fields of
    OpenAI's error object.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        param: str | None = None,
        code: str | None = None,
        kind: str = "invalid_request_error",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.param = param
        self.code = code
        self.kind = kind
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The response body: `{"error": {"message", "type", "param", "code"}}`."""
        return {"error": {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}}
