"""What is on record of a call, and that one without a tool message gets the one that its record tells (C5)."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from graphs.agent import call_record
from graphs.agent.call_record import CallRecord, outcomes_on_record
from graphs.agent.policy import Approval
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond
from graphs.runtime.graph import StateGraph
from graphs.runtime.types import START
from storage import Storage
from tests.agent.conversing import ANA, CONFIG, THREAD, Talk, calls, everything_on_record, says


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
        "call_x": "Lost: there is no record of this call. Nobody knows whether it ran; do not repeat it without asking."
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
        ("a", Edit("write", {"text": "bad"}), "Edited by the person who asked. Proposed:"),
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


async def test_C5_nothing_is_read_when_nothing_is_unanswered(storage: Storage):
    talk = Talk(storage, [write], says("Hello."), says("Hello."))
    await talk.say("hello")
    assert await outcomes_on_record([], talk.agent.toolbox) == {}, "outside a node, so nothing could be read"


async def test_only_the_calls_that_are_asked_for_are_read(storage: Storage):
    two = calls(("write", {"text": "a"}), ("write", {"text": "b"}), ids=["call_a", "call_b"])
    talk = Talk(storage, [write], two, says("Done."))
    await talk.say("write both")
    for row in await talk.all_waiting():
        await talk.desk.decide(row.id, THREAD, ANA, Approve())
    await talk.go_on()
    everything = await storage.read(everything_on_record)
    assert everything.keys() == {"call_a", "call_b"}
    before = storage.hops
    assert await storage.read(lambda db: call_record.read(db, THREAD, ["call_b", "call_x"])) == {
        "call_b": everything["call_b"]
    }
    assert storage.hops - before == 1
    record = everything["call_b"]
    assert ([row.status for row in record.questions], [row.status for row in record.claims]) == (["answered"], ["done"])
    assert [vote.user for vote in record.votes] == ["U0ANA"]
    assert (record.state(), record.result) == ("done", "wrote b")


async def test_S5_a_record_is_of_the_newest_life_and_says_what_was_before(storage: Storage):
    talk = Talk(storage, [write], calls(("write", {"text": "a"}), ids=["call_a"]), says("Done."))
    await talk.say("write")
    await talk.decide(Edit("write", {"text": "b"}))
    due = [s.config async for s in talk.graph.aget_state_history(CONFIG) if s.tasks and s.tasks[0].name == "call"][-1]
    await talk.graph.ainvoke(None, due)

    async def record() -> CallRecord:
        return (await storage.read(everything_on_record))["call_a"]

    again = await record()
    assert (again.state(), again.claim, again.edit) == ("waiting", None, None)
    assert [row.status for row in again.claims] == ["done"]
    await talk.desk.decide((await talk.waiting()).id, THREAD, ANA, Reject("once is enough"))
    said = (await on_record(storage, "call_a"))["call_a"]
    assert said.startswith("Rejected by the person who asked: once is enough.")
    assert said.endswith("This call ran before, on 2026-09-21 12:00:00+00:00: wrote b")
    assert (await record()).state() == "rejected"
