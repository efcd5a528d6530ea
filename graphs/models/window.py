"""How much a model reads at once, in tokens: as its server says, else as a setting says; and an estimate of what a
request has, from its bytes, held against what the provider counted last.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable

logger = logging.getLogger(__name__)

SMALLEST, LARGEST = 512, 100_000_000
"""Sizes that are believed."""

BYTES_A_TOKEN = 3.0
"""As long as no provider has counted: English has four, JSON and most other languages about three."""

LEAST_BYTES, MOST_BYTES = 1.0, 6.0

FOR_THE_REPLY, MOST_FOR_THE_REPLY = 8, 16_000
"""What is kept free for the reply: so much of the window (one eighth), and no more than this."""

FOR_ONE_RESULT = 4
"""One result has so much of the window at most (a quarter)."""

LOOK_WITHIN = 20.0
"""Seconds that the server may take to say how much its model reads."""

# What servers say beside a request that is too long: OpenAI, vLLM, SGLang, OpenRouter, Mistral, llama.cpp, xAI,
# Anthropic, Gemini, TGI, Together, GitHub Models, DashScope, Moonshot. The first number that fits counts.
_SIZES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(\d[\d,_]{2,}) (?:tokens? )?max(?:imum)? context",
        r"(?:context|model|model token)[\s_-]*(?:length|window|size|limit|len)[^0-9.;]{0,40}?(\d[\d,_]{2,})",
        r'"n_ctx"\s*:\s*(\d+)',
        r"(?:max_model_len|max_seq_len|maximum context|maximum prompt|maximum model)[^0-9.;]{0,40}?(\d[\d,_]{2,})",
        r"\d tokens? > (\d[\d,_]{2,}) maximum",
        r"maximum number of (?:input )?tokens[^0-9.;]{0,40}?(\d[\d,_]{2,})",
        r"must (?:be (?:<=|less than|at most)|have less than) (\d[\d,_]{2,})",
        r"max(?:imum)? size[^0-9.;]{0,20}?(\d[\d,_]{2,}) tokens",
        r"range of input length[^0-9.;]{0,20}\[\d+, (\d+)\]",
    )
)


class Window:
    """What is known of one model. `size` is a setting, for a server that does not say; `look` asks the server. Once
    both are known the smaller counts, since a setting may leave room on purpose. A refusal that names a size counts
    before either.
    """

    def __init__(self, size: int | None = None, look: Callable[[], Awaitable[int | None]] | None = None) -> None:
        self.size = size
        self._look = look
        self._looking: asyncio.Task[None] | None = None
        self._bytes_a_token = BYTES_A_TOKEN

    def begin_to_look(self) -> None:
        """Have the server asked, once, beside whatever else is done. What goes wrong with that is only logged."""
        if self._look is not None and self._looking is None:
            self._looking = asyncio.create_task(self._ask(self._look), name="context window")

    async def aclose(self) -> None:
        """Give up asking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def _ask(self, look: Callable[[], Awaitable[int | None]]) -> None:
        try:
            async with asyncio.timeout(LOOK_WITHIN):
                found = await look()
        except Exception as error:  # noqa: BLE001 - a server may answer anything, and nobody waits for it
            logger.info("the model's server does not say how much the model reads: %s", type(error).__name__)
            return
        if found is not None and is_believable(found):
            self.size = found if self.size is None else min(self.size, found)
            logger.info("the model reads %d tokens at once", self.size)

    def refused(self, words: str) -> None:
        """A request was too long, and the server said this."""
        found = next((int(re.sub(r"[,_]", "", hit[1])) for each in _SIZES if (hit := each.search(words))), None)
        if found is not None and is_believable(found):
            self.size = found

    def counted(self, length: int, tokens: int) -> None:
        """A request of so many bytes had so many tokens, says the provider."""
        if length > 0 and tokens > 0:
            self._bytes_a_token = min(max(length / tokens, LEAST_BYTES), MOST_BYTES)

    def takes(self, length: int) -> bool:
        """Whether a request of so many bytes leaves room for a reply, as far as that is known."""
        if self.size is None:
            return True
        room = self.size - min(self.size // FOR_THE_REPLY, MOST_FOR_THE_REPLY)
        return length / self._bytes_a_token <= room

    @property
    def longest_result(self) -> int | None:
        """Bytes that one result may have; None where any length will do. It follows from the size alone: what was sent
        once is sent the same again.
        """
        return None if self.size is None else int(self.size / FOR_ONE_RESULT * BYTES_A_TOKEN)


def is_believable(size: int) -> bool:
    """Whether a number can be how many tokens a model reads."""
    return SMALLEST <= size <= LARGEST
