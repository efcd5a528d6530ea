"""What the Chat Completions endpoint refuses with 400, and with which words.

The messages are OpenAI's own where they are known, because people search for them.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from bot.demo.model.errors import ApiError

Json = Mapping[str, Any]

TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
PERSON_NAME = re.compile(r"[^\s<|\\/>]+")
LONGEST_CALL_ID = 40
ASSISTANT_KEYS = frozenset({"tool_calls", "refusal", "audio", "function_call", "annotations"})
MESSAGE_KEYS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset({"role", "content", "name"}) | ASSISTANT_KEYS,
    "tool": frozenset({"role", "content", "tool_call_id"}),
}


def check_request(body: Any) -> None:
    """Refuse with `ApiError` what the real endpoint would refuse; return for everything else."""
    if not isinstance(body, dict):
        refuse("We could not parse the JSON body of your request: expected an object.", None)
    if not isinstance(body.get("model"), str) or not body["model"]:
        refuse("you must provide a model parameter", "model")
    if body.get("stream_options") is not None and not body.get("stream"):
        refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if body.get("n") not in (None, 1):
        refuse("This server gives one choice: 'n' must be 1.", "n", "unsupported_value")
    for option in ("tool_choice", "parallel_tool_calls"):
        if body.get(option) is not None and body.get("tools") is None:
            refuse(f"'{option}' is only allowed when 'tools' are specified.", option)
    if body.get("tools") is not None:
        check_tools(body["tools"])
    check_messages(body.get("messages"))


def refuse(message: str, param: str | None, code: str | None = None) -> NoReturn:
    raise ApiError(message, param=param, code=code)


def missing(param: str) -> NoReturn:
    refuse(f"Missing required parameter: '{param}'.", param, "missing_required_parameter")


def wrong_type(param: str, expected: str, value: Any) -> NoReturn:
    got = type(value).__name__
    refuse(f"Invalid type for '{param}': expected {expected}, but got {got} instead.", param, "invalid_type")


def check_tools(tools: Any) -> None:
    """Each tool is a function with a legal, unique name and an object schema."""
    if not isinstance(tools, list) or not tools:
        refuse(f"{tools!r} is not an array of tools with at least one item - 'tools'", "tools")
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"tools[{index}].function"
        if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(tool.get("function"), dict):
            missing(where)
        name = tool["function"].get("name")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            text = f"Invalid '{where}.name': expected a string that matches '^{TOOL_NAME.pattern}$'."
            refuse(text, f"{where}.name", "invalid_value")
        if name in seen:
            refuse(f"Tool names must be unique: {name!r} was sent twice.", f"{where}.name")
        seen.add(name)
        if problem := schema_problem(tool["function"]):
            text = f"Invalid schema for function '{name}': {problem}"
            refuse(text, f"{where}.parameters", "invalid_function_parameters")


def schema_problem(function: Json) -> str | None:
    """Parameters are an object schema; with `strict` it is closed and requires every property."""
    schema = function.get("parameters")
    if schema is None:
        return None
    kind = schema.get("type") if isinstance(schema, dict) else type(schema).__name__
    if kind != "object":
        return f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        return "'properties' must be an object."
    if function.get("strict") and schema.get("additionalProperties") is not False:
        return "In context=(), 'additionalProperties' is required to be supplied and to be false."
    if function.get("strict") and set(schema.get("required", [])) != set(properties):
        return (
            "In context=(), 'required' is required to be supplied and to be an array including every key in properties."
        )
    return None


def check_messages(messages: Any) -> None:
    """Shapes of the messages, then the pairing of tool calls and tool messages."""
    if not isinstance(messages, list):
        missing("messages")
    if not messages:
        text = "Expected an array with minimum length 1, but got an empty array instead."
        refuse(f"Invalid 'messages': empty array. {text}", "messages", "empty_array")
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
    check_pairs(messages)


def check_message(message: Any, where: str) -> None:
    """One message: a known role, its keys only, content of the right type."""
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in MESSAGE_KEYS:
        expected = ", ".join(f"'{known}'" for known in MESSAGE_KEYS)
        refuse(f"Invalid value: '{role}'. Supported values are: {expected}.", f"{where}.role", "invalid_value")
    if unknown := sorted(set(message) - MESSAGE_KEYS[role]):
        refuse(f"Unknown parameter: '{where}.{unknown[0]}'.", f"{where}.{unknown[0]}", "unknown_parameter")
    name = message.get("name")
    if name is not None and not (isinstance(name, str) and PERSON_NAME.fullmatch(name)):
        text = f"string does not match pattern. Expected a string that matches the pattern '^{PERSON_NAME.pattern}$'."
        refuse(f"Invalid '{where}.name': {text}", f"{where}.name", "invalid_value")
    calls = message.get("tool_calls")
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    silent = content is None and bool(calls)
    if not silent and not all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts):
        wrong_type(f"{where}.content", "a string or an array of text parts", content)
    if calls is not None:
        check_calls(calls, f"{where}.tool_calls")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        param = f"{where}.tool_call_id"
        refuse(f"Missing parameter '{param}'.", param, "missing_required_parameter")


def check_calls(calls: Any, where: str) -> None:
    """Tool calls are `{"id", "type": "function", "function": {"name", "arguments": text}}`."""
    if not isinstance(calls, list) or not calls:
        refuse(f"Invalid '{where}': empty array. Expected an array with minimum length 1.", where, "empty_array")
    for index, call in enumerate(calls):
        here = f"{where}[{index}]"
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or call.get("type") != "function" or not isinstance(call.get("id"), str):
            missing(f"{here}.function")
        if len(call["id"]) > LONGEST_CALL_ID:
            text = f"Invalid '{here}.id': string too long. Expected a string with maximum length {LONGEST_CALL_ID}."
            refuse(text, f"{here}.id", "string_above_max_length")
        for key in ("name", "arguments"):
            if not isinstance(function.get(key), str):
                wrong_type(f"{here}.function.{key}", "a string", function.get(key))


def check_pairs(messages: Sequence[Json]) -> None:
    """Every tool call is answered before the next message of another role, once, and nothing else is."""
    answered: dict[str, int | None] = {}
    caller = 0
    end: Json = {"role": "end"}
    for index, message in enumerate([*messages, end]):
        if message["role"] != "tool":
            if unanswered := [call_id for call_id, position in answered.items() if position is None]:
                text = "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                text += " 'tool_call_id'. The following tool_call_ids did not have response messages: "
                refuse(text + ", ".join(unanswered), f"messages.[{caller}].role")
            caller, answered = index, dict.fromkeys(call["id"] for call in message.get("tool_calls") or [])
            continue
        call_id = message["tool_call_id"]
        if call_id not in answered:
            text = "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'."
            refuse(f"Invalid parameter: {text}", f"messages.[{index}].role")
        if (earlier := answered[call_id]) is not None:
            text = f"Duplicate value for 'tool_call_id' of '{call_id}', in messages[{earlier}] and messages[{index}]."
            refuse(f"Invalid parameter: {text}", f"messages.[{index}].tool_call_id")
        answered[call_id] = index
