"""Row L2 of docs/behaviour.md: what a thread may be called, and what else a caller may say beside it."""

from enum import Enum
from typing import Any
from uuid import UUID

import pytest

from graphs import START, Command, StateGraph
from graphs.runtime.types import Config
from storage import Storage
from tests.runtime.asking import Log, asks, chain, ids

U = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")


class Named(str, Enum):  # noqa: UP042 - its str() is not its value
    ONE = "one"


def called(thread_id: Any) -> Config:
    return {"configurable": {"thread_id": thread_id}}


@pytest.mark.parametrize(
    ("given", "text"), [(U, str(U)), (7, "7"), (0, "0"), (-1, "-1"), ("seven", "seven"), (Named.ONE, "one")]
)
async def test_L2_a_thread_id_is_what_its_text_says(storage: Storage, given: Any, text: str) -> None:
    graph = chain(storage, ("q", asks("q")))
    asked = ids(await graph.ainvoke({"log": []}, called(given)))
    assert (await graph.aget_state(called(text))).config == {
        "configurable": {
            "thread_id": text,
            "checkpoint_id": (await graph.aget_state(called(given))).config["configurable"]["checkpoint_id"],  # pyright: ignore[reportTypedDictNotRequiredAccess]
        }
    }
    assert [row.thread_id for row in await storage.interrupts(thread_id=given)] == [text]
    await graph.aanswer(called(given), {asked["q"]: "yes"})
    assert await graph.ainvoke(None, called(text)) == {"log": ["q='yes'"]}
    await graph.aupdate_state(called(given), {"log": ["more"]})
    assert [snapshot.values async for snapshot in graph.aget_state_history(called(given), limit=1)] == [
        {"log": ["q='yes'", "more"]}
    ]
    await storage.prune(given, keep=1)
    await storage.delete_thread(given)
    assert (await graph.aget_state(called(text))).values == {}


@pytest.mark.parametrize("given", ["", None, True, 1.5, b"seven", ["t1"], {"t": 1}, object()])
async def test_L2_what_has_no_text_of_its_own_is_refused_by_name(storage: Storage, given: Any) -> None:
    with pytest.raises(ValueError, match="thread_id"):
        await chain(storage, ("q", asks("q"))).ainvoke({"log": []}, called(given))


@pytest.mark.parametrize("durable", [True, False])
async def test_L2_unknown_keys_are_kept_and_handed_to_nodes_and_routers(storage: Storage, durable: bool) -> None:
    seen: list[Any] = []

    def node(state: Log, config: Config) -> None:
        seen.append(config)

    def router(state: Log, config: Config) -> str:
        seen.append(config)
        return "__end__"

    given: Any = {"configurable": {"thread_id": U, "user": "lea", "depth": {"max": 3}}, "tags": ["a"]}
    builder = StateGraph(Log).add_node("n", node).add_edge(START, "n")
    builder.add_conditional_edges("n", router, ["__end__"])
    await builder.compile(storage if durable else None).ainvoke({"log": []}, given)
    assert [each["configurable"] for each in seen] == [given["configurable"]] * 2


async def test_L2_an_answer_runs_with_what_its_caller_says(storage: Storage) -> None:
    seen: list[Any] = []

    def again(state: Log, config: Config) -> dict[str, Any]:
        seen.append(config["configurable"].get("user"))  # pyright: ignore[reportTypedDictNotRequiredAccess]
        return asks("q")(state)

    graph = chain(storage, ("q", again))
    await graph.ainvoke({"log": []}, {"configurable": {"thread_id": 7, "user": "ana"}})  # pyright: ignore[reportArgumentType]
    await graph.ainvoke(Command(resume=1), {"configurable": {"thread_id": "7", "user": "lea"}})  # pyright: ignore[reportArgumentType]
    assert seen == ["ana", "lea"]
