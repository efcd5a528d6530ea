"""Tool calls: what runs unasked, what asks, and that exactly what was shown runs, once."""

import asyncio
import itertools
import json
import threading
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, SecretStr, model_serializer

from graphs.agent.errors import ToolError
from graphs.agent.policy import Approval
from graphs.agent.results import read_result
from graphs.agent.tools import Tool, tool
from graphs.approvals.decisions import Approve, Edit, Reject, Respond
from graphs.errors import InvalidAnswer
from graphs.texts.canonical import digest
from storage import Storage
from storage.claims import ClaimRow
from tests.agent.conversing import ANA, CONFIG, LEA, THREAD, Talk, calls, gated, says
from tests.support.clock import Clock
from tests.support.rows import claims_of
from tests.support.waiting import until


class Books:
    """What was done, and with which idempotency key."""

    def __init__(self) -> None:
        self.done: list[tuple[Any, ...]] = []
        self.keys: list[str] = []


@pytest.fixture
def books() -> Books:
    return Books()


@pytest.fixture
def look_up() -> Tool[..., Any]:
    @tool
    def look_up(number: int) -> str:
        """Look something up."""
        return f"number {number} is fine"

    return look_up


@pytest.fixture
def pay(books: Books) -> Tool[..., Any]:
    @tool(approval=Approval(when=lambda args: args.amount > 50), destructive=True)
    def pay(number: int, amount: Decimal, idempotency_key: str, note: str = "none") -> str:
        """Pay an amount."""
        books.done.append((number, amount, note))
        books.keys.append(idempotency_key)
        return f"paid {amount}"

    return pay


PAY = {"number": 7, "amount": 80}


async def claimed(storage: Storage) -> list[ClaimRow]:
    return await storage.read(lambda db: claims_of(db, THREAD))


async def test_C1_every_call_of_a_message_is_a_task_and_each_gated_one_asks_by_itself(
    storage: Storage, look_up: Tool[..., Any], pay: Tool[..., Any], books: Books
):
    proposed = calls(
        ("look_up", {"number": 1}), ("pay", PAY), ("pay", {**PAY, "number": 8}), ("pay", {**PAY, "amount": 5})
    )
    talk = Talk(storage, [look_up, pay], proposed, says("Done."))
    await talk.say("pay")
    assert books.done == [(7, Decimal(5), "none")]
    first, second = sorted(await talk.all_waiting(), key=lambda row: row.payload["args"]["number"])
    assert first.payload == {
        "type": "tool_approval",
        "tool_call_id": proposed.tool_calls[1].id,
        "name": "pay",
        "args": {"amount": 80, "note": "none", "number": 7},
        "description": "Pay an amount.",
    }
    assert second.payload["args"]["number"] == 8
    assert len(talk.model.asked) == 1
    await talk.decide(Approve(), row=second)
    assert [number for number, *_ in books.done] == [7, 8]
    assert (await talk.waiting()).id == first.id
    await talk.decide(Reject("no"), row=first)
    results = talk.model.asked[1][-4:]
    assert [message["tool_call_id"] for message in results] == [call.id for call in proposed.tool_calls]
    assert [message["content"].split()[0] for message in results] == ["number", "Rejected", "paid", "paid"]


async def test_C2_what_was_shown_is_stored_as_bytes_hashed_and_run_once(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    talk = Talk(storage, [pay], calls(("pay", '{"amount": "80.0", "number": "7"}')), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    assert row.terms["data"] == '{"amount":80,"note":"none","number":7}'
    assert row.terms["terms"]["args_digest"] == digest(row.terms["data"].encode())
    assert row.payload["args"] == json.loads(row.terms["data"])
    assert books.done == []
    await talk.decide(Approve())
    assert books.done == [(7, Decimal(80), "none")]
    assert await talk.results() == ["paid 80"]
    assert [claim.status for claim in await claimed(storage)] == ["done"]
    assert books.keys == [claim.idempotency_key for claim in await claimed(storage)]


async def test_C2_a_policy_that_became_stricter_asks_anew_and_the_approval_does_not_count(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    old = await talk.waiting()
    await talk.desk.decide(old.id, THREAD, ANA, Approve())
    talk.deploy(gated(pay, approvers=["U0LEA"]))
    await talk.go_on()
    assert books.done == []
    new = await talk.waiting()
    assert new.terms["terms"]["approvers"] == ["U0LEA"]
    assert new.replaces == old.id
    assert "not among those who decide" in await talk.refused(Approve(), ANA)
    await talk.decide(Approve(), LEA)
    assert books.done == [(7, Decimal(80), "none")]


async def test_C2_a_policy_that_became_looser_keeps_what_was_decided(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    free = gated(pay, when=lambda args: False)
    talk = Talk(storage, [pay], calls(("pay", PAY)), calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    await talk.desk.decide(row.id, THREAD, ANA, Reject("too much"))
    talk.deploy(free)
    await talk.go_on()
    first, second = await talk.results()
    assert first.startswith("Rejected")
    assert (second, books.done) == ("paid 80", [(7, Decimal(80), "none")])


async def test_C2_a_looser_policy_leaves_a_question_waiting_that_was_asked(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    talk.deploy(gated(pay, when=lambda args: False))
    await talk.go_on()
    assert books.done == []
    await talk.decide(Approve())
    assert len(books.done) == 1


@pytest.mark.parametrize("decision", [Reject("no"), Respond("never mind")])
async def test_C4_a_decision_against_the_call_stands_whatever_became_of_the_policy(
    storage: Storage, pay: Tool[..., Any], books: Books, decision: Reject | Respond
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    await talk.desk.decide(row.id, THREAD, ANA, decision)
    talk.deploy(gated(pay, approvers=["U0LEA"]))
    await talk.go_on()
    assert (await talk.all_waiting(), books.done) == ([], [])
    assert decision.message in (await talk.results())[0]


async def test_C3_an_edit_runs_the_edited_call_and_the_model_learns_of_both(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    await talk.decide(Edit("pay", {"number": 7, "amount": "60", "note": "late"}))
    assert books.done == [(7, Decimal(60), "late")]
    (result,) = await talk.results()
    assert result.startswith("Edited by the person who asked")
    assert '"amount": 80' in result
    assert '"amount": 60' in result
    assert result.endswith("Result: paid 60")
    (assistant,) = [message for message in await talk.messages() if message.get("tool_calls")]
    assert json.loads(assistant["tool_calls"][0]["function"]["arguments"]) == PAY


async def test_C3_an_edit_by_somebody_who_decides_is_their_vote_for_it(
    storage: Storage, books: Books, pay: Tool[..., Any]
):
    talk = Talk(storage, [gated(pay, approvers=["U0LEA"])], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    await talk.decide(Edit("pay", {"number": 7, "amount": 90}), LEA)
    assert (await talk.all_waiting(), books.done) == ([], [(7, Decimal(90), "none")])


async def test_C3_an_edit_whose_vote_does_not_meet_the_rule_asks_anew(
    storage: Storage, books: Books, pay: Tool[..., Any]
):
    two_people = gated(pay, approvers=["U0LEA", "U0ANA"], quorum=2)
    talk = Talk(storage, [two_people], calls(("pay", PAY)), says("Done."))
    await talk.say("pay", by="U0MIA")
    first = await talk.decide(Edit("pay", {"number": 7, "amount": 90}), LEA)
    assert books.done == []
    again = await talk.waiting()
    assert again.replaces == first.id
    assert again.payload["args"]["amount"] == 90
    await talk.decide(Reject("still too much"), ANA)
    assert books.done == []
    (result,) = await talk.results()
    assert result.startswith("Edited by an approver")
    assert "Rejected by an approver: still too much" in result


async def test_C3_the_edited_call_is_not_run_on_an_approval_under_another_rule(
    storage: Storage, books: Books, pay: Tool[..., Any]
):
    two_people = gated(pay, approvers=["U0LEA", "U0ANA"], quorum=2)
    talk = Talk(storage, [two_people], calls(("pay", PAY)), says("Done."))
    await talk.say("pay", by="U0MIA")
    await talk.decide(Edit("pay", {"number": 7, "amount": 90}), LEA)
    again = await talk.waiting()
    await talk.graph.aanswer(CONFIG, {again.id: {"type": "approve"}}, by="U0ANA")
    talk.deploy(gated(pay, approvers=["U0BOSS", "U0ANA"], quorum=2))
    await talk.go_on()
    assert books.done == []
    assert (await talk.waiting()).terms["terms"]["approvers"] == ["U0BOSS", "U0ANA"]


async def test_C3_an_edited_call_that_a_release_describes_anew_is_asked_anew(
    storage: Storage, books: Books, pay: Tool[..., Any]
):
    two_people = gated(pay, approvers=["U0LEA", "U0ANA"], quorum=2)
    talk = Talk(storage, [two_people], calls(("pay", PAY)), says("Done."))
    await talk.say("pay", by="U0MIA")
    await talk.decide(Edit("pay", {"number": 7, "amount": 90}), LEA)
    talk.deploy(replace(two_people, description="Pay, for good."))
    again = await talk.decide(Approve(), ANA)
    assert books.done == []
    asked = await talk.waiting()
    assert (asked.replaces, asked.payload["description"]) == (again.id, "Pay, for good.")


async def test_C3_a_rejected_edit_stays_rejected_when_the_rule_would_now_be_met_by_the_editor(
    storage: Storage, books: Books, pay: Tool[..., Any]
):
    talk = Talk(storage, [gated(pay, approvers=["U0LEA", "U0ANA"], quorum=2)], calls(("pay", PAY)), says("Done."))
    await talk.say("pay", by="U0MIA")
    await talk.decide(Edit("pay", {"number": 7, "amount": 90}), LEA)
    again = await talk.waiting()
    await talk.desk.decide(again.id, THREAD, ANA, Reject("no"))
    talk.deploy(gated(pay, approvers=["U0LEA"]))
    await talk.go_on()
    assert books.done == []
    assert "Rejected by an approver: no" in (await talk.results())[0]


@pytest.mark.parametrize(
    ("edited", "said"),
    [
        ({"name": "pay", "args": {"number": "seven", "amount": 1}}, "number"),
        ({"name": "look_up", "args": {"number": 7, "amount": 1}}, "another tool"),
    ],
)
async def test_C3_an_edit_that_got_past_the_desk_and_cannot_run_does_not_run(
    storage: Storage, pay: Tool[..., Any], books: Books, look_up: Tool[..., Any], edited: dict[str, Any], said: str
):
    talk = Talk(storage, [pay, look_up], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    await talk.graph.aanswer(CONFIG, {row.id: {"type": "edit", "edited_action": edited}}, by="U0ANA")
    await talk.go_on()
    (result,) = await talk.results()
    assert said in result
    assert "did not run" in result
    assert books.done == []


async def test_C4_no_outcome_reads_like_another(storage: Storage, pay: Tool[..., Any], books: Books):
    @tool(timeout=0.01)
    async def slow() -> str:
        """Takes long."""
        await asyncio.Event().wait()
        return "never"

    @tool
    def broken() -> str:
        """Breaks."""
        raise ValueError("no such order")

    @tool
    def silent_break() -> str:
        """Breaks and says nothing."""
        raise ValueError

    proposed = calls(("pay", PAY), ("pay", PAY), ("slow", {}), ("broken", {}), ("silent_break", {}))
    talk = Talk(storage, [pay, slow, broken, silent_break], proposed, says("Done."))
    await talk.say("go")
    places = {call.id: place for place, call in enumerate(proposed.tool_calls)}
    first, second = sorted(await talk.all_waiting(), key=lambda row: places[row.payload["tool_call_id"]])
    await talk.decide(Reject(), row=first)
    await talk.decide(Respond("42"), row=second)
    assert books.done == []
    assert await talk.results() == [
        "Rejected by the person who asked, without a reason. The call did not run.",
        "Answered by the person who asked in the tool's place; the call did not run. Their answer: 42",
        "Timed out: the tool did not finish within 0.01 seconds. "
        "It may or may not have taken effect; do not repeat it without asking.",
        "Failed: no such order",
        "Failed: ValueError",
    ]


@pytest.mark.parametrize(
    "answer",
    [
        True,
        "approve",
        {"type": "approved"},
        {"type": "approve", "note": "x"},
        {"type": "APPROVE"},
        {},
        None,
        ["approve"],
    ],
)
async def test_C7_nothing_but_the_exact_decision_approves(
    storage: Storage, pay: Tool[..., Any], books: Books, answer: object
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    with pytest.raises(InvalidAnswer):
        await talk.graph.aanswer(CONFIG, {row.id: answer}, by="U0ANA")
    await talk.go_on()
    assert ((await talk.waiting()).id, books.done) == (row.id, [])


def _raises(args: Any) -> bool:
    raise RuntimeError("no")


@pytest.mark.parametrize("when", [_raises, lambda args: None, lambda args: "no", lambda args: args.nothing])
async def test_C7_a_policy_that_does_not_say_no_asks(storage: Storage, pay: Tool[..., Any], books: Books, when: Any):
    talk = Talk(storage, [gated(pay, when=when)], calls(("pay", {**PAY, "amount": 1})), says("Done."))
    await talk.say("pay")
    assert books.done == []
    assert (await talk.waiting()).payload["name"] == "pay"


@pytest.mark.parametrize(
    ("proposed", "said"),
    [
        (("no_such_tool", {}), "Unknown: There is no tool 'no_such_tool'. The tools are: pay."),
        (("pay", "{"), "Invalid: The arguments for 'pay' are not valid."),
        (
            ("pay", {"number": 1}),
            "Invalid: The arguments for 'pay' are not valid. amount: Field required. The call did not run.",
        ),
        (("pay", {**PAY, "colour": "red"}), "There is no such argument."),
        (("pay", '{"number": 1, "amount": NaN}'), "Invalid:"),
    ],
)
async def test_C7_what_cannot_run_goes_back_to_the_model(
    storage: Storage, pay: Tool[..., Any], books: Books, proposed: Any, said: str
):
    talk = Talk(storage, [pay], calls(proposed), says("I see."))
    await talk.say("pay")
    (result,) = await talk.results()
    assert said in result
    assert result.count("did not run") == 1
    assert (books.done, await talk.all_waiting()) == ([], [])
    assert (await talk.messages())[-1]["content"] == "I see."


class Lossy(BaseModel):
    """Written, it is another value than the one that was read."""

    count: int

    @model_serializer
    def _grow(self) -> dict[str, int]:
        return {"count": self.count + 1}


async def test_C7_arguments_that_cannot_be_written_down_never_run(storage: Storage, books: Books):
    @tool
    def keep(what: Lossy) -> str:
        """Keep it."""
        books.done.append((what,))
        return "kept"

    talk = Talk(storage, [keep], calls(("keep", {"what": {"count": 1}})), says("I see."))
    await talk.say("keep it")
    (result,) = await talk.results()
    assert "did not run" in result
    assert books.done == []


async def test_C6_what_went_wrong_is_on_record_as_an_end_and_is_not_run_again(storage: Storage, books: Books):
    @tool(approval=True)
    def broken(number: int) -> str:
        """Breaks."""
        books.done.append((number,))
        raise ValueError("no such order \ud800")

    talk = Talk(storage, [broken], calls(("broken", {"number": 1})), says("Done."))
    await talk.say("go")
    await talk.decide(Approve())
    (claim,) = await claimed(storage)
    assert claim.status == "done"
    assert read_result(claim.result) == {
        "failed": "no such order \ufffd",
        "told": "Failed: no such order \ufffd",
    }
    assert await talk.results() == ["Failed: no such order \ufffd"]


async def test_what_a_tool_refuses_is_one_line_of_the_log_and_told_to_the_model(
    storage: Storage, caplog: pytest.LogCaptureFixture
):
    @tool
    def find_order(number: int) -> str:
        """Find it."""
        raise ToolError(f"there is no order {number}\nERROR forged")

    @tool
    def broken() -> str:
        """Breaks."""
        raise KeyError("nobody expected this")

    caplog.set_level("DEBUG", "graphs.agent")
    talk = Talk(storage, [find_order, broken], calls(("find_order", {"number": 9}), ("broken", {})), says("Done."))
    await talk.say("go")
    assert (await talk.results())[0] == "Failed: there is no order 9\nERROR forged"
    (refused,) = [record for record in caplog.records if "find_order" in record.getMessage()]
    assert (refused.levelname, refused.exc_info) == ("INFO", None)
    assert "there is no order 9" in refused.getMessage()
    assert "\n" not in refused.getMessage()
    (other,) = [record for record in caplog.records if "broken" in record.getMessage()]
    assert other.exc_info is not None


async def test_the_requester_is_who_wrote_the_message_also_after_a_restart(
    storage: Storage, pay: Tool[..., Any], books: Books
):
    talk = Talk(storage, [pay], calls(("pay", PAY)), calls(("pay", PAY)), says("Done."))
    await talk.say("pay", by="U0LEA")
    assert "not among" in await talk.refused(Approve(), ANA)
    talk.deploy(pay)
    await talk.decide(Approve(), LEA)
    assert (await talk.waiting()).terms["terms"]["requester"] == "U0LEA"


async def test_a_secret_runs_in_clear_and_is_told_to_nobody(storage: Storage, books: Books):
    @tool(approval=True)
    def store_key(key: SecretStr) -> str:
        """Store a key."""
        books.done.append((key.get_secret_value(),))
        return "stored"

    talk = Talk(storage, [store_key], calls(("store_key", {"key": "hunter2"})), says("Done."))
    await talk.say("store it")
    row = await talk.waiting()
    assert "hunter2" not in json.dumps(row.payload)
    await talk.decide(Edit("store_key", {"key": "hunter3"}))
    assert books.done == [("hunter3",)]
    assert "hunter" not in "".join(await talk.results())


async def test_deadlines_are_stored_with_the_question_and_kept(
    storage: Storage, pay: Tool[..., Any], clock: Clock, books: Books
):
    talk = Talk(storage, [gated(pay, expires_after=timedelta(hours=1))], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    assert row.expires_at == (clock.now + timedelta(hours=1)).timestamp()
    clock.forward(hours=1)
    assert "expired" in await talk.refused(Approve())
    await talk.go_on()
    assert books.done == []


async def test_an_approval_before_the_deadline_runs_after_it(
    storage: Storage, pay: Tool[..., Any], clock: Clock, books: Books
):
    talk = Talk(storage, [gated(pay, expires_after=timedelta(hours=1))], calls(("pay", PAY)), says("Done."))
    await talk.say("pay")
    row = await talk.waiting()
    await talk.desk.decide(row.id, THREAD, ANA, Approve())
    clock.forward(hours=2)
    await talk.go_on()
    assert len(books.done) == 1


class Unstable(BaseModel):
    """What is read is not what was written."""

    text: str

    @model_serializer
    def written(self) -> dict[str, str]:
        return {"text": self.text + "!"}


@pytest.mark.parametrize(
    ("name", "args", "kind", "why"),
    [
        ("pay", {"number": "x", "amount": 80}, "invalid arguments", "number: "),
        ("pay", "no JSON", "invalid arguments", "Invalid JSON"),
        ("pay", "", "invalid arguments", "number: "),
        ("pray", PAY, "unknown tool", ""),
        ("keep", {"note": {"text": "a"}}, "unstorable arguments", ""),
        ("pay", PAY, "unreachable", "Nobody is there."),
    ],
)
async def test_why_a_call_was_refused_without_asking_stands_beside_what_the_model_is_told(
    storage: Storage, pay: Tool[..., Any], books: Books, name: str, args: Any, kind: str, why: str
):
    @tool(approval=True)
    def keep(note: Unstable) -> str:
        """Keep it."""
        return "kept"

    async def away(terms: Any, thread_id: str) -> str | None:
        return "Nobody is there."

    talk = Talk(storage, [pay, keep], calls((name, args)), says("I see."))
    talk.graph = talk.agent.compile(talk.model, storage, away)
    await talk.say("go")
    (told,) = [message for message in await talk.messages() if message["role"] == "tool"]
    assert told["refusal"]["kind"] == kind
    assert why in told["refusal"]["why"]
    assert "the call did not run" in told["content"].lower()
    assert (books.done, await talk.all_waiting()) == ([], [])


@pytest.mark.parametrize("decision", [Approve(), Reject("no"), Respond("x")])
async def test_what_was_asked_about_was_not_refused(storage: Storage, pay: Tool[..., Any], decision: Any):
    talk = Talk(storage, [pay], calls(("pay", PAY), ("pay", {**PAY, "amount": 1})), says("I see."))
    await talk.say("go")
    await talk.decide(decision)
    assert [message.get("refusal") for message in await talk.messages() if message["role"] == "tool"] == [None, None]


@pytest.mark.parametrize("raised", [SystemExit("no"), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()])
@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize("is_gated", [True, False])
async def test_a_tool_that_leaves_has_failed_as_any_other_and_is_not_run_again(
    storage: Storage, raised: BaseException, is_async: bool, is_gated: bool, caplog: pytest.LogCaptureFixture
):
    begun: list[str] = []

    def leave(text: str) -> str:
        """Leave."""
        begun.append(text)
        raise raised

    async def leave_async(text: str) -> str:
        """Leave."""
        return leave(text)

    made = tool(approval=Approval() if is_gated else None)(leave_async if is_async else leave)
    talk = Talk(storage, [made], calls((made.name, {"text": "a"})), says("Well."))
    await talk.say("leave")
    if is_gated:
        await talk.decide(Approve())
    name = type(raised).__name__
    assert await talk.results() == [f"Failed: {name}: no" if name == "SystemExit" else f"Failed: {name}"]
    (claim,) = await claimed(storage)
    assert (claim.status, read_result(claim.result) != "") == ("done", True)
    assert begun == ["a"]
    assert f"tool {made.name!r} failed" in caplog.text
    assert (await talk.messages())[-1]["content"] == "Well."


@pytest.mark.parametrize("raised", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), StopIteration()])
async def test_c7_a_policy_that_leaves_asks(storage: Storage, raised: BaseException, books: Books):
    def when(args: Any) -> bool:
        raise raised

    @tool(approval=Approval(when=when))
    def pay(amount: int) -> str:
        """Pay."""
        books.done.append((amount,))
        return "paid"

    talk = Talk(storage, [pay], calls(("pay", {"amount": 1})), says("Done."))
    await talk.say("pay")
    assert books.done == []
    await talk.decide(Approve())
    assert books.done == [(1,)]


async def test_a_policy_that_takes_its_time_holds_up_nobody_else(storage: Storage):
    begun, go_on = threading.Event(), threading.Event()

    def when(args: Any) -> bool:
        begun.set()
        return not go_on.wait(30)

    @tool(approval=Approval(when=when))
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    talk = Talk(storage, [pay], calls(("pay", {"amount": 1})), says("Done."))
    saying = asyncio.create_task(talk.say("pay"))
    await until(begun.is_set, "the policy to be asked")
    go_on.set()  # said by the event loop, which it did not hold up
    await saying
    assert await talk.results() == ["paid"]


async def test_a_check_of_a_tools_own_holds_up_nobody_else_whenever_it_is_made(storage: Storage):
    ticks = itertools.count()
    now = [next(ticks)]

    def known(number: int) -> int:
        began, end = now[0], time.monotonic() + 20
        while now[0] == began:  # until the event loop has done something else
            assert time.monotonic() < end
            time.sleep(0.001)
        return number

    @tool(approval=Approval())
    def look_up(number: Annotated[int, AfterValidator(known)]) -> str:
        """Look it up."""
        return "found"

    async def tick() -> None:
        while True:
            now[0] = next(ticks)
            await asyncio.sleep(0.001)

    ticking = asyncio.create_task(tick())
    talk = Talk(storage, [look_up], calls(("look_up", {"number": 1})), says("Done."))
    await talk.say("look")
    await talk.decide(Approve())
    ticking.cancel()
    assert await talk.results() == ["found"]


@pytest.mark.parametrize("raised", [RuntimeError("hunter2"), SystemExit(1), asyncio.CancelledError(), KeyError("x")])
async def test_a_check_of_a_tools_own_that_raises_anything_refuses_the_arguments(
    storage: Storage, raised: BaseException, books: Books, caplog: pytest.LogCaptureFixture
):
    def check(text: str) -> str:
        raise raised

    @tool(approval=Approval())
    def note(text: Annotated[str, AfterValidator(check)]) -> str:
        """Note."""
        books.done.append((text,))
        return "noted"

    talk = Talk(storage, [note], calls(("note", {"text": "a"})), says("Well."))
    await talk.say("note")
    (result,) = await talk.results()
    assert result.startswith("Invalid: ")
    assert type(raised).__name__ in result
    assert "hunter2" not in result + caplog.text
    assert "of tool 'note' is refused" in caplog.text
    assert books.done == []


async def test_a_policy_that_takes_its_time_about_an_edit_holds_up_nobody_else(storage: Storage):
    begun, go_on = threading.Event(), threading.Event()

    def when(args: Any) -> bool:
        if args.amount == 1:
            return True
        begun.set()
        return not go_on.wait(30)

    @tool(approval=Approval(when=when))
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    talk = Talk(storage, [pay], calls(("pay", {"amount": 1})), says("Done."))
    await talk.say("pay")
    deciding = asyncio.create_task(talk.decide(Edit("pay", {"amount": 2})))
    await until(begun.is_set, "the policy to be asked")
    go_on.set()  # said by the event loop, which it did not hold up
    await deciding
    assert "paid 2" in (await talk.results())[0]


class Opaque:
    """A result whose own methods do this when they are asked what it is."""

    def __init__(self, act: Any) -> None:
        self.act = act

    def __str__(self) -> str:
        return self.act()

    __repr__ = __str__


class OpaqueModel(BaseModel):
    how: str = "dumped"
    _act: Any = None

    @model_serializer
    def dumped(self) -> dict[str, Any]:
        return self._act()


def raising(error: BaseException) -> Any:
    def act() -> Any:
        raise error

    return act


@pytest.mark.parametrize("policy", [None, Approval()])
@pytest.mark.parametrize("error", [RuntimeError("no"), SystemExit(1), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("shape", ["alone", "in a list", "as a key", "a model"])
async def test_a_result_that_cannot_say_what_it_is_has_been_done_all_the_same(
    storage: Storage, books: Books, policy: Approval | None, error: BaseException, shape: str
):
    @tool(approval=policy)
    def work() -> object:
        """Work."""
        books.done.append(())
        opaque = Opaque(raising(error))
        model = OpaqueModel()
        model._act = raising(error)
        return {"alone": opaque, "in a list": [opaque], "as a key": {opaque: 1}, "a model": model}[shape]

    talk = Talk(storage, [work], calls(("work", {})), says("ok"))
    await talk.say("work")
    if policy is not None:
        await talk.decide(Approve())
    (result,) = await talk.results()
    name = {"alone": "Opaque", "in a list": "list", "as a key": "dict"}.get(shape)
    assert result == (f"The result, of type {name}, cannot be written as text." if name else "how='dumped'")
    assert books.done == [()]
    (row,) = (await storage.read(lambda db: claims_of(db, THREAD))) or [None]
    assert row is None or row.status == "done"


async def test_a_result_that_takes_its_time_to_say_what_it_is_holds_up_nobody_else(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("graphs.agent.effect.WRITTEN_WITHIN", 0.05)
    released = threading.Event()

    @tool
    def work() -> object:
        """Work."""
        return Opaque(lambda: str(released.wait()))

    talk = Talk(storage, [work], calls(("work", {})), says("ok"))
    try:
        await talk.say("work")
    finally:
        released.set()
    assert await talk.results() == ["The result, of type Opaque, cannot be written as text."]
