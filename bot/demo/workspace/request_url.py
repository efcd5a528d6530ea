"""HTTP mode: what the bot is told is posted to its Request URL, signed, instead of sent over a WebSocket of its."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bot.demo.workspace.connections import Lost
from bot.demo.workspace.journal import Journal

Json = dict[str, Any]

PAUSES = (0.0, 60.0, 300.0)
"""Seconds before the first, the second and the third repetition of an event that was not acknowledged."""


class NotTaken(Lost):
    """The bot did not answer an envelope with HTTP 200 in time. `reason` is Slack's word for why, `pause` the seconds
    before the next attempt, None where there is to be none.
    """

    def __init__(self, reason: str, pause: float | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.pause = pause


class RequestUrl:
    """The bot's address: it is sent envelopes as a connection is, and its answer is what an ack has as its payload."""

    number = 0
    """Connections are counted from 1."""

    def __init__(
        self,
        url: str,
        secret: str,
        http: aiohttp.ClientSession,
        journal: Journal,
        clock: Callable[[], float],
        pauses: tuple[float, ...] = PAUSES,
    ) -> None:
        self._url = url
        self._secret = secret
        self._http = http
        self._journal = journal
        self._clock = clock
        self._pauses = pauses

    async def send(self, envelope: Json, ack_timeout: float) -> Json:
        """What the bot answers: `{}` when it says nothing. Raises NotTaken."""
        attempt: int = envelope.get("retry_attempt", 0)
        body, headers = self._request(envelope)
        pause = self._pauses[attempt] if attempt < len(self._pauses) else None
        try:
            async with asyncio.timeout(ack_timeout), self._http.post(self._url, data=body, headers=headers) as answer:
                text = await answer.text()
        except TimeoutError:
            raise NotTaken("http_timeout", pause) from None
        except (aiohttp.ClientError, OSError):
            raise NotTaken("connection_failed", pause) from None
        if answer.status != 200:
            raise NotTaken("http_error", None if "X-Slack-No-Retry" in answer.headers else pause)
        payload = _payload(text, answer.content_type)
        self._journal.add("ack", envelope_id=envelope["envelope_id"], payload=payload, in_time=True)
        return payload

    def _request(self, envelope: Json) -> tuple[str, dict[str, str]]:
        """Body and headers: an event is JSON, a command is a form, the rest is JSON in a form."""
        payload = envelope["payload"]
        match envelope["type"]:
            case "events_api":
                kind, body = "application/json", json.dumps(payload)
            case "slash_commands":
                kind, body = "application/x-www-form-urlencoded", urlencode(payload)
            case _:
                kind, body = "application/x-www-form-urlencoded", urlencode({"payload": json.dumps(payload)})
        timestamp = str(int(self._clock()))
        signed = hmac.new(self._secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"Content-Type": kind, "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": f"v0={signed}"}
        if envelope.get("retry_attempt"):
            headers["X-Slack-Retry-Num"] = str(envelope["retry_attempt"])
            headers["X-Slack-Retry-Reason"] = envelope["retry_reason"]
        return body, headers


def _payload(text: str, kind: str) -> Json:
    if not text:
        return {}
    return json.loads(text) if kind == "application/json" else {"text": text}
