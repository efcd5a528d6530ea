"""Validate human input: ask, check, ask again with the reason, until it is valid; then go on."""

from typing import Annotated, Any, TypedDict

from graphs import END, START, StateGraph, add_messages, interrupt
from graphs.patterns.saying import says
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


class Intake(TypedDict):
    """The same in a conversation."""

    messages: Annotated[list[dict[str, Any]], add_messages]
    email: str


def why_not(email: str) -> str | None:
    """What is wrong with an address, in words for whoever gave it."""
    name, _, host = email.strip().partition("@")
    if not name or "." not in host:
        return f"“{email.strip()}” is no email address."
    return f"{host} is not a work address." if host.lower().endswith(("example.org", "gmail.com")) else None


async def ask_email(intake: Intake) -> dict[str, Any]:
    """Each round is a card of its own, and the next one says what was wrong."""
    question = "At which work address can we write to you?"
    while True:
        email: str = interrupt(question, response_schema=str)
        problem = why_not(email)
        if problem is None:
            return {"email": email.strip()}
        question = f"{problem} At which work address can we write to you?"


async def confirm(intake: Intake) -> dict[str, Any]:
    return says(f"Thank you. We write to {intake['email']}.")


graph = StateGraph(Intake).add_sequence([ask_email, confirm])
graph.add_edge(START, "ask_email").add_edge("confirm", END)
