"""What a second process does in a test: `child.py WHAT URL ...`. It says "ready", then acts when it reads a line."""

import asyncio
import sys
import time

from storage import Storage, interrupts, open_storage, threads
from storage.errors import AnswerRefused
from storage.ids import InterruptId, ThreadId


def said() -> str:
    return sys.stdin.readline().strip()


def say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def ready() -> str:
    say("ready")
    return await asyncio.to_thread(said)


async def hold(storage: Storage) -> None:
    """Take the thread and never give it back."""
    lease = await storage.write(lambda db: threads.take(db, ThreadId("t1"), storage.owner, 1.0))
    await ready()
    await storage.write(lambda db: threads.hold(db, lease, 2.0, release="waiting"))


async def answer(storage: Storage, interrupt_id: str, by: str) -> None:
    await ready()
    try:
        await storage.write(
            lambda db: interrupts.answer(db, ThreadId("t1"), {InterruptId(interrupt_id): f'"{by}"'}, by=by, now=2.0)
        )
    except AnswerRefused as refused:
        say(f"refused: {refused.found.answered_by if refused.found else None}")
    else:
        say("stored")


async def touch(storage: Storage) -> None:
    """Commit something; say when that was."""
    await ready()
    await storage.write(lambda db: threads.touch(db, ThreadId("t1"), 2.0))
    say(time.monotonic())


async def main(what: str, url: str, *args: str) -> None:
    if what == "open":  # many at once, on a file that is not there yet
        await ready()
    async with open_storage(url) as storage:
        match what:
            case "hold":
                await hold(storage)
            case "answer":
                await answer(storage, *args)
            case "touch":
                await touch(storage)
            case _:
                say("opened")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
