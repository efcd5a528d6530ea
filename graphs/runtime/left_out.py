"""What of LangGraph's names and options is left out on purpose: why, and what to use instead. Each raises `LeftOut`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

from graphs import errors
from graphs.errors import LeftOut


@dataclass(frozen=True)
class Reason:
    why: str
    instead: str

    def error(self, what: str) -> LeftOut:
        return LeftOut(self._text(what))

    def no_attribute(self, what: str) -> LeftOut:
        return _NoAttribute(self._text(what))

    def _text(self, what: str) -> str:
        return f"{what} is left out: {self.why}. {self.instead}"


class _NoAttribute(LeftOut, AttributeError):
    """Of an object, so that `hasattr` says that it does not have it."""


def _all(reason: Reason, *names: str) -> dict[str, Reason]:
    return dict.fromkeys(names, reason)


_CACHE = Reason(
    "what a node returned is kept with its thread, and shared with no other",
    "Keep what is dear to compute in a table of your own, or let `once` keep it for the task",
)
_STORE = Reason(
    "memory beyond a thread belongs to the program round the graph",
    "Hand a database or an object of your own to the nodes as context (`context=`, `runtime.context`)",
)
_CONTROL = Reason(
    "a run is stopped by what its caller passes",
    "Pass stop= (asked between steps) or halt= (an asyncio.Event) to ainvoke or astream",
)
_EVENTS = Reason(
    "it is LangChain's protocol of events",
    'Use astream(stream_mode=["updates", "tasks", "messages", "custom"]), with subgraphs=True for graphs within',
)
_RUNNABLE = Reason(
    "a graph is no LangChain Runnable, and needs none of its combinators",
    "Await graph.ainvoke in a function of your own, which may gather, map, retry or pass on as it likes",
)
_REMOTE = Reason(
    "a graph runs where its storage is", "Run it there, and let other programs answer and read through the storage"
)
_PREBUILT = Reason(
    "the agent of this package asks before a tool runs", "Use graphs.Agent and @tool, or the graphs of graphs.patterns"
)
_MANAGED = Reason(
    "a state holds what is stored, and nothing that the runtime makes up for a step",
    "Count in a key of the state, or catch GraphRecursionError",
)
_CHANNELS = Reason(
    "a key of the state is merged by a reducer and by nothing else",
    "Declare the key as Annotated[type, reducer], and write Overwrite(value) to replace what it holds",
)
_PREGEL = Reason("a graph is built in one way", "Use StateGraph, or @entrypoint for a flow that is one function")
_MESSAGE_GRAPH = Reason("a state has keys", "Use StateGraph(MessagesState)")
_SAVER = Reason("a graph is stored by this package's own storage", "Use `async with open_storage(url) as storage`")
_TRACE = Reason("nothing is traced but what `astream` shows", "Listen to astream(stream_mode=[...]) and record that")
_PRINTING = Reason(
    "what is printed of a run is said by its caller", "Pass debug=True or print_mode= to ainvoke or astream"
)
_SCHEMAS = Reason(
    "a schema is told as JSON Schema", "Use get_input_jsonschema, get_output_jsonschema or get_context_jsonschema"
)
_PARTS = Reason("what a compiled graph is made of stays its own", "Look at graph.nodes, or at graph.get_graph()")
_TASK_ID = Reason("an edit stands for a node", "Pass as_node=; several at once go into abulk_update_state")
_TASK_OF_PLATFORM = Reason("there is no server round the graph", "Pass what nodes need to know as context")
_SENT_TIMEOUT = Reason(
    "a timeout is of the node", "Give it to the node, add_node(timeout=), or limit what it does itself"
)
_LOOKS = Reason("a drawing has one look", "Add Mermaid's own lines of style to the text")
_DRAWN_HERE = Reason("a picture is drawn on this machine", "Install Mermaid's command line, mmdc")
_IDLE = Reason(
    "nothing tells the runtime that a node makes progress", "Use run_timeout, or a timeout of the node's own"
)
_HEARTBEAT = Reason("a timeout is of the whole attempt", "Give the node a timeout that it can keep")
_UI = Reason("what is shown of a state is up to its caller", "Write with get_stream_writer, for stream_mode custom")
_PUSH = Reason(
    "a node says what it writes by returning it", "Return it, or write it to a stream by runtime.message_writer"
)
_INTERNAL = Reason("it is an inside of LangGraph's", "There is nothing that has to be used in its place")
_OTHER_NAMES = {
    "CompiledStateGraph": "CompiledGraph",
    "PregelTask": "PendingTask",
    "RunnableConfig": "Config",
    "ToolRuntime": "Runtime",
    "CONF": 'the text "configurable"',
    "All": 'the text "*"',
    "Checkpointer": "Storage | bool | None",
    **dict.fromkeys(("UpdatesStreamPart", "MessagesStreamPart", "CustomStreamPart", "TasksStreamPart"), "StreamPart"),
    **dict.fromkeys(("CheckpointStreamPart", "DebugStreamPart"), "StreamPart"),
}
_MESSAGES = Reason("a message is a dict", 'Write {"role": "user", "content": "..."}, or ("user", "...")')
_AT_ONCE = Reason(
    "every task that is due is begun at once", "Hold back what must not run at once by a semaphore of the nodes' own"
)
_RENAMED_DURABILITY = Reason("it is an old name", 'Use durability="sync" or durability="exit"')
_PREVIOUS = Reason("it is a flow's alone", "Let the function of @entrypoint take `previous`")
_OUTPUT = Reason("a result is the state, and the questions beside it", "Use .value[key] and .interrupts")
_RENAMED_STATE = Reason("it is an old name", "Use input_schema=, output_schema= or context_schema=")
_RENAMED_RETRY = Reason("it is an old name", "Use retry_policy=")

_EXECUTION = Reason("a node is told of its run in parts", "Use runtime.thread_id, and get_config()")

NAMES: Mapping[str, Reason] = {
    **{name: Reason(*texts) for name, texts in errors.LEFT_OUT.items()},
    **_all(_CACHE, "CachePolicy", "BaseCache", "InMemoryCache"),
    **_all(_STORE, "BaseStore", "InMemoryStore", "get_store"),
    **_all(_CONTROL, "RunControl"),
    **_all(_REMOTE, "RemoteGraph"),
    **_all(_PREBUILT, "create_react_agent", "ToolNode", "tools_condition", "InjectedState", "InjectedStore"),
    **_all(_MANAGED, "RemainingSteps", "IsLastStep", "ManagedValue"),
    **_all(_CHANNELS, "DeltaChannel", "EphemeralValue", "LastValue", "Topic", "BinaryOperatorAggregate"),
    **_all(_PREGEL, "Pregel", "NodeBuilder", "Graph"),
    "MessageGraph": _MESSAGE_GRAPH,
    **_all(_SAVER, "InMemorySaver", "MemorySaver", "SqliteSaver", "AsyncSqliteSaver"),
    **_all(_SAVER, "PostgresSaver", "AsyncPostgresSaver", "BaseCheckpointSaver"),
    **_all(_TRACE, "TracePolicy", "omit_payload"),
    **_all(_TASK_OF_PLATFORM, "ServerInfo", "BaseUser"),
    **_all(_UI, "push_ui_message", "delete_ui_message", "ui_message_reducer"),
    **_all(_SAVER, "JsonPlusSerializer", "EncryptedSerializer"),
    **_all(_CHANNELS, "UntrackedValue", "NamedBarrierValue", "AnyValue"),
    **_all(_MESSAGES, "AnyMessage", "BaseMessage", "HumanMessage", "AIMessage", "SystemMessage", "ToolMessage"),
    **_all(_MESSAGES, "AIMessageChunk", "convert_to_messages"),
    "RemoveMessage": Reason("a message is a dict", 'Write {"role": "remove", "id": ...}'),
    "ExecutionInfo": _EXECUTION,
    "push_message": _PUSH,
    **{name: Reason("it has another name here", f"Use {ours}") for name, ours in _OTHER_NAMES.items()},
    **_all(_INTERNAL, "ensure_valid_checkpointer", "PregelExecutableTask", "TASKS", "CONFIG_KEY_CHECKPOINTER"),
    **_all(_INTERNAL, "TAG_NOSTREAM", "TAG_HIDDEN"),
}
"""What one imports."""

METHODS: Mapping[str, Reason] = {
    **_all(_EVENTS, "astream_events", "stream_events", "astream_log"),
    **_all(_RUNNABLE, "abatch", "batch", "abatch_as_completed", "batch_as_completed", "transform", "atransform"),
    **_all(_RUNNABLE, "pipe", "bind", "pick", "assign", "map", "as_tool", "with_retry", "with_fallbacks"),
    **_all(_RUNNABLE, "with_listeners", "with_alisteners", "with_types", "get_prompts", "get_name"),
    **_all(_RUNNABLE, "config_specs", "config_schema", "get_config_jsonschema"),
    **_all(_CACHE, "clear_cache", "aclear_cache", "cache", "cache_policy"),
    "store": _STORE,
    **_all(_SCHEMAS, "get_input_schema", "get_output_schema", "input_schema", "output_schema"),
    **_all(_SCHEMAS, "InputType", "OutputType"),
    **_all(_PARTS, "attach_node", "attach_edge", "attach_branch", "copy", "channels", "validate"),
    **_all(_PARTS, "stream_channels", "stream_channels_asis", "stream_channels_list", "input_channels"),
    **_all(_PARTS, "output_channels", "stream_eager", "stream_mode", "step_timeout", "retry_policy"),
    **_all(_PARTS, "interrupt_before_nodes", "interrupt_after_nodes", "debug"),
}
"""Of a compiled graph."""

OF_RUNTIME: Mapping[str, Reason] = {
    "store": _STORE,
    **_all(_CONTROL, "control", "drain_requested", "drain_reason"),
    "heartbeat": _HEARTBEAT,
    "server_info": _TASK_OF_PLATFORM,
    "execution_info": _EXECUTION,
    "previous": _PREVIOUS,
    **_all(_INTERNAL, "merge", "override", "patch_execution_info"),
}

OF_INTERRUPTS: Mapping[str, Reason] = {
    "interrupt_id": Reason("it is an old name", "Use .id"),
    "from_ns": _INTERNAL,
}

OF_TIMEOUTS: Mapping[str, Reason] = {"coerce": _INTERNAL}

OF_DRAWINGS: Mapping[str, Reason] = dict.fromkeys(
    ("draw_ascii", "print_ascii", "draw_png", "to_json"),
    Reason("one form of text is enough", "Print draw_mermaid(), or look at .nodes and .edges"),
)

OPTIONS: Mapping[str, Reason] = {
    **_all(_CACHE, "cache", "cache_policy"),
    "store": _STORE,
    "control": _CONTROL,
    "trace_policy": _TRACE,
    "checkpoint_during": _RENAMED_DURABILITY,
    "transformers": _EVENTS,
    "debug": _PRINTING,
    "task_id": _TASK_ID,
    **_all(_RENAMED_STATE, "input", "output", "config_schema"),
    "retry": _RENAMED_RETRY,
    "timeout": _SENT_TIMEOUT,
    **_all(_IDLE, "idle_timeout", "refresh_on"),
    **_all(_LOOKS, "with_styles", "curve_style", "node_colors", "wrap_label_n_words", "frontmatter_config"),
    **_all(_LOOKS, "background_color", "padding"),
    **_all(_DRAWN_HERE, "draw_method", "max_retries", "retry_delay", "base_url", "proxies"),
    "format": Reason("a message is what it was written as", "Convert messages where they leave the graph"),
}
"""What is passed by name to a builder, a graph or one of its methods."""

CONFIG: Mapping[str, Reason] = {"callbacks": _TRACE, "max_concurrency": _AT_ONCE}
"""Of a config."""


def refuse(of: str, given: Mapping[str, Any]) -> None:
    """Raise for options that `of` does not take: `LeftOut` for one of LangGraph's, `TypeError` for any other. One that
    asks for nothing (None, False, nothing in it) does no harm.
    """
    for name, value in given.items():
        if name not in OPTIONS:
            raise TypeError(f"{of}() got an unexpected keyword argument {name!r}")
        if value is not None and value is not False and value != ():
            raise OPTIONS[name].error(f"{of}({name}=)")


def imported(module: str, name: str) -> Exception:
    """What is raised for a name that a module does not have."""
    if name in NAMES:
        return NAMES[name].error(f"{module}.{name}")
    if isinstance(vars(errors).get(name), type):
        return AttributeError(f"module {module!r} has no attribute {name!r}: it is in {errors.__name__}")
    return AttributeError(f"module {module!r} has no attribute {name!r}")


def item(key: object) -> LeftOut:
    """What is raised for a key asked of an output."""
    return _OUTPUT.error(f"GraphOutput[{key!r}]")


def check_parameters(name: str, fn: Callable[..., Any]) -> None:
    """Raises `LeftOut` for a function of a node that cannot be called without what is left out."""
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):  # a builtin without a signature takes the state alone
        return
    for parameter in list(parameters.values())[1:]:
        if parameter.name in _PARAMETERS and parameter.default is inspect.Parameter.empty:
            raise _PARAMETERS[parameter.name].error(f"{name}({parameter.name}=)")


_PARAMETERS: Mapping[str, Reason] = {"store": _STORE, "previous": _PREVIOUS}
"""Of a node's function."""


class LeavesOut:
    """An object that LangGraph gives attributes which ours does not have."""

    left_out: ClassVar[Mapping[str, Reason]] = {}

    if not TYPE_CHECKING:  # a checker tells a misspelt name by itself

        def __getattr__(self, name: str) -> NoReturn:
            reason = type(self).left_out.get(name)
            if reason is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise reason.no_attribute(f"{type(self).__name__}.{name}")


class NoRunnable(LeavesOut):
    """A graph, as what is no LangChain Runnable."""

    left_out = METHODS

    def __or__(self, other: object) -> NoReturn:
        raise _RUNNABLE.error("graph | other")

    def __ror__(self, other: object) -> NoReturn:
        raise _RUNNABLE.error("other | graph")
