"""Approve or reject: a person is asked before a critical step, and the answer says which way the graph goes."""

from typing import Annotated, Any, Literal, TypedDict

from graphs import END, START, Command, StateGraph, add_messages, interrupt
from graphs.patterns.saying import asked, says
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Payment(TypedDict):
    to: str
    amount: int
    outcome: str


async def ask_approval(payment: Payment) -> Command[Literal["pay", "decline"]]:
    """Nothing has happened yet when this asks: the critical step is a node of its own, behind the answer."""
    question = {"question": "Send this payment?", "to": payment["to"], "amount": payment["amount"]}
    approved = interrupt(question, response_schema=bool)
    return Command(goto="pay" if approved else "decline")


async def pay(payment: Payment) -> dict[str, Any]:
    return {"outcome": f"paid {payment['amount']} to {payment['to']}"}


async def decline(payment: Payment) -> dict[str, Any]:
    return {"outcome": "nothing was paid"}


def build(checkpointer: Storage) -> CompiledGraph:
    """Resume with `Command(resume=True)` or `Command(resume=False)`."""
    graph = StateGraph(Payment)
    graph.add_node(ask_approval).add_node(pay).add_node(decline)
    graph.add_edge(START, "ask_approval").add_edge("pay", END).add_edge("decline", END)
    return graph.compile(checkpointer)


class Deployment(TypedDict):
    """The same in a conversation: what somebody writes is the input, and what it adds to `messages` is said there."""

    messages: Annotated[list[dict[str, Any]], add_messages]
    what: str


async def read(deployment: Deployment) -> dict[str, Any]:
    """Stands for a model that reads what is wanted."""
    return {"what": asked(deployment["messages"], "deploy")}


async def ask_leave(deployment: Deployment) -> Command[Literal["deploy", "leave"]]:
    """In Slack this is a card with Yes and No."""
    question = {"question": f"Deploy {deployment['what']}?", "to": "production", "version": "2026.12"}
    return Command(goto="deploy" if interrupt(question, response_schema=bool) else "leave")


async def deploy(deployment: Deployment) -> dict[str, Any]:
    return says(f"Deployed {deployment['what']}, version 2026.12.")


async def leave(deployment: Deployment) -> dict[str, Any]:
    return says(f"Left {deployment['what']} as it is.")


graph = StateGraph(Deployment).add_node(read).add_node(ask_leave).add_node(deploy).add_node(leave)
graph.add_edge(START, "read").add_edge("read", "ask_leave").add_edge("deploy", END).add_edge("leave", END)
