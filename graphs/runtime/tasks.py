"""Running one task: call its node, retry it, ask its routers where to go; and say how it ended."""

from __future__ import annotations

import asyncio
import inspect
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from graphs.errors import InterruptMisused, InvalidUpdateError
from graphs.runtime.graph import Branch, Node, Topology
from graphs.runtime.questions import Frame, Paused, current_frame
from graphs.runtime.session import Session
from graphs.runtime.state import StateSchema, Write, dump
from graphs.runtime.step import Task
from graphs.runtime.types import UNSET, Command, Runtime, Send
from storage.ids import Namespace, Scope
from storage.interrupts import NewInterrupt

Target = str | Send


@dataclass(frozen=True)
class Finished:
    """The node returned, and where to go is known."""

    writes: list[Write]
    targets: list[Target]


@dataclass(frozen=True)
class Waiting:
    """The task asked, or something in it did. `questions` are the new ones."""

    questions: list[NewInterrupt]


@dataclass(frozen=True)
class Failed:
    """The task raised after its retries. `writes` is set when the node had finished and a router raised."""

    error: Exception
    writes: list[Write] | None = None


Outcome = Finished | Waiting | Failed


@dataclass
class TaskRun:
    """One task of a step, with what it needs to be run. `values` is the state it sees."""

    schema: StateSchema
    topology: Topology
    session: Session
    ns: Namespace
    scope: Scope
    task: Task
    values: Mapping[str, Any]
    kept: list[Write] | None = None
    """The writes of an earlier attempt whose router raised: the node is not run again."""
    questions: list[NewInterrupt] = field(default_factory=list[NewInterrupt])

    async def run(self) -> Outcome:
        node = self.topology.nodes[self.task.node]
        goto: list[Target] = []
        writes = self.kept
        try:
            if writes is None:
                writes, goto = self._read_result(await self._attempts(node))
            return Finished(writes, self._stored(goto + await self._route(node, writes)))
        except Paused:
            return Waiting(self.questions)
        except Exception as error:  # noqa: BLE001 - whatever a node raises ends its task, not the run's bookkeeping
            return Failed(error, writes)

    async def _attempts(self, node: Node) -> Any:
        attempt = 0
        while True:
            attempt += 1
            self.questions.clear()
            try:
                async with asyncio.timeout(node.timeout):
                    return await self._call(node)
            except Exception as error:
                policy = node.retry_policy
                if policy is None or attempt >= policy.max_attempts or not policy.applies_to(error):
                    raise
                interval = policy.interval(attempt)
            await asyncio.sleep(interval * random.uniform(0.5, 1.0) if policy.jitter else interval)

    async def _call(self, node: Node) -> Any:
        """Call the node in a frame of its own; a pause comes out as `Paused`, whatever group it was wrapped in."""
        frame = Frame(self.session, self.ns, self.scope, node.name, self.questions, self.schema.fields.keys())
        token = current_frame.set(frame)
        try:
            argument = self.schema.view(self.values) if self.task.arg is UNSET else self.task.arg
            result = await call(node.fn, argument, self.session)
        except BaseExceptionGroup as group:
            if (rest := group.split(Paused)[1]) is not None:
                raise rest from None
            raise Paused from None
        finally:
            current_frame.reset(token)
        if frame.paused_at is not None:
            raise InterruptMisused(
                f"node {node.name!r} swallowed the question asked at {frame.paused_at}: "
                "a bare `except:` or `except BaseException:` must let it pass"
            )
        return result

    def _read_result(self, result: Any) -> tuple[list[Write], list[Target]]:
        writes: list[Write] = []
        goto: list[Target] = []
        for part in cast("list[Any]", result) if isinstance(result, list) else [result]:
            update = part
            if isinstance(part, Command):
                command = cast("Command[Any]", part)
                update, goto = command.update, goto + command.targets()
            writes += self.schema.writes(self.task.node, update)
        return (self.schema.normalise(writes) if self.session.storage is not None else writes), goto

    async def _route(self, node: Node, writes: list[Write]) -> list[Target]:
        branches = self.topology.branches.get(node.name, ())
        if not branches:
            return []
        view = self.schema.apply(self.values, writes)
        return [t for branch in branches for t in await route(branch, self.schema.view(view), self.session, node.name)]

    def _stored(self, targets: list[Target]) -> list[Target]:
        """The targets, with the private inputs of `Send` as a restart would give them."""
        if self.session.storage is None:
            return targets
        return [normalised(target) for target in targets]


def normalised(target: Target) -> Target:
    if isinstance(target, str):
        return target
    return Send(target.node, json.loads(dump(target.arg, f"the input sent to {target.node!r}")))


async def route(branch: Branch, state: Any, session: Session, source: str) -> list[Target]:
    """Where a router says to go."""
    result = await call(branch.router, state, session)
    found: list[Target] = []
    for target in cast("list[Any]", result) if isinstance(result, list | tuple) else [result]:
        if isinstance(target, Send) or branch.targets is None:
            found.append(target)
        elif target in branch.targets:
            found.append(branch.targets[target])
        else:
            raise InvalidUpdateError(
                f"the router after {source!r} returned {target!r}; it may return {sorted(map(str, branch.targets))!r}"
            )
    return found


async def call(fn: Callable[..., Any], argument: Any, session: Session) -> Any:
    """Call a node or router with what it names: the state, and `runtime` and `config` where it has such parameters.

    A plain function runs in a worker thread: it can be waited for, not stopped.
    """
    extras = _extras(fn, session)
    if inspect.iscoroutinefunction(fn) or inspect.iscoroutinefunction(getattr(fn, "__call__", None)):  # noqa: B004
        return await fn(argument, **extras)
    result: Any = await asyncio.to_thread(fn, argument, **extras)
    return await result if inspect.isawaitable(result) else result


def _extras(fn: Callable[..., Any], session: Session) -> dict[str, Any]:
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):  # a builtin without a signature takes the state alone
        return {}
    extras: dict[str, Any] = {}
    if "config" in parameters:
        extras["config"] = session.config
    if "runtime" in parameters:
        extras["runtime"] = Runtime(
            session.context,
            session.thread_id if session.storage is not None else None,
            session.by,
            lambda chunk: session.emit("custom", chunk),
            lambda chunk: session.emit("messages", chunk),
        )
    return extras
