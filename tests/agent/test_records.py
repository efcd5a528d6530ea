"""C5: a call without a tool message gets the one that its question and its claim are on record with."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from graphs.agent.policy import Approval
from graphs.agent.records import outcomes_on_record
from graphs.agent.tools import Toolbox, tool
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond
from graphs.runtime.graph import StateGraph
from graphs.runtime.types import START
from storage import Storage
from tests.agent.conversing import ANA, CONFIG, THREAD, Talk, calls, says


@tool(approval=Approval())
def write(text: str) -> str:
    """Write it."""
    if text == "bad":
        raise ValueError("illegible")
    return f"wrote {text}"


@tool(approval=Approval())
def sign(key: SecretStr) -> str:
    """Sign with a key."""
    return "signed"


async def on_record(storage: Storage, *call_ids: str) -> dict[str, str]:
    """What is on record in the thread, asked for by another node of it."""
    found: dict[str, str] = {}

    async def look(state: dict[str, Any]) -> None:
        found.update(await outcomes_on_record(call_ids, Toolbox([write, sign])))

    State: Any = Talk(storage, [write]).graph.program.schema.type  # noqa: N806
    graph = StateGraph(State).add_node("look", look).add_edge(START, "look").compile(storage)
    await graph.ainvoke({"messages": []}, CONFIG, on_waiting="cancel")
    return found


async def test_C5_a_call_that_nobody_began_is_lost(storage: Storage):
    assert await on_record(storage, "call_x") == {
        "call_x": "Lost: there is no record that the call was begun. It did not run."
    }
    assert await on_record(storage) == {}


@pytest.mark.parametrize(
    ("text", "decision", "told"),
    [
        ("a", Approve(), "wrote a"),
        ("bad", Approve(), "Failed: illegible"),
        ("a", Reject("too short"), "Rejected by the person who asked: too short. The call did not run."),
        ("a", Respond("b"), "Answered by the person who asked in the tool's place; the call did not run."),
        ("a", Edit("write", {"text": "b"}), 'Edited by the person who asked before it ran. Proposed: {"text": "a"}.'),
        ("a", Edit("write", {"text": "bad"}), "Edited by the person who asked before it ran."),
    ],
)
async def test_C5_what_is_on_record_reads_as_what_the_call_itself_said(
    storage: Storage, text: str, decision: Decision, told: str
):
    talk = Talk(storage, [write], calls(("write", {"text": text}), ids=["call_a"]), says("Done."))
    await talk.say("write")
    await talk.decide(decision)
    (said,) = await talk.results()
    assert said.startswith(told)
    assert await on_record(storage, "call_a") == {"call_a": said}


async def test_C5_a_question_that_was_taken_back_is_cancelled_and_so_is_its_answer(storage: Storage):
    talk = Talk(storage, [write], calls(("write", {"text": "a"}), ids=["call_a"]), says("Done."))
    await talk.say("write")
    assert (await on_record(storage, "call_a"))["call_a"].startswith("Cancelled:")


async def test_C5_an_approval_that_never_began_is_no_result(storage: Storage):
    talk = Talk(storage, [write], calls(("write", {"text": "a"}), ids=["call_a"]), says("Done."))
    await talk.say("write")
    await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Approve())
    assert (await on_record(storage, "call_a"))["call_a"].split(":")[0] in ("Cancelled", "Lost")


async def test_C5_secrets_of_an_edit_stay_masked_on_record(storage: Storage):
    talk = Talk(storage, [sign], calls(("sign", {"key": "hunter2"}), ids=["call_a"]), says("Done."))
    await talk.say("sign")
    await talk.decide(Edit("sign", {"key": "hunter3"}))
    told = (await on_record(storage, "call_a"))["call_a"]
    assert told == (await talk.results())[0]
    assert "hunter" not in json.dumps(told)
