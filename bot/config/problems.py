"""What is wrong with a file, gathered: every problem is told at once, each in a line with its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from bot.config.lines import Lines, Path, nearest
from bot.settings import BadSettings, expanded
from graphs.texts.redaction import without_tokens

SHOWN = 60
"""Characters of a value that a problem repeats."""


@dataclass
class File:
    """A file of this name that was read: where its entries stand, and what is wrong with them. `hidden` are the paths
    of texts that no problem may repeat, `absent` of those for which there is no value.
    """

    name: str
    lines: Lines
    problems: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    hidden: set[Path] = field(default_factory=set[Path])
    absent: set[Path] = field(default_factory=set[Path])

    def place(self, path: Path) -> str:
        line = nearest(self.lines, path)
        return f"{self.name}, line {line}" if line else self.name

    def add(self, path: Path, problem: str) -> None:
        self.problems.append((nearest(self.lines, path), f"{self.place(path)}: {problem}"))

    def is_hidden(self, path: Path) -> bool:
        return any(path[: len(each)] == each for each in self.hidden)

    def shown(self, path: Path, value: object) -> str:
        """The value, to be added to a problem; empty where it may be a secret, or is more than a word."""
        if not isinstance(value, str | int | float) or self.is_hidden(path):
            return ""
        text = repr(value)
        return f": {text}" if len(text) <= SHOWN and without_tokens(text) == text else ""

    def filled(self, tree: Any, path: Path = ()) -> Any:
        """The tree with the environment's values in it. A variable that there is not is a problem."""
        if isinstance(tree, dict):
            return {key: self.filled(value, (*path, key)) for key, value in cast("dict[str, Any]", tree).items()}
        if isinstance(tree, list):
            return [self.filled(value, (*path, at)) for at, value in enumerate(cast("list[Any]", tree))]
        try:
            value = expanded(tree)
        except KeyError as error:
            self.absent.add(path)
            self.add(path, f"the environment has no {error.args[0]}")
            return tree
        if value != tree:
            self.hidden.add(path)
        return value


def told(files: Sequence[File]) -> list[str]:
    """All problems, in the order of the files and of the lines in each."""
    return [text for each in files for _, text in sorted(each.problems, key=lambda problem: problem[0])]


def raise_if_any(files: Sequence[File]) -> None:
    """Raises `BadSettings` with a line for each problem."""
    if lines := list(dict.fromkeys(told(files))):
        raise BadSettings(lines)


def dotted(path: Path) -> str:
    """The path in words: which of several it is, the line says."""
    return ".".join(str(each) for each in path if isinstance(each, str))


def texts(tree: Any, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in the tree, with its path."""
    match tree:
        case str():
            yield path, tree
        case dict():
            for key, value in cast("dict[str, Any]", tree).items():
                yield from texts(value, (*path, key))
        case list():
            for at, value in enumerate(cast("list[Any]", tree)):
                yield from texts(value, (*path, at))
        case _:
            pass
