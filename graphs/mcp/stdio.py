"""A server as a process, spoken to over its standard input and output.

The SDK has a transport of its own. This one bounds a message (the SDK's would hold, and copy, one of any size), hands
on what the process says on standard error line by line, and stops a process group for good.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from mcp.client.stdio import get_default_environment
from mcp.shared.message import SessionMessage

from graphs.mcp.lines import HEAD, LARGE, LARGEST_MESSAGE, Lines, message
from graphs.mcp.spec import ServerSpec

LONGEST_LINE = 2000
"""Bytes of a line on standard error that are kept."""

CHUNK = 256 * 1024

ENDS_WITHIN = 2.0
"""Seconds that a process has to end by itself once its input is closed, and again once it is told to."""


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """All that a server is told: PATH, HOME, LOGNAME, SHELL, TERM and USER (what the SDK passes on), and its own."""
    return {**get_default_environment(), **given}


@asynccontextmanager
async def process(spec: ServerSpec, said: Callable[[str], None]) -> AsyncGenerator[tuple[Any, Any]]:
    """Start it, and stop it at the end. `said` is called with each line that it writes on standard error.

    Raises OSError, or ValueError, where it cannot be started.
    """
    assert spec.command is not None
    started = await asyncio.create_subprocess_exec(
        spec.command,
        *spec.args,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(spec.env),
        cwd=spec.cwd,
        start_new_session=True,  # its children end with it
    )
    to_session, read_stream = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    write_stream, from_session = anyio.create_memory_object_stream[SessionMessage](0)
    tasks = [
        asyncio.create_task(_read(started, to_session)),
        asyncio.create_task(_write(started, from_session, to_session)),
        asyncio.create_task(_listen(started, said)),
    ]
    try:
        yield read_stream, write_stream
    finally:
        await _stop(started)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (to_session, read_stream, write_stream, from_session):
            stream.close()


async def _read(started: asyncio.subprocess.Process, to_session: Any) -> None:
    assert started.stdout is not None
    lines = Lines(LARGEST_MESSAGE, HEAD)
    try:
        async with to_session:
            while chunk := await started.stdout.read(CHUNK):
                for line, is_whole in lines.fed(chunk):
                    large = len(line) > LARGE
                    item = await asyncio.to_thread(message, line, is_whole) if large else message(line, is_whole)
                    if item is not None:
                        await to_session.send(item)
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        while await started.stdout.read(CHUNK):  # nobody listens any more, but what cannot write cannot end
            pass


async def _write(started: asyncio.subprocess.Process, from_session: Any, to_session: Any) -> None:
    assert started.stdin is not None
    try:
        async for item in from_session:
            text = item.message.model_dump_json(by_alias=True, exclude_unset=True)
            started.stdin.write(text.encode() + b"\n")
            await started.stdin.drain()
    except (OSError, RuntimeError):  # it reads no more: then nothing that is asked will be answered
        await to_session.aclose()
    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
        pass


async def _listen(started: asyncio.subprocess.Process, said: Callable[[str], None]) -> None:
    assert started.stderr is not None
    lines = Lines(LONGEST_LINE, LONGEST_LINE)
    while chunk := await started.stderr.read(CHUNK):
        for line, _ in lines.fed(chunk):
            said(line.decode(errors="replace").rstrip())
        await asyncio.sleep(0)  # one that never stops holds up nobody


async def _stop(started: asyncio.subprocess.Process) -> None:
    """Close its input, tell it to end, then end it; its children too. Also when whoever waits for this is cancelled."""
    assert started.stdin is not None
    started.stdin.close()
    try:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if await _has_ended(started):
                break
            _signal(started, number)
        await _has_ended(started)
    finally:
        _signal(started, signal.SIGKILL)  # what it left behind in its group


async def _has_ended(started: asyncio.subprocess.Process) -> bool:
    with suppress(TimeoutError):
        await asyncio.wait_for(started.wait(), ENDS_WITHIN)
    return started.returncode is not None


def _signal(started: asyncio.subprocess.Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(started.pid, number)
