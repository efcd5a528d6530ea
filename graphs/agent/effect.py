"""Running a tool call that may run: once, on record, and never silently a second time."""

from __future__ import annotations

import asyncio
import functools
import logging
from dataclasses import dataclass
from typing import Any, Literal, cast

from graphs.agent import evidence, tool_messages
from graphs.agent.arguments import Arguments
from graphs.agent.errors import ArgumentsChanged, ToolError, ToolTimedOut
from graphs.agent.proposals import ProposedCall, claim_key, did_it_run, named
from graphs.agent.results import RESULT_LENGTH, Failure, ToolResult, failure, result_text, told, unwritable, whole
from graphs.agent.tools import Tool
from graphs.errors import CutOff, InDoubt, QuestionExpired
from graphs.runtime.asking import ask
from graphs.runtime.calling import awaitable
from graphs.runtime.effects import beside_result, idempotency_key, perform
from graphs.runtime.frames import frame_of
from graphs.texts.redaction import Redaction, in_use, redacted
from storage import kept_results
from storage.audit import LONGEST_ID
from storage.ids import InterruptId

logger = logging.getLogger(__name__)

NOT_ANSWERED = "Nobody answered in time what it asked."

WRITTEN_WITHIN = 10.0
"""Seconds that a result's own methods have to say what it is."""


@dataclass(frozen=True)
class Effect:
    """A call with the arguments that may run."""

    call: ProposedCall
    tool: Tool[..., Any]
    arguments: Arguments
    requester: str
    allowed_by: InterruptId | None = None
    """The approval that it runs on, None for one that nobody had to approve."""

    async def run(self) -> str:
        """What the model is told: the result's text, or what went wrong.

        Claimed before it begins, unless running it twice does no harm. Going wrong is an end like another: it is on
        record, and what went wrong is not run again.
        """
        key = claim_key(self.call["id"])
        about = self._about(self.allowed_by)
        try:
            return told(
                await perform(key, functools.partial(self._run, about), repeatable=self.tool.repeatable, about=about)
            )
        except InDoubt as error:
            doubt = error
        return await self._settle(doubt)

    def _about(self, allowed_by: InterruptId | None) -> dict[str, Any]:
        """What the audit says of the run and its outcome."""
        return {
            "interrupt_id": allowed_by,
            "tool": self.tool.name,
            "call": self.call["id"][:LONGEST_ID],
            "args_digest": self.arguments.digest,
            "schema_digest": self.tool.schema_digest,
        }

    async def _run(self, about: dict[str, Any]) -> str | Failure:
        """What is on record of the call. That it went wrong is added to what the audit says."""
        key = idempotency_key(claim_key(self.call["id"]))
        redact = Redaction(self.arguments.secrets)
        try:
            with in_use(redact):
                result = await self.tool.call(self.arguments, idempotency_key=key)
        except ToolTimedOut as error:
            about["outcome"] = "timed out"
            return failure(str(error), tool_messages.timed_out(error.seconds))
        except ArgumentsChanged as error:
            about["outcome"] = "stale"
            return failure(str(error), tool_messages.stale())
        except CutOff as error:
            if not self.tool.repeatable:
                logger.warning("tool %r was cut off (call %r): %s", self.tool.name, self.call["id"], error)
                raise
            about["outcome"] = "failed"
            return failure(str(error), tool_messages.failed(f"{error} It may be called again."), redact)
        except QuestionExpired:
            about["outcome"] = "failed"
            return failure(NOT_ANSWERED, tool_messages.failed(f"{NOT_ANSWERED} This is no refusal."), redact)
        except ToolError as error:
            about["outcome"] = "failed"
            refusal = failure(str(error), tool_messages.failed(str(error)), redact)
            logger.info("tool %r refused (call %r): %r", self.tool.name, self.call["id"], refusal["failed"])
            return refusal
        except Exception as error:
            about["outcome"] = "failed"
            said = redacted(error, redact)
            logger.error("tool %r failed (call %s)", self.tool.name, self.call["id"], exc_info=said)
            message = str(error) or type(error).__name__
            return failure(message, tool_messages.failed(message), redact)
        if isinstance(result, ToolResult) or (isinstance(result, str) and len(result) > RESULT_LENGTH):
            return self._kept(await awaitable(whole, bounded=False)(result, redact))
        return await _written(result, redact)

    def _kept(self, result: ToolResult) -> str:
        """What the model is told; the rest is stored with it."""
        files = [(each.name, each.media_type, each.data) for each in result.files]
        if files:
            call_id, now = self.call["id"], frame_of("a tool").session.now()
            beside_result(lambda db, thread_id: kept_results.keep(db, thread_id, call_id, files, now))
        return result.text

    async def _settle(self, doubt: InDoubt) -> str:
        """Nobody knows whether it ran: a person looks and says. Leave to run it again counts for the attempt that the
        question was about."""
        number = 0
        while True:
            # The rules' conditions say who may settle it: they hold up nobody but this call.
            question = awaitable(did_it_run, bounded=False)
            answer = ask(await question(self.call, self.tool, self.arguments, self.requester, doubt, number))
            choice = cast("Literal['it_ran', 'run_again', 'give_up']", answer.value["type"])
            if choice != "give_up" and (why := await evidence.against(answer)) is not None:
                logger.error(
                    "question %s about call %r reads %r, but %s; nothing was run, and it is asked anew. "
                    "Somebody may have written into the database: run signoff audit verify",
                    *(answer.interrupt_id, self.call["id"], choice, why),
                )
                number += 1
                continue
            about = self._about(answer.interrupt_id)
            if choice == "it_ran":
                done = tool_messages.was_done(named(answer.by, self.requester))
                # Nothing is begun, so nothing is claimed: only the end is put on record.
                return await perform(doubt.key, lambda done=done: done, repeatable=True, about=about)
            if choice == "give_up":
                return tool_messages.in_doubt()
            if answer.terms["since"] == doubt.since:
                effect = functools.partial(self._run, about)
                try:
                    return told(await perform(doubt.key, effect, repeatable=False, again=True, about=about))
                except InDoubt as error:
                    doubt = error
            number += 1


async def _written(result: object, redact: Redaction) -> str:
    """The result's text. It never raises, because the effect has happened, and it holds up nobody else: a result may
    be of any class.
    """
    if result is None or type(result) is str:
        return result_text(result, redact)
    try:
        async with asyncio.timeout(WRITTEN_WITHIN):
            return await awaitable(result_text, bounded=False)(result, redact)
    except Exception as error:
        said = redacted(error, redact)
        logger.warning("a result of type %s cannot be written as text", type(result).__name__, exc_info=said)
        return unwritable(result)
