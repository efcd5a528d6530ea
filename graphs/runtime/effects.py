"""Effects inside a node: `once`, and the claim that keeps one from being begun a second time unasked."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from graphs.errors import CutOff, InDoubt, InterruptMisused
from graphs.runtime.calling import GraphBubbleUp, invoke
from graphs.runtime.frames import Frame, entered, frame_of
from graphs.runtime.session import Session
from graphs.runtime.state import dump
from storage import Connection
from storage.claims import ClaimRow, ClaimStatus
from storage.ids import Scope, ThreadId


async def once(key: str, fn: Callable[..., Any], *args: Any, repeatable: bool = False) -> Any:
    """Run `fn(*args)` at most once for this task and `key`; when the task runs again, return the stored result.

    The claim is stored before `fn` begins. What cuts `fn` off between the claim and the result (a crash, a timeout of
    the node, a cancelled run) raises `InDoubt` on the next run, unless `repeatable`: then nothing is claimed, and `fn`
    runs again. `fn` that raises `CutOff` says so of itself, and `InDoubt` is raised at once. `fn` that raises anything
    else has ended, and may be run again; `fn` that asks is entered again when answered, under the same claim. The
    result is returned as JSON gives it back. A plain function runs in a worker thread.
    """
    return await perform(key, lambda: invoke(fn, *args), repeatable=repeatable)


async def perform(
    key: str,
    effect: Callable[[], Any],
    *,
    repeatable: bool,
    again: bool = False,
    about: Mapping[str, Any] | None = None,
) -> Any:
    """`once`, where `again` says that somebody looked at an effect in doubt and wants it run once more. An effect that
    says what it is `about` is audited.
    """
    frame = frame_of("once")
    session = frame.session
    if about is not None:
        session.note(frame.scope, key, about)
    with frame.attempt.working(), session.alone(frame.scope, key):
        known = session.ledger.claims.get((frame.scope, key))
        if known is not None and known.status == "done":
            return json.loads(known.result or "null")
        if known is not None and known.status in ("claimed", "in doubt") and not again and not repeatable:
            if known.status == "claimed":
                await session.claim(replace(known, status="in doubt"))
            raise InDoubt(key, known.idempotency_key, known.claimed_at)
        claim = known or new_claim(frame, key)
        if repeatable:
            return await _carry_out(frame, claim, effect, repeatable=True)
        with session.claiming(frame.scope, key):
            claim = replace(claim, status="claimed", claimed_at=session.now(), settled_at=None, error=None)
            await frame.attempt.flush()
            await session.claim(claim)
            return await _carry_out(frame, claim, effect, repeatable=False)


def beside_result(job: Callable[[Connection, ThreadId], None]) -> None:
    """Have `job` done in the transaction that stores this effect's result. Called in the effect, once."""
    frame = frame_of("beside_result")
    if frame.effect is None:
        raise InterruptMisused("beside_result was called outside an effect; it works in what `once` runs")
    session = frame.session
    session.beside(*frame.effect, lambda db: job(db, session.thread_id))


def claim_of(key: str) -> ClaimRow | None:
    """What is on record of this task's effect: that it was begun, or its end."""
    frame = frame_of("claim_of")
    return frame.session.ledger.claims.get((frame.scope, key))


async def _carry_out(frame: Frame, claim: ClaimRow, effect: Callable[[], Any], *, repeatable: bool) -> Any:
    """Run the effect under its claim, and settle that."""
    session, inner = frame.session, frame.within(claim.key)

    async def call() -> Any:
        result = effect()
        return await result if inspect.isawaitable(result) else result

    try:
        with entered(inner, f"the function given to once({claim.key!r})", outer=frame):
            result = await inner.carry_out(call)
    except GraphBubbleUp:
        if not repeatable:
            await session.settle(_settled(claim, "paused", session))
        raise
    except CutOff as error:
        if repeatable:
            raise
        await session.settle(replace(claim, status="in doubt"))
        raise InDoubt(claim.key, claim.idempotency_key, claim.claimed_at) from error
    except Exception as error:
        await session.settle(failed(claim, error, session))
        raise
    text = dump(result, f"the result of {claim.key!r}")  # where this raises, the claim stands: the effect has happened
    await session.settle(done(claim, text, session))
    return json.loads(text)


def new_claim(frame: Frame, key: str) -> ClaimRow:
    """Of an effect that was not begun before."""
    place = (frame.scope, key, frame.session.thread_id, _idempotency_key(frame.scope, key))
    return ClaimRow(*place, "claimed", None, None, frame.session.now(), None)


def done(claim: ClaimRow, result: str, session: Session) -> ClaimRow:
    """The claim, once its effect has returned this, as JSON."""
    return replace(_settled(claim, "done", session), result=result)


def failed(claim: ClaimRow, error: Exception, session: Session) -> ClaimRow:
    """The claim, once its effect has raised this."""
    return replace(_settled(claim, "failed", session), error=f"{type(error).__name__}: {error}")


def idempotency_key(key: str) -> str:
    """What an effect can hand to the other side so that it, too, does it only once: the same on every run of the
    task.
    """
    frame = frame_of("idempotency_key")
    if frame.effect is not None and frame.effect[1] == key:
        return _idempotency_key(*frame.effect)
    return _idempotency_key(frame.scope, key)


def _idempotency_key(scope: Scope, key: str) -> str:
    return hashlib.sha256(f"{scope}\0{key}".encode()).hexdigest()[:32]


def _settled(claim: ClaimRow, status: ClaimStatus, session: Session) -> ClaimRow:
    return replace(claim, status=status, settled_at=session.now())
