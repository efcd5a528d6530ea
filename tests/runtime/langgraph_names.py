"""The public names of LangGraph that this runtime answers to, and how: the same name, another one, or left out.

The tables are of the version below, and `test_langgraph_names` holds ours against them. To compare them with an
installed LangGraph: `python -m tests.runtime.langgraph_names` (with that interpreter; nothing of ours is imported).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

VERSION = "1.2.24"


@dataclass(frozen=True)
class Here:
    """`where` it is ours, "module:name"; under another name when that is not the same."""

    where: str


@dataclass(frozen=True)
class LeftOut:
    """It raises `graphs.errors.LeftOut` where it is imported, read or passed."""


LEFT_OUT = LeftOut()
HAS = Here("")
"""Of a parameter or an attribute: it is there, by the same name."""

Known = Here | LeftOut


def _of(module: str, *names: str) -> dict[str, Known]:
    return {name: Here(f"{module}:{name}") for name in names}


def _left(*names: str) -> dict[str, Known]:
    return dict.fromkeys(names, LEFT_OUT)


def _has(*names: str) -> dict[str, Known]:
    return dict.fromkeys(names, HAS)


MODULES: Mapping[str, Mapping[str, Known]] = {
    "langgraph.types": {
        **_of("graphs", "Command", "Interrupt", "Overwrite", "RetryPolicy", "Send", "StateUpdate", "TimeoutPolicy"),
        **_of("graphs", "GraphOutput", "StateSnapshot", "StreamMode", "StreamPart", "StreamWriter", "ValuesStreamPart"),
        **_of("graphs", "CheckpointPayload", "CheckpointTask", "DebugPayload", "TaskPayload", "TaskResultPayload"),
        **_of("graphs", "Durability", "interrupt"),
        "PregelTask": Here("graphs:PendingTask"),
        "UpdatesStreamPart": Here("graphs:StreamPart"),
        "MessagesStreamPart": Here("graphs:StreamPart"),
        "CustomStreamPart": Here("graphs:StreamPart"),
        "CheckpointStreamPart": Here("graphs:StreamPart"),
        "TasksStreamPart": Here("graphs:StreamPart"),
        "DebugStreamPart": Here("graphs:StreamPart"),
        "Checkpointer": Here("storage:Storage"),
        **_left("All", "CachePolicy", "PregelExecutableTask", "TracePolicy", "ensure_valid_checkpointer"),
        **_left("omit_payload"),
    },
    "langgraph.func": _of("graphs", "entrypoint", "task"),
    "langgraph.config": {**_of("graphs", "get_config", "get_stream_writer"), **_left("get_store")},
    "langgraph.errors": {
        **_of("graphs.errors", "GraphRecursionError", "InvalidUpdateError", "NodeError", "NodeTimeoutError"),
        "EmptyInputError": Here("graphs.errors:InvalidUpdateError"),
        "NodeCancelledError": Here("graphs.errors:UnexpectedExit"),
        "UnknownInterruptError": Here("graphs.errors:UnknownInterrupt"),
        "is_invalid_resume": Here("graphs.errors:InvalidAnswer"),
        **_left("EmptyChannelError", "ErrorCode", "GraphBubbleUp", "GraphDrained", "GraphInterrupt", "NodeInterrupt"),
        **_left("ParentCommand", "TaskNotFound"),
    },
    "langgraph.graph": {
        **_of("graphs", "END", "START", "MessagesState", "StateGraph", "add_messages"),
        **_left("MessageGraph"),
    },
    "langgraph.graph.message": {
        **_of("graphs", "MessagesState", "REMOVE_ALL_MESSAGES", "add_messages"),
        **_left("MessageGraph"),
    },
    "langgraph.runtime": {
        **_of("graphs", "Runtime", "get_runtime"),
        **_left("BaseUser", "ExecutionInfo", "RunControl", "ServerInfo"),
    },
    "langgraph.constants": {
        **_of("graphs", "END", "START"),
        **_left("CONF", "CONFIG_KEY_CHECKPOINTER", "TAG_HIDDEN", "TAG_NOSTREAM", "TASKS"),
    },
}
"""By module: its names."""

_RUN: Mapping[str, Known] = {
    **_has("input", "config", "context", "stream_mode", "print_mode", "output_keys", "interrupt_before"),
    **_has("interrupt_after", "durability", "version"),
    **_left("control"),
}
_STREAM: Mapping[str, Known] = {**_RUN, **_has("subgraphs", "debug")}
_STATE = _has("config", "subgraphs")
_HISTORY = _has("config", "filter", "before", "limit")
_UPDATE = _has("config", "values", "as_node", "task_id")

CLASSES: Mapping[str, Mapping[str, Mapping[str, Known] | Known]] = {
    "langgraph.graph.state:StateGraph": {
        "__init__": _has("state_schema", "context_schema", "input_schema", "output_schema"),
        "add_node": {
            **_has("node", "action", "defer", "metadata", "input_schema", "retry_policy", "error_handler"),
            **_has("destinations", "timeout"),
            **_left("cache_policy", "trace_policy"),
        },
        "add_edge": _has("start_key", "end_key"),
        "add_conditional_edges": _has("source", "path", "path_map"),
        "add_sequence": _has("nodes"),
        "set_entry_point": _has("key"),
        "set_conditional_entry_point": _has("path", "path_map"),
        "set_finish_point": _has("key"),
        "set_node_defaults": {**_has("retry_policy", "error_handler", "timeout"), **_left("cache_policy")},
        "validate": _has("interrupt"),
        "compile": {
            **_has("checkpointer", "interrupt_before", "interrupt_after", "name"),
            **_left("cache", "store", "debug", "transformers"),
        },
    },
    "langgraph.graph.state:CompiledStateGraph": {
        "ainvoke": _RUN,
        "invoke": _RUN,
        "astream": _STREAM,
        "stream": _STREAM,
        "aget_state": _STATE,
        "get_state": _STATE,
        "aget_state_history": _HISTORY,
        "get_state_history": _HISTORY,
        "aupdate_state": _UPDATE,
        "update_state": _UPDATE,
        "abulk_update_state": _has("config", "supersteps"),
        "bulk_update_state": _has("config", "supersteps"),
        "aget_graph": _has("config", "xray"),
        "get_graph": _has("config", "xray"),
        "aget_subgraphs": _has("namespace", "recurse"),
        "get_subgraphs": _has("namespace", "recurse"),
        "get_input_jsonschema": _has("config"),
        "get_output_jsonschema": _has("config"),
        "get_context_jsonschema": {},
        "with_config": _has("config"),
        **_has("checkpointer", "config", "context_schema", "name"),
        **_left("InputType", "OutputType", "abatch", "abatch_as_completed", "aclear_cache", "as_tool", "assign"),
        **_left("astream_events", "astream_log", "atransform", "attach_branch", "attach_edge", "attach_node", "batch"),
        **_left("batch_as_completed", "bind", "cache", "cache_policy", "clear_cache", "config_schema", "config_specs"),
        **_left("copy", "get_config_jsonschema", "get_input_schema", "get_name", "get_output_schema", "get_prompts"),
        **_left("input_schema", "map", "output_schema", "pick", "pipe", "retry_policy", "step_timeout", "store"),
        **_left("stream_channels", "stream_channels_asis", "stream_channels_list", "stream_eager", "stream_events"),
        **_left("stream_mode", "transform", "validate", "with_alisteners", "with_fallbacks", "with_listeners"),
        **_left("with_retry", "with_types"),
    },
    "langgraph.func:entrypoint": {
        "__init__": {
            **_has("checkpointer", "context_schema", "retry_policy", "timeout"),
            **_left("store", "cache", "cache_policy"),
        },
        **_has("final"),
    },
    "langgraph.runtime:Runtime": {
        **_has("context", "stream_writer"),
        **_left("control", "drain_reason", "drain_requested", "execution_info", "heartbeat", "merge", "override"),
        **_left("patch_execution_info", "previous", "server_info", "store"),
    },
    "langgraph.types:Command": _has("PARENT", "goto", "graph", "resume", "update"),
    "langgraph.types:Send": {"__init__": {**_has("node", "arg"), **_left("timeout")}, **_has("arg", "node", "timeout")},
    "langgraph.types:Interrupt": {**_has("id", "value", "response_schema"), **_left("from_ns", "interrupt_id")},
    "langgraph.types:RetryPolicy": _has(
        "backoff_factor", "initial_interval", "jitter", "max_attempts", "max_interval", "retry_on"
    ),
    "langgraph.types:TimeoutPolicy": {
        "__init__": {**_has("run_timeout"), **_left("idle_timeout", "refresh_on")},
        **_has("run_timeout", "idle_timeout", "refresh_on"),
        **_left("coerce"),
    },
    "langgraph.types:Overwrite": _has("type", "value"),
    "langgraph.types:StateSnapshot": _has(
        "config", "created_at", "interrupts", "metadata", "next", "parent_config", "tasks", "values"
    ),
    "langgraph.types:PregelTask": _has("error", "id", "interrupts", "name", "path", "result", "state"),
}
"""By class: its methods with their parameters, and its other attributes."""

FUNCTIONS: Mapping[str, Mapping[str, Known]] = {
    "langgraph.func:task": {**_has("name", "retry_policy", "timeout"), **_left("cache_policy")},
    "langgraph.types:interrupt": _has("value", "response_schema"),
    "langgraph.runtime:get_runtime": _has("context_schema"),
    "langgraph.graph.message:add_messages": {**_has("left", "right"), **_left("format")},
}
"""By function: its parameters."""

_NOT_COMPARED = frozenset({"kwargs", "args", "deprecated_kwargs", "overrides", "__func_or_none__", "count", "index"})
"""What takes anything, and what is a tuple's."""


def public_names(module: ModuleType) -> set[str]:
    """What a module says is public, else the functions and classes that it defines."""
    if (said := getattr(module, "__all__", None)) is not None:
        return set(said)
    made = {name: value for name, value in vars(module).items() if inspect.isfunction(value) or inspect.isclass(value)}
    return {name for name, value in made.items() if not name.startswith("_") and value.__module__ == module.__name__}


def members(cls: type[Any]) -> dict[str, set[str] | None]:
    """The public methods of a class, with their parameters; its other attributes, with None."""
    found: dict[str, set[str] | None] = dict.fromkeys(getattr(cls, "__dataclass_fields__", {}))
    for name, value in inspect.getmembers(cls):
        if not name.startswith("_") or name == "__init__":
            found[name] = parameters(value) if inspect.isfunction(value) or inspect.ismethod(value) else None
    return {name: taken for name, taken in found.items() if name not in _NOT_COMPARED}


def parameters(fn: Any) -> set[str]:
    return set(inspect.signature(fn).parameters) - {"self", "cls"} - _NOT_COMPARED


def differences() -> Iterator[str]:
    """What an installed LangGraph has and the tables do not, and the other way round."""
    for name, table in MODULES.items():
        yield from _compared(name, public_names(import_module(name)), set(table))
    for path, table in CLASSES.items():
        found = members(_at(path))
        # The parameters of a constructor are compared where the table says something of them.
        named = {name for name in found if name != "__init__" or "__init__" in table}
        yield from _compared(path, named, set(table))
        for name, known in table.items():
            taken = found.get(name)
            if taken is not None and isinstance(known, Mapping):
                yield from _compared(f"{path}.{name}", taken, set(known))
    for path, table in FUNCTIONS.items():
        yield from _compared(path, _taken(_at(path)), set(table))


def _taken(fn: Any) -> set[str]:
    wrapped = [cell.cell_contents for cell in getattr(fn, "__closure__", None) or ()]
    inner = next((each for each in wrapped if inspect.isfunction(each)), None)
    return parameters(fn) | (parameters(inner) if inner is not None else set[str]())


def _at(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _compared(what: str, theirs: set[str], ours: set[str]) -> Iterator[str]:
    yield from (f"{what}: {name!r} is not in the table" for name in sorted(theirs - ours))
    yield from (f"{what}: {name!r} is in the table and not there" for name in sorted(ours - theirs))


if __name__ == "__main__":
    from importlib.metadata import version

    found = list(differences())
    head = f"LangGraph {version('langgraph')}, the tables are of {VERSION}: {len(found)} differences"
    sys.stdout.write("\n".join([head, *found, ""]))
    sys.exit(bool(found))
