"""What the model reads of a call that people edited: who made what of it, and what became of that and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from graphs.agent import call_record
from graphs.agent.policy import Approval
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Decision, Edit, Reject, Respond
from graphs.approvals.terms import Actor, UserId
from storage import Storage, deadlines
from storage.claims import ClaimStatus
from tests.agent.conversing import CONFIG, LEA, Talk, calls, everything_on_record, says
from tests.support.clock import Clock

MAX = Actor(UserId("U0MAX"), "T0LOCAL", "member")

ONCE = 'Edited by an approver. Proposed: {"text": "a"}. Edited to: {"text": "b"}. Then: '
TWICE = 'Edited by an approver, then by an approver. Proposed: {"text": "a"}. Edited to: {"text": "c"}. Then: '
RAN = 'Edited by an approver before it ran. Proposed: {"text": "a"}. Ran instead: {"text": "b"}. Result: '
RAN_TWICE = RAN.replace("an approver", "an approver, then by an approver").replace('"b"', '"c"')


def writing(**policy: Any) -> Tool[..., Any]:
    @tool(approval=Approval(approvers=["U0LEA", "U0MAX"], quorum=2, expires_after=timedelta(hours=1), **policy))
    def write(text: str) -> str:
        """Write it."""
        if len(text) > 5:
            raise ValueError("illegible")
        return f"wrote {text}"

    return write


def to(text: str) -> Edit:
    return Edit("write", {"text": text})


async def edited(storage: Storage, *made: str) -> Talk:
    """A conversation in which a call waits that was edited into each of these; Lea's vote stands on the last."""
    talk = Talk(storage, [writing()], calls(("write", {"text": "a"}), ids=["call_a"]), says("Done."))
    await talk.say("write")
    for text in made:
        await talk.decide(to(text), LEA)
    return talk


async def told(talk: Talk) -> str:
    """What the call said itself, which has to be what its record says, too."""
    (said,) = await talk.results()
    record = (await talk.storage.read(everything_on_record))["call_a"]
    assert call_record.outcome(record, talk.agent.toolbox) == said
    return said


@pytest.mark.parametrize("made", [["b"], ["b", "c"]])
@pytest.mark.parametrize(
    ("decision", "said"),
    [
        (Reject("still too much"), "Rejected by an approver: still too much. The call did not run."),
        (Reject(), "Rejected by an approver, without a reason. The call did not run."),
        (Respond("by hand"), "Answered by an approver in the tool's place; the call did not run."),
    ],
)
async def test_an_edit_that_is_decided_against_tells_that_and_never_that_it_ran(
    storage: Storage, made: list[str], decision: Decision, said: str
):
    talk = await edited(storage, *made)
    await talk.decide(decision, MAX)
    text = await told(talk)
    assert text.startswith((ONCE if len(made) == 1 else TWICE) + said)
    assert "Ran instead" not in text


@pytest.mark.parametrize(("made", "said"), [(["b"], ONCE), (["b", "c"], TWICE)])
async def test_an_edit_that_nobody_decided_about_in_time_expired(
    storage: Storage, clock: Clock, made: list[str], said: str
):
    talk = await edited(storage, *made)
    clock.forward(hours=2)
    await storage.write(lambda db: [*deadlines.expire(db, storage.now())])
    await talk.go_on()
    assert (await told(talk)).startswith(f"{said}Expired: nobody decided in time. The call did not run.")


@pytest.mark.parametrize(("made", "said"), [(["b"], RAN), (["b", "c"], RAN_TWICE)])
async def test_an_edit_that_ran_tells_the_last_one_and_its_result(storage: Storage, made: list[str], said: str):
    talk = await edited(storage, *made)
    await talk.decide(Approve(), MAX)
    assert await told(talk) == f"{said}wrote {made[-1]}"


async def test_an_edit_that_failed_tells_that_it_failed(storage: Storage):
    talk = await edited(storage, "too long")
    await talk.decide(Approve(), MAX)
    text = await told(talk)
    assert text == (
        'Edited by an approver. Proposed: {"text": "a"}. Edited to: {"text": "too long"}. Then: Failed: illegible'
    )


@pytest.mark.parametrize("status", ["claimed", "paused", "in doubt"])
async def test_an_edit_that_was_begun_and_never_ended_is_in_doubt(storage: Storage, status: ClaimStatus):
    talk = await edited(storage, "b")
    await talk.decide(Approve(), MAX)
    record = (await storage.read(everything_on_record))["call_a"]
    (claim,) = record.claims
    begun = replace(record, claims=[replace(claim, status=status, result=None)])
    assert call_record.outcome(begun, talk.agent.toolbox) == (
        f"{ONCE}In doubt: the call was begun, and nobody knows whether it took effect. Do not repeat it without asking."
    )


async def test_an_edit_that_was_taken_back_is_cancelled(storage: Storage):
    talk = await edited(storage, "b")
    await talk.graph.ainvoke({"messages": []}, CONFIG, by="U0ANA", on_waiting="cancel")
    record = (await storage.read(everything_on_record))["call_a"]
    said = call_record.outcome(record, talk.agent.toolbox)
    assert said.startswith(f"{ONCE}Cancelled: ")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda args: {"name": "write", "args": {"words": "b"}}, "Invalid: the edit by an approver cannot be run."),
        (lambda args: {"name": "other", "args": args}, "Invalid: the edit by an approver cannot be run."),
    ],
)
async def test_an_edit_that_cannot_run_is_invalid(storage: Storage, changed: Callable[[Any], Any], said: str):
    """As where the tool takes other arguments by the time the answer is read."""
    talk = await edited(storage)
    row = await talk.waiting()
    answer = {"type": "edit", "edited_action": changed({"text": "b"})}
    await talk.graph.aanswer(CONFIG, {row.id: answer}, by="U0LEA")
    await talk.go_on()
    (text,) = await talk.results()
    assert text.startswith(f'Edited by an approver. Proposed: {{"text": "a"}}. Then: {said}')
    assert "The call did not run." in text
    (message,) = [each for each in await talk.messages() if each["role"] == "tool"]
    assert message["refusal"]["kind"] == "invalid arguments"


async def test_an_edit_whose_approvers_are_gone_is_unreachable(storage: Storage):
    async def away(terms: Any, thread_id: str) -> str | None:
        return "Everybody is away."

    talk = await edited(storage)
    row = await talk.waiting()
    answer = {"type": "edit", "edited_action": {"name": "write", "args": {"text": "b"}}}
    await talk.graph.aanswer(CONFIG, {row.id: answer}, by="U0LEA")
    talk.graph = talk.agent.compile(talk.model, storage, away)
    await talk.go_on()
    (text,) = await talk.results()
    assert text.startswith(f"{ONCE}Unreachable: Everybody is away.")
    assert text.endswith("the call did not run.")


def test_a_record_without_rows_is_lost():
    assert call_record.outcome(call_record.NOTHING, Toolbox([writing()])).startswith("Lost: ")
