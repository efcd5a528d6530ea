"""What a caller may ask for of results and chunks: another mode, some keys, parts, printing."""

import operator
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pytest
from pydantic import BaseModel

from graphs import START, Command, GraphOutput, Interrupt, StateGraph, interrupt
from graphs.errors import LeftOut
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import asks, chain, logs
from tests.runtime.listening import all_of, questions


def nested() -> CompiledGraph:
    return chain(None, ("sub", chain(None, ("x", logs("x")))), ("y", logs("y")))


async def test_L5_ainvoke_with_another_mode_gives_the_list_of_its_chunks(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    a, asked = await graph.ainvoke({"log": []}, config, stream_mode="updates")
    assert (a, questions(asked)) == ({"a": {"log": ["a"]}}, ["q"])
    both = await graph.ainvoke(Command(resume=1), config, stream_mode=["updates", "values"])
    assert both == [
        ("values", {"log": ["a"]}),
        ("updates", {"q": {"log": ["q=1"]}}),
        ("values", {"log": ["a", "q=1"]}),
    ]


class Two(TypedDict, total=False):
    log: Annotated[list[str], operator.add]
    other: str


def two(storage: Storage | None) -> CompiledGraph:
    def ask(state: Two) -> dict[str, Any]:
        return {"log": [interrupt("q")], "other": "o"} if storage is not None else {"log": ["l"], "other": "o"}

    builder = StateGraph(Two).add_node("first", lambda state: {"other": "1"}).add_node("ask", ask)
    return builder.add_edge(START, "first").add_edge("first", "ask").compile(storage)


async def test_L5_output_keys_say_what_of_the_state_is_shown() -> None:
    graph = two(None)
    assert await graph.ainvoke({"log": []}, output_keys=["log"]) == {"log": ["l"]}
    assert await graph.ainvoke({"log": []}, output_keys="log") == ["l"]
    modes = ["values", "updates"]
    assert await all_of(graph, {"log": []}, {}, stream_mode=modes, output_keys=["log"]) == [
        ("values", {"log": []}),
        ("updates", {"first": None}),
        ("updates", {"ask": {"log": ["l"]}}),
        ("values", {"log": ["l"]}),
    ]
    assert await all_of(graph, {"log": []}, {}, stream_mode=modes, output_keys="log") == [
        ("values", []),
        ("updates", {"first": None}),
        ("updates", {"ask": ["l"]}),
        ("values", ["l"]),
    ]
    with pytest.raises(ValueError, match="'nothing', which the state does not have"):
        await graph.ainvoke({"log": []}, output_keys=["nothing"])


async def test_L5_with_one_output_key_a_question_stands_alone(storage: Storage, config: Config) -> None:
    graph = two(storage)
    result = await graph.ainvoke({"log": []}, config, output_keys="log")
    assert (result.keys(), questions(result)) == ({"__interrupt__"}, ["q"])
    assert await graph.ainvoke(Command(resume="yes"), config, output_keys="log") == ["yes"]


async def test_L5_parts_name_mode_and_graph_and_values_have_their_questions_beside_them(
    storage: Storage, config: Config
) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    parts = await all_of(graph, {"log": []}, config, stream_mode=["values", "updates"], version="v2")
    (question,) = (await graph.aget_state(config)).interrupts
    assert parts == [
        {"type": "values", "ns": (), "data": {"log": []}, "interrupts": ()},
        {"type": "updates", "ns": (), "data": {"a": {"log": ["a"]}}},
        {"type": "values", "ns": (), "data": {"log": ["a"]}, "interrupts": ()},
        {"type": "updates", "ns": (), "data": {"__interrupt__": (question,)}},
        {"type": "values", "ns": (), "data": {"log": ["a"]}, "interrupts": (question,)},
    ]


async def test_L5_parts_have_one_shape_whatever_is_asked_for() -> None:
    for options in ({"stream_mode": "updates"}, {"stream_mode": ["updates"]}):
        parts = await all_of(nested(), {"log": []}, {}, **options, version="v2", subgraphs=True)
        assert [(len(part["ns"]), part["type"], *part["data"]) for part in parts] == [
            (1, "updates", "x"),
            (0, "updates", "sub"),
            (0, "updates", "y"),
        ]


async def test_L5_ainvoke_in_parts_gives_value_and_interrupts(storage: Storage, config: Config) -> None:
    graph = chain(storage, ("a", logs("a")), ("q", asks("q")))
    output = await graph.ainvoke({"log": []}, config, version="v2")
    (question,) = output.interrupts
    assert output == GraphOutput({"log": ["a"]}, (question,))
    assert isinstance(question, Interrupt)
    assert await graph.ainvoke(Command(resume=1), config, version="v2") == GraphOutput({"log": ["a", "q=1"]}, ())
    assert await graph.ainvoke({"log": []}, config, version="v2", stream_mode="updates") == [
        {"type": "updates", "ns": (), "data": {"a": {"log": ["a"]}}},
        {"type": "updates", "ns": (), "data": {"__interrupt__": (await graph.aget_state(config)).interrupts}},
    ]


@dataclass
class Counted:
    n: int = 0


class Model(BaseModel):
    n: int = 0


@pytest.mark.parametrize("state", [Counted, Model])
async def test_L5_parts_have_a_state_in_its_own_type(state: Any) -> None:
    graph = StateGraph(state).add_node("a", lambda state: {"n": state.n + 1}).add_edge(START, "a").compile()
    assert await graph.ainvoke({"n": 1}) == {"n": 2}
    assert (await graph.ainvoke({"n": 1}, version="v2")).value == state(n=2)
    parts = await all_of(graph, {"n": 1}, {}, stream_mode="values", version="v2")
    assert [part["data"] for part in parts] == [state(n=1), state(n=2)]


async def test_L5_another_version_is_an_error() -> None:
    graph = chain(None, ("a", logs("a")))
    with pytest.raises(ValueError, match="version='v3'"):
        await graph.ainvoke({"log": []}, version="v3")
    with pytest.raises(ValueError, match="version='v3'"):
        await all_of(graph, {"log": []}, {}, version="v3")


async def test_L5_print_mode_prints_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    graph = nested()
    assert await graph.ainvoke({"log": []}, print_mode="updates") == {"log": ["x", "y"]}
    assert capsys.readouterr().out == "[updates] {'sub': {'log': ['x']}}\n[updates] {'y': {'log': ['y']}}\n"
    chunks = await all_of(graph, {"log": []}, {}, stream_mode="values", debug=True)
    assert chunks == [{"log": []}, {"log": ["x"]}, {"log": ["x", "y"]}]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["[values]", "[updates]", "[values]", "[updates]", "[values]"]
    await all_of(graph, {"log": []}, {}, print_mode=["updates"], subgraphs=True)
    assert capsys.readouterr().out.startswith("[updates] [graph=sub:")
    with pytest.raises(ValueError, match="'all' is no stream mode"):
        await graph.ainvoke({"log": []}, print_mode="all")


async def test_L5_an_option_that_is_left_out_says_so_and_an_unknown_one_is_an_error() -> None:
    graph = chain(None, ("a", logs("a")))
    with pytest.raises(LeftOut, match="control"):
        await graph.ainvoke({"log": []}, control=object())
    with pytest.raises(TypeError, match="contrl"):
        await all_of(graph, {"log": []}, {}, contrl=object())
