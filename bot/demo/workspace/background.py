"""Tasks that outlive the request that started them: held until done, cancelled when the workspace stops."""

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """A set of running tasks. A task that fails is reported by asyncio as an unretrieved exception."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
