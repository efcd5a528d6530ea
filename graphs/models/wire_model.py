"""A model behind a wire, the loop that both have: a request, its answer put into a reply, and once more if need be."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, cast

import aiohttp
import httpx2
import openai

from graphs.models.attempts import Attempts
from graphs.models.connection import OPENAI_URL, Connection, Deadlines
from graphs.models.errors import ModelUnavailable
from graphs.models.event_stream import END, Event
from graphs.models.model import ModelReply, TextDelta, Usage, new_call_id
from graphs.models.provider_errors import cause, unavailable
from graphs.models.replies import BrokeOff, GrowingReply, broke_off
from graphs.models.wire import Messages, Wire
from graphs.texts.redaction import Redaction, keys_among
from graphs.texts.surrogates import mended

logger = logging.getLogger(__name__)


class WireModel:
    """A model behind a wire. Close it with `aclose`.

    A request is repeated `max_retries` times while nothing of its reply was given on; one that broke off later is not,
    because its beginning has been shown. What the server refuses of what may be left out is left out from then on.
    """

    def __init__(
        self,
        wire: Wire,
        *,
        api_key: str,
        model: str,
        base_url: str = OPENAI_URL,
        deadlines: Deadlines | None = None,
        max_retries: int = 2,
        new_id: Callable[[], str] = new_call_id,
    ) -> None:
        self.name = model
        self._wire = wire
        self._new_id = new_id
        self._max_retries = max_retries
        self._left_out: frozenset[str] = frozenset()
        self._starts_in_thought = False
        self._redact = Redaction(keys := keys_among([api_key]), masked=keys)
        self._connection = Connection(api_key=api_key, base_url=base_url, deadlines=deadlines or Deadlines())

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._connection.aclose()

    async def stream(
        self, messages: Messages, tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`."""
        attempts = Attempts(self._max_retries, self._connection.turn_ends(), self._left_out)
        tried: list[Usage] = []
        while True:
            reply = self._wire.reply(starts_in_thought=self._starts_in_thought)
            try:
                request = self._wire.body(messages, tools, attempts.left_out)
                async with aclosing(self._text(request, reply, attempts.ends)) as pieces:
                    async for text in pieces:
                        attempts.is_shown = True
                        yield TextDelta(text)
                whole = reply.whole(messages, self._new_id)
                # Unreadable arguments are no call. Where asking again does not help, the tool refuses them, in words.
                if not whole.is_unreadable or not await self._may_go_on(attempts, BrokeOff(), messages):
                    break
                tried.extend(_known(reply.usage))
                continue
            except (openai.OpenAIError, BrokeOff, ValueError, aiohttp.ClientError) as error:
                tried.extend(_known(reply.usage))
                if await self._may_go_on(attempts, error, messages):
                    continue
                failure = self._unavailable(error)
                failure.tried = tried
            raise failure  # out here, where the error that names our secrets is no context of it
        if new := attempts.left_out - self._left_out:
            words = ", ".join(self._wire.words[each] for each in new)
            logger.info("the model's server refuses %s; left out from now on", words)
        self._left_out |= attempts.left_out
        self._starts_in_thought |= reply.starts_in_thought
        yield replace(whole, tried=tuple(tried))

    async def _may_go_on(self, attempts: Attempts, error: Exception, messages: Messages) -> bool:
        if self._wire.is_elsewhere(error):
            return False
        return await attempts.may_go_on(error, lambda said: self._wire.refused(said, messages, attempts.left_out))

    async def _text(self, request: bytes, reply: GrowingReply, ends: float) -> AsyncGenerator[str]:
        """The text of the answer as it comes; the rest is in `reply`. Raises OpenAIError, BrokeOff, ValueError."""
        is_anything = False
        answer = self._connection.ask(self._wire.path, request, ends, lambda: reply.is_complete)
        async with aclosing(answer) as events:
            try:
                async for event, asked in events:
                    is_anything = True
                    if event is END:
                        reply.is_complete = True
                    elif text := _read(event, reply, asked):
                        yield text
            except openai.APIConnectionError:
                if not reply.is_all_said:  # some servers never close what they are done with
                    raise
            except json.JSONDecodeError as error:
                raise (BrokeOff() if reply.is_begun else error) from None
        if is_anything and not (reply.is_begun or reply.is_complete):
            raise ValueError("nothing that was sent is a part of a reply")
        if text := reply.end():
            yield text

    def _unavailable(self, error: Exception) -> ModelUnavailable:
        """What a person is told of this error; the log gets its cause."""
        if isinstance(error, openai.OpenAIError):
            failure = unavailable(error, self.name, self._redact)
            return self._elsewhere(failure) if self._wire.is_elsewhere(error) else failure
        if isinstance(error, BrokeOff):
            return broke_off()
        sentence = "The model's server sent something that is no reply; whoever runs this bot has to check it."
        failure = ModelUnavailable(sentence, retryable=False, trouble="unreadable")
        failure.__cause__ = cause(error, self._redact)
        return failure

    def _elsewhere(self, failure: ModelUnavailable) -> ModelUnavailable:
        elsewhere = ModelUnavailable(self._wire.elsewhere, retryable=False, trouble=failure.trouble)
        elsewhere.is_elsewhere, elsewhere.__cause__ = True, failure.__cause__
        return elsewhere


def _known(usage: Usage | None) -> Sequence[Usage]:
    return () if usage is None else (usage,)


def _read(event: Event, reply: GrowingReply, request: httpx2.Request) -> str:
    """Take an event into the reply; the text that it brought. Raises APIError when it says that it went wrong."""
    data = event.data
    if isinstance(data, list):  # one error, as Gemini reports it, or all chunks at once
        return "".join(_read_one(each, event, reply, request) for each in cast("list[Any]", data))
    return _read_one(data, event, reply, request)


def _read_one(data: Any, event: Event, reply: GrowingReply, request: httpx2.Request) -> str:
    error = reply.reported_error(data, event.name)
    if error is not None:
        raise openai.APIError(mended(str(error.get("message") or error)), request, body=error)
    if data is None:  # a sign of life
        return ""
    if not isinstance(data, Mapping):
        raise ValueError(f"what was sent is no object: {str(data)[:200]!r}")
    text = reply.add(cast("Mapping[str, Any]", data), event.name)
    reply.is_complete |= event.is_document and reply.is_begun
    return text
