"""A conversation with an agent, without Slack: a model that reads its lines from a script, and people who decide."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphs.agent.agent import Agent
from graphs.agent.call_record import CallRecord, records
from graphs.agent.desk import Decided, Desk
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool
from graphs.approvals.decisions import Decision
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from graphs.models.model import ModelReply, TextDelta, ToolCall
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Connection, Storage
from storage.ids import ThreadId
from storage.interrupts import InterruptRow
from tests.support.rows import claims_of, questions_of, votes_of

THREAD = ThreadId("T0LOCAL/D0ANA/1.0")
CONFIG: Config = {"configurable": {"thread_id": THREAD}}

ANA = Actor(UserId("U0ANA"), "T0LOCAL", "member")
LEA = Actor(UserId("U0LEA"), "T0LOCAL", "member")

_numbers = itertools.count(1)

Line = ModelReply | Callable[[Sequence[Mapping[str, Any]]], ModelReply]


def says(text: str) -> ModelReply:
    return ModelReply(text)


def calls(*proposed: tuple[str, str | dict[str, Any]], text: str = "", ids: Sequence[str] = ()) -> ModelReply:
    """A reply that calls tools; arguments may be a text that is no JSON."""
    made = [
        ToolCall(id_, name, args if isinstance(args, str) else json.dumps(args))
        for id_, (name, args) in zip([*ids, *(f"call_{next(_numbers)}" for _ in proposed)], proposed, strict=False)
    ]
    return ModelReply(text, tuple(made), "tool_calls")


@dataclass
class ScriptedModel:
    """A model that says its lines: reply n to a transcript with n replies of its own, so that a repeated request gets
    the same reply. It keeps every transcript that it was asked with."""

    name = "scripted"
    lines: Sequence[Line]
    asked: list[list[dict[str, Any]]] = field(default_factory=list)

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        self.asked.append([dict(message) for message in messages])
        line = self.lines[sum(message["role"] == "assistant" and "id" in message for message in messages)]
        reply = line if isinstance(line, ModelReply) else line(messages)
        for word in reply.text.split(" ") if reply.text else ():
            yield TextDelta(word if word == reply.text.split(" ")[0] else f" {word}")
        yield reply

    async def aclose(self) -> None:
        """Holds nothing."""


class Talk:
    """One thread of an agent with these tools."""

    def __init__(self, storage: Storage, tools: Sequence[Tool[..., Any]], *lines: Line) -> None:
        self.storage = storage
        self.model = ScriptedModel(lines)
        self.deploy(*tools)

    def deploy(self, *tools: Tool[..., Any]) -> None:
        """From now on the agent has these tools, as after a release."""
        self.agent = Agent("Be brief.", tools)
        self.desk = Desk(self.storage, self.agent.toolbox)
        self.graph: CompiledGraph = self.agent.compile(self.model, self.storage)

    async def say(self, text: str, by: str = "U0ANA") -> dict[str, Any]:
        message = {"role": "user", "content": text, "id": f"m{next(_numbers)}", "by": by}
        return await self.graph.ainvoke({"messages": [message]}, CONFIG, by=by)

    async def go_on(self) -> dict[str, Any]:
        """What the worker does when it finds an answer."""
        return await self.graph.ainvoke(None, CONFIG)

    async def decide(self, decision: Decision, who: Actor = ANA, row: InterruptRow | None = None) -> InterruptRow:
        """Decide the question that waits, and go on. The question is returned as it was."""
        row = row or await self.waiting()
        outcome = await self.desk.decide(row.id, THREAD, who, decision)
        assert isinstance(outcome, Decided), outcome
        await self.go_on()
        return row

    async def refused(self, decision: Decision, who: Actor = ANA, row: InterruptRow | None = None) -> str:
        """The sentence with which a decision on the question that waits is refused."""
        row = row or await self.waiting()
        outcome = await self.desk.decide(row.id, THREAD, who, decision)
        assert isinstance(outcome, Refused), outcome
        return outcome.reason

    async def waiting(self) -> InterruptRow:
        """The one question that waits."""
        (row,) = await self.all_waiting()
        return row

    async def all_waiting(self) -> list[InterruptRow]:
        return await self.storage.interrupts(status="waiting")

    async def questions(self) -> list[InterruptRow]:
        """All that was ever asked, oldest first."""
        return await self.storage.read(lambda db: questions_of(db, THREAD))

    async def messages(self) -> list[dict[str, Any]]:
        return (await self.graph.aget_state(CONFIG)).values["messages"]

    async def results(self) -> list[str]:
        """What the model was told of its calls, in order."""
        return [message["content"] for message in await self.messages() if message["role"] == "tool"]


def gated(tool: Tool[..., Any], **changes: Any) -> Tool[..., Any]:
    """The tool with another policy, as a release could bring it."""
    return replace(tool, approval=Approval(**changes))


def everything_on_record(db: Connection) -> dict[str, CallRecord]:
    """The records of all calls of the thread. A job."""
    return records(questions_of(db, THREAD), claims_of(db, THREAD), votes_of(db, THREAD))
