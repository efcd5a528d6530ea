"""Row L1 of docs/behaviour.md: which classes a state may be, and what a reducer starts from."""

import collections
import operator
import typing
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, NewType, Optional, TypeVar

import pytest
import typing_extensions
from pydantic import BaseModel

from graphs import START, StateGraph
from graphs.runtime.types import Config
from storage import Storage, open_storage

T = TypeVar("T")
Names = NewType("Names", list[str])
Alias = typing_extensions.TypeAliasType("Alias", list[str])


class Stack(list[T], Generic[T]):
    """A list by another name."""


class Old(typing.TypedDict):
    name: str
    within: "typing.NotRequired[list[Old]]"


class New(typing_extensions.TypedDict):
    name: typing_extensions.Required[str]
    within: typing_extensions.NotRequired[list["New"]]


class Basket(BaseModel):
    items: list[str] = []


class OfTyping(typing.TypedDict, total=False):
    old: Old
    new: list[New]
    by_name: dict[str, Old]
    maybe: Old | None
    log: typing.Required[Annotated[list[str], operator.add]]


class OfExtensions(typing_extensions.TypedDict):
    old: typing_extensions.NotRequired[Old]
    new: typing_extensions.NotRequired[typing_extensions.ReadOnly[list[New]]]
    by_name: typing_extensions.NotRequired[dict[str, Old]]
    maybe: typing_extensions.NotRequired[Optional[Old]]  # noqa: UP045 - as people write it
    log: typing_extensions.Annotated[typing_extensions.Required[list[str]], operator.add]


@dataclass
class AsDataclass:
    log: Annotated[list[str], operator.add]
    old: Old = field(default_factory=lambda: Old(name=""))
    new: list[New] = field(default_factory=list)
    by_name: dict[str, Old] = field(default_factory=dict)
    maybe: Old | None = None


@pytest.mark.parametrize("state", [OfTyping, OfExtensions, AsDataclass])
@pytest.mark.parametrize("durable", [True, False])
async def test_L1_a_state_may_be_of_typing_or_of_typing_extensions(
    url: str, config: Config, state: type, durable: bool
) -> None:
    wrote = {
        "old": {"name": "a", "within": [{"name": "b"}]},
        "new": [{"name": "c", "within": []}],
        "by_name": {"d": {"name": "d"}},
        "maybe": {"name": "e"},
        "log": ["n"],
    }
    builder = StateGraph(state).add_node("n", lambda state: wrote).add_edge(START, "n")
    async with open_storage(url) as storage:
        result = await builder.compile(storage if durable else None).ainvoke({"log": ["given"]}, config)
    assert result == wrote | {"log": ["given", "n"]}
    if durable:
        async with open_storage(url) as storage:
            assert (await builder.compile(storage).aget_state(config)).values == result


@pytest.mark.parametrize(
    ("hint", "written", "expected"),
    [
        (list, [1], [1, 1]),
        (list[int], [1], [1, 1]),
        (typing.List[int], [1], [1, 1]),  # noqa: UP006 - as people write it
        (Sequence[int], [1], [1, 1]),
        (Names, ["a"], ["a", "a"]),
        (Alias, ["a"], ["a", "a"]),
        (Optional[list[int]], [1], [1, 1]),  # noqa: UP045 - as people write it
        (list[int] | None, [1], [1, 1]),
        (Annotated[list[int], "why"], [1], [1, 1]),
        (str, "a", "aa"),
        (int, 2, 4),
        (float, 0.5, 1.0),
        (Decimal, Decimal("1.5"), Decimal("3.0")),
        (tuple[int, ...], (1,), (1, 1)),
        (collections.deque[int], collections.deque([1]), collections.deque([1, 1])),
    ],
)
@pytest.mark.parametrize("durable", [True, False])
async def test_L1_a_reducer_starts_from_the_empty_value_of_its_type(
    storage: Storage, config: Config, hint: Any, written: Any, expected: Any, durable: bool
) -> None:
    given: list[Any] = []

    def add(left: Any, right: Any) -> Any:
        given.append(left)
        return left + right

    result = await twice(hint, add, written, storage if durable else None, config)
    assert result == expected
    assert len(given) == 2
    assert not given[0]
    assert given[0] is not None


@pytest.mark.parametrize(
    ("hint", "written"),
    [(set[str], {"a"}), (frozenset[str], frozenset({"a"})), (dict[str, int], {"a": 1}), (Mapping[str, int], {"a": 1}),
     (MutableMapping[str, int], {"a": 1}), (collections.Counter[str], collections.Counter("a")),
     (Old, {"name": "a"}), (New, {"name": "a"})],
)  # fmt: skip
async def test_L1_what_is_merged_starts_empty_too(storage: Storage, config: Config, hint: Any, written: Any) -> None:
    assert await twice(hint, lambda left, right: type(left)(left) | right, written, storage, config) == written


@pytest.mark.parametrize("hint", [Any, list[int] | dict[str, int], typing.Literal["a", "b"], Basket | str])
@pytest.mark.parametrize("durable", [True, False])
async def test_L1_without_an_empty_value_the_first_write_is_the_value(
    storage: Storage, config: Config, hint: Any, durable: bool
) -> None:
    given: list[Any] = []

    def newest(left: Any, right: Any) -> Any:
        given.append(left)
        return right

    written = [1] if hint == list[int] | dict[str, int] else "a"
    assert await twice(hint, newest, written, storage if durable else None, config) == written
    assert given == [written]


async def test_L1_a_subclass_starts_as_one_where_nothing_is_stored(config: Config) -> None:
    begun: list[Any] = []

    def add(left: Any, right: Any) -> Any:
        begun.append(type(left))
        return Stack(left + right)

    assert await twice(Stack[int], add, [1], None, config) == [1, 1]
    assert begun == [Stack, Stack]


async def test_L1_a_type_of_ones_own_is_made_as_it_makes_itself(storage: Storage, config: Config) -> None:
    def fill(left: Basket, right: Basket) -> Basket:
        return Basket(items=left.items + right.items)

    assert await twice(Basket, fill, Basket(items=["a"]), storage, config) == Basket(items=["a", "a"])


async def test_L1_a_declared_default_of_None_is_nothing_to_start_from(storage: Storage, config: Config) -> None:
    @dataclass
    class State:
        log: Annotated[list[str] | None, operator.add] = None

    graph = StateGraph(State).add_node("n", lambda state: {"log": ["a"]}).add_edge(START, "n").compile(storage)
    assert await graph.ainvoke({}, config) == {"log": ["a"]}


async def twice(
    hint: Any, reducer: Callable[[Any, Any], Any], written: Any, storage: Storage | None, config: Config
) -> Any:
    """What a key of this type holds after two nodes have written this to it, and nobody else anything."""

    class State(typing.TypedDict, total=False):
        key: Annotated[hint, reducer]  # pyright: ignore[reportInvalidTypeForm]
        begin: bool

    builder = StateGraph(State).add_node("a", lambda state: {"key": written})
    builder.add_node("b", lambda state: {"key": written}).add_edge(START, "a").add_edge("a", "b")
    return (await builder.compile(storage).ainvoke({"begin": True}, config))["key"]
