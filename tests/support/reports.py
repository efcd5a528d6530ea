"""What a test's report says: where a hanging test waited, and nothing that cannot be sent from process to process."""

import asyncio
import gc
import traceback
from collections.abc import Generator, Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any

import pytest

SECTION = "Tasks that had not ended"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Not only that the loop waited, but what each of its tasks waited for."""
    report = yield
    if call.excinfo is not None and "Timeout" in str(call.excinfo.value):
        told = "\n".join(map(_told, _open_tasks()))
        report.sections.extend([(SECTION, told)] if told else [])
    return report


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Lone surrogates, which some tests have their tools say, are no UTF-8: a process that sent them would end."""
    return _sendable((yield))


def _sendable(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {_sendable(key): _sendable(each) for key, each in value.items()}
        case list() | tuple():
            return type(value)(map(_sendable, value))
        case _:
            return value


def _open_tasks() -> Iterator[asyncio.Task[Any]]:
    """Of every loop, for the loop of the test that was cut off does not run any more."""
    return (each for each in gc.get_objects() if isinstance(each, asyncio.Task) and not each.done())


def _told(task: asyncio.Task[Any]) -> str:
    frames = ((frame, frame.f_lineno) for frame in _frames(task.get_coro()))
    return f"{task.get_name()}\n{''.join(traceback.StackSummary.extract(frames).format())}"


def _frames(waiting: Any) -> Iterator[FrameType]:
    """From the task's own coroutine down to the one that waits."""
    while waiting is not None:
        match waiting:
            case CoroutineType():
                frame, waiting = waiting.cr_frame, waiting.cr_await
            case GeneratorType():
                frame, waiting = waiting.gi_frame, waiting.gi_yieldfrom
            case AsyncGeneratorType():
                frame, waiting = waiting.ag_frame, waiting.ag_await
            case _:
                return
        if frame is None:
            return
        yield frame
