"""Trouble on demand: what a test can make the model do instead of answering.

As JSON, for `POST /faults` and inside a script:

| body | does |
| --- | --- |
| `{"status": 500, "times": 2, "retry_after": 1, "message": "…"}` | the next 2 requests get this status |
| `{"hang": true, "times": 1}` | the next request gets no answer until its client goes away |
| `{"delay": 0.5, "times": 1}` | the next request is answered after so many seconds |
| `{"cut": 3, "times": 1}` | the connection of the next streamed answer is dropped after 3 chunks |
| `{"clear": true}` | forget all of it, and let hanging requests go on |
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("status", "hang", "delay", "cut")


@dataclass(frozen=True)
class Fault:
    """One kind of trouble, for `times` requests."""

    status: int | None = None
    hang: bool = False
    delay: float = 0.0
    cut: int | None = None
    retry_after: float | None = None
    message: str = "The server had an error while processing your request (a fault that was asked for)."
    times: int = 1

    @classmethod
    def parse(cls, body: Any) -> "Fault":
        """Read a fault; `ValueError` says in one sentence what is wrong with it."""
        if not isinstance(body, Mapping) or sum(kind in body for kind in KINDS) != 1:
            raise ValueError(f"a fault is an object with one of {', '.join(KINDS)}; got {body!r}")
        unknown = set(body) - set(cls.__dataclass_fields__)
        if unknown:
            raise ValueError(f"a fault has no {min(unknown)!r}")
        fault = cls(**body)
        if fault.times < 1:
            raise ValueError("'times' must be 1 or more")
        if fault.status is not None and not 400 <= fault.status <= 599:
            raise ValueError("'status' must be an HTTP error, 400 to 599")
        return fault
