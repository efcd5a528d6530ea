"""One call of a server's tool: sent, asked about on the way where the server asks, and read.

A server of the newer protocol ends a call with what it asks, and with a state that the call goes on from: both stand
with the question, so that the call goes on after any restart. One of the older protocol asks in the middle of a call:
that is kept under way for a while, and begun again where it is gone; what was answered is not asked twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import mcp_types as types
from mcp.shared.exceptions import MCPError
from pydantic import ValidationError

from graphs.agent.errors import ToolError, ToolTimedOut
from graphs.agent.results import ToolResult
from graphs.errors import CutOff, InterruptMisused, QuestionExpired
from graphs.mcp import contents, elicitation
from graphs.mcp.connection import Connection, Round
from graphs.mcp.http import CUT_OFF, UNREACHED
from graphs.mcp.lines import TOO_LARGE
from graphs.runtime.asking import Question, ask, known_question
from graphs.runtime.frames import frame_of
from storage import interrupts
from storage.errors import StorageError
from storage.interrupts import InterruptRow

T = TypeVar("T")

EXPIRES_AFTER = 24 * 3600.0
"""Seconds that a server's question waits. Then the server is told that nobody answered."""

MOST_ROUNDS = 20
"""How often a call may come back with questions."""

LARGEST_STATE = 1_000_000
"""Characters of the state that a call goes on from."""

PAUSE = 0.25
"""Seconds until a call is made again that came back with nothing but a state."""

TERMS = "mcp"
"""Where a question's terms say what the call goes on with."""

_ELICITS = "elicitation/create"
"""In what the SDK refuses a tool of the newer protocol with that asks as the older one does."""

_LOST = ("SSE stream ", "Connection closed", "The call was given up")
"""How the SDK, or we, say that a connection was lost with an answer due."""

_UNREAD = "Failed to parse"
"""How the SDK says that an answer is none."""


class AsksOlder(Exception):
    """The server asks a person in the middle of the call, which only the older protocol has."""


class NotSent(Exception):
    """The call did not reach the server. The message is a clause that says why."""


@dataclass(frozen=True)
class Call:
    """A call of `tool`, on this connection; `key` is the same on each run of it. `name` is what people call the tool,
    `timeout` how many seconds the server has for each answer.
    """

    connection: Connection
    tool: str
    name: str
    values: dict[str, Any]
    key: str
    timeout: float

    @property
    def server(self) -> str:
        return self.connection.spec.name

    async def run(self) -> ToolResult:
        """What the tool returned. Raises ToolError for what it, or its server, said no with; ToolTimedOut, CutOff,
        NotSent and AsksOlder; and pauses the task where a person is asked.
        """
        try:
            result = await (self._in_rounds() if self.connection.is_modern else self._at_once())
        except MCPError as error:
            raise self._meaning(error) from error
        except ValidationError as error:
            raise ToolError(
                f"The server {self.server} answered with something that is no result. It may or may not have taken "
                "effect."
            ) from error
        except TimeoutError as error:
            raise ToolTimedOut(self.name, self.timeout) from error
        return await asyncio.to_thread(contents.read, result)

    def _meaning(self, error: MCPError) -> Exception:
        lost = self.connection.ended.is_set() and error.code == types.CONNECTION_CLOSED
        if error.code == UNREACHED:
            return NotSent(error.message)
        if self.connection.is_modern and _ELICITS in error.message:
            return AsksOlder(error.message)
        if error.code == types.PARSE_ERROR and error.message.startswith(_UNREAD):
            return ToolError(f"What the server {self.server} returned cannot be read. It may have taken effect.")
        if error.code == TOO_LARGE:
            return ToolError(f"{error.message} That is more than is read; it has taken effect all the same.")
        if lost or error.code == CUT_OFF or (error.code == types.CONNECTION_CLOSED and error.message.startswith(_LOST)):
            return CutOff(f"The server {self.server} was lost before it answered.")
        return ToolError(f"The server {self.server} refused: {error.message[: contents.LONGEST_REFUSAL]}")

    async def _at_once(self) -> types.CallToolResult:
        """By the older protocol. It is kept under way where it asks."""
        try:
            async with asyncio.timeout(self.timeout):
                live = await self.connection.live.begin(self.key, lambda: self.connection.call(self.tool, self.values))
        except TimeoutError as error:
            raise ToolError(
                f"Other calls of the server {self.server} took too long; this one was not begun."
            ) from error
        number, waits = 0, False
        try:
            while (asked := await self._in_time(live.question(number))) is not None:
                waits = True
                try:
                    result = self._ask(cast("types.ElicitRequestFormParams", asked))
                except ToolError:  # what cannot be asked is nothing that a person is waited for
                    waits = False
                    raise
                waits = False
                live.answer(number, result)
                number += 1
            return self._final(await live.result())
        finally:
            if waits:
                live.wait_for_a_person(_openness(number))
            else:
                live.give_up()

    async def _in_rounds(self) -> types.CallToolResult:
        """By the newer protocol. What a round came back with is on record with its first question."""
        state: str | None = None
        responses: dict[str, Any] | None = None
        for _ in range(MOST_ROUNDS):
            known = _on_record(known_question())
            if known is None:
                result = await self._in_time(self._round(state, responses))
                if isinstance(result, types.CallToolResult):
                    return result
                known = self._stored(result)
            state, asked = known["state"], cast("dict[str, dict[str, Any]]", known["asked"])
            responses = {each: self._ask_stored(params, known) for each, params in asked.items()} or None
            if responses is None:
                await asyncio.sleep(PAUSE)
        raise ToolError(f"The server {self.server} asked {MOST_ROUNDS} times without an end. The call was given up.")

    async def _round(self, state: str | None, responses: dict[str, Any] | None) -> Round:
        return await self.connection.call(self.tool, self.values, state=state, responses=responses)

    async def _in_time(self, step: Coroutine[Any, Any, T]) -> T:
        async with asyncio.timeout(self.timeout):
            return await step

    def _stored(self, result: types.InputRequiredResult) -> dict[str, Any]:
        asked = {name: self._form_params(each) for name, each in (result.input_requests or {}).items()}
        if len(result.request_state or "") > LARGEST_STATE:
            raise ToolError(f"The server {self.server} asked with a state that is too large to keep.")
        return {"state": result.request_state, "asked": asked}

    def _form_params(self, request: Any) -> dict[str, Any]:
        params = getattr(request, "params", None)
        if not isinstance(params, types.ElicitRequestFormParams):
            what = getattr(request, "method", "something")
            raise ToolError(f"The server {self.server} asked for {what!r}, which this client does not do.")
        return {"message": params.message, "schema": params.requested_schema}

    def _ask_stored(self, params: dict[str, Any], known: dict[str, Any]) -> types.ElicitResult:
        return self._asked(params["message"], params["schema"], {TERMS: known})

    def _ask(self, params: types.ElicitRequestFormParams) -> types.ElicitResult:
        return self._asked(params.message, params.requested_schema, None)

    def _asked(self, message: str, schema: dict[str, Any], terms: Any) -> types.ElicitResult:
        """A person's answer. Pauses the task until there is one."""
        try:
            form = elicitation.form(self.server, message, schema)
        except elicitation.Unaskable as error:
            raise ToolError(f"The server {self.server} asked for something, but {error}.") from error
        expires_at = frame_of("a tool of a server").session.now() + EXPIRES_AFTER
        try:
            answer = ask(Question(form.payload, response_schema=form.schema, terms=terms, expires_at=expires_at))
        except InterruptMisused as error:
            raise ToolError(f"The server {self.server} asked for something that is no form.") from error
        except QuestionExpired:
            return types.ElicitResult(action="cancel")
        return types.ElicitResult(**form.result(answer.value))

    def _final(self, result: Round) -> types.CallToolResult:
        if isinstance(result, types.CallToolResult):
            return result
        raise ToolError(f"The server {self.server} asked in a way that its protocol does not have.")


def _openness(number: int) -> Callable[[], Awaitable[bool]]:
    """Whether the `number`-th question of this task is not stored yet, or still waits for its answer, or for this task
    to go on with it.
    """
    frame = frame_of("a tool of a server")
    storage, thread_id, scope = frame.session.storage, frame.session.thread_id, frame.scope

    was_stored = False

    async def is_open() -> bool:
        nonlocal was_stored
        assert storage is not None, "what pauses is stored"
        try:
            status = await storage.read(lambda db: interrupts.status_at(db, thread_id, scope, number))
        except StorageError:
            return True
        was_stored = was_stored or status is not None
        return status not in ("superseded", "cancelled") if status is not None else not was_stored

    return is_open


def _on_record(row: InterruptRow | None) -> dict[str, Any] | None:
    """What the call goes on with, where it asked before."""
    terms: Any = row.terms if row is not None else None
    return cast("dict[str, Any]", terms).get(TERMS) if isinstance(terms, dict) else None
