"""The output items of a Responses reply, put together from the events that tell of them.

OpenAI announces an item, sends it in pieces and then whole, and in the end all items once more. Others leave out any of
these, number all items alike, or give an item another id each time it is told of.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphs.models.chat_calls import MOST_CALLS, written
from graphs.models.errors import TooManyCalls
from graphs.models.replies import listed, mapping, text_of

BETWEEN = "\n\n"
"""What stands between two messages of one reply."""

CALL = "function_call"

MOST_ITEMS = 4 * MOST_CALLS
"""Items of one reply; a model that repeats itself for ever writes more."""


@dataclass
class OutputItem:
    """One item as far as it is known. `pieces` are those of a call's arguments, `announced` what stood there before."""

    kind: str
    index: Any = None
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    pieces: list[str] = field(default_factory=list[str])
    announced: str = ""
    is_written: bool = False
    """Whether the server said that its arguments are all there."""
    is_over: bool = False
    """Whether the server has told it as a whole."""

    @property
    def arguments(self) -> str:
        """A call's arguments: as the server told them last, else put together."""
        return written(self.fields) or "".join(self.pieces) or self.announced

    @property
    def is_complete(self) -> bool:
        """Whether nothing says that something of it is missing."""
        return self.fields.get("status") in (None, "", "completed")

    def take(self, fields: Mapping[str, Any]) -> None:
        """What is told of it once more. What is empty tells nothing: there may be more of it already."""
        for key, value in fields.items():
            if value not in (None, "", [], {}) and not (key == "arguments" and value == "{}" and self.arguments):
                self.fields[key] = value

    def is_named(self, ids: Collection[Any]) -> bool:
        """Whether one of these ids is its own."""
        return any(self.fields.get(key) in ids for key in ("id", "call_id"))


class OutputItems:
    """The items of one reply, in the order in which they began."""

    def __init__(self) -> None:
        self._items: list[OutputItem] = []

    def __iter__(self) -> Iterator[OutputItem]:
        return iter(self._items)

    @property
    def calls(self) -> list[OutputItem]:
        return [item for item in self._items if item.kind == CALL]

    def begin(self, event: Mapping[str, Any]) -> None:
        """`response.output_item.added`: an item of which the rest follows."""
        fields = {key: each for key, each in mapping(event.get("item")).items() if key not in ("arguments", "status")}
        item = self._new(str(fields.get("type")), event)
        item.announced = written(mapping(event.get("item")))
        item.take(fields)

    def piece(self, event: Mapping[str, Any]) -> None:
        """`response.function_call_arguments.delta`."""
        delta = event.get("delta")
        if isinstance(delta, str) and delta:
            open_ = [item for item in self.calls if not item.is_written]
            (_meant(open_, event) or self._new(CALL, event)).pieces.append(delta)

    def written(self, event: Mapping[str, Any]) -> None:
        """`response.function_call_arguments.done`."""
        told = {key: event.get(key) for key in ("name", "call_id", "arguments")}
        open_ = [item for item in self.calls if not item.is_written]
        item = _meant(open_, event)
        if item is None:
            before = _meant(self.calls, event)
            if before is not None and before.arguments == written(told):
                return  # the same, told once more
            item = self._new(CALL, event)
        item.take(told)
        item.is_written = True

    def end(self, event: Mapping[str, Any]) -> None:
        """`response.output_item.done`: the item as a whole."""
        fields = mapping(event.get("item"))
        kind = str(fields.get("type"))
        if self._items and _is_repeated(self._items[-1], kind, fields):
            return
        open_ = [item for item in self._items if item.kind == kind and not item.is_over]
        ids = {key: fields[key] for key in ("id", "call_id") if fields.get(key)}
        item = _meant(open_, {**event, **ids}) or self._new(kind, event)
        item.take(fields)
        item.is_written = item.is_over = True

    def final(self, output: Any) -> None:
        """All items, as the last event has them. They count, unless calls are missing that were told of before."""
        told = [mapping(each) for each in listed(output)]
        items = [OutputItem(str(each.get("type")), None, dict(each), is_written=True) for each in told if each]
        earlier, calls = self.calls, [item for item in items if item.kind == CALL]
        if len(calls) < len(earlier) or not items:
            return
        for place, call in enumerate(calls):
            same = next((each for each in earlier if each.is_named(_ids(call.fields))), None)
            if same is None and not _ids(call.fields) and place < len(earlier):
                same = earlier[place]
            if same is not None:
                told, call.fields = call.fields, dict(same.fields)
                call.pieces, call.announced = same.pieces, same.announced
                call.take(told)
        self._items = items

    def _new(self, kind: str, event: Mapping[str, Any]) -> OutputItem:
        if kind == CALL and len(self.calls) == MOST_CALLS:
            raise TooManyCalls(MOST_CALLS)
        if len(self._items) == MOST_ITEMS:
            raise ValueError("the reply has items without end")
        self._items.append(OutputItem(kind, event.get("output_index")))
        return self._items[-1]


def _meant(open_: Sequence[OutputItem], event: Mapping[str, Any]) -> OutputItem | None:
    """The newest item that the event is about: by its id and number, by one of them, else by its place."""
    newest = list(reversed(open_))
    index, ids = event.get("output_index"), _ids(event)
    by_id = [item for item in newest if item.is_named(ids)]
    by_index = [item for item in newest if index is not None and item.index == index]
    both = [item for item in by_id if item in by_index]
    unnumbered = [item for item in newest if index is None or item.index is None]
    return next(iter(both or by_index or by_id or unnumbered), None)


def _ids(fields: Mapping[str, Any]) -> set[str]:
    given = (fields.get(key) for key in ("item_id", "id", "call_id"))
    return {each for each in given if isinstance(each, str) and each}


def _is_repeated(last: OutputItem, kind: str, fields: Mapping[str, Any]) -> bool:
    """Whether the item that was just told as a whole is told once more."""
    is_same = all(last.fields.get(key) == value for key, value in fields.items() if value is not None)
    return kind == last.kind and last.is_over and bool(_ids(fields)) and is_same


def said_in(items: Sequence[Mapping[str, Any]]) -> str:
    """The text of these items: what each message says, apart from the others."""
    texts = (text_of(item.get("content")) for item in items if item.get("type") == "message")
    return BETWEEN.join(filter(None, texts))
