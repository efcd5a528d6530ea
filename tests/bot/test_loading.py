"""What `SIGNOFF_AGENT` may name: everything else is one line that says what is there instead."""

from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest

from bot.backing import Backing, Offered
from bot.loading import host, hosts, load, load_all
from bot.settings import BadSettings, HostSettings
from graphs import END, START, StateGraph, add_messages
from graphs.agent.agent import Agent
from graphs.agent.conditions.condition import Condition
from graphs.agent.governing import Rule, Said
from graphs.agent.ruling import Ruling
from graphs.agent.tools import Tool, tool
from graphs.runtime.compiled import CompiledGraph
from storage import Storage, open_storage
from storage.ids import ThreadId
from tests.agent.conversing import ScriptedModel, calls, says


class Chat(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]


class Bare(TypedDict):
    said: str


async def answer(state: Any) -> dict[str, Any]:
    return {}


def graph_of(state: type[Any]) -> StateGraph:
    return StateGraph(state).add_node(answer).add_edge(START, "answer").add_edge("answer", END)


def compiles(storage: Storage) -> CompiledGraph:
    return graph_of(Chat).compile(storage, interrupt_before=["answer"])


async def compiles_later(storage: Storage) -> CompiledGraph:
    return compiles(storage)


def uncompiled(storage: Storage) -> Any:
    return graph_of(Chat)


def stores_nothing(storage: Storage) -> CompiledGraph:
    return graph_of(Chat).compile()


def fails(storage: Storage) -> CompiledGraph:
    raise LookupError("no such table")


async def hosted(found: Any, storage: Storage) -> Any:
    return await host(found, Backing(ScriptedModel(())), storage, None)  # type: ignore[arg-type]  # only an agent reaches anybody


@pytest.mark.parametrize("found", [graph_of(Chat), compiles, compiles_later])
async def test_a_graph_or_what_makes_one_is_hosted_on_the_bots_storage(found: Any, storage: Storage):
    made = await hosted(found, storage)
    assert made.is_own
    assert made.graph.checkpointer is storage


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (graph_of(Bare), "a graph whose state has no 'messages', where the conversation goes"),
        (StateGraph(Chat).add_node(answer), "a graph that does not hold together: "),
        (uncompiled, "a function that returns a StateGraph; expected a compiled graph"),
        (stores_nothing, "a graph on another storage: compile it with the one that it is given"),
        (fails, "a function that failed: LookupError: no such table ("),
    ],
)
async def test_what_cannot_hold_a_conversation_is_one_line(found: Any, said: str, storage: Storage):
    with pytest.raises(BadSettings) as refused:
        await hosted(found, storage)
    (line,) = refused.value.problems
    assert line.startswith(f"SIGNOFF_AGENT names {said}")
    assert "\n" not in line


async def test_a_graph_on_a_storage_of_its_own_is_refused(storage: Storage, tmp_path: Path):
    async with open_storage(f"sqlite:///{tmp_path / 'other.db'}") as other:
        with pytest.raises(BadSettings, match="on another storage"):
            await hosted(lambda _: compiles(other), storage)


@pytest.mark.parametrize("path", [f"{__name__}:Chat", "bot.loading:MESSAGES"])
def test_what_is_neither_agent_nor_graph_is_one_line(path: str):
    with pytest.raises(BadSettings) as refused:
        load(path)
    (line,) = refused.value.problems
    assert line.startswith(f"SIGNOFF_AGENT is {path!r}, which is a ")
    assert line.endswith("expected an Agent, a StateGraph, or a function of the storage that returns a compiled graph")


@tool
def book(amount: int) -> str:
    """Book it."""
    return "booked"


async def test_agents_are_hosted_with_their_tools_under_the_rules(storage: Storage):
    ruling = Ruling([Rule(tool="book", when=Condition("args.amount > 50"), place="signoff.toml, line 1")])
    model = ScriptedModel([calls(("book", {"amount": 51})), says("Done.")])
    one, other = Agent("Be brief.", [book]), Agent("Be long.", [book])
    found = await hosts(one, {"C0DESK": other}, Backing(model, ruling=ruling), storage, None)  # type: ignore[arg-type]
    assert found.toolbox["book"] is found.default.toolbox["book"] is found.by_channel["C0DESK"].toolbox["book"]
    assert found.toolbox["book"].may_ask
    message = {"role": "user", "content": "book", "id": "m1"}
    await found.default.graph.ainvoke({"messages": [message]}, {"configurable": {"thread_id": "t1"}}, by="U0ANA")
    (row,) = await storage.interrupts(status="waiting")
    assert row.terms["terms"]["rule"] == "amount is over 50"


async def test_a_rule_that_nobody_could_meet_is_one_line(storage: Storage):
    ruling = Ruling([Rule(tool="book", said=Said(quorum=2), place="signoff.toml, line 1")])
    with pytest.raises(BadSettings) as refused:
        await host(Agent("Be brief.", [book]), Backing(ScriptedModel(()), ruling=ruling), storage, None)  # type: ignore[arg-type]
    (line,) = refused.value.problems
    assert line.startswith("signoff.toml, line 1: ")


def test_every_path_that_cannot_be_imported_is_said(tmp_path: Path):
    file = tmp_path / "signoff.toml"
    file.write_text('[agents]\n"#a" = "gone:agent"\n"#b" = "bot.loading:gone"\n')
    with pytest.raises(BadSettings) as refused:
        load_all(HostSettings.model_construct(signoff_agent="gone:too", signoff_config=file))
    assert [line.partition(" is ")[0] for line in refused.value.problems] == [
        "signoff.toml, line 2",
        "signoff.toml, line 3",
        "SIGNOFF_AGENT",
    ]


async def nobody(terms: Any, thread_id: str) -> str | None:
    """Everybody can be reached."""


class Shelf:
    """A source with one tool."""

    def __init__(self, made: Tool[..., Any]) -> None:
        self.tools = {made.name: made}

    async def ready(self) -> None:
        """It is."""


@tool
def weigh(what: str) -> str:
    """Weigh something."""
    return "1 kg"


@tool
def measure(what: str) -> str:
    """Measure something."""
    return "1 m"


async def test_servers_are_offered_in_their_channels_and_everywhere_else_where_they_name_none(storage: Storage):
    everywhere, here = Offered(Shelf(weigh)), Offered(Shelf(measure), ["C0LAB"])
    backing = Backing(ScriptedModel([]), servers=[everywhere, here])
    default, other = Agent("Be brief.", []), load("graphs.sample.assistant:agent")
    found = await hosts(default, {"C0DESK": other}, backing, storage, nobody)
    assert list(found.default.toolbox) == ["weigh"]
    assert {channel: list(each.toolbox) for channel, each in found.by_channel.items()} == {
        "C0LAB": ["weigh", "measure"],  # nothing else is said of what answers there
        "C0DESK": ["weigh"],
    }
    assert sorted(found.toolbox) == ["measure", "weigh"]
    assert found.of(ThreadId("T0/C0LAB/1.0")).toolbox is not found.default.toolbox


async def test_a_server_that_gets_a_tool_later_has_it_in_every_toolbox(storage: Storage):
    shelf = Shelf(weigh)
    found = await hosts(Agent("", []), {}, Backing(ScriptedModel([]), servers=[Offered(shelf)]), storage, nobody)
    assert sorted(found.toolbox) == sorted(found.default.toolbox) == ["weigh"]
    shelf.tools = {"weigh": weigh, "measure": measure}
    assert sorted(found.toolbox) == sorted(found.default.toolbox) == ["measure", "weigh"]
    assert [each["function"]["name"] for each in found.default.toolbox.definitions] == ["weigh", "measure"]
