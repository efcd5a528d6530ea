"""Durable graphs with people in the loop (`graphs.runtime`), and an agent that asks before it acts (`graphs.agent`)."""

from graphs.agent.agent import Agent
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from graphs.runtime.functional import entrypoint, task
from graphs.runtime.graph import StateGraph
from graphs.runtime.messages import add_messages
from graphs.runtime.questions import interrupt, once
from graphs.runtime.types import END, START, Command, Interrupt, RetryPolicy, Runtime, Send

__all__ = [
    "END",
    "START",
    "Agent",
    "Approval",
    "Command",
    "Interrupt",
    "RetryPolicy",
    "Runtime",
    "Send",
    "StateGraph",
    "add_messages",
    "entrypoint",
    "interrupt",
    "once",
    "task",
    "tool",
]
