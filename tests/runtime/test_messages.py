"""Row L11 of docs/behaviour.md: what is a message, how messages are merged; and a write that goes round a reducer."""

import operator
from typing import Annotated, Any, TypedDict

import pytest
from openai.types.chat import ChatCompletionMessage
from pydantic import BaseModel

from graphs import (
    REMOVE_ALL_MESSAGES,
    START,
    Command,
    MessagesState,
    Overwrite,
    StateGraph,
    add_messages,
    interrupt,
)
from graphs.errors import InvalidUpdateError, LeftOut
from graphs.runtime.types import Config
from storage import Storage, open_storage
from tests.runtime.asking import Log, asks


class LangChains(BaseModel):
    """A message that tells its kind by `type`, and much that is nothing."""

    type: str
    content: str = ""
    id: str | None = None
    name: str | None = None
    additional_kwargs: dict[str, Any] = {}
    tool_calls: list[dict[str, Any]] = []
    tool_call_id: str | None = None


CALL = {"name": "find", "args": {"n": 1}, "id": "c1", "type": "tool_call"}

FORMS: list[tuple[Any, dict[str, Any]]] = [
    ("hi", {"role": "user", "content": "hi"}),
    (("assistant", "hi"), {"role": "assistant", "content": "hi"}),
    (("human", "hi"), {"role": "user", "content": "hi"}),
    (("ai", "hi"), {"role": "assistant", "content": "hi"}),
    (("system", "hi"), {"role": "system", "content": "hi"}),
    ({"role": "user", "content": "hi"}, {"role": "user", "content": "hi"}),
    ({"role": "human", "content": "hi", "by": "U1"}, {"role": "user", "content": "hi", "by": "U1"}),
    ({"type": "human", "content": "hi"}, {"role": "user", "content": "hi"}),
    (LangChains(type="human", content="hi"), {"role": "user", "content": "hi"}),
    (LangChains(type="ai", tool_calls=[CALL]), {"role": "assistant", "content": "", "tool_calls": [CALL]}),
    (LangChains(type="AIMessageChunk", content="hi"), {"role": "assistant", "content": "hi"}),
    (
        LangChains(type="tool", content="3", tool_call_id="c1", name="find"),
        {"role": "tool", "content": "3", "tool_call_id": "c1", "name": "find"},
    ),
    (
        ChatCompletionMessage.model_validate(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}],
            }
        ),
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}],
        },
    ),
]


def without_ids(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert all(isinstance(message["id"], str) and message["id"] for message in messages)
    assert len({message["id"] for message in messages}) == len(messages)
    return [{key: value for key, value in message.items() if key != "id"} for message in messages]


@pytest.mark.parametrize(("form", "expected"), FORMS)
def test_L11_one_message_in_each_form_on_both_sides(form: Any, expected: dict[str, Any]) -> None:
    for given in (form, [form]):
        assert without_ids(add_messages([], given)) == [expected]
        assert without_ids(add_messages(given, [])) == [expected]
        assert without_ids(add_messages(given, "more")) == [expected, {"role": "user", "content": "more"}]


@pytest.mark.parametrize(("form", "expected"), FORMS)
@pytest.mark.parametrize("in_a_list", [True, False])
@pytest.mark.parametrize("durable", [True, False])
async def test_L11_a_node_and_an_input_may_give_each_form(
    storage: Storage, config: Config, form: Any, expected: dict[str, Any], in_a_list: bool, durable: bool
) -> None:
    given = {"messages": [form] if in_a_list else form}
    graph = StateGraph(MessagesState).add_node("n", lambda state: given).add_edge(START, "n")
    result = await graph.compile(storage if durable else None).ainvoke(given, config)
    assert without_ids(result["messages"]) == [expected, expected]


@pytest.mark.parametrize("wrong", [3, {"content": "no role"}, [3], [["user", "a", "b"]], {"role": 3}, MessagesState])
async def test_L11_what_is_no_message_is_refused_and_told_what_one_is(
    storage: Storage, config: Config, wrong: Any
) -> None:
    with pytest.raises(ValueError, match=r'a message is a dict with a role and content.*"role": "user"'):
        add_messages([], wrong)
    graph = StateGraph(MessagesState).add_node("n", lambda state: None).add_edge(START, "n").compile(storage)
    with pytest.raises(ValueError, match="a message is a dict"):
        await graph.ainvoke({"messages": wrong}, config)
    assert (await graph.aget_state(config)).metadata is None


def test_L11_ids_are_kept_replaced_in_place_and_given() -> None:
    left = [{"role": "user", "content": "a", "id": "1"}, {"role": "user", "content": "b"}]
    merged = add_messages(left, [{"role": "user", "content": "better", "id": "1"}, {"role": "user", "content": "c"}])
    assert [message["content"] for message in merged] == ["better", "b", "c"]
    assert len({message["id"] for message in merged}) == 3
    assert "id" not in left[1]
    again = add_messages(merged, [])
    assert again is not merged
    assert all(new is old for new, old in zip(again, merged, strict=True))


def test_L11_of_two_with_one_id_the_later_counts_also_beside_its_removal() -> None:
    new = [{"role": "user", "content": content, "id": "1"} for content in "ab"]
    assert add_messages([], new) == new[1:]
    assert (
        add_messages([{"role": "user", "content": "old", "id": "1"}], [{"role": "remove", "id": "1"}, *new]) == new[1:]
    )
    assert add_messages(new[0], [{"role": "remove", "id": "1"}] * 2) == []
    with pytest.raises(ValueError, match="no message with id '2' to remove"):
        add_messages(new, {"role": "remove", "id": "2"})
    with pytest.raises(ValueError, match="a message to remove is named by its id"):
        add_messages(new, {"role": "remove"})


@pytest.mark.parametrize(
    "all_of_them", [{"role": "remove", "id": REMOVE_ALL_MESSAGES}, LangChains(type="remove", id=REMOVE_ALL_MESSAGES)]
)
def test_L11_all_messages_are_removed_that_stand_before(all_of_them: Any) -> None:
    left = ["a", "b"]
    assert add_messages(left, all_of_them) == []
    assert add_messages([], all_of_them) == []
    kept = add_messages(left, ["c", all_of_them, "d", all_of_them, "e", "f"])
    assert [message["content"] for message in kept] == ["e", "f"]


def test_L11_called_with_nothing_it_is_the_reducer_and_a_format_is_left_out() -> None:
    assert add_messages() is add_messages
    with pytest.raises(TypeError, match="two sides"):
        add_messages([])
    with pytest.raises(LeftOut, match="a message is what it was written as"):
        add_messages(format="langchain-openai")


async def test_L11_a_message_keeps_its_id_while_a_sibling_waits(url: str, config: Config) -> None:
    class Talk(MessagesState):
        log: Annotated[list[Any], operator.add]

    builder = StateGraph(Talk).add_node("says", lambda state: {"messages": ("assistant", "hi")}).add_edge(START, "says")
    builder.add_node("q", asks("q")).add_edge(START, "q")
    seen: list[Any] = []
    for _ in range(2):
        async with open_storage(url) as storage:
            graph = builder.compile(storage)
            if not seen:
                seen.append((await graph.ainvoke({"log": []}, config))["messages"])
            seen += [(await graph.aget_state(config)).values["messages"] for _ in range(2)]
    async with open_storage(url) as storage:
        seen.append((await builder.compile(storage).ainvoke(Command(resume=1), config))["messages"])
    assert len(seen) == 6
    assert all(messages == seen[0] for messages in seen)
    assert without_ids(seen[0]) == [{"role": "assistant", "content": "hi"}]


# Overwrite


class Typed(TypedDict):
    log: Annotated[list[Any], operator.add]
    total: Annotated[int, operator.add]
    plain: int


FORMS_OF_OVERWRITE: list[Any] = [
    Overwrite(["new"]),
    {"__overwrite__": ["new"]},
    {"type": "__overwrite__", "value": ["new"]},
]


@pytest.mark.parametrize("over", FORMS_OF_OVERWRITE)
@pytest.mark.parametrize("durable", [True, False])
async def test_L11_an_overwrite_goes_round_the_reducer(
    storage: Storage, config: Config, over: Any, durable: bool
) -> None:
    builder = StateGraph(Typed).add_node("n", lambda state: {"log": over, "plain": Overwrite(3)})
    builder.add_node("then", lambda state: {"log": ["more"]}).add_edge(START, "n").add_edge("n", "then")
    graph = builder.compile(storage if durable else None)
    assert await graph.ainvoke({"log": ["old"], "total": 1}, config) == {"log": ["new", "more"], "total": 1, "plain": 3}


async def test_L11_an_overwrite_lasts_while_a_sibling_waits(url: str, config: Config) -> None:
    builder = StateGraph(Log).add_node("n", lambda state: {"log": Overwrite(["new"])}).add_edge(START, "n")
    builder.add_node("q", asks("q")).add_edge(START, "q")
    async with open_storage(url) as storage:
        assert (await builder.compile(storage).ainvoke({"log": ["old"]}, config))["log"] == ["new"]
    async with open_storage(url) as storage:
        graph = builder.compile(storage)
        assert (await graph.aget_state(config)).values == {"log": ["new"]}
        assert await graph.ainvoke(Command(resume=1), config) == {"log": ["new"]}  # q's write does not count beside it


async def test_L11_two_overwrites_of_a_key_in_a_step_are_refused(storage: Storage, config: Config) -> None:
    builder = StateGraph(Typed)
    for name in "ab":
        builder.add_node(name, lambda state: {"log": Overwrite(["new"])}).add_edge(START, name)
    with pytest.raises(InvalidUpdateError, match="nodes 'a' and 'b' both overwrote 'log' in one step"):
        await builder.compile(storage).ainvoke({"log": ["old"]}, config)


async def test_L11_what_an_overwrite_holds_is_of_the_keys_type(storage: Storage, config: Config) -> None:
    builder = StateGraph(Typed).add_node("n", lambda state: {"total": Overwrite("many")}).add_edge(START, "n")
    with pytest.raises(InvalidUpdateError, match="wrote to 'total' what it does not take"):
        await builder.compile(storage).ainvoke({"log": []}, config)


async def test_L11_messages_are_overwritten_as_messages() -> None:
    builder = (
        StateGraph(MessagesState).add_node("n", lambda state: {"messages": Overwrite(["hi"])}).add_edge(START, "n")
    )
    result = await builder.compile().ainvoke({"messages": ["old"]})
    assert without_ids(result["messages"]) == [{"role": "user", "content": "hi"}]


async def test_L11_an_edit_may_overwrite(storage: Storage, config: Config) -> None:
    builder = StateGraph(Log).add_node("n", lambda state: {"log": [interrupt("?")]}).add_edge(START, "n")
    graph = builder.compile(storage)
    await graph.ainvoke({"log": ["old"]}, config)
    await graph.aupdate_state(config, {"log": Overwrite(["edited"])}, as_node=START)
    assert (await graph.aget_state(config)).values == {"log": ["edited"]}
