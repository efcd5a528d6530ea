"""A tool's docstring: its first paragraph for the model and the card, and the `Args:` section (Google style) as hints.

Source of the format: Google Python Style Guide, section 3.8.3.
"""

import inspect
import re
from dataclasses import dataclass

_SECTION = re.compile(r"(Args|Arguments|Parameters):\s*$")
_ENTRY = re.compile(r"\*{0,2}(?P<name>\w+)\s*(\([^)]*\))?\s*:(\s+(?P<text>.*))?$")


@dataclass(frozen=True)
class Docstring:
    """`description` is the first paragraph on one line; `arguments` maps a parameter's name to its hint."""

    description: str
    arguments: dict[str, str]


def parse(text: str) -> Docstring:
    """Read a docstring. An entry's following lines, indented deeper, belong to it; other sections are not read."""
    lines = inspect.cleandoc(text).splitlines()
    paragraph: list[str] = []
    for line in lines:
        if not line.strip() or _SECTION.match(line):
            break
        paragraph.append(line.strip())
    return Docstring(" ".join(paragraph), _arguments(lines))


def _arguments(lines: list[str]) -> dict[str, str]:
    start = next((number for number, line in enumerate(lines, 1) if _SECTION.match(line)), len(lines))
    found: dict[str, list[str]] = {}
    current: list[str] | None = None
    entry_indent = 0
    for line in lines[start:]:
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if indent == 0:
            break
        if current is None:
            entry_indent = indent
        entry = _ENTRY.match(line.strip()) if indent <= entry_indent else None
        if entry:
            current = found.setdefault(entry["name"], [])
            current.append(entry["text"] or "")
        elif current is not None:
            current.append(line.strip())
    return {name: " ".join(part for part in parts if part) for name, parts in found.items()}
