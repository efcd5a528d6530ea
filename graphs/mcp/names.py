"""What a server's tool is called: `server.tool` by us, and by models in the letters that their wires allow."""

from __future__ import annotations

import hashlib
import json
import re

SERVER_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""What a server may be called: without a dot, so that `server.tool` is one server's."""

LONGEST_TOOL_NAME = 128
"""Characters of a tool's name, as the protocol asks for."""

_WIRE_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # OpenAI's API reference, "tools.function.name"
_ODD = re.compile(r"[^a-zA-Z0-9_-]")
_DIGITS = 16
_SUFFIXED = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}")


def tool_name(server: str, tool: str) -> str:
    """What people, rules and records call it."""
    return f"{server}.{tool}"


def wire_name(server: str, tool: str) -> str:
    """What models call it: the same whichever other tools there are, and no other tool's.

    `server__tool` where that can be taken apart again: the server's name has no `__` in it and no `_` at its end, so
    the first `__` is where it ends. Any other name is written with a digest of the two at its end, which the plain
    ones do not look like.
    """
    plain = f"{server}__{tool}"
    is_plain = "__" not in server and not server.endswith("_") and _SUFFIXED.fullmatch(plain) is None
    if is_plain and tool and _WIRE_NAME.fullmatch(plain):
        return plain
    suffix = hashlib.sha256(json.dumps([server, tool]).encode()).hexdigest()[:_DIGITS]
    return f"{_ODD.sub('_', plain)[: 63 - _DIGITS]}-{suffix}"
