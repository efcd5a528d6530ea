"""`signoff demo`: everything on this machine, and a page to try it on."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from bot.demo.models import OLLAMA
from bot.demo.stage import BotEnded, Stage, stage
from bot.demo.tour import Tour, TourFailed
from bot.demo.workspace import NotOurFile, PortInUse

USAGE = 2

STOPPED = 130
"""The exit code of what Ctrl-C ended, as shells have it."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

WELCOME = """
  Signoff is running on this machine.

    page    {url}
    model   {model}
    data    {data}

  Open the page, go to the direct message with Signoff, and tell it what you need.

  Ctrl-C stops it. The next start goes on from the same conversations.
"""


async def demo(data: Path, port: int) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code. A bot that dies is started again, as a supervisor would."""
    code = await _until_stopped(_demo(data, port))
    return 0 if code == STOPPED else code


async def tour_demo(data: Path | None, port: int) -> int:
    """Play the tour in a folder that is thrown away (or in `data`); 0 when every step did what it should."""
    return await _until_stopped(_tour(data, port))


async def _until_stopped(work: Coroutine[Any, Any, int]) -> int:
    """The exit code of the work; `STOPPED` when Ctrl-C or SIGTERM ended it, at whatever point. It cleans up first."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for name in SIGNALS:
            loop.add_signal_handler(name, lambda: None)  # once is enough: what is stopping is not cut short
        task.cancel()

    for name in SIGNALS:
        loop.add_signal_handler(name, stop)
    await asyncio.wait([task])
    return STOPPED if task.cancelled() else task.result()


async def _demo(data: Path, port: int) -> int:
    try:
        async with stage(data, port, ollama=OLLAMA) as built:
            await built.start_bot()
            print(WELCOME.format(url=built.url, model=built.model, data=built.data), flush=True)
            try:
                await _keep_running(built)
            finally:
                print("  Stopping.", flush=True)
    except BrokenPipeError:  # of what is printed: the command line knows
        raise
    except (PortInUse, NotOurFile, BotEnded, OSError) as error:
        print(_said(error), file=sys.stderr)
    return USAGE


def _said(error: Exception) -> str:
    if not isinstance(error, OSError) or error.filename is None:
        return str(error)
    return f"{str(error.filename)!r} cannot be used: {error.strerror}. Name a folder that can be written with --data."


async def _tour(data: Path | None, port: int) -> int:
    with tempfile.TemporaryDirectory(prefix="signoff-tour-") as folder:
        try:
            async with stage(data or Path(folder), 0 if data is None else port, "ERROR") as built:
                await built.start_bot()
                await Tour(built.url, restart=lambda: _crash(built)).play()
        except BrokenPipeError:  # nobody reads on: the rest is neither played nor checked
            return 1
        except (PortInUse, NotOurFile, BotEnded, OSError) as error:
            print(_said(error), file=sys.stderr)
            return USAGE
        except TourFailed as error:
            print(f"\n  This step went wrong: {error}", file=sys.stderr)
            return 1
    return 0


async def _crash(built: Stage) -> None:
    await built.kill_bot()
    await built.start_bot()


async def _keep_running(built: Stage) -> None:
    while True:
        assert built.process is not None
        code = await built.process.wait()
        print(f"  The bot stopped (exit code {code}); starting it again.", flush=True)
        await built.start_bot()
