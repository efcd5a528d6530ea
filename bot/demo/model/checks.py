"""What the Chat Completions endpoint refuses with 400, and with which words.

The messages are OpenAI's own where they are known, because people search for them.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bot.demo.model.errors import ApiError
from bot.demo.model.pairs import check_pairs

Message = Mapping[str, Any]

MESSAGE_KEYS: Mapping[str, frozenset[str]] = {
    "system": frozenset({"role", "content", "name"}),
    "developer": frozenset({"role", "content", "name"}),
    "user": frozenset({"role", "content", "name"}),
    "assistant": frozenset(
        {"role", "content", "name", "tool_calls", "refusal", "audio", "function_call", "annotations"}
    ),
    "tool": frozenset({"role", "content", "tool_call_id"}),
}
NAME = re.compile(r"[^\s<|\\/>]+")
TOOL_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
LONGEST_CALL_ID = 40


def check_request(body: Any) -> None:
    """Refuse with `ApiError` what the real endpoint would refuse; return for everything else."""
    if not isinstance(body, dict):
        raise ApiError("We could not parse the JSON body of your request: expected an object.")
    if not isinstance(body.get("model"), str) or not body["model"]:
        raise ApiError("you must provide a model parameter", param="model")
    check_options(body)
    check_tools(body.get("tools"))
    check_messages(body.get("messages"))


def check_options(body: Mapping[str, Any]) -> None:
    """Options that contradict each other, or that this server cannot honour."""
    if body.get("stream_options") is not None and not body.get("stream"):
        message = "The 'stream_options' parameter is only allowed when 'stream' is enabled."
        raise ApiError(message, param="stream_options")
    if body.get("n") not in (None, 1):
        raise ApiError("This server gives one choice: 'n' must be 1.", param="n", code="unsupported_value")
    for option in ("tool_choice", "parallel_tool_calls"):
        if body.get(option) is not None and body.get("tools") is None:
            raise ApiError(f"'{option}' is only allowed when 'tools' are specified.", param=option)


def check_tools(tools: Any) -> None:
    """Each tool is a function with a legal, unique name and an object schema."""
    if tools is None:
        return
    if not isinstance(tools, list) or not tools:
        raise ApiError(f"{tools!r} is not an array of tools with at least one item - 'tools'", param="tools")
    seen: set[str] = set()
    for index, tool in enumerate(tools):
        where = f"tools[{index}]"
        if not isinstance(tool, dict) or tool.get("type") != "function" or not isinstance(tool.get("function"), dict):
            raise ApiError(
                f"Missing required parameter: '{where}.function'.", param=where, code="missing_required_parameter"
            )
        name = tool["function"].get("name")
        if not isinstance(name, str) or not TOOL_NAME.fullmatch(name):
            message = f"Invalid '{where}.function.name': expected a string that matches '^[a-zA-Z0-9_-]{{1,64}}$'."
            raise ApiError(message, param=f"{where}.function.name", code="invalid_value")
        if name in seen:
            raise ApiError(f"Tool names must be unique: {name!r} was sent twice.", param=f"{where}.function.name")
        seen.add(name)
        check_schema(name, tool["function"], f"{where}.function.parameters")


def check_schema(name: str, function: Mapping[str, Any], where: str) -> None:
    """A function's parameters are an object schema; with `strict` it is closed and requires every property."""
    schema = function.get("parameters")
    if schema is None:
        return
    problem = None
    if not isinstance(schema, dict) or schema.get("type") != "object":
        kind = schema.get("type") if isinstance(schema, dict) else type(schema).__name__
        problem = f"schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{kind}\"'."
    elif not isinstance(schema.get("properties", {}), dict):
        problem = "'properties' must be an object."
    elif function.get("strict") and schema.get("additionalProperties") is not False:
        problem = "In context=(), 'additionalProperties' is required to be supplied and to be false."
    elif function.get("strict") and set(schema.get("required", [])) != set(schema.get("properties", {})):
        problem = (
            "In context=(), 'required' is required to be supplied and to be an array including every key in properties."
        )
    if problem:
        raise ApiError(
            f"Invalid schema for function '{name}': {problem}", param=where, code="invalid_function_parameters"
        )


def check_messages(messages: Any) -> None:
    """Shapes of the messages, then the pairing of tool calls and tool messages."""
    if not isinstance(messages, list):
        raise ApiError("Missing required parameter: 'messages'.", param="messages", code="missing_required_parameter")
    if not messages:
        message = (
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead."
        )
        raise ApiError(message, param="messages", code="empty_array")
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
    check_pairs(messages)


def check_message(message: Any, where: str) -> None:
    """One message: a known role, its keys only, content of the right type."""
    role = message.get("role") if isinstance(message, dict) else None
    if not isinstance(role, str) or role not in MESSAGE_KEYS:
        expected = ", ".join(f"'{known}'" for known in MESSAGE_KEYS)
        raise ApiError(
            f"Invalid value: '{role}'. Supported values are: {expected}.", param=f"{where}.role", code="invalid_value"
        )
    unknown = sorted(set(message) - MESSAGE_KEYS[role])
    if unknown:
        parameter = f"{where}.{unknown[0]}"
        raise ApiError(f"Unknown parameter: '{parameter}'.", param=parameter, code="unknown_parameter")
    name = message.get("name")
    if name is not None and not (isinstance(name, str) and NAME.fullmatch(name)):
        expected = rf"Expected a string that matches the pattern '^{NAME.pattern}$'."
        text = f"Invalid '{where}.name': string does not match pattern. {expected}"
        raise ApiError(text, param=f"{where}.name", code="invalid_value")
    check_content(message, where)
    ROLE_CHECKS.get(role, lambda _message, _where: None)(message, where)


def check_content(message: Message, where: str) -> None:
    """Content is text, or a list of text parts; only an assistant message with tool calls may go without."""
    content = message.get("content")
    if content is None and message["role"] == "assistant" and message.get("tool_calls"):
        return
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    for part in parts:
        if not isinstance(part, dict) or not isinstance(part.get("text"), str):
            expected = "expected a string or an array of text parts"
            text = f"Invalid type for '{where}.content': {expected}, but got {type(content).__name__} instead."
            raise ApiError(text, param=f"{where}.content", code="invalid_type")


def check_assistant(message: Message, where: str) -> None:
    """The tool calls of an assistant message."""
    calls = message.get("tool_calls")
    if calls is None:
        return
    if not isinstance(calls, list) or not calls:
        text = f"Invalid '{where}.tool_calls': empty array. Expected an array with minimum length 1."
        raise ApiError(text, param=f"{where}.tool_calls", code="empty_array")
    for index, call in enumerate(calls):
        check_call(call, f"{where}.tool_calls[{index}]")


def check_call(call: Any, where: str) -> None:
    """One tool call: `{"id", "type": "function", "function": {"name", "arguments": text}}`."""
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or call.get("type") != "function" or not isinstance(call.get("id"), str):
        raise ApiError(
            f"Missing required parameter: '{where}.function'.", param=where, code="missing_required_parameter"
        )
    if len(call["id"]) > LONGEST_CALL_ID:
        text = f"Invalid '{where}.id': string too long. Expected a string with maximum length {LONGEST_CALL_ID}."
        raise ApiError(text, param=f"{where}.id", code="string_above_max_length")
    for key in ("name", "arguments"):
        if not isinstance(function.get(key), str):
            kind = type(function.get(key)).__name__
            text = f"Invalid type for '{where}.function.{key}': expected a string, but got {kind} instead."
            raise ApiError(text, param=f"{where}.function.{key}", code="invalid_type")


def check_tool(message: Message, where: str) -> None:
    """A tool message names its call."""
    if not isinstance(message.get("tool_call_id"), str):
        parameter = f"{where}.tool_call_id"
        raise ApiError(f"Missing parameter '{parameter}'.", param=parameter, code="missing_required_parameter")


ROLE_CHECKS: Mapping[str, Callable[[Message, str], None]] = {"assistant": check_assistant, "tool": check_tool}
