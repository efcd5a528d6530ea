"""Row D4 of docs/behaviour.md: an answer is held against the schema, and then against the type."""

from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from graphs import START, Command, RetryPolicy, StateGraph, interrupt
from graphs.errors import InterruptMisused, InvalidAnswer
from graphs.runtime.compiled import CompiledGraph
from graphs.runtime.types import Config
from storage import Storage, interrupts
from tests.runtime.asking import Log, asks, chain


async def rows(storage: Storage) -> dict[str, interrupts.InterruptRow]:
    return {row.id: row for row in await storage.interrupts(status=None)}


def one(result: dict[str, Any]) -> Any:
    (question,) = result["__interrupt__"]
    return question


class Refund(BaseModel):
    amount: int

    @field_validator("amount")
    @classmethod
    def even(cls, value: int) -> int:
        if value % 2:
            raise ValueError("must be even")
        return value


def refund(storage: Storage) -> CompiledGraph:
    def node(state: Log) -> dict[str, Any]:
        answer = interrupt("how much?", response_schema=Refund)
        return {"log": [f"{type(answer).__name__} {answer.amount}"]}

    return chain(storage, ("refund", node))


async def test_D4_the_schema_is_published_and_the_types_object_returned(storage: Storage, config: Config):
    graph = refund(storage)
    question = one(await graph.ainvoke({"log": []}, config))
    assert question.schema == Refund.model_json_schema()
    assert await graph.ainvoke(Command(resume={"amount": 4}), config) == {"log": ["Refund 4"]}


async def test_D4_the_types_own_object_is_an_answer(storage: Storage, config: Config):
    graph = refund(storage)
    await graph.ainvoke({"log": []}, config)
    assert await graph.ainvoke(Command(resume=Refund(amount=4)), config) == {"log": ["Refund 4"]}


async def test_D4_what_does_not_fit_the_schema_is_not_stored(storage: Storage, config: Config):
    graph = refund(storage)
    question = one(await graph.ainvoke({"log": []}, config))
    before = await rows(storage)
    with pytest.raises(InvalidAnswer, match=r"amount: 'much' is not of type 'integer'. It still waits"):
        await graph.ainvoke(Command(resume={question.id: {"amount": "much"}}), config)
    with pytest.raises(InvalidAnswer):
        await graph.aanswer(config, {question.id: {}})
    assert await rows(storage) == before
    assert (await graph.aget_state(config)).interrupts == (question,)


async def test_D4_what_the_type_refuses_reopens_the_question_under_its_id(storage: Storage, config: Config):
    graph = refund(storage)
    question = one(await graph.ainvoke({"log": []}, config))
    with pytest.raises(InvalidAnswer, match="amount: Value error, must be even"):
        await graph.ainvoke(Command(resume={"amount": 3}), config)
    assert (await rows(storage))[question.id].status == "reopened"
    assert await graph.ainvoke(Command(resume={question.id: {"amount": 4}}), config) == {"log": ["Refund 4"]}


async def test_D4_a_retry_does_not_try_the_same_answer_again(storage: Storage, config: Config):
    runs: list[str] = []

    def node(state: Log) -> dict[str, Any]:
        runs.append("begun")
        return {"log": [interrupt("how much?", response_schema=Refund).amount]}

    builder = StateGraph(Log).add_node("n", node, retry_policy=RetryPolicy(initial_interval=0)).add_edge(START, "n")
    graph = builder.compile(storage)
    await graph.ainvoke({"log": []}, config)
    with pytest.raises(InvalidAnswer):
        await graph.ainvoke(Command(resume={"amount": 3}), config)
    assert len(runs) == 2


async def test_D4_a_json_schema_and_any_type(storage: Storage, config: Config):
    def node(state: Log) -> dict[str, Any]:
        number = interrupt("number", response_schema={"type": "integer", "maximum": 9})
        return {"log": [number, interrupt("list", response_schema=list[int])]}

    graph = chain(storage, ("n", node))
    assert one(await graph.ainvoke({"log": []}, config)).schema == {"type": "integer", "maximum": 9}
    with pytest.raises(InvalidAnswer, match="10 is greater than the maximum of 9"):
        await graph.ainvoke(Command(resume=10), config)
    await graph.ainvoke(Command(resume=9), config)
    with pytest.raises(InvalidAnswer):
        await graph.ainvoke(Command(resume=["x"]), config)
    assert await graph.ainvoke(Command(resume=[1]), config) == {"log": [9, [1]]}


async def test_D4_a_schema_that_is_none_is_refused_where_it_is_asked(storage: Storage, config: Config):
    graph = chain(storage, ("n", asks("n", response_schema={"type": "nonsense"})))
    with pytest.raises(InterruptMisused, match="no JSON Schema: 'nonsense'"):
        await graph.ainvoke({"log": []}, config)
    assert await rows(storage) == {}
