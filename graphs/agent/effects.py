"""Running a tool call that may run: once, on record, and never silently a second time."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from typing import Any, Literal, cast

from graphs.agent import outcomes
from graphs.agent.arguments import Arguments
from graphs.agent.asking import ProposedCall, claim_key, did_it_run, named
from graphs.agent.errors import ArgumentsChanged, ToolTimedOut
from graphs.agent.results import Failure, failure, result_text, told
from graphs.agent.tools import Tool
from graphs.errors import InDoubt
from graphs.runtime.questions import ask, idempotency_key, perform
from storage.audit import LONGEST_ID
from storage.ids import InterruptId

logger = logging.getLogger(__name__)


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
        try:
            return told(await perform(key, self._run, repeatable=self.tool.repeatable, about=self._about()))
        except InDoubt as error:
            doubt = error
        return await self._settle(doubt)

    def _about(self) -> dict[str, Any]:
        """What the audit says of the run and its outcome."""
        return {
            "interrupt_id": self.allowed_by,
            "tool": self.tool.name,
            "call": self.call["id"][:LONGEST_ID],
            "args_digest": self.arguments.digest,
            "schema_digest": self.tool.schema_digest,
        }

    async def _run(self) -> str | Failure:
        key = idempotency_key(claim_key(self.call["id"]))
        try:
            return result_text(await self.tool.call(self.arguments, idempotency_key=key))
        except ToolTimedOut as error:
            return failure(str(error), outcomes.timed_out(error.seconds))
        except ArgumentsChanged as error:
            return failure(str(error), outcomes.stale())
        except Exception as error:
            logger.exception("tool %r failed (call %s)", self.tool.name, self.call["id"])
            message = str(error) or type(error).__name__
            return failure(message, outcomes.failed(message))

    async def _settle(self, doubt: InDoubt) -> str:
        """Nobody knows whether it ran: a person looks and says. Leave to run it again counts for the attempt that the
        question was about."""
        for number in itertools.count():
            answer = ask(did_it_run(self.call, self.tool, self.arguments, self.requester, doubt, number))
            choice = cast("Literal['it_ran', 'run_again', 'give_up']", answer.value["type"])
            if choice == "it_ran":
                done = outcomes.was_done(named(answer.by, self.requester))
                return await perform(doubt.key, lambda done=done: done, repeatable=False, again=True)
            if choice == "give_up":
                return outcomes.in_doubt()
            if answer.terms["since"] == doubt.since:
                break
        return told(await perform(doubt.key, self._run, repeatable=False, again=True))
