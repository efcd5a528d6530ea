"""Whose turn each message belongs to: the messages of different authors are never one turn. Pure.

A turn is what one person wrote and what was said and done upon it, up to a reply that calls nothing. Where somebody
else writes before that, the turn broke off: it stays its author's, who may ask for it again, and it is nothing of what
the other one asks for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from graphs.models.transcript import Message

BROKE_OFF = (
    "(This broke off before it was finished. What is left of it is not to be done unless its author asks again.)"
)
CUT = "… (This was stopped here.)"
GO_ON = "(I asked this before, and it broke off. Look at what was done of it then, and do not do that a second time.)"


@dataclass(frozen=True)
class Turn:
    """What one person wrote: `messages`. With what was said and done upon that (`begun`: something was) it is the
    transcript from `start` to before `end`.
    """

    messages: Sequence[Message]
    start: int
    end: int
    begun: bool
    is_over: bool

    @property
    def id(self) -> str:
        """That of the last message that its author wrote."""
        return str(self.messages[-1]["id"])

    @property
    def author(self) -> str | None:
        return next((each["by"] for each in self.messages if each.get("by")), None)

    def again(self, suffix: str) -> list[dict[str, Any]]:
        """Its messages as they are to be asked once more, the last in the transcript."""
        copies = [{**each, "id": f"{each['id']}:{suffix}", "again": self.id} for each in self.messages]
        if self.begun:
            last = copies[-1]
            copies[-1] = {"said": last["content"], **last, "content": f"{last['content']}\n\n{GO_ON}"}
        return copies


def turns(messages: Sequence[Message]) -> Iterator[Turn]:
    """All turns, the first first."""
    written: list[Message] = []
    start, begun, is_over = 0, False, False
    for position, message in enumerate(messages):
        if message["role"] != "user":
            begun = bool(written)
            is_over = message["role"] == "assistant" and not message.get("tool_calls")
            continue
        if written and (is_over or _is_anothers(message, written)):
            yield Turn(written, start, position, begun, is_over)
            written, begun, is_over = [], False, False
        if not written:
            start = position
        written.append(message)
    if written:
        yield Turn(written, start, len(messages), begun, is_over)


def _is_anothers(message: Message, written: Sequence[Message]) -> bool:
    """Whether somebody else wrote this than wrote those; a message that does not say by whom is nobody else's."""
    authors = {each["by"] for each in written if each.get("by")}
    return bool(message.get("by")) and bool(authors) and message["by"] not in authors


def broken_off(messages: Sequence[Message]) -> list[Turn]:
    """The turns that broke off, and were not asked for again."""
    again = {message["again"] for message in messages if "again" in message}
    return [turn for turn in list(turns(messages))[:-1] if not turn.is_over and turn.id not in again]


def latest(messages: Sequence[Message]) -> str | None:
    """The id of the turn that is at work, or was last."""
    return next((str(message["id"]) for message in reversed(messages) if message["role"] == "user"), None)


def as_seen(messages: Sequence[Message]) -> list[Message]:
    """The transcript as a model may act on it: what nobody answered before somebody else wrote is left out, what broke
    off in the middle says so, and where several people write, each message says who wrote it.

    `messages` are completed (see `transcript.complete`).
    """
    all_turns = list(turns(messages))
    seen: list[Message] = list(messages[: all_turns[0].start]) if all_turns else list(messages)
    kept = [turn for turn in all_turns if turn.begun or turn is all_turns[-1]]
    several = len({turn.author for turn in kept} - {None}) > 1
    for turn in kept:
        part = messages[turn.start : turn.end]
        seen += [_signed(message) if several else message for message in part]
        if not turn.is_over and turn is not all_turns[-1]:
            seen.append({"role": "assistant", "content": BROKE_OFF, "id": f"broke-off:{turn.id}"})
    return _in_one_voice(seen)


def _in_one_voice(messages: Sequence[Message]) -> list[Message]:
    """With what had been written of a reply when it was stopped, and that it was, as one message: some servers take no
    two replies in a row.
    """
    said: list[Message] = []
    for message in messages:
        if message.get("stopped") and said and said[-1]["role"] == "assistant" and not said[-1].get("tool_calls"):
            said[-1] = {**said[-1], "content": f"{said[-1]['content'].rstrip()} {CUT}"}
        else:
            said.append(message)
    return said


def _signed(message: Message) -> Message:
    """The message with its author before its words; one without words stays empty, which is for the wire to fill."""
    by, words = message.get("by"), message["content"]
    if message["role"] != "user" or by is None or not isinstance(words, str) or not words.strip():
        return message
    who = f"{message['name']} ({by})" if message.get("name") else by
    return {**message, "content": f"{who}: {words}"}
