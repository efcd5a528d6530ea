"""The transcript on a terminal: 80 columns, boxes for what has buttons, a few colours where a person looks."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TextIO

from bot.demo.tour.reading import Part

WIDTH = 80
INDENT = "  "
INSIDE = WIDTH - 2 * len(INDENT) - 4
"""Columns between a box's walls."""

PLAIN, BOLD, DIM, RED, GREEN, YELLOW, BLUE, CYAN = "", "1", "2", "31", "32", "33", "34", "36"


class Drawing:
    """Writes to `out`; without a colour where that is not a terminal."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._colour = out.isatty()

    def title(self, text: str, under: str) -> None:
        self._line()
        self._line(INDENT + self._in(BOLD, text))
        self._paragraph(under, DIM)

    def chapter(self, text: str) -> None:
        head = f"── {text} "
        self._line()
        self._line(self._in(BOLD, head + "─" * (WIDTH - len(head))))

    def speaker(self, name: str, where: str = "") -> None:
        self._line()
        self._line(INDENT + self._in(BOLD + ";" + CYAN, name) + (self._in(DIM, f"  {where}") if where else ""))

    def message(self, parts: Sequence[Part], *, boxed: bool) -> None:
        """What somebody says; in a box when it has buttons, or had them."""
        if boxed:
            self._box([row for part in parts for row in self._rows(part)])
            return
        for part in parts:
            if part.kind == "aside":
                self._paragraph("· " + part.text, DIM, hanging="  ")
            else:
                self._paragraph(part.text)

    def form(self, title: str, fields: Iterable[tuple[str, str, str, str]], buttons: str) -> None:
        """A modal. A field is its label, what it holds, its hint, and what is wrong with it."""
        rows: list[tuple[str, str]] = [(BOLD, title), (PLAIN, "")]
        for label, value, hint, error in fields:
            rows += [(PLAIN, row) for row in _wrapped(f"{label + ':':<11} {value or '(empty)'}", INSIDE, " " * 12)]
            rows += [(DIM, row) for row in _wrapped(hint, INSIDE - 12, "", " " * 12) if hint]
            rows += [(RED, row) for row in _wrapped(error and "✗ " + error, INSIDE - 12, "", " " * 12) if error]
        self._box([*rows, (PLAIN, ""), (BLUE, _buttons(buttons))])

    def act(self, text: str) -> None:
        """What somebody does."""
        self._line()
        self._paragraph("▸ " + text, YELLOW, hanging="  ")

    def aside(self, text: str) -> None:
        """What happens behind the scenes."""
        self._line()
        self._paragraph(text, DIM)

    def private(self, name: str, text: str) -> None:
        self._paragraph(f"only {name} sees: {text}", RED, hanging="  ")

    def held(self, text: str) -> None:
        """Something was checked."""
        self._paragraph("✓ " + text, GREEN, hanging="  ")

    def _rows(self, part: Part) -> list[tuple[str, str]]:
        """Of a box: colour and text."""
        match part.kind:
            case "buttons":
                return [(PLAIN, ""), (BLUE, _buttons(part.text))]
            case "fixed":
                rows = [row for line in part.text.splitlines() for row in _wrapped(line, INSIDE - 2, "  ", "  ")]
                return [(PLAIN, ""), *((BOLD, row) for row in rows), (PLAIN, "")]
            case "aside":
                return [(DIM, row) for line in part.text.splitlines() for row in _wrapped(line, INSIDE)]
            case "text":
                return [(PLAIN, row) for line in part.text.splitlines() for row in _wrapped(line, INSIDE)]

    def _box(self, rows: Iterable[tuple[str, str]]) -> None:
        self._line(f"{INDENT}╭{'─' * (INSIDE + 2)}╮")
        for colour, row in rows:
            self._line(f"{INDENT}│ {self._in(colour, row)}{' ' * (INSIDE - len(row))} │")
        self._line(f"{INDENT}╰{'─' * (INSIDE + 2)}╯")

    def _paragraph(self, text: str, colour: str = PLAIN, hanging: str = "") -> None:
        for line in text.splitlines():
            for row in _wrapped(line, WIDTH - len(INDENT), hanging):
                self._line(INDENT + self._in(colour, row))

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colour and colour and text else text

    def _line(self, text: str = "") -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.rstrip().encode(encoding, "replace").decode(encoding) + "\n")
        self._out.flush()


def _buttons(labels: str) -> str:
    return "  ".join(f"[ {label} ]" for label in labels.split("\t"))


def _wrapped(text: str, width: int, hanging: str = "", first: str = "") -> list[str]:
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=first or hanging) or [""]
