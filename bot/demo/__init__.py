"""`signoff demo`: everything on this machine, and a page to try it on."""

from __future__ import annotations

import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from bot.demo.models import OLLAMA
from bot.demo.stage import BotEnded, Stage, stage
from bot.demo.tour import Tour, TourFailed
from bot.demo.workspace import NotOurFile, PortInUse

USAGE = 2

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
    try:
        async with stage(data, port, ollama=OLLAMA) as built:
            await built.start_bot()
            print(WELCOME.format(url=built.url, model=built.model, data=built.data), flush=True)
            stop = asyncio.Event()
            for name in (signal.SIGTERM, signal.SIGINT):
                asyncio.get_running_loop().add_signal_handler(name, stop.set)
            await _keep_running(built, stop)
            print("  Stopping.", flush=True)
    except BrokenPipeError:  # of what is printed: the command line knows
        raise
    except (PortInUse, NotOurFile, BotEnded, OSError) as error:
        print(_said(error), file=sys.stderr)
        return USAGE
    return 0


def _said(error: Exception) -> str:
    if not isinstance(error, OSError) or error.filename is None:
        return str(error)
    return f"{str(error.filename)!r} cannot be used: {error.strerror}. Name a folder that can be written with --data."


async def tour_demo(data: Path | None, port: int) -> int:
    """Play the tour in a folder that is thrown away (or in `data`); 0 when every step did what it should."""
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


async def _keep_running(built: Stage, stop: asyncio.Event) -> None:
    stopped = asyncio.create_task(stop.wait())
    while not stop.is_set():
        assert built.process is not None
        ended = asyncio.create_task(built.process.wait())
        await asyncio.wait([stopped, ended], return_when=asyncio.FIRST_COMPLETED)
        if not stop.is_set():
            print(f"  The bot stopped (exit code {built.process.returncode}); starting it again.", flush=True)
            await built.start_bot()
