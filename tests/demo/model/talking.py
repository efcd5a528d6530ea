"""A person, the demo's model over HTTP and the tools in one room: what is said and called, turn by turn."""

import asyncio
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import jsonschema

from bot.demo.model import serve_model
from graphs.sample import orders
from graphs.sample.support_desk import agent

Json = dict[str, Any]
Called = tuple[str, Json]
MOST_REPLIES = 8
DESK: Sequence[Mapping[str, Any]] = tuple(each.definition()["function"] for each in agent.tools)
BOOKS = {each[0]: each for each in orders._ORDERS}
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def tool(name: str, description: str, required: Sequence[str] = (), **properties: Mapping[str, Any]) -> Json:
    """The `function` object of a tool."""
    schema = {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False}
    return {"name": name, "description": description, "parameters": schema}


def refund(number: int, amount: float, reason: str = "") -> Called:
    return ("refund_order", {"order_id": number, "amount": amount} | ({"reason": reason} if reason else {}))


def cancel(number: int, reason: str = "") -> Called:
    return ("cancel_order", {"order_id": number} | ({"reason": reason} if reason else {}))


@contextmanager
def served(examples: Sequence[str] = agent.examples) -> Iterator[str]:
    """The model in a thread, so that a test need not be a coroutine; its URL."""
    started, ready, urls = threading.Event(), asyncio.Event(), list[str]()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with serve_model(examples=examples) as model:
            urls.append(model.url)
            started.set()
            await ready.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    started.wait()
    try:
        yield urls[0]
    finally:
        loop.call_soon_threadsafe(ready.set)
        thread.join()
        loop.close()


def shop(name: str, arguments: Json) -> str:
    """The sample shop as it is in the beginning."""
    number = arguments.get("order_id")
    if name != "send_email" and number not in BOOKS:
        return f"Failed: there is no order {number}"
    _, customer, email, item, paid, status = BOOKS.get(number or 0, (0, "", "", "", "", ""))
    amount = f"{Decimal(str(arguments.get('amount', 0))):.2f}"
    told = {"order": number, "customer": customer, "email": email, "item": item, "paid": f"{paid} euro"}
    return {
        "find_order": json.dumps(told | {"refunded": "0.00 euro", "status": status}),
        "refund_order": f"Refunded {amount} euro of order {number} to {customer}.",
        "cancel_order": f"Cancelled order {number} of {customer}.",
    }.get(name, f"Sent to {arguments.get('to')}.")


@dataclass
class Talk:
    """One conversation. `answer` plays the tools; no call is made that its schema refuses."""

    url: str
    tools: Sequence[Mapping[str, Any]] = DESK
    answer: Callable[[str, Json], str] = shop
    messages: list[Json] = field(default_factory=list)
    calls: list[Called] = field(default_factory=list)

    def say(self, text: str) -> str:
        """Write to the model and let it work until it says something without calling; all that it said meanwhile."""
        self.messages.append({"role": "user", "content": text})
        said: list[str] = []
        for _ in range(MOST_REPLIES):
            message = self._reply()
            said.append(message["content"] or "")
            self.messages.append(message)
            for call in message.get("tool_calls", []):
                name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
                jsonschema.validate(arguments, next(each["parameters"] for each in self.tools if each["name"] == name))
                self.calls.append((name, arguments))
                result = {"role": "tool", "tool_call_id": call["id"], "content": self.answer(name, arguments)}
                self.messages.append(result)
            if not message.get("tool_calls"):
                assert message["content"], "it always says something in the end"
                return "\n".join(filter(None, said))
        raise AssertionError(f"the model goes on calling: {self.messages}")

    @property
    def acts(self) -> list[Called]:
        """The calls that are no look-ups."""
        return [call for call in self.calls if call[0] != "find_order"]

    def _reply(self) -> Json:
        tools = [{"type": "function", "function": each} for each in self.tools]
        body = json.dumps({"model": "any", "messages": self.messages, "tools": tools}).encode()
        headers = {"Authorization": "Bearer any", "Content-Type": "application/json"}
        with OPENER.open(urllib.request.Request(f"{self.url}/chat/completions", body, headers), timeout=20) as answer:
            message = json.load(answer)["choices"][0]["message"]
        return {key: message[key] for key in ("role", "content", "tool_calls") if key in message}
