"""Durable graphs with people in the loop (`graphs.runtime`), and an agent that asks before it acts (`graphs.agent`)."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from graphs.runtime import left_out
from graphs.runtime.asking import interrupt
from graphs.runtime.context import get_config, get_runtime, get_stream_writer
from graphs.runtime.effects import once
from graphs.runtime.functional import entrypoint, task
from graphs.runtime.graph import StateGraph
from graphs.runtime.messages import REMOVE_ALL_MESSAGES, MessagesState, add_messages
from graphs.runtime.parts import GraphOutput, StreamWriter
from graphs.runtime.types import (
    END,
    START,
    Command,
    Config,
    Interrupt,
    Overwrite,
    RetryPolicy,
    Runtime,
    Send,
    StateUpdate,
    TimeoutPolicy,
)

if TYPE_CHECKING:
    from graphs.agent.agent import Agent
    from graphs.agent.errors import ToolError
    from graphs.agent.policy import Approval
    from graphs.agent.tools import tool

__all__ = [
    "END",
    "REMOVE_ALL_MESSAGES",
    "START",
    "Agent",
    "Approval",
    "Command",
    "Config",
    "GraphOutput",
    "Interrupt",
    "MessagesState",
    "Overwrite",
    "RetryPolicy",
    "Runtime",
    "Send",
    "StateGraph",
    "StateUpdate",
    "StreamWriter",
    "TimeoutPolicy",
    "ToolError",
    "add_messages",
    "entrypoint",
    "get_config",
    "get_runtime",
    "get_stream_writer",
    "interrupt",
    "once",
    "task",
    "tool",
]

_ELSEWHERE = {
    "Agent": "graphs.agent.agent",
    "Approval": "graphs.agent.policy",
    "ToolError": "graphs.agent.errors",
    "tool": "graphs.agent.tools",
    **dict.fromkeys(("StateSnapshot", "PendingTask"), "graphs.runtime.types"),
    **dict.fromkeys(("StreamMode", "StreamPart", "ValuesStreamPart"), "graphs.runtime.parts"),
    **dict.fromkeys(("TaskPayload", "TaskResultPayload", "DebugPayload"), "graphs.runtime.parts"),
    **dict.fromkeys(("CheckpointTask", "CheckpointPayload"), "graphs.runtime.parts"),
    "Durability": "graphs.runtime.session",
    "CompiledGraph": "graphs.runtime.compiled",
}
"""Imported when they are first asked for: the agent's, as a graph of one's own needs no client of a model and starts
without it; and types, which are for annotations.
"""


def __getattr__(name: str) -> Any:
    if name not in _ELSEWHERE:
        raise left_out.imported(__name__, name)
    return getattr(import_module(_ELSEWHERE[name]), name)
