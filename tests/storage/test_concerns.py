"""What waits, for everybody; and what was decided, for one person."""

import json
from collections.abc import Callable
from dataclasses import replace

from storage import Connection, Storage, audit, concerns, inbox, interrupts, posts, votes
from storage.ids import InterruptId, ThreadId
from storage.inbox import Delivery
from storage.posts import Post
from storage.votes import VoteRow
from tests.storage.support import question

HERE = ThreadId("T0/C0/1.0")


def ask(db: Connection, id_: str, ordinal: int = 0, *, by: str = "U1", expires_at: float | None = None) -> None:
    about = json.dumps({"question": "tool_approval"})
    asked = replace(question(id_, HERE, ordinal), requester=by, expires_at=expires_at, about=about)
    interrupts.ask(db, asked, 1.0)


def answer(db: Connection, id_: str, by: str, at: float) -> None:
    interrupts.answer(db, HERE, {InterruptId(id_): '{"type": "approve"}'}, by=by, now=at)


def vote(db: Connection, id_: str, user: str, at: float) -> None:
    votes.cast(db, VoteRow(InterruptId(id_), user, "T0", at, {}))


async def test_what_waits_comes_with_its_votes_its_place_and_its_posts(storage: Storage) -> None:
    def job(db: Connection) -> list[concerns.Concern]:
        inbox.receive(db, Delivery("Ev", "message", HERE, "T0", "C0", "1.0", "1.0", "U1", "hello"), 0.0)
        ask(db, "q1")
        ask(db, "q2", 1)
        vote(db, "q2", "U7", 2.0)
        posts.save(db, Post("calls:m1", HERE, "C0", "2.0", "shown", "1.0"), 2.0)
        posts.save(db, Post("calls:m2", HERE, "C0", None, None, "1.0"), 2.0)
        ask(db, "q3", 2)
        answer(db, "q3", "U1", 3.0)
        return concerns.waiting(db)

    first, second = await storage.write(job)
    assert (first.row.id, second.row.id) == ("q1", "q2")
    assert ([each.user for each in first.votes], [each.user for each in second.votes]) == ([], ["U7"])
    assert first.conversation is not None
    assert first.conversation.channel == "C0"
    assert [(post.subject, post.ts) for post in first.posts] == [("calls:m1", "2.0")]


async def test_the_signature_changes_with_whatever_changes_about_what_waits(storage: Storage) -> None:
    steps: list[Callable[[Connection], None]] = [
        lambda db: ask(db, "q1"),
        lambda db: ask(db, "q2", 1),
        lambda db: posts.save(db, Post("calls:m1", HERE, "C0", "2.0", "shown"), 2.0),
        lambda db: posts.save(db, Post("calls:m1", HERE, "C0", "3.0", "shown"), 2.0),
        lambda db: interrupts.judged(db, HERE, InterruptId("q1"), 1, 2.0),
        lambda db: answer(db, "q2", "U1", 3.0),
    ]

    def job(db: Connection) -> list[concerns.Signature]:
        seen = [concerns.signature(db)]
        for step in steps:
            step(db)
            seen.append(concerns.signature(db))
        return [*seen, concerns.signature(db)]

    *seen, again = await storage.write(job)
    assert len(set(seen)) == len(seen)
    assert again == seen[-1]


async def test_what_somebody_decided_or_asked_for_is_found_the_newest_first(storage: Storage) -> None:
    def job(db: Connection) -> dict[str, list[str]]:
        ask(db, "asked", 0, by="ana")
        ask(db, "decided", 1, by="other")
        ask(db, "voted", 2, by="other")
        ask(db, "late", 3, by="ana", expires_at=15.0)
        ask(db, "waits", 4, by="ana")
        ask(db, "of others", 5, by="other")
        answer(db, "asked", "lea", 10.0)
        answer(db, "decided", "ana", 20.0)
        vote(db, "voted", "ana", 25.0)
        answer(db, "voted", "lea", 30.0)
        vote(db, "waits", "ana", 26.0)
        answer(db, "of others", "other", 40.0)
        db.execute("update interrupts set status = 'expired' where id = 'late'")
        found = {user: concerns.decided(db, user, 10) for user in ("ana", "lea", "nobody")}
        found["two"] = concerns.decided(db, "ana", 2)
        return {user: [row.id for row in rows] for user, rows in found.items()}

    assert await storage.write(job) == {
        "ana": ["voted", "decided", "late", "asked"],
        "lea": ["voted", "asked"],
        "nobody": [],
        "two": ["voted", "decided"],
    }


async def test_the_audit_tells_whom_something_new_is_about(storage: Storage) -> None:
    def job(db: Connection) -> list[tuple[set[str], int]]:
        seen = [concerns.touched(db, 0)]
        ask(db, "q1", by="ana")
        seen.append(concerns.touched(db, 0))
        vote(db, "q1", "kim", 2.0)
        answer(db, "q1", "lea", 3.0)
        seen.append(concerns.touched(db, 1))
        seen.append(concerns.touched(db, audit.head(db)[0]))
        return seen

    assert await storage.write(job) == [
        (set(), 0),
        ({"ana"}, 1),
        ({"ana", "kim", "lea"}, 2),
        (set(), 2),
    ]


async def test_what_is_looked_up_for_a_home_is_found_by_an_index(file_storage: Storage) -> None:
    def job(db: Connection) -> list[str]:
        explained = db.execute(
            """explain query plan select seq from interrupts
               where requester = 'U1' and answered_at is not null order by answered_at desc limit 5"""
        ).fetchall()
        explained += db.execute(
            """explain query plan select i.seq from votes v join interrupts i on i.id = v.interrupt_id
               where v.user = 'U1' order by v.rowid desc limit 5"""
        ).fetchall()
        return [row["detail"] for row in explained]

    plan = await file_storage.read(job)
    assert not [line for line in plan if line.startswith(("SCAN", "USE TEMP B-TREE"))], plan
