"""Section T of docs/behaviour.md: the four patterns, played without a screen, and over a restart."""

from typing import Any

import pytest

from graphs import Command
from graphs.errors import InvalidAnswer
from graphs.patterns import approve_or_reject, review_and_edit, review_tool_calls, validate_input
from graphs.runtime.types import Config
from storage import Storage, open_storage


@pytest.mark.parametrize(("answer", "outcome"), [(True, "paid 100 to Ana"), (False, "nothing was paid")])
async def test_T1_the_answer_routes_to_the_step_or_to_the_alternative(
    url: str, config: Config, answer: bool, outcome: str
) -> None:
    async with open_storage(url) as storage:
        asked = await approve_or_reject.build(storage).ainvoke({"to": "Ana", "amount": 100}, config)
        assert asked["__interrupt__"][0].value == {"question": "Send this payment?", "to": "Ana", "amount": 100}
        assert "outcome" not in asked
    async with open_storage(url) as storage:
        result = await approve_or_reject.build(storage).ainvoke(Command(resume=answer), config)
    assert result["outcome"] == outcome


async def test_T1_only_a_yes_or_no_is_taken(storage: Storage, config: Config) -> None:
    graph = approve_or_reject.build(storage)
    await graph.ainvoke({"to": "Ana", "amount": 100}, config)
    with pytest.raises(InvalidAnswer):
        await graph.ainvoke(Command(resume="perhaps"), config)
    assert (await graph.aget_state(config)).next == ("ask_approval",)


async def test_T2_the_edit_replaces_the_draft_and_the_graph_goes_on_with_it(url: str, config: Config) -> None:
    async with open_storage(url) as storage:
        asked = await review_and_edit.build(storage).ainvoke({"topic": "bees"}, config)
        assert asked["__interrupt__"][0].value["draft"] == asked["draft"] == "Some words on bees."
    async with open_storage(url) as storage:
        result = await review_and_edit.build(storage).ainvoke(Command(resume="Bees dance."), config)
    assert result == {"topic": "bees", "draft": "Bees dance.", "published": "Bees dance."}


class Shop:
    """A model that asks for refunds and then sums up, and the tool that it calls."""

    def __init__(self, *amounts: int) -> None:
        self.amounts = amounts
        self.refunded: list[int] = []

    def model(self, messages: list[dict[str, Any]]) -> dict[str, Any]:
        results = [message["content"] for message in messages if message["role"] == "tool"]
        if results:
            return {"role": "assistant", "content": " | ".join(results)}
        calls = [{"id": f"c{n}", "name": "refund", "args": {"amount": n}} for n in self.amounts]
        return {"role": "assistant", "content": "", "tool_calls": calls}

    def refund(self, amount: int) -> str:
        self.refunded.append(amount)
        return f"refunded {amount}"


@pytest.mark.parametrize(
    ("decision", "told", "refunded"),
    [
        ({"type": "approve"}, "refunded 100", [100]),
        ({"type": "edit", "args": {"amount": 80}}, "edited to {'amount': 80}: refunded 80", [80]),
        ({"type": "reject", "message": "too much"}, "rejected by the reviewer, not run: too much", []),
        ({"type": "respond", "message": "it was refunded yesterday"}, "it was refunded yesterday", []),
    ],
)
async def test_T3_a_tool_call_is_approved_edited_rejected_or_answered(
    storage: Storage, config: Config, decision: dict[str, Any], told: str, refunded: list[int]
) -> None:
    shop = Shop(100)
    graph = review_tool_calls.build(storage, shop.model, {"refund": shop.refund})
    asked = await graph.ainvoke({"messages": [("user", "refund me")]}, config)
    assert asked["__interrupt__"][0].value == {"question": "Run this tool?", "name": "refund", "args": {"amount": 100}}
    assert shop.refunded == []
    result = await graph.ainvoke(Command(resume=decision), config)
    assert result["messages"][-1]["content"] == told
    assert shop.refunded == refunded


async def test_T3_each_call_of_a_message_is_decided_by_itself_and_runs_once(storage: Storage, config: Config) -> None:
    shop = Shop(1, 2)
    graph = review_tool_calls.build(storage, shop.model, {"refund": shop.refund})
    asked = await graph.ainvoke({"messages": [("user", "refund me")]}, config)
    one, two = asked["__interrupt__"]
    partly = await graph.ainvoke(Command(resume={two.id: {"type": "approve"}}), config)
    assert [question.id for question in partly["__interrupt__"]] == [one.id]
    result = await graph.ainvoke(Command(resume={one.id: {"type": "reject", "message": "no"}}), config)
    assert result["messages"][-1]["content"] == "rejected by the reviewer, not run: no | refunded 2"
    assert shop.refunded == [2]


async def test_T3_an_unknown_decision_runs_nothing(storage: Storage, config: Config) -> None:
    shop = Shop(100)
    graph = review_tool_calls.build(storage, shop.model, {"refund": shop.refund})
    await graph.ainvoke({"messages": [("user", "refund me")]}, config)
    for answer in ({"type": "Approve"}, "approve", True, {"type": "approve", "args": 3}):
        with pytest.raises(InvalidAnswer):
            await graph.ainvoke(Command(resume=answer), config)
    assert shop.refunded == []


async def test_T4_it_asks_again_with_the_reason_until_the_input_is_valid(url: str, config: Config) -> None:
    answers: list[Any] = ["thirty", -5, 30]
    questions: list[str] = []
    given: Any = {}
    for answer in [*answers, None]:
        async with open_storage(url) as storage:
            result = await validate_input.build(storage).ainvoke(given, config)
        if answer is not None:
            questions.append(result["__interrupt__"][0].value)
        given = Command(resume=answer)
    assert questions == [
        "How old are you?",
        "'thirty' is not a whole number. How old are you?",
        "-5 is not an age between 1 and 149. How old are you?",
    ]
    assert result == {"age": 30, "greeting": "Welcome, 30 years young."}
