"""JSON as a person reads it."""

import json
from typing import Any

DECODER = json.JSONDecoder()


def readable(data: Any) -> str:
    """An object as "key: value, …", a list of objects one per line, all else as itself; empty values are left out."""
    if isinstance(data, dict):
        told = {key: value for key, value in data.items() if value is not None and value not in ("", [], {})}
        return ", ".join(f"{key.replace('_', ' ')}: {readable(value)}" for key, value in told.items())
    if isinstance(data, list):
        lines = [readable(item) for item in data]
        return (
            "\n".join(f"• {line}" for line in lines)
            if any(isinstance(item, dict) for item in data)
            else ", ".join(lines)
        )
    if isinstance(data, bool):
        return "yes" if data else "no"
    return str(data)


def readable_text(text: str) -> str:
    """A text whose JSON objects are written readably; all else verbatim."""
    parts: list[str] = []
    position = 0
    while (brace := text.find("{", position)) >= 0:
        try:
            data, end = DECODER.raw_decode(text, brace)
        except ValueError:
            data, end = None, brace + 1
        parts.append(text[position:brace] + (readable(data) if data else text[brace:end]))
        position = end
    return "".join(parts) + text[position:]
