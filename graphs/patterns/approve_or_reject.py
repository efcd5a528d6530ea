"""Approve or reject: a person is asked before a critical step, and the answer says which way the graph goes."""

from typing import Any, Literal, TypedDict

from graphs import END, START, Command, StateGraph, interrupt
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
