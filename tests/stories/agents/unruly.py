"""An agent whose tools do what no tool should. What was begun is lines in a file."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator

from graphs import Agent, Approval, tool

LEDGER = Path("ledger.txt")


def _begun(line: str) -> None:
    with LEDGER.open("a", encoding="utf-8") as ledger:
        ledger.write(line + "\n")


def _leave(how: str) -> None:
    match how:
        case "exit":
            sys.exit("told to leave")
        case "interrupt":
            raise KeyboardInterrupt
        case "cancel":
            raise asyncio.CancelledError
        case "generator":
            raise GeneratorExit
        case _:
            raise BaseException(how)


async def _leave_later(how: str) -> None:
    await asyncio.sleep(0)
    _leave(how)


@tool
def leave(how: str) -> str:
    """Leave.

    Args:
        how: In which way.
    """
    _begun(f"leave {how}")
    _leave(how)
    return "Still here."


@tool
async def leave_async(how: str) -> str:
    """Leave, in the event loop.

    Args:
        how: In which way.
    """
    _begun(f"leave_async {how}")
    loop = asyncio.get_running_loop()
    match how:
        case "beside":
            await asyncio.gather(_leave_later("exit"), asyncio.sleep(60))
        case "behind":
            loop.create_task(_leave_later("exit"))  # noqa: RUF006 - nobody waits for it
            loop.call_soon(_leave, "interrupt")
            await asyncio.sleep(0.1)
        case "stop":
            loop.stop()
            await asyncio.sleep(0.1)
        case "itself":
            running = asyncio.current_task()
            assert running is not None
            running.cancel()
            await asyncio.sleep(60)
        case "another":
            another = asyncio.create_task(asyncio.sleep(60))
            another.cancel()
            await another
        case _:
            _leave(how)
    return "Still here."


@tool(approval=True)
def leave_gated(how: str) -> str:
    """Leave, once somebody allows it.

    Args:
        how: In which way.
    """
    _begun(f"leave_gated {how}")
    _leave(how)
    return "Still here."


@tool(approval=True)
async def leave_gated_async(how: str) -> str:
    """Leave, in the event loop, once somebody allows it.

    Args:
        how: In which way.
    """
    _begun(f"leave_gated_async {how}")
    _leave(how)
    return "Still here."


@tool
def block(seconds: float) -> str:
    """Block a thread.

    Args:
        seconds: For how long.
    """
    _begun(f"block {seconds:g}")
    time.sleep(seconds)
    return "Done blocking."


@tool(timeout=1)
def block_briefly(seconds: float) -> str:
    """Block a thread longer than is waited for.

    Args:
        seconds: For how long.
    """
    _begun(f"block_briefly {seconds:g}")
    time.sleep(seconds)
    return "Done blocking."


@tool(approval=True)
async def cling(how: str) -> str:
    """Do not let go.

    Args:
        how: In which way.
    """
    holds_the_loop = how == "hold the loop"
    if holds_the_loop:
        await asyncio.sleep(0.5)  # the click that allowed it is acknowledged meanwhile
    _begun(f"cling {how}")
    while True:
        try:
            if holds_the_loop:
                time.sleep(60)  # noqa: ASYNC251 - that is the point
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            continue


@tool
def die(how: str) -> str:
    """Take the process along.

    Args:
        how: In which way.
    """
    _begun(f"die {how}")
    os._exit(9)


def _checked(how: str) -> str:
    _begun(f"check {how}")
    if how == "for long":
        for _ in range(60_000):
            time.sleep(0.001)
    os._exit(9)


@tool
def check(how: Annotated[str, AfterValidator(_checked)]) -> str:
    """Take the process along before it begins.

    Args:
        how: In which way.
    """
    return how


def _ruled(arguments: Any) -> bool:
    _begun(f"rule {arguments.how}")
    os._exit(9)


@tool(approval=Approval(when=_ruled))
def rule(how: str) -> str:
    """Take the process along before anybody is asked.

    Args:
        how: In which way.
    """
    return how


agent = Agent(
    instructions="Behave.",
    tools=[leave, leave_async, leave_gated, leave_gated_async, block, block_briefly, cling, die, check, rule],
)
