"""What a check finds: a line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "wrong", "by hand"]

_MARKS: dict[State, str] = {"ok": "✓ ok", "wrong": "✗ wrong", "by hand": "· by hand"}
"""The sign and the word for it: the word alone says it."""


@dataclass(frozen=True)
class Finding:
    """`about` is what was looked at, `said` what is so, `mend` what to do about it. "by hand" is what cannot be seen
    from here; `mend` says where to look.
    """

    state: State
    about: str
    said: str
    mend: str = ""

    @property
    def line(self) -> str:
        whole = f"{_MARKS[self.state]}  {self.about}: {self.said}"
        if not self.mend:
            return whole
        return f"{whole.rstrip('.')}. {self.mend}"


class Findings(list[Finding]):
    """Those of one check so far, which is `about` something."""

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def ok(self, said: str, about: str = "") -> None:
        self.append(Finding("ok", about or self.about, said))

    def wrong(self, said: str, mend: str = "", about: str = "") -> None:
        self.append(Finding("wrong", about or self.about, said, mend))

    def by_hand(self, said: str, mend: str = "", about: str = "") -> None:
        self.append(Finding("by hand", about or self.about, said, mend))


Tell = Callable[[Finding], None]
