"""Thoughts that a model writes into its text, between `<think>` and `</think>`: not said to anybody.

Models that think aloud mark it like that (DeepSeek-R1, Qwen, QwQ and their kin), or in a way of their own (Magistral,
Kimi, Seed, Command, gpt-oss), wherever the server does not take it out. Some are started inside their thoughts by the
server's template: then only the closing tag is in the text.
What stands between backticks is code, and stays.
"""

from __future__ import annotations

import re

_NAMES = r"(?:\w{1,10}:)?(?:(?:ant)?thinking|think|thoughts?|reasoning)"
_OPENING = (
    rf"<{_NAMES}(?:\s[^<>\n]{{0,40}})?>|\[think\]|◁think▷|<\|(?:start_thinking|begin_of_thought)\|>"
    r"|<\|channel\|>(?:analysis|commentary)<\|message\|>"
)
_ENDING = (
    rf"</\s?{_NAMES}\s*>|\[/think\]|◁/think▷|<\|end_(?:thinking|of_thought)\|>"
    r"|(?:<\|end\|>)?(?:<\|start\|>assistant)?<\|channel\|>final<\|message\|>"
)
_CLOSING = re.compile(_ENDING, re.IGNORECASE)
_MARK = re.compile(
    rf"(?P<closes>{_ENDING})|(?P<opens>{_OPENING})|(?P<ticks>`+)|(?P<paragraph>\n[ \t]*\n)", re.IGNORECASE
)
_LONGEST_TAG = 80
# What may still become a mark when the next piece is there: a tag that is begun, backticks, in code an empty line.
_TAG = r"<[^<>\n]{0,60}|<\|[^\n]{0,60}|[\[◁]/?[a-z]{0,5}"
_BEGUN_TAG = re.compile(rf"(?:{_TAG})\Z", re.IGNORECASE)
_BEGUN = re.compile(rf"(?:{_TAG}|`+)\Z", re.IGNORECASE)
_BEGUN_IN_CODE = re.compile(r"(?:`+|\n[ \t]*)\Z")

FENCE = 3
"""As many backticks begin a block of code, which goes over paragraphs."""


class Spoken:
    """What is said of a text that comes in pieces. `text` is all of it so far.

    `starts_in_thought` is for a model that is known to leave out its first opening tag: nothing is said until it closes
    its thoughts, or ends. `turned_out` says, at the end, that it left it out: what was given before was thought.
    """

    def __init__(self, *, starts_in_thought: bool = False) -> None:
        self._said: list[str] = []
        self._left = ""
        self._code = ""
        self._thinks = False
        self._has_thought = False
        self._blank = ""
        self._held: list[str] | None = [] if starts_in_thought else None
        self.turned_out = False

    @property
    def text(self) -> str:
        return "".join(self._said)

    def add(self, piece: str) -> str:
        """What may be said now."""
        return self._take(piece, at_end=False)

    def end(self) -> str:
        """What is left to be said. Thoughts that were never closed are not."""
        last = self._take("", at_end=True)
        if self._held is not None:
            held, self._held = "".join(self._held), None
            last = self._say(held) + last
        if self._blank and not self._has_thought:
            self._said.append(self._blank)
            last += self._blank
        return last

    def _take(self, piece: str, *, at_end: bool) -> str:
        text = self._left + piece
        self._left = ""
        given: list[str] = []
        place = 0
        while place < len(text):
            if self._thinks:
                place = self._after_thought(text, place, at_end)
            else:
                place = self._until_mark(text, place, at_end, given)
        return "".join(given)

    def _after_thought(self, text: str, place: int, at_end: bool) -> int:
        closing = _CLOSING.search(text, place)
        if closing is not None:
            self._thinks = False
            return closing.end()
        begun = _BEGUN_TAG.search(text, max(place, len(text) - _LONGEST_TAG))
        self._left = begun[0] if begun is not None and not at_end else ""
        return len(text)

    def _until_mark(self, text: str, place: int, at_end: bool, given: list[str]) -> int:
        mark = _MARK.search(text, place)
        pattern = _BEGUN_IN_CODE if self._code else _BEGUN
        begun = None if at_end else pattern.search(text, max(place, len(text) - _LONGEST_TAG))
        if begun is not None and (mark is None or begun.start() <= mark.start()):
            given.append(self._say(text[place : begun.start()]))
            self._left = begun[0]
            return len(text)
        if mark is None:
            given.append(self._say(text[place:]))
            return len(text)
        given.append(self._say(text[place : mark.start()]))
        if mark["ticks"] or mark["paragraph"] or self._code:
            self._notice(mark)
            given.append(self._say(mark[0]))
        elif mark["closes"]:
            self._turn_out()
            given.clear()
        else:
            self._thinks = self._has_thought = True
        return mark.end()

    def _notice(self, mark: re.Match[str]) -> None:
        """Backticks open code, and as many close it; a span of code ends with its paragraph."""
        if mark["ticks"]:
            if not self._code:
                self._code = mark["ticks"]
            elif mark["ticks"] == self._code or len(mark["ticks"]) >= len(self._code) >= FENCE:
                self._code = ""
        elif mark["paragraph"] and len(self._code) < FENCE:
            self._code = ""

    def _turn_out(self) -> None:
        """A closing tag without its opening one: all before it was thought."""
        self.turned_out = True
        self._said.clear()
        self._held = None
        self._has_thought = True

    def _say(self, text: str) -> str:
        """The text, without the empty lines that thoughts leave at the beginning."""
        if self._held is not None:
            self._held.append(text)
            return ""
        if not self._said:
            text, self._blank = self._blank + text, ""
            if not text.strip():
                self._blank = text
                return ""
            text = text.lstrip() if self._has_thought else text
        self._said.append(text)
        return text
