"""The agent's turns: what the model is shown, what streams, and a transcript in which every call has its answer."""

import asyncio
from typing import Any

import pytest

from graphs.agent.agent import Agent
from graphs.agent.errors import InvalidTool
from graphs.agent.policy import Approval
from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve
from graphs.models.errors import ModelUnavailable
from graphs.models.model import ModelReply, TextDelta
from storage import Storage
from tests.agent.conversing import CONFIG, Talk, calls, says


@tool
def look_up(number: int) -> str:
    """Look something up."""
    return f"number {number} is fine"


@tool(approval=Approval())
def write(text: str) -> str:
    """Write it."""
    return f"wrote {text}"


async def test_the_model_gets_the_instructions_the_transcript_and_the_tools_results(storage: Storage):
    proposed = calls(("look_up", {"number": 3}), text="Let me see.")
    talk = Talk(storage, [look_up], proposed, says("It is fine."))
    result = await talk.say("is 3 fine?")
    first, second = talk.model.asked
    assert first[0] == {"role": "system", "content": "Be brief."}
    assert [message["role"] for message in second] == ["system", "user", "assistant", "tool"]
    assert second[2]["tool_calls"][0]["id"] == second[3]["tool_call_id"] == proposed.tool_calls[0].id
    assert second[3]["content"] == "number 3 is fine"
    assert result["messages"][-1]["content"] == "It is fine."
    assert result["messages"][0]["by"] == "U0ANA"


async def test_text_streams_under_the_id_of_the_message_that_it_becomes(storage: Storage):
    talk = Talk(storage, [look_up], calls(("look_up", {"number": 3}), text="Let me see."), says("It is fine."))
    given = {"messages": [{"role": "user", "content": "is 3 fine?", "id": "m"}]}
    streamed: dict[str, str] = {}
    async for chunk, metadata in talk.graph.astream(given, CONFIG, stream_mode="messages", by="U0ANA"):
        assert (chunk["role"], metadata["langgraph_node"]) == ("assistant", "model")
        streamed[chunk["id"]] = streamed.get(chunk["id"], "") + chunk["content"]
    replies = [message for message in await talk.messages() if message["role"] == "assistant"]
    assert streamed == {message["id"]: message["content"] for message in replies}
    assert list(streamed.values()) == ["Let me see.", "It is fine."]


@pytest.mark.parametrize(
    ("reply", "notice"),
    [
        (ModelReply("Half a", finish="length"), "cut off"),
        (ModelReply(""), "answered with nothing"),
        (ModelReply("whole"), None),
    ],
)
async def test_what_a_reply_lacks_stands_beside_it(storage: Storage, reply: ModelReply, notice: str | None):
    talk = Talk(storage, [look_up], reply)
    message = (await talk.say("hello"))["messages"][-1]
    assert message["content"] == reply.text
    assert (message.get("notice") is None) if notice is None else (notice in message["notice"])


async def test_a_model_that_fails_loses_nothing_and_is_asked_again(storage: Storage):
    away = [True]

    def line(messages: Any) -> ModelReply:
        if away[0]:
            raise ModelUnavailable("The model cannot be reached.", retryable=True)
        return ModelReply("Here I am.")

    talk = Talk(storage, [look_up], line)
    with pytest.raises(ModelUnavailable):
        await talk.say("hello")
    (task,) = (await talk.graph.aget_state(CONFIG)).tasks
    assert task.error == "ModelUnavailable: The model cannot be reached."
    away[0] = False
    assert (await talk.go_on())["messages"][-1]["content"] == "Here I am."
    assert [message["role"] for message in await talk.messages()] == ["user", "assistant"]


async def test_C5_a_new_message_in_the_place_of_an_answer_leaves_no_call_without_a_tool_message(storage: Storage):
    proposed = calls(("look_up", {"number": 1}), ("write", {"text": "a"}), ("no_such_tool", {}))
    talk = Talk(storage, [look_up, write], proposed, says("Never mind then."))
    await talk.say("write a")
    message = {"role": "user", "content": "no, wait", "id": "m-later", "by": "U0ANA"}
    await talk.graph.ainvoke({"messages": [message]}, CONFIG, by="U0ANA", on_waiting="cancel")
    transcript = talk.model.asked[-1]
    assert [message["role"] for message in transcript] == [
        "system",
        "user",
        "assistant",
        "tool",
        "tool",
        "tool",
        "user",
    ]
    told = [message["content"].split()[0] for message in transcript if message["role"] == "tool"]
    assert told == ["number", "Cancelled:", "Unknown:"]


async def test_closing_the_stream_early_closes_the_models(storage: Storage):
    class Endless:
        name = "endless"
        closed = asyncio.Event()

        async def stream(self, messages: Any, tools: Any):
            try:
                while True:
                    yield TextDelta("and on ")
                    await asyncio.sleep(0)
            finally:
                self.closed.set()

        async def aclose(self) -> None:
            """Holds nothing."""

    model = Endless()
    graph = Agent("Be brief.", [look_up]).compile(model, storage)
    stream = graph.astream({"messages": [{"role": "user", "content": "go", "id": "m"}]}, CONFIG, stream_mode="messages")
    async for _ in stream:
        break
    await stream.aclose()
    async with asyncio.timeout(5):
        await model.closed.wait()


def test_an_agents_tools_are_tools_with_different_names():
    with pytest.raises(InvalidTool, match="Rename"):
        Agent("Be brief.", [look_up, look_up])
    with pytest.raises(InvalidTool, match="Put @tool above it"):
        Agent("Be brief.", [print])  # type: ignore[list-item]


async def test_two_messages_of_two_authors_are_two_turns(storage: Storage):
    asks = calls(("write", {"text": "a"}))
    talk = Talk(storage, [write], asks, says("Done."), calls(("write", {"text": "b"})), says("Done."))
    await talk.say("a", by="U0ANA")
    assert (await talk.waiting()).terms["terms"]["requester"] == "U0ANA"
    await talk.decide(Approve())
    await talk.say("b", by="U0LEA")
    assert (await talk.waiting()).terms["terms"]["requester"] == "U0LEA"
