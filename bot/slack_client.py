"""Slack's Web API, where every call ends: with Slack's answer, Slack's refusal, or in time.

Slack's own client has no deadline for a session that it is handed, waits as long as a rate limit says (of which it
reads one digit), and trips over answers that are not Slack's.
"""

from __future__ import annotations

import asyncio
import copy
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.slack_answers import is_whole
from bot.slack_errors import describe, is_dead_token, may_have_arrived, reason
from graphs.texts.surrogates import mended_tree
from storage.recent import Recent

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 5.0

SECONDS = 10.0
"""How long a call may take, from asking for a connection to the last byte of the answer."""

SHORTER: Mapping[str, float] = {
    "views.": 2.5,  # a trigger lives three seconds
    "users.": 5.0,
    "usergroups.": 5.0,
    "assistant.": 3.0,  # a courtesy, and what follows it waits
    "chat.postEphemeral": 5.0,
}
"""How long calls may take whose method begins so."""

PATIENCE = 5.0
"""How long a call waits in all for rate limits to pass. What is limited for longer is refused here until then."""

SHORTEST_LIMIT, LONGEST_LIMIT = 1.0, 300.0
"""Seconds that a rate limit counts for, whatever it says: one of no time must not become a loop, and one of a day,
which Slack never means, no day of silence.
"""

LARGEST = 32 * 2**20
"""Bytes of an answer: many times what a page of messages may have."""

LIMITS_KNOWN = 1000
"""Methods and channels of which it is remembered until when Slack takes no more calls."""

_REDIRECT, _ERROR, _TOO_MANY = 300, 400, 429


NO_ANSWER = "no_answer"
"""In the place of Slack's name for how a call failed: nobody answered in time, or it was not Slack."""


def seconds_for(method: str) -> float:
    """How long a call of this method may take."""
    return next((seconds for start, seconds in SHORTER.items() if method.startswith(start)), SECONDS)


class NoAnswer(aiohttp.ClientError):
    """Something answered that is not Slack: a proxy's page, half an answer, nothing that can be read, or that says what
    was asked for.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"HTTP status {status} without an answer of Slack's")


@dataclass
class _Shared:
    """What is known to a client and its copies: the calls under way, when the last has to end, what is limited."""

    under_way: set[asyncio.Timeout] = field(default_factory=set)
    end: float | None = None
    limits: Recent = field(default_factory=lambda: Recent(LIMITS_KNOWN))
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    last_words: str = ""
    heard_at: float = -math.inf


class SlackClient(AsyncWebClient):
    """A client over a session of `session()`. Calls raise one of `slack_errors.UNCERTAIN`, and nothing else.

    `seconds` says how long a call of a method may take. `called` is told of each call, its method and how it failed: by
    Slack's name for that, `no answer`, or "" for one that went well.
    """

    def __init__(
        self,
        *,
        token: str,
        base_url: str,
        session: aiohttp.ClientSession,
        seconds: Callable[[str], float] = seconds_for,
        called: Callable[[str, str], None] = lambda method, error: None,
    ) -> None:
        super().__init__(token=token, base_url=base_url, session=session, retry_handlers=[])
        self._seconds = seconds
        self._called = called
        self._shared = _Shared()

    def without_token(self) -> SlackClient:
        """The same for Bolt, which asks for the token."""
        copied = copy.copy(self)
        copied.token = None
        return copied

    @property
    def dead(self) -> asyncio.Event:
        """Set once Slack has refused a token that it took before."""
        return self._shared.dead

    @property
    def last_words(self) -> str:
        """What Slack said to that, in one line."""
        return self._shared.last_words

    @property
    def heard_at(self) -> float:
        """When Slack answered last, be it with a refusal (the event loop's seconds); infinitely long ago at first."""
        return self._shared.heard_at

    def bury(self, words: str) -> None:
        """Say that the token is no good any more; only the first words are kept."""
        self._shared.last_words = self._shared.last_words or words
        self._shared.dead.set()

    def end_within(self, seconds: float) -> None:
        """Let no call take longer than this from now on, those under way included. They end as calls without answer."""
        end = self._shared.end = asyncio.get_running_loop().time() + seconds
        for limit in self._shared.under_way:
            if (when := limit.when()) is None or when > end:
                limit.reschedule(end)

    async def api_call(self, api_method: str, **options: Any) -> AsyncSlackResponse:
        """See Slack's. Every method of the client comes through here."""
        error = NO_ANSWER
        try:
            answer = await self._in_time(api_method, options)
            error = ""
        except SlackApiError as refusal:
            error = reason(refusal) or NO_ANSWER
            raise
        finally:
            self._called(api_method, error)
        return answer

    async def _in_time(self, api_method: str, options: dict[str, Any]) -> AsyncSlackResponse:
        now = asyncio.get_running_loop().time()
        async with asyncio.timeout_at(self._no_later(now + self._seconds(api_method))) as limit:
            self._shared.under_way.add(limit)
            try:
                return await self._ask(api_method, options, limit)
            except SlackApiError as error:
                if is_dead_token(error):
                    self.bury(f"{api_method} was refused: {describe(error)}")
                raise
            finally:
                self._shared.under_way.discard(limit)

    async def _ask(self, method: str, options: dict[str, Any], limit: asyncio.Timeout) -> AsyncSlackResponse:
        """Call, and again while Slack says that it was too often, as long as there is patience."""
        loop = asyncio.get_running_loop()
        patience = 0.0 if method.startswith("views.") else PATIENCE
        where = (method, _channel(options))
        while True:
            wait = (self._shared.limits.look(where) or 0.0) - loop.time()
            if wait > patience:
                raise self._limited(method, wait)
            if wait > 0:
                patience -= wait
                limit.reschedule(self._no_later((limit.when() or loop.time()) + wait))
                await asyncio.sleep(wait)
            try:
                answer = await super().api_call(method, **options)
                answer.data = mended_tree(answer.data)  # names may be cut in the middle of a character
                if not is_whole(method, answer.data):
                    raise NoAnswer(answer.status_code)
                self._shared.heard_at = loop.time()
                return answer
            except SlackApiError as error:
                if not may_have_arrived(error):  # else it was not Slack that answered, or it is in trouble itself
                    self._shared.heard_at = loop.time()
                if error.response.status_code != _TOO_MANY:
                    raise
                seconds = _retry_after(error.response.headers)
                self._shared.limits.put(where, loop.time() + seconds)
                if seconds > patience:
                    logger.warning("Slack takes no %s for %.0f s: too many calls", method, seconds)
                    raise

    def _no_later(self, when: float) -> float:
        return when if self._shared.end is None else min(when, self._shared.end)

    def _limited(self, method: str, wait: float) -> SlackApiError:
        """The refusal that Slack would repeat."""
        answer = AsyncSlackResponse(
            client=self,
            http_verb="POST",
            api_url=self.base_url + method,
            req_args={},
            data={"ok": False, "error": "ratelimited"},
            headers={"Retry-After": str(int(wait) + 1)},
            status_code=_TOO_MANY,
        )
        return SlackApiError("Slack takes no more calls for now.", answer)


def session() -> aiohttp.ClientSession:
    """For `SlackClient`: it takes nothing for an answer that is none.

    Slack's client reads the proxy from the environment itself, once. The session would look for one, and for a .netrc,
    at each request, in a thread.
    """
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)  # the total is each call's own
    return aiohttp.ClientSession(timeout=timeout, middlewares=[_answers_only])


async def _answers_only(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Slack's client would raise whatever it tripped over, or take a page for an answer; and it would go where that
    leads, with what is meant for Slack.
    """
    response = await handler(request)
    is_read = False
    try:
        is_read = not _REDIRECT <= response.status < _ERROR and await _is_read(response)
    finally:
        if not is_read:
            response.close()
    if not is_read:
        raise NoAnswer(response.status)
    if "Authorization" not in request.headers:  # a file, to the address that Slack gave for it: any text is its answer
        return response
    try:
        answer = await response.json()
    except (aiohttp.ContentTypeError, ValueError, RecursionError) as error:
        raise NoAnswer(response.status) from error
    if not isinstance(answer, dict):
        raise NoAnswer(response.status)
    return response


async def _is_read(response: aiohttp.ClientResponse) -> bool:
    """Read an answer; False when it is too large to be one."""
    if (response.content_length or 0) > LARGEST:
        return False
    body = bytearray()
    async for piece in response.content.iter_chunked(2**16):
        body += piece
        if len(body) > LARGEST:
            return False
    response._body = bytes(body)  # pyright: ignore[reportPrivateUsage] (there is no other way to bound what is read)
    return True


def _channel(options: Mapping[str, Any]) -> str:
    """Slack limits posts in each channel by itself."""
    for name in ("json", "params", "data"):
        given = options.get(name)
        if isinstance(given, Mapping) and "channel" in given:
            return str(given["channel"])
    return ""


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds. Slack says a whole number; what else may stand there counts as the shortest limit."""
    said = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
    return max(SHORTEST_LIMIT, min(float(said), LONGEST_LIMIT)) if said.isdecimal() else SHORTEST_LIMIT
