"""A model whose calls somebody watches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from typing import Any

from graphs.models.errors import ModelUnavailable
from graphs.models.model import Model, ModelReply, TextDelta

UNFINISHED = "unfinished"
"""In the place of that word: nobody wanted the rest, since the thread was stopped."""


@dataclass
class ModelCall:
    """A call of the model, whatever requests it takes. `error` is what was wrong, in a word (`Trouble`)."""

    error: str = UNFINISHED
    reply: ModelReply | None = None


class WatchedModel:
    """A `Model` beside which `watched` is entered for each call, with the model's name."""

    def __init__(self, model: Model, watched: Callable[[str], AbstractContextManager[ModelCall]]) -> None:
        self._model = model
        self._watched = watched

    @property
    def name(self) -> str:
        return self._model.name

    async def stream(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]]
    ) -> AsyncGenerator[TextDelta | ModelReply, None]:
        """See `Model.stream`."""
        with self._watched(self.name) as call:
            try:
                async with aclosing(self._model.stream(messages, tools)) as parts:
                    async for part in parts:
                        if isinstance(part, ModelReply):
                            call.reply, call.error = part, ""
                        yield part
            except ModelUnavailable as error:
                call.error = error.trouble
                raise

    async def aclose(self) -> None:
        """See `Model.aclose`."""
        await self._model.aclose()
