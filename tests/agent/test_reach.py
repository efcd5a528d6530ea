"""A call that nobody could approve is not asked about; what was asked once stays asked."""

from dataclasses import dataclass, field

from graphs import tool
from graphs.agent.policy import Approval
from graphs.approvals.decisions import Approve
from graphs.approvals.terms import Terms
from storage import Storage
from tests.agent.conversing import LEA, THREAD, Talk, calls, says

WHY = "pay needs 1 approval, and nobody can approve: Lea is away."


@dataclass
class Office:
    """Says who is there; `why` can be set. It notes what it was asked."""

    why: str | None
    asked: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)

    async def __call__(self, terms: Terms, thread_id: str) -> str | None:
        self.asked.append((terms.approvers, thread_id))
        return self.why

    def talk(self, storage: Storage) -> Talk:
        @tool(approval=Approval(when=lambda args: args.amount > 50, approvers=["U0LEA"]))
        def pay(amount: int) -> str:
            """Pay."""
            self.paid.append(amount)
            return f"Paid {amount}."

        talk = Talk(storage, [pay], calls(("pay", {"amount": 80})), says("It cannot be."))
        talk.graph = talk.agent.compile(talk.model, storage, self)
        return talk


async def test_what_nobody_can_approve_is_not_asked_and_the_model_is_told(storage: Storage):
    office = Office(WHY)
    talk = office.talk(storage)
    await talk.say("pay")
    assert await talk.all_waiting() == []
    assert await talk.results() == [f"Unreachable: {WHY} Nobody was asked, and the call did not run."]
    assert office.asked == [(("U0LEA",), THREAD)]
    assert office.paid == []


async def test_a_question_that_was_asked_waits_whoever_leaves(storage: Storage):
    office = Office(None)
    talk = office.talk(storage)
    await talk.say("pay")
    office.why = WHY
    await talk.decide(Approve(), LEA)
    assert await talk.results() == ["Paid 80."]
    assert len(office.asked) == 1


async def test_a_call_that_no_rule_asks_about_asks_for_nobody(storage: Storage):
    office = Office(WHY)
    talk = office.talk(storage)
    talk.model.lines = [calls(("pay", {"amount": 20})), says("Paid.")]
    await talk.say("pay")
    assert (office.paid, office.asked) == ([20], [])
