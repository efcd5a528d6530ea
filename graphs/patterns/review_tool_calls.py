"""Review tool calls: a person approves each call, edits its arguments, rejects it, or answers in the tool's place."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal, TypedDict

from pydantic import BaseModel, Field

from graphs import END, START, Send, StateGraph, add_messages, interrupt
from graphs.patterns.saying import says
from graphs.runtime.compiled import CompiledGraph
from storage import Storage


class Decision(BaseModel):
    """`args` go with an edit, `message` with a rejection or a response."""

    type: Literal["approve", "edit", "reject", "respond"]
    args: dict[str, Any] = Field(default_factory=dict)
    message: str = ""


class Chat(TypedDict):
    messages: Annotated[list[dict[str, Any]], add_messages]


def build(
    checkpointer: Storage,
    model: Callable[[list[dict[str, Any]]], dict[str, Any]],
    tools: Mapping[str, Callable[..., Any]],
) -> CompiledGraph:
    """A message of `model` may have tool_calls [{id, name, args}]; each is asked for by itself, all at once."""

    async def ask_model(chat: Chat) -> dict[str, Any]:
        return {"messages": [model(chat["messages"])]}

    def calls_of(chat: Chat) -> list[Send] | str:
        return [Send("run_tool", call) for call in chat["messages"][-1].get("tool_calls", [])] or END

    async def run_tool(call: dict[str, Any]) -> dict[str, Any]:
        question = {"question": "Run this tool?", "name": call["name"], "args": call["args"]}
        decision: Decision = interrupt(question, response_schema=Decision)
        match decision.type:
            case "approve":
                content = str(tools[call["name"]](**call["args"]))
            case "edit":
                content = f"edited to {decision.args}: {tools[call['name']](**decision.args)}"
            case "reject":
                content = f"rejected by the reviewer, not run: {decision.message}"
            case "respond":
                content = decision.message
        return {"messages": [{"role": "tool", "content": content, "tool_call_id": call["id"]}]}

    graph = StateGraph(Chat).add_node(ask_model).add_node(run_tool).add_edge(START, "ask_model")
    graph.add_conditional_edges("ask_model", calls_of, ["run_tool", END]).add_edge("run_tool", "ask_model")
    return graph.compile(checkpointer)


class Verdict(BaseModel):
    """What a person says of a call in a conversation; `amount` is what runs."""

    decision: Literal["run it", "do not run it"] = "run it"
    amount: Annotated[int, Field(ge=1)]
    message: str = ""


async def propose(chat: Chat) -> dict[str, Any]:
    """Stands for a model that proposes a call: of a message with a number in it, a refund of so much."""
    said = chat["messages"][-1]["content"]
    numbers = [int(word) for word in str(said).split() if word.isdigit()]
    if not numbers:
        return says("Tell me how much to refund: “refund 80”.")
    call = {"id": f"refund-{len(chat['messages'])}", "name": "refund", "args": {"amount": numbers[-1]}}
    return {"messages": [{"role": "assistant", "content": "", "tool_calls": [call]}]}


def calls_in(chat: Chat) -> list[Send] | str:
    return [Send("decide", call) for call in chat["messages"][-1].get("tool_calls", [])] or END


async def decide(call: dict[str, Any]) -> dict[str, Any]:
    """In Slack the form has the proposed amount in it: sent as it is, or with another one."""
    verdict: Verdict = interrupt(
        {"question": f"Refund {call['args']['amount']} euro?", "amount": call["args"]["amount"]},
        response_schema=Verdict,
    )
    if verdict.decision == "do not run it":
        return says(f"Nothing was refunded{f': {verdict.message}' if verdict.message else ''}.")
    return says(f"Refunded {verdict.amount} euro.")


graph = StateGraph(Chat).add_node(propose).add_node(decide).add_edge(START, "propose").add_edge("decide", END)
graph.add_conditional_edges("propose", calls_in, ["decide", END])
