"""Faults on demand, for tests: what goes wrong in production once a month happens here when it is asked for."""

from dataclasses import dataclass, field
from typing import Any

from bot.demo.workspace.broken_answers import WAYS
from bot.demo.workspace.errors import ClientError
from bot.demo.workspace.scopes import GRANTED

FAULTS = ("redeliver", "http", "disconnect", "expire_streams", "closed", "without_scopes")

NOTHING_AT_ALL = frozenset({"is_archived", "not_in_channel", "channel_not_found"})
"""Refusals for which Slack does not even change what the bot has said there."""


@dataclass
class HttpFault:
    """The next `times` calls of `method` are answered with an HTTP status instead of their answer; with an `error`,
    with that refusal of Slack's (HTTP 200, `ok: false`); with a `way`, brokenly (`broken_answers.WAYS`).

    With `after_commit` the call takes effect first, and only its answer is lost. Beside the Web API's methods there are
    `link` (the WebSocket), `upload` (the bytes of a file) and `response` (a response_url).
    `channel`: only calls about it.
    """

    method: str
    status: int = 200
    retry_after: int = 1
    times: int = 1
    after_commit: bool = False
    error: str = ""
    channel: str = ""
    way: str = ""


@dataclass
class Faults:
    """The faults that are armed and not used up. `closed`: what takes no posts (a conversation, or a thread of it), and
    what Slack says to them there. `without_scopes`: what the app was not installed with.
    """

    redeliveries: int = 0
    http: list[HttpFault] = field(default_factory=list)
    closed: dict[tuple[str, str], str] = field(default_factory=dict)
    without_scopes: frozenset[str] = frozenset()

    def arm(self, order: dict[str, Any]) -> None:
        """Reads the body of `POST /client/faults`. Raises ClientError for what it does not know."""
        unknown = sorted(set(order) - set(FAULTS))
        if unknown:
            raise ClientError(f"Unknown fault {unknown[0]!r}; there are {', '.join(FAULTS)}.")
        redeliveries = order.get("redeliver", 0)
        if type(redeliveries) is not int or redeliveries < 0:
            raise ClientError(f"`redeliver` is a number of times, not {redeliveries!r}.")
        if "http" in order:
            self.http.append(_http_fault(order["http"]))
        if "closed" in order:
            self._close(order["closed"])
        if "without_scopes" in order:
            self.without_scopes = _scopes(order["without_scopes"])
        self.redeliveries += redeliveries

    def take_redeliveries(self) -> int:
        """How many more times the event that is sent now is delivered."""
        taken, self.redeliveries = self.redeliveries, 0
        return taken

    def take_http(self, method: str, channel: str = "") -> HttpFault | None:
        """The fault that this call of `method` meets."""
        for fault in self.http:
            if fault.method == method and fault.times > 0 and fault.channel in ("", channel):
                fault.times -= 1
                return fault
        return None

    def refusal(self, channel: str, thread_ts: str | None = None) -> str | None:
        """What Slack says to a post there; None when it takes it."""
        return self.closed.get((channel, "")) or (self.closed.get((channel, thread_ts)) if thread_ts else None)

    def _close(self, order: Any) -> None:
        """From now on the conversation, or the thread, takes no posts; without an `error` it does again."""
        match order:
            case {"channel": str(channel), **rest} if rest.keys() <= {"thread_ts", "error"}:
                place = (channel, str(rest.get("thread_ts", "")))
                self.closed.pop(place, None)
                if rest.get("error"):
                    self.closed[place] = str(rest["error"])
            case _:
                raise ClientError("`closed` is an object with a channel, perhaps a thread_ts, and an error of Slack's.")


def _scopes(order: Any) -> frozenset[str]:
    if not isinstance(order, list) or not all(each in GRANTED for each in order):
        raise ClientError(f"`without_scopes` is a list of the app's scopes: {', '.join(GRANTED)}.")
    return frozenset(order)


def _http_fault(order: Any) -> HttpFault:
    try:
        fault = HttpFault(**order)
    except TypeError:
        fields = ", ".join(HttpFault.__annotations__)
        raise ClientError(f"An http fault is an object with the fields {fields}; the first is required.") from None
    if type(fault.times) is not int or type(fault.status) is not int or type(fault.error) is not str:
        raise ClientError("An http fault needs whole numbers as its times and status, and a text as its error.")
    if fault.way and fault.way not in WAYS:
        raise ClientError(f"An http fault is broken in one of the ways {', '.join(WAYS)}, not {fault.way!r}.")
    if not (fault.error or fault.way) and not 400 <= fault.status <= 599:
        raise ClientError("An http fault needs a way, an error of Slack's, or a status from 400 to 599.")
    return fault
