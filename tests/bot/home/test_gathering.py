"""What concerns whom: by the terms of each question, by what Slack knows of people, and by what was decided."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.demo.workspace import Workspace
from bot.home.gathering import Gathering
from bot.people.directory import Directory
from bot.people.people import People
from bot.shown.overview import Overview
from graphs.agent.policy import Approval
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import tool
from graphs.approvals.states import State
from graphs.approvals.terms import Terms, UserId
from storage import Connection, Storage, claims, concerns, inbox, interrupts, posts, threads, votes
from storage.claims import ClaimRow
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.inbox import Delivery
from storage.interrupts import NewInterrupt
from storage.posts import Post
from storage.votes import VoteRow
from tests.support.clock import Clock

TEAM = "T0LOCAL"
URL = "https://harbour.slack.com/"
IN_SUPPORT = ThreadId(f"{TEAM}/C0SUPPORT/1.000001")
IN_DM_OF_ANA = ThreadId(f"{TEAM}/D0ANA/2.000001")
AT = 1_790_000_000.0


@tool(title="Pay bill {number}", approval=Approval())
def pay(number: int) -> str:
    """Pay it."""
    return ""


@pytest.fixture
def gathering(workspace: Workspace, storage: Storage, slack: Any) -> Gathering:
    people = People(Directory(slack, TEAM), TEAM)
    return Gathering(storage, people, Toolbox([pay]), TEAM, URL)


def held(db: Connection, thread: ThreadId = IN_SUPPORT) -> None:
    team, channel, ts = thread.split("/")
    inbox.receive(db, Delivery(f"Ev{ts}", "message", thread, team, channel, ts, ts, "U0ANA", "pay"), AT)


def ask(
    db: Connection,
    id_: str,
    *,
    by: str = "U0ANA",
    thread: ThreadId = IN_SUPPORT,
    kind: str = "tool_approval",
    expires_at: float | None = None,
    **more: Any,
) -> None:
    """A call, named for its id, that is asked about."""
    usual = {
        "tool": "pay",
        "args_digest": "a",
        "schema_digest": "s",
        "policy": "p",
        "rule": "every call asks",
        "requester": UserId(by),
        "approvers": ("requester",),
        "quorum": 1,
        "self_approval": True,
        "allow": ("approve", "edit", "reject"),
        "expires_at": datetime.fromtimestamp(expires_at, UTC) if expires_at else None,
    }
    terms = Terms(**(usual | more))
    payload = {"type": kind, "tool_call_id": f"call {id_}", "name": "pay", "args": {"number": 7}, "title": f"Pay {id_}"}
    if kind == "in_doubt":
        payload = {**payload, "idempotency_key": "k"}
        del payload["title"]
    bound = {"terms": terms.model_dump(mode="json"), "data": '{"number":7}', "message_id": f"m-{id_}"}
    question = NewInterrupt(
        InterruptId(id_), thread, Namespace(""), Scope(f"task {id_}"), 0, "call", kind, json.dumps(payload), "d",
        terms=json.dumps(bound), requester=by, expires_at=expires_at,
    )  # fmt: skip
    interrupts.ask(db, question, AT)


def ask_of_graph(
    db: Connection, id_: str, payload: Any, *, kind: str = "question", approvers: list[str] | None = None
) -> None:
    """What a graph of one's own asks, or where it stopped."""
    terms = None if approvers is None else json.dumps({"approvers": approvers})
    question = NewInterrupt(
        InterruptId(id_), IN_SUPPORT, Namespace(""), Scope(f"task {id_}"), 0, "publish_it", kind, json.dumps(payload),
        "d", terms=terms, requester="U0ANA",
    )  # fmt: skip
    interrupts.ask(db, question, AT)


def answer(db: Connection, id_: str, by: str, decision: Any, at: float = AT + 1, thread: ThreadId = IN_SUPPORT) -> None:
    interrupts.answer(db, thread, {InterruptId(id_): json.dumps(decision)}, by=by, now=at)


def ran(db: Connection, id_: str) -> None:
    begun = ClaimRow(Scope(f"task {id_}"), f"call:call {id_}", IN_SUPPORT, "k", "claimed", None, None, AT + 2, None)
    claims.put(db, begun)
    claims.put(db, replace(begun, status="done", result='"paid"', settled_at=AT + 3))


async def seen(storage: Storage, gathering: Gathering, user: str, direct: str | None = None) -> Overview:
    """What concerns somebody, some time after all was asked."""
    waiting = await storage.read(concerns.waiting)
    return await replace(gathering, storage=storage).overview(user, direct, waiting)


def titles(some: Any) -> list[str]:
    return [each.title for each in some.shown]


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime.fromtimestamp(AT + 100, UTC))


async def test_each_question_is_where_it_belongs_for_each_person(storage: Storage, gathering: Gathering) -> None:
    def job(db: Connection) -> None:
        held(db)
        ask(db, "mine")
        ask(db, "leas", approvers=("U0LEA",))
        ask(db, "leads", approvers=("S0LEADS",))
        ask(db, "anyone", approvers=("channel",))
        ask(db, "not by me", approvers=("channel",), self_approval=False)
        ask(db, "nobody I know", by="U0LEA", approvers=("U0OTHER",))
        ask(db, "late", expires_at=AT + 50)

    await storage.write(job)
    of_ana, of_lea, of_max = [await seen(storage, gathering, user) for user in ("U0ANA", "U0LEA", "U0MAX")]
    assert titles(of_ana.waiting) == ["Pay mine", "Pay anyone"]
    assert titles(of_ana.theirs) == ["Pay leas", "Pay leads", "Pay not by me"]
    assert titles(of_lea.waiting) == ["Pay leas", "Pay leads", "Pay anyone", "Pay not by me"]
    assert titles(of_lea.theirs) == ["Pay nobody I know"]
    assert (titles(of_max.waiting), titles(of_max.theirs), of_max.decided) == ([], [], [])  # a guest
    assert of_max.refusal is not None
    assert (of_ana.refusal, of_ana.unclear, of_ana.is_new) == (None, False, False)
    assert of_lea.is_new


async def test_who_has_voted_waits_for_the_others(storage: Storage, gathering: Gathering) -> None:
    def job(db: Connection) -> None:
        held(db)
        ask(db, "two", approvers=("channel",), quorum=2)
        votes.cast(db, VoteRow(InterruptId("two"), "U0ANA", TEAM, AT, {}))

    await storage.write(job)
    of_ana, of_lea = await seen(storage, gathering, "U0ANA"), await seen(storage, gathering, "U0LEA")
    assert (titles(of_ana.waiting), titles(of_ana.theirs)) == ([], ["Pay two"])
    (waiting,) = of_lea.waiting.shown
    assert (waiting.quorum, waiting.votes, waiting.for_reader) == (2, ["U0ANA"], True)


async def test_what_is_in_doubt_is_there_for_who_asked_and_for_who_can_settle_it(
    storage: Storage, gathering: Gathering
) -> None:
    def job(db: Connection) -> None:
        held(db)
        ask(db, "begun", kind="in_doubt", approvers=("U0LEA",), allow=("approve",))

    await storage.write(job)
    of_ana, of_lea = await seen(storage, gathering, "U0ANA"), await seen(storage, gathering, "U0LEA")
    assert [(titles(each.doubts), each.doubts.shown[0].for_reader) for each in (of_ana, of_lea)] == [
        (["Pay bill 7"], False),
        (["Pay bill 7"], True),
    ]
    assert (of_ana.theirs.in_all, of_lea.waiting.in_all) == (0, 0)


async def test_what_ends_first_is_first_and_what_is_not_shown_is_counted(
    storage: Storage, gathering: Gathering
) -> None:
    def job(db: Connection) -> None:
        held(db)
        for number in range(30):
            ask(db, f"{number:02}", expires_at=None if number < 25 else AT + 1000 - number)

    await storage.write(job)
    shown = (await seen(storage, gathering, "U0ANA")).waiting
    assert shown.in_all == 30
    assert titles(shown)[:6] == ["Pay 29", "Pay 28", "Pay 27", "Pay 26", "Pay 25", "Pay 00"]
    assert len(shown.shown) == 20


async def test_open_leads_to_ones_own_copy_else_to_the_card_and_never_to_anothers_messages(
    storage: Storage, gathering: Gathering
) -> None:
    def job(db: Connection) -> None:
        for thread in (IN_SUPPORT, IN_DM_OF_ANA):
            held(db, thread)
        ask(db, "here", approvers=("channel",))
        ask(db, "there", thread=IN_DM_OF_ANA, approvers=("U0ANA", "U0LEA"))
        ask(db, "no card yet", approvers=("channel",))
        posts.save(db, Post("calls:m-here", IN_SUPPORT, "C0SUPPORT", "5.000001", "x", "1.000001"), AT)
        posts.save(db, Post("calls:m-there", IN_DM_OF_ANA, "D0ANA", "6.000001", "x", "2.000001"), AT)

    await storage.write(job)

    async def links(user: str, direct: str) -> dict[str, str | None]:
        shown = (await seen(storage, gathering, user, direct)).waiting.shown
        return {each.title: each.link for each in shown}

    in_support = f"{URL}archives/C0SUPPORT/p5000001?thread_ts=1.000001&cid=C0SUPPORT"
    in_dm = f"{URL}archives/D0ANA/p6000001?thread_ts=2.000001&cid=D0ANA"
    assert await links("U0ANA", "D0ANA") == {"Pay here": in_support, "Pay there": in_dm, "Pay no card yet": None}
    assert await links("U0LEA", "D0LEA") == {"Pay here": in_support, "Pay there": None, "Pay no card yet": None}
    copy = Post("calls:m-there@D0LEA", IN_DM_OF_ANA, "D0LEA", "7.000001", "x")
    await storage.write(lambda db: posts.save(db, copy, AT))
    assert (await links("U0LEA", "D0LEA"))["Pay there"] == f"{URL}archives/D0LEA/p7000001"


async def test_the_last_decisions_are_each_calls_last_with_what_came_of_it(
    storage: Storage, gathering: Gathering
) -> None:
    def job(db: Connection) -> None:
        held(db)
        threads.take(db, IN_SUPPORT, storage.owner, AT)
        ask(db, "paid", approvers=("U0LEA",))
        ask(db, "declined")
        ask(db, "changed")
        answer(db, "paid", "U0LEA", {"type": "approve"}, AT + 1)
        ran(db, "paid")
        answer(db, "declined", "U0ANA", {"type": "reject", "message": "wrong one"}, AT + 5)
        edit = {"type": "edit", "edited_action": {"name": "pay", "args": {"number": 8}}}
        answer(db, "changed", "U0ANA", edit, AT + 6)
        interrupts.consume(db, [InterruptId("changed")])
        ran(db, "changed")

    await storage.write(job)
    told = [
        (each.title, each.state, each.decision, each.by, each.reason)
        for each in (await seen(storage, gathering, "U0ANA")).decided
    ]
    assert told == [
        ("Pay bill 8", State.DONE, "edit", ["U0ANA"], ""),  # what ran, and not what was proposed
        ("Pay declined", State.REJECTED, "reject", ["U0ANA"], "wrong one"),
        ("Pay paid", State.DONE, "approve", ["U0LEA"], ""),
    ]
    assert [each.title for each in (await seen(storage, gathering, "U0LEA")).decided] == ["Pay paid"]


async def test_what_a_graph_of_ones_own_asks_is_there_for_who_may_answer(
    storage: Storage, gathering: Gathering
) -> None:
    def job(db: Connection) -> None:
        held(db)
        ask_of_graph(db, "q1", "Which colour?")
        ask_of_graph(db, "q2", {"question": "Publish this draft?", "draft": "…"}, approvers=["U0LEA"])
        ask_of_graph(db, "q3", {"before": ["publish_it"], "after": []}, kind="breakpoint")
        posts.save(db, Post("question:q1", IN_SUPPORT, "C0SUPPORT", "5.000001", "x", "1.000001"), AT)

    await storage.write(job)
    of_ana, of_lea = await seen(storage, gathering, "U0ANA"), await seen(storage, gathering, "U0LEA")
    assert titles(of_ana.waiting) == ["Which colour?", "Go on with publish it?"]
    assert of_ana.waiting.shown[0].link == f"{URL}archives/C0SUPPORT/p5000001?thread_ts=1.000001&cid=C0SUPPORT"
    assert [(each.title, each.about) for each in of_ana.theirs.shown] == [("Publish this draft?", "answer")]
    assert titles(of_lea.waiting) == ["Publish this draft?"]
    await storage.write(lambda db: answer(db, "q2", "U0LEA", True))
    await storage.write(lambda db: answer(db, "q3", "U0ANA", None, AT + 2))
    decided = (await seen(storage, gathering, "U0ANA")).decided
    assert [(each.title, each.decision, each.by) for each in decided] == [
        ("Go on with publish it?", "continue", ["U0ANA"]),
        ("Publish this draft?", None, ["U0LEA"]),
    ]
