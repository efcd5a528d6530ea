"""Validate human input: ask, check, ask again with the reason, until it is valid; then go on."""

from typing import Any, TypedDict

from graphs import END, START, StateGraph, interrupt
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Signup(TypedDict):
    age: int
    greeting: str


def problem_with(answer: Any) -> str | None:
    """What is wrong with an age, in words for whoever gave it."""
    if not isinstance(answer, int) or isinstance(answer, bool):
        return f"{answer!r} is not a whole number."
    return None if 0 < answer < 150 else f"{answer} is not an age between 1 and 149."


async def ask_age(signup: Signup) -> dict[str, Any]:
    """Each round is a question of its own; when the node runs again, the earlier ones have their answers already."""
    question = "How old are you?"
    while True:
        age = interrupt(question)
        problem = problem_with(age)
        if problem is None:
            return {"age": age}
        question = f"{problem} How old are you?"


async def greet(signup: Signup) -> dict[str, Any]:
    return {"greeting": f"Welcome, {signup['age']} years young."}


def build(checkpointer: Storage) -> CompiledGraph:
    """Resume with a number: `Command(resume=30)`."""
    graph = StateGraph(Signup).add_sequence([ask_age, greet])
    graph.add_edge(START, "ask_age").add_edge("greet", END)
    return graph.compile(checkpointer)
