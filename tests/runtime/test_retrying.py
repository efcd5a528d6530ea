"""Row L9 of docs/behaviour.md: what is tried again, how often, and how long an attempt may take."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from graphs import START, RetryPolicy, StateGraph, TimeoutPolicy
from graphs.errors import GraphError, NodeTimeoutError
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.retrying import applies, attempts
from tests.runtime.asking import Log


class Wrong(Exception):
    pass


def failing(*errors: Exception) -> tuple[Callable[[Log], dict[str, Any]], list[Exception]]:
    """A node that raises each of these once, and what it has raised."""
    raised: list[Exception] = []

    def node(state: Log) -> dict[str, Any]:
        if len(raised) < len(errors):
            raised.append(errors[len(raised)])
            raise raised[-1]
        return {"log": ["done"]}

    return node, raised


def one(node: Callable[..., Any], **options: Any) -> CompiledGraph:
    return StateGraph(Log).add_node("n", node, **options).add_edge(START, "n").compile()


def at_once(kind: Any, attempts: int) -> RetryPolicy:
    return RetryPolicy(initial_interval=0, max_attempts=attempts, retry_on=kind)


@pytest.mark.parametrize(
    ("errors", "fails"),
    [
        ([KeyError(), Wrong(), Wrong()], False),
        ([KeyError(), KeyError()], True),  # the first policy gives KeyError two attempts in all
        ([Wrong(), Wrong(), Wrong(), Wrong()], True),
        ([ValueError()], True),  # none applies
    ],
)
async def test_L9_of_several_policies_the_first_that_applies_counts(errors: list[Exception], fails: bool) -> None:
    node, raised = failing(*errors)
    graph = one(node, retry_policy=[at_once(KeyError, 2), at_once((Wrong, KeyError), 4)])
    if fails:
        with pytest.raises(type(errors[-1])):
            await graph.ainvoke({"log": []})
    else:
        assert await graph.ainvoke({"log": []}) == {"log": ["done"]}
    assert raised == errors


@pytest.mark.parametrize(
    "error",
    [ConnectionError("no"), NodeTimeoutError("n", 1.0, run_timeout=0.5), Wrong(), ValueError("no"), OSError("no")],
)
def test_L9_a_policy_is_about_every_error_or_about_those_that_it_names(error: Exception) -> None:
    assert applies(RetryPolicy(), error)
    assert applies(RetryPolicy(retry_on=[KeyError, type(error)]), error)
    assert applies(RetryPolicy(retry_on=lambda raised: raised is error), error)
    assert not applies(RetryPolicy(retry_on=KeyError), error)
    assert not applies(RetryPolicy(retry_on=()), error)


def test_L9_what_says_nothing_of_errors_is_refused() -> None:
    with pytest.raises(TypeError, match="retry_on must be an Exception class, several of them, or a function"):
        applies(RetryPolicy(retry_on=3), Wrong())  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match="retry_policy is a RetryPolicy or several, not 3"):
        one(lambda state: None, retry_policy=[3])


@pytest.mark.parametrize("timeout", [0.01, timedelta(milliseconds=10), TimeoutPolicy(run_timeout=0.01)])
async def test_L9_a_timeout_is_seconds_a_timedelta_or_a_policy(timeout: Any) -> None:
    async def slow(state: Log) -> None:
        await asyncio.Event().wait()

    with pytest.raises(NodeTimeoutError, match="'n' was still at work") as late:
        await one(slow, timeout=timeout).ainvoke({"log": []})
    assert (late.value.node, late.value.kind, late.value.run_timeout) == ("n", "run", 0.01)
    assert late.value.elapsed >= 0.01
    assert isinstance(late.value, GraphError | TimeoutError)


async def test_L9_a_timeout_of_the_nodes_own_is_its_own_error() -> None:
    async def node(state: Log) -> None:
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError) as own:
        await one(node, timeout=60).ainvoke({"log": []})
    assert not isinstance(own.value, NodeTimeoutError)


@pytest.mark.parametrize("timeout", [0, -1, timedelta(0), TimeoutPolicy(run_timeout=0)])
def test_L9_a_timeout_that_cannot_be_is_refused_when_it_is_declared(timeout: Any) -> None:
    with pytest.raises(ValueError, match="a timeout is greater than 0 seconds, not"):
        one(lambda state: None, timeout=timeout)


async def test_L9_an_attempt_that_took_too_long_is_tried_again() -> None:
    calls: list[int] = []

    async def first_slow() -> str:
        calls.append(1)
        if len(calls) == 1:
            await asyncio.Event().wait()
        return "done"

    policy: Sequence[RetryPolicy] = [RetryPolicy(initial_interval=0)]
    assert await attempts(first_slow, "it", policy, timeout=0.01) == "done"
    assert len(calls) == 2
