"""A person, the demo model and made-up tools in one room: what the model says and calls, turn by turn."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jsonschema

from bot.demo.model.brain import decide
from bot.demo.model.reply import Call, Reply

Tool = Mapping[str, Any]
MOST_REPLIES = 10


def tool(name: str, description: str, required: Sequence[str] = (), **properties: Mapping[str, Any]) -> Tool:
    """The `function` object of a tool."""
    schema = {"type": "object", "properties": properties, "required": list(required)}
    return {"name": name, "description": description, "parameters": schema}


ORDER = {"type": "integer", "description": "The number of the order, for example 1042."}
DESK = (
    tool("find_order", "Look up an order by its number.", ["order_id"], order_id=ORDER),
    tool(
        "refund_order",
        "Give a customer money back for an order.",
        ["order_id", "amount"],
        order_id=ORDER,
        amount={
            "anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string"}],
            "description": "How much to give back, in euro.",
        },
        reason={"type": "string", "default": "", "description": "Why, in a few words; the customer reads it."},
    ),
    tool(
        "cancel_order",
        "Cancel an order that was not sent yet.",
        ["order_id", "reason"],
        order_id=ORDER,
        reason={"type": "string", "description": "Why the order is cancelled."},
    ),
    tool(
        "send_email",
        "Send an e-mail to a customer.",
        ["to", "subject", "body"],
        to={"type": "string", "description": "The e-mail address."},
        subject={"type": "string", "description": "The subject line."},
        body={"type": "string", "description": "The text."},
    ),
)
"""A support desk, as somebody who uses the agent might write one."""


def went_through(call: Call) -> str:
    """A tool that always works."""
    return f"{call.name} went through."


@dataclass
class Talk:
    """One conversation. `answer` plays the tools."""

    tools: Sequence[Tool] = DESK
    answer: Callable[[Call], str] = went_through
    messages: list[dict[str, Any]] = field(default_factory=list)

    def say(self, text: str) -> Reply:
        """Write to the model and let it work until it says something without calling; that reply is returned."""
        self.messages.append({"role": "user", "content": text})
        for _ in range(MOST_REPLIES):
            reply = self.step()
            if not reply.calls:
                return reply
        raise AssertionError(f"the model goes on calling: {self.messages}")

    def step(self) -> Reply:
        """One reply, and the tool messages for its calls."""
        reply = decide(self.messages, self.tools)
        assert decide(self.messages, self.tools) == reply, "the same transcript must get the same reply"
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        results = []
        for number, call in enumerate(reply.calls):
            self._check(call)
            call_id = f"call_{len(self.messages)}_{number}"
            function = {"name": call.name, "arguments": json.dumps(call.arguments)}
            message.setdefault("tool_calls", []).append({"id": call_id, "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": call_id, "content": self.answer(call)})
        self.messages += [message, *results]
        return reply

    def calls(self) -> list[list[Call]]:
        """The calls so far, one list per assistant message that called."""
        return [
            [
                Call(call["function"]["name"], json.loads(call["function"]["arguments"]))
                for call in message["tool_calls"]
            ]
            for message in self.messages
            if message.get("tool_calls")
        ]

    def said(self) -> str:
        """Everything the model said."""
        return "\n".join(message["content"] or "" for message in self.messages if message["role"] == "assistant")

    def _check(self, call: Call) -> None:
        """No call of a tool that was not sent, and none whose arguments its schema refuses."""
        schema = next(tool["parameters"] for tool in self.tools if tool["name"] == call.name)
        jsonschema.validate(call.arguments, schema)
