"""Step by step: the graph stops before the step that matters, for whoever wants to see the state and to change it."""

from typing import Annotated, Any, TypedDict

from graphs import END, START, StateGraph, add_messages
from graphs.patterns.saying import asked, says
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Case(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]
    subject: str
    finding: str
    refund: int


async def look_into(case: Case) -> dict[str, Any]:
    """Stands for a model that looks something up."""
    return {"subject": asked(case["messages"], "look").removeprefix("into "), "finding": "it came late", "refund": 20}


async def settle(case: Case) -> dict[str, Any]:
    return says(f"Settled {case['subject']}: {case['finding']}, so {case['refund']} euro go back.")


def graph(storage: Storage) -> CompiledGraph:
    """In Slack each stop is a card with the state on it: Continue, Edit State, Stop."""
    steps = StateGraph(Case).add_sequence([look_into, settle])
    steps.add_edge(START, "look_into").add_edge("settle", END)
    return steps.compile(storage, interrupt_before=["settle"])
