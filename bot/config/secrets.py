"""What looks like a secret in a file that is for everybody to read. It is said where, never what."""

from __future__ import annotations

import re
from typing import Any

from bot.config.lines import Path
from bot.config.problems import File, dotted, texts
from graphs.texts.redaction import without_tokens

_FROM_ENVIRONMENT = re.compile(r"\$\{\w+\}")
_KEY = re.compile(r"(?i)(?:^|[_-])(?:token|secret|password|passwd|api[_-]?key|private[_-]?key)$")
_LITERAL = re.compile(r"\S{8,}")
_REMEDY = "looks like a secret, which has no place in this file: put it into the environment, and write ${NAME} here"


def look(tree: Any, file: File) -> None:
    """A problem for each text of the tree that looks like a secret; from then on no problem repeats it."""
    for path, text in texts(tree):
        if _is_secret(path, _FROM_ENVIRONMENT.sub("", text)):
            file.hidden.add(path)
            file.add(path, f"{dotted(path)} {_REMEDY}")


def _is_secret(path: Path, text: str) -> bool:
    key = str(path[-1]) if path else ""
    if without_tokens(text) != text or "PRIVATE KEY-----" in text:
        return True
    if len(path) < 2 or path[-2] not in ("env", "headers"):
        return False
    headed = f"{key}: {text}"
    return without_tokens(headed) != headed or bool(_KEY.search(key) and _LITERAL.search(text))
