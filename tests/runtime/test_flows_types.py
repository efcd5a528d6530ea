"""Row L6 of docs/behaviour.md: what a flow and its tasks take, return and save is of the declared types, on both sides
of a restart.
"""

import dataclasses
import enum
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypedDict
from uuid import UUID

import pytest
from pydantic import BaseModel, Field

from graphs import Command, entrypoint, interrupt, task
from graphs.errors import InvalidUpdateError
from graphs.runtime.types import Config
from storage import Storage, open_storage


class Order(BaseModel):
    id: int
    total: Decimal
    at: datetime | None = None


@dataclasses.dataclass
class Point:
    x: int
    y: list[int]


class Row(TypedDict):
    day: date
    orders: list[Order]


class Pair(NamedTuple):
    a: int
    b: str


class Colour(enum.Enum):
    RED = "red"


NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ORDER = Order(id=1, total=Decimal("9.90"), at=NOON)

VALUES: list[tuple[Any, Any]] = [
    (Order, ORDER),
    (list[Order], [ORDER, Order(id=2, total=Decimal(1))]),
    (dict[int, Order], {7: ORDER}),
    (Order | None, ORDER),
    (Point, Point(1, [2])),
    (Row, {"day": date(2026, 1, 2), "orders": [ORDER]}),
    (Pair, Pair(1, "b")),
    (Colour, Colour.RED),
    (datetime, NOON),
    (timedelta, timedelta(minutes=3)),
    (Decimal, Decimal("0.10")),
    (UUID, UUID(int=7)),
    (set[int], {1, 2}),
    (tuple[int, ...], (1, 2)),
    (bytes, b"raw"),
    (Annotated[int, Field(ge=1)], 3),
    (str, "text"),
    (None, None),
]
each_value = pytest.mark.parametrize(("hint", "value"), VALUES, ids=[str(hint) for hint, _ in VALUES])


def typed(fn: Any, **hints: Any) -> Any:
    """The function, annotated so."""
    fn.__annotations__ = {name.rstrip("_"): hint for name, hint in hints.items()}
    return fn


@each_value
async def test_L6_types_hold_live_and_after_a_restart(url: str, config: Config, hint: Any, value: Any) -> None:
    seen: list[Any] = []

    def build(storage: Storage) -> Any:
        async def make(_: Any) -> Any:
            return value

        async def flow(given: Any, previous: Any) -> Any:
            made = await step(given)
            seen.append((given, made, previous))
            interrupt("q")
            return made

        step = task(typed(make, _=hint, return_=hint))
        return entrypoint(storage)(typed(flow, given=hint or Any, previous=hint and hint | None, return_=hint))

    given = "x" if value is None else value
    async with open_storage(url) as storage:
        flow = build(storage)
        await flow.ainvoke(given, config)
    async with open_storage(url) as storage:
        flow = build(storage)
        result = await flow.ainvoke(Command(resume=1), config)
        assert (await flow.aget_state(config)).values == result
        await flow.ainvoke(given, config)
    async with open_storage(url) as storage:
        flow = build(storage)
        assert (await flow.aget_state(config)).values == value
        await flow.ainvoke(Command(resume=1), config)
        assert (await flow.aget_state(config)).values == value
    assert result == value
    assert type(result) is type(value)
    assert seen == [(given, value, None)] * 2 + [(given, value, value)] * 2
    assert {(type(a), type(b)) for a, b, _ in seen} == {(type(given), type(value))}
    assert [type(c) for _, _, c in seen] == [type(None)] * 2 + [type(value)] * 2


async def test_L6_undeclared_is_json_and_nothing_is_normalised_without_a_checkpointer(
    storage: Storage, config: Config
) -> None:
    seen: list[Any] = []

    @task
    async def same(value):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        return value  # pyright: ignore[reportUnknownVariableType]

    async def flow(given, previous):  # pyright: ignore[reportMissingParameterType, reportUnknownParameterType]
        seen.append((given, await same((1, ORDER)), previous))  # pyright: ignore[reportUnknownArgumentType]
        return {2: (3,)}

    plain = {"id": 1, "total": "9.90", "at": "2026-01-02T12:00:00Z"}
    kept = entrypoint(storage)(flow)  # pyright: ignore[reportUnknownArgumentType]
    assert await kept.ainvoke((ORDER,), config) == {"2": [3]}
    assert await kept.ainvoke((ORDER,), config) == {"2": [3]}
    assert seen == [([plain], [1, plain], None), ([plain], [1, plain], {"2": [3]})]
    seen.clear()
    free = entrypoint()(flow)  # pyright: ignore[reportUnknownArgumentType]
    assert await free.ainvoke((ORDER,), config) == {2: (3,)}
    assert await free.ainvoke((ORDER,), config) == {2: (3,)}
    assert seen == [((ORDER,), (1, ORDER), None)] * 2


async def test_L6_an_input_is_made_of_what_fits_and_refused_where_it_does_not(storage: Storage, config: Config) -> None:
    @entrypoint(storage)
    async def flow(order: Order) -> str:
        return f"{type(order).__name__} {order.total}"

    assert await flow.ainvoke({"id": 1, "total": "2.50"}, config) == "Order 2.50"
    other: Config = {"configurable": {"thread_id": "t2"}}
    with pytest.raises(InvalidUpdateError, match=r"(?s)entrypoint 'flow' was given what it does not take: .*total"):
        await flow.ainvoke({"id": 1}, other)
    assert (await flow.aget_state(other)).config == other
    with pytest.raises(InvalidUpdateError, match="entrypoint 'flow' was given: a object that cannot be stored"):
        await flow.ainvoke(object(), other)

    @entrypoint(storage)
    async def lists(orders: list[Order]) -> list[Any]:
        return [type(each).__name__ for each in orders]

    assert await lists.ainvoke([{"id": 1, "total": "2"}], other) == ["Order"]
    assert await lists.ainvoke([{"id": 1}], other) == ["dict"]  # as the guide gives messages


async def test_L6_what_is_returned_and_does_not_fit_stays_as_json_has_it(url: str, config: Config) -> None:
    """LangGraph's guide has such flows: nobody checks what a function returns."""
    seen: list[Any] = []

    def build(storage: Storage) -> Any:
        @task
        def sloppy() -> dict[str, int]:
            return "a text"  # pyright: ignore[reportReturnType]

        @entrypoint(storage)
        def flow(_: str) -> Order:
            seen.append(sloppy().result())
            interrupt("q")
            return None  # pyright: ignore[reportReturnType]

        return flow

    async with open_storage(url) as storage:
        await build(storage).ainvoke("x", config)
    async with open_storage(url) as storage:
        assert await build(storage).ainvoke(Command(resume=1), config) is None
    assert seen == ["a text"] * 2


async def test_L6_types_that_are_written_as_texts_or_nowhere_to_be_found(storage: Storage, config: Config) -> None:
    class Local(BaseModel):
        n: int

    @task
    async def local() -> "Local":
        return Local(n=1)

    @task
    async def outer() -> "Order":
        return ORDER

    @task
    async def unknown() -> "Nowhere":  # noqa: F821 # pyright: ignore[reportUndefinedVariable, reportUnknownParameterType, reportUnknownVariableType]
        return {"n": 1}

    @entrypoint(storage)
    async def flow(_: str) -> list[Any]:
        return [type(await local()).__name__, type(await outer()).__name__, await unknown()]

    assert await flow.ainvoke("x", config) == ["Local", "Order", {"n": 1}]


async def test_L6_previous_is_what_the_last_finished_run_returned(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    @entrypoint(storage)
    async def flow(n: int, *, previous: int | None = None) -> int:
        seen.append(previous)
        if n < 0:
            interrupt("q")
        if n == 0:
            raise LookupError("no")
        return (previous or 0) + n

    assert await flow.ainvoke(1, config) == 1
    with pytest.raises(LookupError):
        await flow.ainvoke(0, config)
    await flow.ainvoke(-5, config, on_waiting="cancel")
    assert (await flow.aget_state(config)).values == 1
    assert await flow.ainvoke(2, config, on_waiting="cancel") == 3
    assert await flow.ainvoke(3, config) == 6
    assert await flow.ainvoke(1, {"configurable": {"thread_id": "t2"}}) == 1
    assert seen == [None, 1, 1, 1, 3, None]


async def test_L6_previous_is_of_its_own_type_where_it_declares_another(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    @entrypoint(storage)
    async def flow(_: str, previous: Order | None) -> dict[str, Any]:
        seen.append(previous)
        return {"id": 1, "total": "9.90", "at": NOON}

    await flow.ainvoke("x", config)
    await flow.ainvoke("x", config)
    assert seen == [None, ORDER]


async def test_L6_final_returns_one_thing_and_saves_another(url: str, config: Config) -> None:
    seen: list[Any] = []

    def build(storage: Storage) -> Any:
        @entrypoint(checkpointer=storage)
        async def flow(n: int, *, previous: list[Order] | None) -> entrypoint.final[Decimal, list[Order]]:
            seen.append(previous)
            if n >= 3:
                return Decimal(n)  # pyright: ignore[reportReturnType]
            orders = [*(previous or []), Order(id=n, total=Decimal(n))]
            return entrypoint.final(value=sum((each.total for each in orders), Decimal(0)), save=orders)

        return flow

    async with open_storage(url) as storage:
        assert await build(storage).ainvoke(1, config) == Decimal(1)
    async with open_storage(url) as storage:
        flow = build(storage)
        result = await flow.ainvoke(2, config)
        assert result == Decimal(3)
        assert isinstance(result, Decimal)
        assert (await flow.aget_state(config)).values == Decimal(3)
        await flow.ainvoke(3, config)  # without `final`: what it returned is what it saved
        await flow.ainvoke(4, config)
    first, second = Order(id=1, total=Decimal(1)), Order(id=2, total=Decimal(2))
    assert seen == [None, [first], [first, second], "3"]


async def test_L6_final_saves_nothing_too_and_goes_without_types(storage: Storage, config: Config) -> None:
    seen: list[Any] = []

    @entrypoint(storage)
    def flow(n: int, previous: Any) -> entrypoint.final:  # pyright: ignore[reportMissingTypeArgument, reportUnknownParameterType]
        seen.append(previous)
        return entrypoint.final(value=n, save=None)

    assert [await flow.ainvoke(n, config) for n in (1, 2)] == [1, 2]
    assert seen == [None, None]
    with pytest.raises(TypeError):
        entrypoint.final[int]  # type: ignore[misc] # pyright: ignore[reportInvalidTypeArguments, reportUnusedExpression, reportUnknownMemberType]


async def test_L6_without_a_checkpointer_nothing_is_previous(config: Config) -> None:
    @entrypoint()
    def flow(n: int, previous: Any) -> entrypoint.final[Any, Any]:
        return entrypoint.final(value=[n, previous], save=n)

    assert await flow.ainvoke(1, config) == [1, None]
    assert await flow.ainvoke(2, config) == [2, None]


def script(url: str, what: str) -> tuple[list[str], int]:
    """What `script_of_flows` says in a process of its own, with every warning an error; and how the process ends."""
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", "-m", "tests.runtime.script_of_flows", url, what],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
        check=False,
    )
    assert ended.stderr == ""
    return ended.stdout.splitlines(), ended.returncode


FOUND = "['Order', 'Order'] None"


@pytest.mark.slow
def test_L6_a_flow_goes_on_in_another_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    asked, _ = script(url, "ask")
    assert sorted(asked[:-2]) == sorted([FOUND, "find", "find"])  # its own thread says the first
    assert asked[-2:] == ["__interrupt__", "None"]
    answered, _ = script(url, "answer")
    assert answered == [FOUND, "ship: yes", "ship", "ship", "flow", "Decimal('22.80')"]
    assert sorted((tmp_path / "book").read_text().splitlines()) == ["found 1", "found 2"]


@pytest.mark.slow
def test_L6_a_flow_goes_on_after_its_process_has_died(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/test.db"
    said, code = script(url, "die")
    assert FOUND in said
    assert code == 3
    assert script(url, "go on") == ([FOUND, "ship", "ship", "flow", "Decimal('22.80')"], 0)
    assert sorted((tmp_path / "book").read_text().splitlines()) == ["found 1", "found 2"]
