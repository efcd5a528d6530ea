"""What a tool says of a call before anybody is asked, and again before it runs: whether it can work (`check=`), and
what whoever decides needs to know (`preview=`).

Both look at the world, so each may fail or take too long. A call that cannot be checked is not run; a preview that
cannot be made says so in its place.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphs.agent.arguments import Arguments
from graphs.agent.errors import ToolError
from graphs.agent.tools import Tool
from graphs.runtime.calling import TimeIsUp, awaitable, limited
from graphs.texts.canonical import digest
from graphs.texts.redaction import Redaction, in_use, redacted

logger = logging.getLogger(__name__)

WITHIN = 10.0
"""Seconds that a check, or a preview, has."""

LONGEST = 1000
"""Characters of a preview, and of what a check says."""

NO_PREVIEW = "The preview could not be made. Look for yourself before you decide."
NO_CHECK = "Whether this can work could not be checked. Nothing was run."
_CUT = " … (the preview is cut here; the whole has {length:,} characters, SHA-256 {digest})"


@dataclass(frozen=True)
class Words:
    """A call as its card tells it, beside its arguments. None where the tool says nothing."""

    title: str | None = None
    preview: str | None = None


async def impossible(tool: Tool[..., Any], arguments: Arguments, within: float = WITHIN) -> str | None:
    """Why the call cannot work, as a sentence; None where it can, or nobody has said how to tell."""
    if tool.check is None:
        return None
    said = await _asked(tool, "check", tool.check, arguments, within)
    if said is None:
        return None
    return _bounded(said) if isinstance(said, str) and said.strip() else NO_CHECK


async def words(tool: Tool[..., Any], arguments: Arguments, within: float = WITHIN) -> Words:
    """The call as its card is to tell it, made now."""
    title = None
    if tool.title is not None:
        title = (
            await awaitable(tool.title.of, bounded=False)(arguments) if tool.title.is_code else tool.title.of(arguments)
        )
    if tool.preview is None:
        return Words(title)
    said = await _asked(tool, "preview", tool.preview, arguments, within)
    return Words(title, _cut(said.strip()) if isinstance(said, str) and said.strip() else NO_PREVIEW)


async def _asked(
    tool: Tool[..., Any], what: str, function: Callable[..., object], arguments: Arguments, within: float
) -> object:
    """What the function says, or says no with (a `ToolError`); False where it did neither."""
    redact = Redaction(arguments.secrets)
    try:
        with in_use(redact):
            said = await limited(within, function, arguments.model)
    except ToolError as error:
        return redact(str(error))
    except TimeIsUp:
        logger.error("the %s of tool %r took more than %g s", what, tool.name, within)
        return False
    except Exception as error:
        logger.error("the %s of tool %r failed", what, tool.name, exc_info=redacted(error, redact))
        return False
    if said is not None and not isinstance(said, str):
        logger.error("the %s of tool %r returned a %s instead of a text", what, tool.name, type(said).__name__)
        return False
    return redact(said) if said is not None else None


def _bounded(text: str) -> str:
    text = text.strip()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _cut(preview: str) -> str:
    """What is left out is bound too: the digest of the whole stands for it."""
    if len(preview) <= LONGEST:
        return preview
    note = _CUT.format(length=len(preview), digest=digest(preview.encode(errors="backslashreplace")))
    return preview[: LONGEST - len(note)] + note
