"""The other bot: what a good engineer writes with LangGraph and Bolt in an afternoon, tutorials at hand.

One graph, one saver, one card, one button handler. It asks before it acts, and it is fast. What it leaves out is what
Signoff is for: it checks nobody, a restart forgets a turn that was under way, two clicks resume twice, a post whose
answer was lost is not looked for, and nothing is streamed.
"""
# pyright: reportMissingImports=false
# LangGraph is there for benchmarks only (`benchmarks/requirements.lock`).

import asyncio
import json
import operator
import os
import signal
from typing import Annotated, Any, Literal, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt
from openai import AsyncOpenAI
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

Json = dict[str, Any]

INSTRUCTIONS = "You help people with their parcels. Be brief."
NEEDS_APPROVAL = {"send_again"}
TOOLS: list[Json] = [
    {
        "type": "function",
        "function": {
            "name": "find_parcel",
            "description": "Find a parcel.",
            "parameters": {"type": "object", "properties": {"number": {"type": "integer"}}, "required": ["number"]},
        },
    },
    {
        "type": "function",
        "function": {
            "name": "send_again",
            "description": "Send a parcel again.",
            "parameters": {
                "type": "object",
                "properties": {"number": {"type": "integer"}, "note": {"type": "string"}},
                "required": ["number", "note"],
            },
        },
    },
]

app = AsyncApp(client=AsyncWebClient(token=os.environ["SLACK_BOT_TOKEN"], base_url=os.environ["SLACK_API_URL"]))
model = AsyncOpenAI()


class State(TypedDict):
    messages: Annotated[list[Json], operator.add]


async def find_parcel(number: int) -> str:
    return f"Parcel {number} was sent on Monday and has not arrived."


async def send_again(number: int, note: str) -> str:
    return f"Parcel {number} was sent again."


FUNCTIONS = {"find_parcel": find_parcel, "send_again": send_again}


async def call_model(state: State) -> Json:
    messages: list[Any] = [{"role": "system", "content": INSTRUCTIONS}, *state["messages"]]
    tools: list[Any] = TOOLS
    answer = await model.chat.completions.create(model="gpt-5-mini", messages=messages, tools=tools)
    return {"messages": [answer.choices[0].message.model_dump(exclude_none=True)]}


async def call_tools(state: State) -> Json:
    results = []
    for call in state["messages"][-1]["tool_calls"]:
        name, arguments = call["function"]["name"], json.loads(call["function"]["arguments"])
        if name in NEEDS_APPROVAL and interrupt({"tool": name, "arguments": arguments}) != "approve":
            result = "The person rejected this."
        else:
            result = await FUNCTIONS[name](**arguments)
        results.append({"role": "tool", "tool_call_id": call["id"], "content": result})
    return {"messages": results}


def after_model(state: State) -> Literal["tools", "__end__"]:
    return "tools" if state["messages"][-1].get("tool_calls") else END


def build(saver: AsyncSqliteSaver) -> Any:
    builder = StateGraph(State).add_node("model", call_model).add_node("tools", call_tools)
    builder.add_edge(START, "model").add_conditional_edges("model", after_model).add_edge("tools", "model")
    return builder.compile(checkpointer=saver)


async def show(client: AsyncWebClient, result: Json, channel: str, thread_ts: str) -> None:
    """The card where the graph waits, else the reply."""
    if "__interrupt__" not in result:
        await client.chat_postMessage(channel=channel, thread_ts=thread_ts, text=result["messages"][-1]["content"])
        return
    text = f"Shall I run this?\n```{json.dumps(result['__interrupt__'][0].value)}```"
    await client.chat_postMessage(channel=channel, thread_ts=thread_ts, text=text, blocks=card(text, buttons=True))


def card(text: str, *, buttons: bool) -> list[Json]:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    names = (("Approve", "approve"), ("Reject", "reject"))
    elements = [
        {"type": "button", "action_id": action, "text": {"type": "plain_text", "text": label}}
        for label, action in names
    ]
    return [section, {"type": "actions", "elements": elements}] if buttons else [section]


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with AsyncSqliteSaver.from_conn_string(os.environ["DATABASE_URL"].removeprefix("sqlite:///")) as saver:
        await saver.setup()
        graph = build(saver)

        @app.event("message")
        async def on_message(event: Json, client: AsyncWebClient) -> None:
            if event.get("subtype") or event.get("bot_id"):
                return
            thread_ts = event.get("thread_ts") or event["ts"]
            said = {"messages": [{"role": "user", "content": event["text"]}]}
            result = await graph.ainvoke(said, {"configurable": {"thread_id": thread_ts}}, durability="sync")
            await show(client, result, event["channel"], thread_ts)

        @app.action("approve")
        @app.action("reject")
        async def on_click(ack: Any, body: Json, action: Json, client: AsyncWebClient) -> None:
            await ack()
            channel, message = body["channel"]["id"], body["message"]
            thread_ts, decision = message["thread_ts"], action["action_id"]
            config = {"configurable": {"thread_id": thread_ts}}
            result = await graph.ainvoke(Command(resume=decision), config, durability="sync")
            text = f"{message['text']}\n{decision} by <@{body['user']['id']}>"
            await client.chat_update(channel=channel, ts=message["ts"], text=text, blocks=card(text, buttons=False))
            await show(client, result, channel, thread_ts)

        handler = AsyncSocketModeHandler(app, os.environ["SLACK_APP_TOKEN"])
        await handler.connect_async()
        await stop.wait()
        await handler.close_async()


if __name__ == "__main__":
    asyncio.run(main())
