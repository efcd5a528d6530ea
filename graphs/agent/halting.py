"""Stopping a turn: taking back what waits, and how its transcript ends, with each of its calls answered.

A request to stop is on the thread's row until whoever runs the thread has ended it (`threads.halt`), so it reaches that
process whoever made it, and a crash in between loses nothing. From that transaction on nothing waits and nothing more
is claimed: of a click at the same moment and of a stop, one counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from graphs.agent import call_record, tool_messages
from graphs.agent.call_record import NOTHING, CallRecord
from graphs.agent.toolbox import Toolbox
from graphs.approvals.states import Refusal, State
from graphs.errors import NotWaiting
from graphs.models.transcript import Message, call_ids, tool_message
from graphs.runtime.compiled import Threads
from graphs.runtime.configs import config_of
from graphs.runtime.types import StateSnapshot
from storage import Connection, Storage, claims, interrupts, threads
from storage.claims import ClaimRow
from storage.ids import ThreadId
from storage.threads import ThreadRow

STOPPED = "Stopped."
"""What the thread says, once."""


def is_at_work(db: Connection, thread: ThreadRow | None) -> bool:
    """Whether there is something to stop: it runs, or waits for somebody. A job."""
    if thread is None:
        return False
    return thread.status in ("running", "waiting") or bool(interrupts.open_in(db, thread.thread_id))


def begin(db: Connection, thread_id: ThreadId, name: str, now: float, *, by: str, team: str) -> bool:
    """Ask, as this person, that the thread be stopped, and take back what waits in it. `name` is the id of the message
    that will say so. False when nothing is at work there. A job.
    """
    if not is_at_work(db, threads.get(db, thread_id)):
        return False
    threads.halt(db, thread_id, name, now)
    interrupts.cancel(db, thread_id, [row.id for row in interrupts.open_in(db, thread_id)], now, by=by, team=team)
    return True


@dataclass(frozen=True)
class Halts:
    """Ends threads that are to stop, and that nobody runs any more."""

    storage: Storage
    graph: Threads
    toolbox: Toolbox

    async def finish(self, thread_id: ThreadId, unfinished: Message | None = None) -> None:
        """End the thread where it stands; `unfinished` is what the model had written of a reply. Nothing when it was
        ended before. Raises `ThreadBusy` while a run has it.
        """
        found = await self.storage.read(lambda db: self._look(db, thread_id))
        if found is None:
            return
        name, messages, begun = found
        if unfinished is not None and unfinished["content"].strip():
            messages = [dict(unfinished), *messages]

        def over(db: Connection) -> None:
            if not threads.halt_over(db, thread_id, name):
                raise NotWaiting(f"thread {thread_id!r} was stopped before")
            for claim in begun:  # its process ended before it did, or it asked: whether it took effect, nobody knows
                claims.put(db, replace(claim, status="in doubt"))

        ends = {"role": "assistant", "id": name, "content": STOPPED, "stopped": True}
        with suppress(NotWaiting):
            await self.graph.aend(config_of(thread_id), {"messages": [*messages, ends]}, over)

    def _look(self, db: Connection, thread_id: ThreadId) -> tuple[str, list[dict[str, Any]], list[ClaimRow]] | None:
        """The request's name, what its calls are told, and the claims that were left without an end. A job."""
        thread = threads.get(db, thread_id)
        if thread is None or thread.halted is None:
            return None
        snapshot = self.graph.state_on(db, config_of(thread_id))
        unanswered = _unanswered(snapshot)
        records = call_record.read(db, thread_id, unanswered) if unanswered else {}
        told = [self._told(call_id, name, records.get(call_id, NOTHING)) for call_id, name in unanswered.items()]
        claimed = claims.of_tasks(db, [task.id for task in snapshot.tasks])
        begun = [row for row in claimed if row.status in ("claimed", "paused")]
        return thread.halted, told, begun

    def _told(self, call_id: str, tool: str, record: CallRecord) -> dict[str, Any]:
        """The tool message of a call that was stopped."""
        message = {**tool_message(call_id, ""), "id": f"result:{call_id}"}
        if record.claim is not None or record.state() not in _LET_RUN:
            return {**message, "content": call_record.outcome(record, self.toolbox)}
        # What may be repeated is on record with its end only.
        found = self.toolbox.find(tool)
        said = tool_messages.cut_off() if found is not None and found.repeatable else tool_messages.cancelled()
        if record.approval is None:
            message["refusal"] = asdict(Refusal("stopped"))
        return {**message, "content": said}


_LET_RUN = (State.APPROVED, State.RUNNING)
"""Where a call stands that nobody has to be asked about any more."""


def _unanswered(snapshot: StateSnapshot) -> Mapping[str, str]:
    """The calls of the thread that have no tool message, with the names of their tools."""
    messages: Sequence[Message] = snapshot.values.get("messages", ())
    answered = {message.get("tool_call_id") for message in messages if message["role"] == "tool"}
    names = {str(call["id"]): call["function"]["name"] for each in messages for call in each.get("tool_calls") or ()}
    found = dict.fromkeys(call_id for message in messages for call_id in call_ids(message))
    return {call_id: names[call_id] for call_id in found if call_id not in answered}
