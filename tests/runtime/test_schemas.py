"""Rows L1 and L7 of docs/behaviour.md: the classes of a graph's state, of inputs, outputs, single nodes and context."""

import dataclasses
import functools
import operator
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, NotRequired, Optional, Required, TypedDict, TypeVar

import pytest
from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from typing_extensions import TypedDict as ExtendedDict

from graphs import END, START, Command, Runtime, Send, StateGraph, interrupt
from graphs.errors import InvalidGraph, InvalidUpdateError, LeftOut
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage

T = TypeVar("T")


class State(TypedDict, total=False):
    question: str
    answer: str
    log: Annotated[list[str], operator.add]


class Given(TypedDict):
    question: str


class Result(TypedDict):
    answer: str


class Private(TypedDict):
    secret: int


@dataclasses.dataclass
class PrivateData:
    secret: int
    other: str = "as declared"


class PrivateModel(BaseModel):
    secret: int
    other: str = "as declared"


def first(state: State) -> dict[str, Any]:
    return {"secret": 7, "log": ["first"]}


def private(seen: list[Any], kind: Any, **options: Any) -> StateGraph:
    """`first` writes a key that `second` alone declares, by its annotation or by `input_schema`."""

    def second(state: Any) -> dict[str, Any]:
        seen.append(state)
        return {"answer": "done", "log": ["second"]}

    builder = StateGraph(State, input_schema=Given, output_schema=Result).add_node(first)
    if options:
        builder.add_node("second", second, **options)
    else:
        second.__annotations__["state"] = kind
        builder.add_node(second)
    return builder.add_edge(START, "first").add_edge("first", "second")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(Private, {"secret": 7}), (PrivateData, PrivateData(7)), (PrivateModel, PrivateModel(secret=7))],
)
@pytest.mark.parametrize("annotated", [True, False])
@pytest.mark.parametrize("durable", [True, False])
async def test_L7_a_node_sees_the_keys_of_its_own_class_which_no_result_has(
    storage: Storage, config: Config, kind: Any, expected: Any, annotated: bool, durable: bool
) -> None:
    seen: list[Any] = []
    options = {} if annotated else {"input_schema": kind}
    graph = private(seen, kind, **options).compile(storage if durable else None)
    assert await graph.ainvoke({"question": "?"}, config) == {"answer": "done"}
    assert seen == [expected]
    if durable:
        values = {"question": "?", "answer": "done", "secret": 7, "log": ["first", "second"]}
        had = (await graph.aget_state(config)).values
        assert {key: had[key] for key in values} == values


async def test_L7_a_node_without_a_class_of_its_own_sees_the_graphs_state_alone(storage: Storage, config: Config):
    seen: list[Any] = []
    builder = private([], Private)
    builder.add_node("third", lambda state: seen.append(state)).add_edge("second", "third")
    await builder.compile(storage).ainvoke({"question": "?"}, config)
    assert seen == [{"question": "?", "answer": "done", "log": ["first", "second"]}]


async def test_L7_a_key_that_no_input_has_is_refused_and_nothing_begins(storage: Storage, config: Config) -> None:
    graph = private([], Private).compile(storage)
    with pytest.raises(InvalidUpdateError, match=r"the input has 'answer', which Given does not declare: .*'question'"):
        await graph.ainvoke({"question": "?", "answer": "!"}, config)
    with pytest.raises(InvalidUpdateError, match="'nowhere'"):
        await graph.ainvoke({"nowhere": 1}, config)
    assert (await graph.aget_state(config)).metadata is None


async def test_L7_an_input_model_is_validated_before_anything_begins(storage: Storage, config: Config) -> None:
    class Asked(BaseModel):
        question: str = Field(min_length=3)

    graph = StateGraph(State, input_schema=Asked).add_node(first).add_node("second", lambda state: None)
    graph = graph.add_node("read", lambda state: None, input_schema=Private)
    compiled = graph.add_edge(START, "first").add_edge("first", "second").add_edge("second", "read").compile(storage)
    with pytest.raises(InvalidUpdateError, match="at least 3 characters"):
        await compiled.ainvoke({"question": "?"}, config)
    assert (await compiled.aget_state(config)).metadata is None
    result = await compiled.ainvoke(Asked(question="who?"), config)
    assert (result["question"], result["log"]) == ("who?", ["first"])


async def test_L7_a_router_sees_what_its_annotation_says_else_what_its_node_sees() -> None:
    seen: list[Any] = []

    def of_its_own(state: Private) -> str:
        seen.append(("of its own", state))
        return "second"

    def of_its_node(state: Any) -> str:
        seen.append(("of its node", state))
        return END

    def second(state: Private) -> dict[str, Any]:
        return {"answer": str(state["secret"])}

    builder = StateGraph(State).add_node(first).add_node(second).add_edge(START, "first")
    builder.add_conditional_edges("first", of_its_own, ["second"]).add_conditional_edges("second", of_its_node)
    assert await builder.compile().ainvoke({"question": "?"}) == {"question": "?", "answer": "7", "log": ["first"]}
    assert seen == [("of its own", {"secret": 7}), ("of its node", {"secret": 7})]


@pytest.mark.parametrize("durable", [True, False])
async def test_L7_what_is_sent_to_a_node_is_an_instance_of_the_class_that_it_asks_for(
    storage: Storage, config: Config, durable: bool
) -> None:
    @dataclasses.dataclass
    class Item:
        name: str
        times: int = 1

    async def work(item: Item) -> dict[str, Any]:
        return {"log": [item.name * item.times]}

    def spread(state: State) -> list[Send]:
        return [Send("work", Item("a", 2)), Send("work", {"name": "b"})]

    builder = StateGraph(State).add_conditional_edges(START, spread, ["work"])
    work.__annotations__["item"] = Item
    graph = builder.add_node(work).compile(storage if durable else None)
    assert (await graph.ainvoke({"question": "?"}, config))["log"] == ["aa", "b"]


def test_L7_two_classes_that_merge_a_key_in_two_ways_are_refused() -> None:
    class Other(TypedDict):
        log: Annotated[list[str], lambda old, new: new]

    class Plain(TypedDict):
        log: list[str]

    with pytest.raises(InvalidGraph, match="Other declares 'log' with another reducer than State does"):
        StateGraph(State, input_schema=Other)
    with pytest.raises(InvalidGraph, match="State declares 'log' with another reducer than Plain does"):
        StateGraph(Plain, output_schema=State)
    assert StateGraph(State, input_schema=Plain).schema.fields["log"].reducer is operator.add


def test_L7_a_reducer_that_is_written_twice_is_one() -> None:
    def keeping(most: int, old: list[str], new: list[str]) -> list[str]:
        return (old + new)[-most:]

    class One(TypedDict):
        a: Annotated[list[str], lambda old, new: old + new]
        b: Annotated[list[str], functools.partial(keeping, 3)]

    class Same(TypedDict):
        a: Annotated[list[str], lambda old, new: old + new]
        b: Annotated[list[str], functools.partial(keeping, 3)]

    class Fewer(TypedDict):
        b: Annotated[list[str], functools.partial(keeping, 2)]

    builder = StateGraph(One, input_schema=Same)
    with pytest.raises(InvalidGraph, match="Fewer declares 'b'"):
        builder.add_node("n", lambda state: None, input_schema=Fewer)
    assert list(builder.nodes) == []


async def test_L7_what_is_added_after_compile_is_not_in_the_graph() -> None:
    builder = StateGraph(State).add_node("n", lambda state: {"answer": "n"}).add_edge(START, "n")
    graph = builder.compile()
    builder.add_node("later", lambda state: {"answer": "later"}, input_schema=Private).add_edge("n", "later")
    assert (await graph.ainvoke({"question": "?"}))["answer"] == "n"
    assert list(graph.nodes) == ["n"]
    assert "secret" not in graph.program.schema.fields
    assert graph.builder is builder


# context


@dataclasses.dataclass
class ContextData:
    name: str
    times: int = 1


class ContextModel(BaseModel):
    name: str
    times: int = 1


class ContextDict(ExtendedDict):
    name: str
    times: NotRequired[int]


def with_context(schema: Any, storage: Storage | None, seen: list[Any], ask: bool = False) -> CompiledGraph:
    def node(state: State, runtime: Runtime[Any]) -> dict[str, Any]:
        seen.append(runtime.context)
        return {"answer": str(interrupt("?")) if ask else "done"}

    return StateGraph(State, schema).add_node("n", node).add_edge(START, "n").compile(storage)


CONTEXTS = [
    (ContextData, ContextData("a"), TypeError),
    (ContextModel, ContextModel(name="a"), ValidationError),
    (ContextDict, {"name": "a"}, ValidationError),
]


@pytest.mark.parametrize(("schema", "made", "error"), CONTEXTS)
async def test_L7_context_is_made_of_a_dict_on_resume_too(
    storage: Storage, config: Config, schema: Any, made: Any, error: type[Exception]
) -> None:
    seen: list[Any] = []
    graph = with_context(schema, storage, seen, ask=True)
    await graph.ainvoke({"question": "?"}, config, context={"name": "a"})
    with pytest.raises(error):
        await graph.ainvoke(Command(resume=1), config, context={"times": 2})
    assert len((await graph.aget_state(config)).interrupts) == 1
    await graph.ainvoke(Command(resume=1), config, context={"name": "a"})
    assert seen == [made, made]


@pytest.mark.parametrize(("schema", "made", "error"), CONTEXTS)
async def test_L7_a_context_that_does_not_fit_is_refused_and_nothing_is_stored(
    storage: Storage, config: Config, schema: Any, made: Any, error: type[Exception]
) -> None:
    seen: list[Any] = []
    graph = with_context(schema, storage, seen)
    with pytest.raises(error):
        await graph.ainvoke({"question": "?"}, config, context={"times": 2})
    with pytest.raises(TypeError, match=r"the context of this graph is a dict or a Context.*, not str"):
        await graph.ainvoke({"question": "?"}, config, context="a")
    assert seen == []
    assert (await graph.aget_state(config)).metadata is None


@pytest.mark.parametrize(("schema", "made", "error"), CONTEXTS)
async def test_L7_an_instance_is_the_context_as_it_is(schema: Any, made: Any, error: type[Exception]) -> None:
    seen: list[Any] = []
    graph = with_context(schema, None, seen)
    await graph.ainvoke({"question": "?"}, context=made)
    await graph.ainvoke({"question": "?"})
    assert seen[0] is made
    assert seen[1] is None


async def test_L7_a_context_may_hold_what_only_python_can_tell() -> None:
    class Connection:
        pass

    class Holds(ExtendedDict):
        db: Connection

    seen: list[Any] = []
    given = {"db": Connection()}
    await with_context(Holds, None, seen).ainvoke({"question": "?"}, context=given)
    assert seen == [given]


def test_L7_schemas_are_told_as_json_schema() -> None:
    graph = private([], Private).compile()
    assert graph.get_input_jsonschema()["properties"].keys() == {"question"}
    assert graph.get_input_jsonschema()["required"] == ["question"]
    assert graph.get_output_jsonschema()["properties"].keys() == {"answer"}
    assert graph.get_context_jsonschema() is None
    with_data = StateGraph(State, context_schema=ContextData).add_node(first).add_edge(START, "first")
    with_data.add_node("p", lambda state: None, input_schema=Private).add_edge("first", "p")
    schema = with_data.compile().get_context_jsonschema()
    assert schema is not None
    assert schema["required"] == ["name"]


# L1: what a state class may be


class Last:
    """A reducer that is an object."""

    def __call__(self, old: Any, new: Any) -> Any:
        return new


def joined(between: str, old: str, new: str) -> str:
    return between.join(filter(None, [old, new]))


class Parent(TypedDict):
    total: Annotated[int, operator.add]
    text: Annotated[str, functools.partial(joined, "-")]


class Child(Parent, total=False):
    last: Annotated[Required[dict[str, int]], "a note", Last(), Field(description="after it")]
    most: Annotated[int, max]
    money: NotRequired[Annotated[Decimal, operator.add]]
    names: Annotated[set[str], lambda old, new: old | new]
    count: Annotated[Counter[str], operator.add]
    maybe: Annotated[Optional[list[int]], operator.add]  # noqa: UP045 - as people write it


@pytest.mark.parametrize("durable", [True, False])
async def test_L1_a_reducer_is_whatever_can_be_called_with_two_values(
    storage: Storage, config: Config, durable: bool
) -> None:
    updates: list[dict[str, Any]] = [
        {"total": 2, "text": "a", "last": {"a": 1}, "most": 3, "money": Decimal("1.10"), "names": {"x"}},
        {"total": 3, "text": "b", "last": {"b": 2}, "most": 1, "money": Decimal("0.20"), "names": {"y"}},
        {"count": Counter("ab"), "maybe": [1]},
        {"count": Counter("b"), "maybe": [2]},
    ]
    builder = StateGraph(Child)
    builder.add_sequence([(f"n{number}", lambda state, update=update: update) for number, update in enumerate(updates)])
    graph = builder.add_edge(START, "n0").compile(storage if durable else None)
    expected = {
        "total": 5,
        "text": "a-b",
        "last": {"b": 2},
        "most": 3,
        "money": Decimal("1.30"),
        "names": {"x", "y"},
        "count": Counter({"b": 2, "a": 1}),
        "maybe": [1, 2],
    }
    assert await graph.ainvoke({"total": 0}, config) == expected


@pytest.mark.parametrize("reducer", [lambda old: old, lambda: None, lambda a, b, c: a])
def test_L1_a_reducer_that_does_not_take_two_values_is_refused(reducer: Callable[..., Any]) -> None:
    with pytest.raises(InvalidGraph, match=r"the reducer of 'x' in Bad is called with two values.*<lambda>\("):
        StateGraph(TypedDict("Bad", {"x": Annotated[list[str], reducer]}))  # pyright: ignore[reportArgumentType]


class Holding(TypedDict, Generic[T]):
    value: T
    values: Annotated[list[T], operator.add]


async def test_L1_a_generic_state_takes_its_arguments(storage: Storage, config: Config) -> None:
    graph = StateGraph(Holding[int]).add_node("n", lambda state: {"values": ["2"]}).add_edge(START, "n")
    assert await graph.compile(storage).ainvoke({"value": "1", "values": [1]}, config) == {"value": 1, "values": [1, 2]}
    anything = StateGraph(Holding).add_node("n", lambda state: {"values": ["2"]}).add_edge(START, "n")
    assert await anything.compile().ainvoke({"value": "1"}) == {"value": "1", "values": ["2"]}


class Plain:
    """A class that says no more than its annotations."""

    log: Annotated[list[str], operator.add]


async def test_L1_a_class_with_annotations_is_a_state_whose_nodes_get_a_dict() -> None:
    seen: list[Any] = []
    graph = StateGraph(Plain).add_node("n", lambda state: seen.append(state) or {"log": ["n"]}).add_edge(START, "n")
    assert await graph.compile().ainvoke({"log": ["in"]}) == {"log": ["in", "n"]}
    assert seen == [{"log": ["in"]}]


@pytest.mark.parametrize("state", [list, int, dict, list[int], Annotated[list[str], operator.add], int | str])
def test_L1_a_state_without_keys_is_left_out(state: Any) -> None:
    with pytest.raises(LeftOut, match=r"a state that is one .* is left out: .* Declare a TypedDict with a key for it"):
        StateGraph(state)


@pytest.mark.parametrize("state", [{"a": int}, ["a"], "State", 3])
def test_L1_what_is_no_class_is_no_state(state: Any) -> None:
    with pytest.raises(InvalidGraph, match="a state is a class: a TypedDict, a dataclass or a pydantic model, not"):
        StateGraph(state)


@dataclasses.dataclass
class Shared:
    limit: ClassVar[int] = 3
    n: int = 0


class SharedModel(BaseModel):
    limit: ClassVar[int] = 3
    n: int = 0
    _hidden: int = PrivateAttr(default=4)


@pytest.mark.parametrize("state", [Shared, SharedModel])
async def test_L1_what_all_instances_share_is_no_key(state: Any) -> None:
    graph = StateGraph(state).add_node("n", lambda state: {"n": state.n + state.limit}).add_edge(START, "n").compile()
    assert await graph.ainvoke({"n": 1}) == {"n": 4}
    assert list(graph.program.schema.fields) == ["n"]
