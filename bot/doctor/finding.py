"""What was found of one thing, as a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "wrong", "not seen"]

_MARKS: dict[Verdict, str] = {"ok": "✓", "wrong": "✗", "not seen": "·"}


@dataclass(frozen=True)
class Finding:
    """`said` is a sentence: what is so; where something is wrong, what, and how to mend it."""

    what: str
    said: str
    verdict: Verdict = "ok"

    @property
    def line(self) -> str:
        """The mark is also said in words."""
        said = " ".join(self.said.split())
        return f"{_MARKS[self.verdict]} {self.verdict:<8}  {self.what}: {said}"


def wrong(what: str, said: str) -> Finding:
    return Finding(what, said, "wrong")


def not_seen(what: str, said: str) -> Finding:
    return Finding(what, said, "not seen")
