"""What the Chat Completions endpoint refuses with 400, and with which words.

The messages are OpenAI's own where they are known, because people search for them. Written out rather than put as a
JSON Schema: a transcript of hundreds of messages is checked at every request.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bot.demo.model.errors import ApiError

Json = Mapping[str, Any]

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PERSON_NAME = re.compile(r"[^\s<|\\/>]+")
LONGEST_CALL_ID = 40
MESSAGE_KEYS: Mapping[str, set[str]] = {
    **{role: {"role", "content", "name"} for role in ("system", "developer", "user")},
    "assistant": {"role", "content", "name", "tool_calls", "refusal", "audio", "function_call", "annotations"},
    "tool": {"role", "content", "tool_call_id"},
}
UNANSWERED = (
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'."
    " The following tool_call_ids did not have response messages: "
)
NO_CALL = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
NOT_AN_OBJECT = "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{}\"'."
NOT_CLOSED = "In context=(), 'additionalProperties' is required to be supplied and to be false."
NOT_ALL = "In context=(), 'required' is required to be supplied and to include every key in properties."


def require(kept: Any, message: str, param: str | None = None, code: str | None = None) -> None:
    """Refuse what does not keep a rule."""
    if not kept:
        raise ApiError(message, param=param, code=code)


def require_parameter(there: bool, param: str) -> None:
    require(there, f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def require_type(right: bool, param: str, expected: str, value: Any) -> None:
    got = type(value).__name__
    require(right, f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type")


def require_some(values: Any, param: str) -> None:
    text = f"Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
    require(isinstance(values, list) and values, text, param, "empty_array")


def check_request(body: Any) -> None:
    """Refuse with `ApiError` what the real endpoint would refuse; return for everything else."""
    require(isinstance(body, dict), "We could not parse the JSON body of your request: expected an object.")
    require(isinstance(body.get("model"), str) and body["model"], "you must provide a model parameter", "model")
    streamed = body.get("stream_options") is None or body.get("stream")
    require(streamed, "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    require(body.get("n") in (None, 1), "This server gives one choice: 'n' must be 1.", "n", "unsupported_value")
    tools, messages = body.get("tools"), body.get("messages")
    for option in ("tool_choice", "parallel_tool_calls"):
        useful = body.get(option) is None or tools is not None
        require(useful, f"'{option}' is only allowed when 'tools' are specified.", option)
    listed = tools is None or (isinstance(tools, list) and tools)
    require(listed, f"{tools!r} is not an array of tools with at least one item - 'tools'", "tools")
    seen: set[str] = set()
    for index, tool in enumerate(tools or ()):
        check_tool(tool, f"tools[{index}].function", seen)
    require_parameter(isinstance(messages, list), "messages")
    require_some(messages, "messages")
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
    check_pairs(messages)


def check_tool(tool: Any, where: str, seen: set[str]) -> None:
    """A function with a legal name that no other has, and an object schema; with `strict` a closed one."""
    function = tool.get("function") if isinstance(tool, dict) and tool.get("type") == "function" else None
    require_parameter(isinstance(function, dict), where)
    function = function or {}
    name, schema = function.get("name"), function.get("parameters")
    text = f"Invalid '{where}.name': expected a string that matches '^{TOOL_NAME.pattern}$'."
    require(isinstance(name, str) and TOOL_NAME.fullmatch(name), text, f"{where}.name", "invalid_value")
    require(name not in seen, f"Tool names must be unique: {name!r} was sent twice.", f"{where}.name")
    seen.add(str(name))
    if schema is None:
        return
    kind = schema.get("type") if isinstance(schema, dict) else type(schema).__name__
    properties, strict = schema.get("properties", {}) if kind == "object" else {}, function.get("strict")
    for kept, problem in (
        (kind == "object", NOT_AN_OBJECT.format(kind)),
        (isinstance(properties, dict), "'properties' must be an object."),
        (not strict or schema.get("additionalProperties") is False, NOT_CLOSED),
        (not strict or set(schema.get("required", [])) == set(properties), NOT_ALL),
    ):
        text = f"Invalid schema for function '{name}': {problem}"
        require(kept, text, f"{where}.parameters", "invalid_function_parameters")


def check_message(message: Any, where: str) -> None:
    """One message: a known role, its keys only, content of the right type."""
    role = message.get("role") if isinstance(message, dict) else None
    text = f"Invalid value: '{role}'. Supported values are: {', '.join(map(repr, MESSAGE_KEYS))}."
    require(isinstance(role, str) and role in MESSAGE_KEYS, text, f"{where}.role", "invalid_value")
    for key in sorted(set(message) - MESSAGE_KEYS[str(role)]):
        require(False, f"Unknown parameter: '{where}.{key}'.", f"{where}.{key}", "unknown_parameter")
    name, calls, content = message.get("name"), message.get("tool_calls"), message.get("content")
    text = f"string does not match pattern. Expected a string that matches the pattern '^{PERSON_NAME.pattern}$'."
    legal = name is None or (isinstance(name, str) and PERSON_NAME.fullmatch(name))
    require(legal, f"Invalid '{where}.name': {text}", f"{where}.name", "invalid_value")
    parts = content if isinstance(content, list) else [{"text": content}]
    written = all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts)
    silent = content is None and bool(calls)
    require_type(silent or written, f"{where}.content", "a string or an array of text parts", content)
    if calls is not None:
        require_some(calls, f"{where}.tool_calls")
    for index, call in enumerate(calls or ()):
        check_call(call, f"{where}.tool_calls[{index}]")
    param = f"{where}.tool_call_id"
    answers = role != "tool" or isinstance(message.get("tool_call_id"), str)
    require(answers, f"Missing parameter '{param}'.", param, "missing_required_parameter")


def check_call(call: Any, where: str) -> None:
    """A tool call is `{"id", "type": "function", "function": {"name", "arguments": text}}`."""
    function = call.get("function") if isinstance(call, dict) and call.get("type") == "function" else None
    require_parameter(isinstance(function, dict) and isinstance(call.get("id"), str), f"{where}.function")
    text = f"Invalid '{where}.id': string too long. Expected a string with maximum length {LONGEST_CALL_ID}."
    require(len(call["id"]) <= LONGEST_CALL_ID, text, f"{where}.id", "string_above_max_length")
    for key in ("name", "arguments"):
        value = call["function"].get(key)
        require_type(isinstance(value, str), f"{where}.function.{key}", "a string", value)


def check_pairs(messages: Sequence[Json]) -> None:
    """Every tool call is answered before the next message of another role, once, and nothing else is."""
    answered: dict[str, int | None] = {}
    caller = 0
    end: Json = {"role": "end"}
    for index, message in enumerate([*messages, end]):
        if message["role"] != "tool":
            unanswered = [call_id for call_id, position in answered.items() if position is None]
            require(not unanswered, UNANSWERED + ", ".join(unanswered), f"messages.[{caller}].role")
            caller, answered = index, dict.fromkeys(call["id"] for call in message.get("tool_calls") or [])
            continue
        call_id = message["tool_call_id"]
        require(call_id in answered, NO_CALL, f"messages.[{index}].role")
        earlier = answered[call_id]
        text = f"Duplicate value for 'tool_call_id' of '{call_id}', in messages[{earlier}] and messages[{index}]."
        require(earlier is None, f"Invalid parameter: {text}", f"messages.[{index}].tool_call_id")
        answered[call_id] = index
