"""The audit says who decided what, holds no arguments or texts, and cannot be changed unseen."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli import main
from graphs.agent.tools import tool
from graphs.approvals.decisions import Approve, Edit, Reject, Respond
from graphs.approvals.judge import Refused
from graphs.approvals.terms import Actor, UserId
from storage import Storage, audit, open_storage
from storage.audit import GENESIS, REFUSALS_AN_HOUR, AuditRow, Broken, Entry, Verified
from storage.ids import ThreadId
from tests.agent.conversing import ANA, LEA, THREAD, Talk, calls, says
from tests.approvals.till import LEADS, MAX, PAY, Till, hours, recorded
from tests.support.clock import Clock


def path_of(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


async def facts(storage: Storage) -> list[tuple[str, dict[str, Any]]]:
    return [(row.kind, json.loads(row.facts)) for row in await recorded(storage)]


async def test_every_proposal_vote_decision_run_and_outcome_is_a_row(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage, approvers=LEADS, quorum=2)
    row = await talk.waiting()
    clock.forward(seconds=90)
    await talk.decide(Approve(), LEA)
    clock.forward(seconds=30)
    await talk.decide(Approve(), MAX)
    rows = await recorded(storage)
    assert [each.kind for each in rows] == ["proposal", "vote", "vote", "decision", "run", "outcome"]
    assert [each.user for each in rows] == ["U0ANA", "U0LEA", "U0MAX", "U0MAX", None, None]
    assert [each.team for each in rows[1:4]] == ["T0LOCAL"] * 3
    assert {(each.thread_id, each.interrupt_id) for each in rows} == {(THREAD, row.id)}
    said = [each for _, each in await facts(storage)]
    terms = row.terms["terms"]
    for each in said:
        assert (each["tool"], each["args_digest"]) == ("pay", terms["args_digest"])
    assert {each["rule"] for each in said[:4]} == {"every call asks"}
    assert {each["policy"] for each in said[:4]} == {terms["policy"]}
    assert [each.get("took") for each in said] == [None, 90.0, 120.0, 120.0, None, 0.0]
    assert (said[3]["decision"], said[5]["outcome"]) == ("approve", "done")


async def test_an_edit_says_which_arguments_it_changed_and_not_to_what(storage: Storage, till: Till):
    talk = await till.asked(storage)
    await talk.decide(Edit("pay", {"number": 7, "amount": 90, "note": "private words"}))
    said = await facts(storage)
    assert [kind for kind, _ in said] == ["proposal", "decision", "proposal", "vote", "decision", "run", "outcome"]
    original, edited = await talk.questions()
    assert said[1][1]["changed"] == ["amount", "note"]
    assert (said[1][1]["replaced_by"], said[2][1]["replaces"]) == (edited.id, original.id)
    assert said[5][1]["args_digest"] == edited.terms["terms"]["args_digest"]


async def test_P10_no_argument_and_no_text_is_in_it_and_it_outlives_its_thread(storage: Storage, till: Till):
    talk = await till.asked(storage)
    await talk.refused(Approve(), LEA)
    await talk.decide(Edit("pay", {"number": 7, "amount": 91234, "note": "private words"}))
    before = await recorded(storage)
    assert not [word for word in ("private", "91234", "late", "paid ") if word in str(before)]
    await storage.delete_thread(THREAD)
    assert await recorded(storage) == before


async def test_rejections_and_answers_are_rows_without_their_texts(storage: Storage, till: Till):
    talk = await till.asked(storage)
    await talk.decide(Reject("private words"))
    assert [(kind, said.get("decision")) for kind, said in await facts(storage)] == [
        ("proposal", None),
        ("decision", "reject"),
    ]
    assert "private" not in str(await recorded(storage))


async def test_a_call_that_nobody_has_to_approve_is_a_row_too(storage: Storage, till: Till):
    await till.asked(storage, when=lambda args: False)
    assert [kind for kind, _ in await facts(storage)] == ["run", "outcome"]


async def test_a_tool_that_failed_is_told_from_one_that_did_not(storage: Storage, till: Till):
    @tool(approval=True)
    def pay(number: int) -> str:
        """Pay."""
        raise ValueError("private words")

    talk = Talk(storage, [pay], calls(("pay", {"number": 7})), says("Done."))
    await talk.say("pay")
    await talk.decide(Approve())
    assert (await facts(storage))[-1][1]["outcome"] == "failed"
    assert "private" not in str(await recorded(storage))


async def test_the_rule_that_asked_is_named_when_it_raised(storage: Storage, till: Till):
    await till.asked(storage, when=lambda args: 1 / 0)
    assert [said["rule"] for _, said in await facts(storage)] == ["its rule could not be worked out"]


@pytest.mark.parametrize("decision", [Approve(), Edit("pay", PAY), Edit("other", {}), Respond("x")])
async def test_every_refusal_is_a_row(storage: Storage, till: Till, decision: Any):
    talk = await till.asked(storage)
    reason = await talk.refused(decision, LEA)
    row = (await recorded(storage))[-1]
    assert (row.kind, row.user, row.interrupt_id) == ("refusal", "U0LEA", (await talk.waiting()).id)
    assert json.loads(row.facts) == {"reason": reason}


async def test_forged_decisions_are_rows_of_a_bounded_size_and_number(storage: Storage, till: Till, clock: Clock):
    talk = await till.asked(storage)
    forger = Actor(UserId("U0FORGER" * 100), "T" * 1000, "member")
    for _ in range(REFUSALS_AN_HOUR + 20):
        outcome = await talk.desk.decide("x" * 10_000, ThreadId("t" * 10_000), forger, Approve())
        assert isinstance(outcome, Refused)
    rows = [row for row in await recorded(storage) if row.kind == "refusal"]
    assert len(rows) == REFUSALS_AN_HOUR
    assert max(len(str(row)) for row in rows) < 1000
    clock.forward(hours=2)
    await talk.desk.decide("x", THREAD, forger, Approve())
    assert len(await recorded(storage)) == 1 + REFUSALS_AN_HOUR + 1
    await talk.refused(Approve(), LEA)  # another person's is kept all the same
    assert (await recorded(storage))[-1].user == "U0LEA"


async def test_what_was_refused_before_a_form_opened_is_a_row(storage: Storage, till: Till):
    talk = await till.asked(storage)
    assert isinstance(await talk.desk.waiting((await talk.waiting()).id, THREAD, LEA, "edit"), Refused)
    assert (await recorded(storage))[-1].kind == "refusal"


async def test_a_decision_that_was_not_stored_is_no_row(storage: Storage, till: Till):
    talk = await till.asked(storage, expires_after=hours(1))
    row = await talk.waiting()
    await talk.decide(Approve())
    length = len(await recorded(storage))
    await talk.refused(Approve(), ANA, row)
    assert [each.kind for each in (await recorded(storage))[length:]] == ["refusal"]


async def test_a_question_taken_back_is_a_row(storage: Storage, till: Till):
    talk = await till.asked(storage)
    config: Any = {"configurable": {"thread_id": THREAD}}
    await talk.graph.ainvoke({"messages": []}, config, on_waiting="cancel", by="U0ANA")
    assert (await facts(storage))[1][1]["decision"] == "cancelled"


# --- the chain ---


async def grown(storage: Storage, rows: int) -> str:
    """A chain of so many rows; its head."""
    for number in range(rows):
        entry = Entry("vote", float(number), "t1", f"q{number}", "T1", "U1", {"took": number})
        await storage.write(lambda db, entry=entry: audit.append(db, entry))
    found = await audit.verify(storage.read)
    assert isinstance(found, Verified)
    assert found.rows == rows
    return found.head


async def test_a_chain_that_was_not_touched_is_whole(storage: Storage):
    assert await grown(storage, 0) == GENESIS
    first = await grown(storage, 0)
    await storage.write(lambda db: audit.append(db, Entry("vote", 1.0, "t1")))
    second = await audit.verify(storage.read)
    assert isinstance(second, Verified)
    assert second.head != first
    for noted in (None, GENESIS, second.head):
        assert await audit.verify(storage.read, noted) == second


async def test_pages_are_walked_to_the_end(storage: Storage):
    head = await grown(storage, audit.PAGE + 3)
    assert len([row async for row in audit.rows(storage.read)]) == audit.PAGE + 3
    assert len([row async for row in audit.rows(storage.read, since=10.0)]) == audit.PAGE + 3 - 10
    assert await audit.verify(storage.read, head) == Verified(audit.PAGE + 3, head)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set user = 'U2' where seq = 2",
        "delete from audit where seq = 3",
        "delete from audit",
        "insert or replace into audit select seq, at, kind, thread_id, interrupt_id, team, 'U2', facts, previous, hash"
        " from audit where seq = 2",
        "insert into audit select 9, at, kind, thread_id, interrupt_id, team, user, facts, previous, 'x'"
        " from audit where seq = 2",
    ],
)
async def test_the_database_refuses_to_change_what_was_appended(storage: Storage, url: str, statement: str):
    head = await grown(storage, 3)
    db = sqlite3.connect(path_of(url))
    with pytest.raises(sqlite3.IntegrityError, match="audit rows are"):
        db.execute(statement)
    db.close()
    assert await audit.verify(storage.read, head) == Verified(3, head)


COLUMNS = ["at", "kind", "thread_id", "interrupt_id", "team", "user", "facts", "previous", "hash"]


def tamper(url: str, *statements: str) -> None:
    """What somebody with the file can do, who takes the triggers away first."""
    db = sqlite3.connect(path_of(url))
    for (trigger,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
        db.execute(f"drop trigger {trigger}")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("seq", [1, 3, 5])
async def test_a_row_that_was_changed_is_named(storage: Storage, url: str, column: str, seq: int):
    await grown(storage, 5)
    tamper(url, f"update audit set {column} = 'changed' where seq = {seq}")
    found = await audit.verify(storage.read)
    assert isinstance(found, Broken)
    assert f"row {seq} " in found.problem


@pytest.mark.parametrize(
    ("statements", "named"),
    [
        (["delete from audit where seq = 3"], "row 3 is missing"),
        (["delete from audit where seq = 1"], "row 1 is missing"),
        (["delete from audit where seq = 3", "update audit set seq = seq - 1 where seq > 3"], "row 3 does not follow"),
        (
            [
                "update audit set seq = 99 where seq = 2",
                "update audit set seq = 2 where seq = 3",
                "update audit set seq = 3 where seq = 99",
            ],
            "row 2 does not follow",
        ),
        (
            [
                "update audit set seq = seq + 100 where seq > 2",
                "update audit set seq = seq - 99 where seq > 100",
                "insert into audit select 3, at, kind, thread_id, '', team, 'U9', facts, previous, 'x' from audit"
                " where seq = 4",
            ],
            "row 3 was changed",
        ),
    ],
)
async def test_an_inner_row_that_is_missing_moved_or_inserted_is_named(
    storage: Storage, url: str, statements: list[str], named: str
):
    await grown(storage, 5)
    tamper(url, *statements)
    found = await audit.verify(storage.read)
    assert isinstance(found, Broken)
    assert named in found.problem


COPY = "at, kind, thread_id, interrupt_id, team, user, facts, previous, hash || 'x' from audit where seq = 2"
WITHOUT_A_KEY = ["create table loose as select * from audit", "drop table audit", "alter table loose rename to audit"]


@pytest.mark.parametrize("seq", ["-1", "0", "-9223372036854775808", "7", "9223372036854775807"])
async def test_a_row_before_the_first_or_after_a_gap_is_found(storage: Storage, url: str, seq: str):
    await grown(storage, 5)
    tamper(url, f"insert into audit select {seq}, {COPY}")
    found = await audit.verify(storage.read)
    assert isinstance(found, Broken)
    assert seq in found.problem


async def test_a_row_whose_number_is_below_the_first_is_found_when_its_hash_is_right(storage: Storage, url: str):
    await grown(storage, 5)
    stray = AuditRow(0, 1.0, "vote", "t1", None, None, "U9", "{}", GENESIS, "")
    values = f"0, 1.0, 'vote', 't1', null, null, 'U9', '{{}}', '{GENESIS}', '{stray.computed_hash()}'"
    tamper(url, f"insert into audit values ({values})")
    assert isinstance(await audit.verify(storage.read), Broken)


@pytest.mark.parametrize("seq", ["null", "'x'", "'2'", "1.5", "2", "5", "5.0", "x'00'", "6"])
@pytest.mark.parametrize("rows", [5, audit.PAGE])
async def test_in_a_table_without_a_key_no_row_goes_unseen(storage: Storage, url: str, seq: str, rows: int):
    await grown(storage, rows)
    tamper(url, *WITHOUT_A_KEY, f"insert into audit select {seq}, {COPY}")
    assert isinstance(await audit.verify(storage.read), Broken)


async def test_a_tail_that_was_removed_is_found_against_a_head(storage: Storage, url: str):
    head = await grown(storage, 5)
    tamper(url, "delete from audit where seq > 3")
    assert isinstance(await audit.verify(storage.read), Verified)
    found = await audit.verify(storage.read, head)
    assert isinstance(found, Broken)
    assert head in found.problem


async def test_a_chain_written_anew_is_found_against_a_head(storage: Storage, url: str):
    head = await grown(storage, 5)
    tamper(url, "delete from audit")
    await grown(storage, 4)
    await storage.write(lambda db: audit.append(db, Entry("vote", 4.0, "t1", "q4", "T1", "SOMEBODY", {"took": 4})))
    assert isinstance(await audit.verify(storage.read), Verified)
    assert isinstance(await audit.verify(storage.read, head), Broken)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=30), st.text(max_size=30), st.floats(0, 2e9))
async def test_whatever_ids_say_the_chain_holds(user: str, thread: str, at: float):
    async with open_storage("sqlite://") as storage:
        user, thread = (text.encode("utf-8", "replace").decode() for text in (user, thread))
        await storage.write(lambda db: audit.append(db, Entry("refusal", at, thread, None, None, user)))
        assert isinstance(await audit.verify(storage.read), Verified)


# --- the command ---


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["audit", *arguments])
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], str]:
    """Makes the bot's database, with so many rows; its URL. Nothing but DATABASE_URL is set."""
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)

    def make(rows: int) -> str:
        url = f"sqlite:///{tmp_path / 'bot.db'}"

        async def fill() -> None:
            async with open_storage(url) as storage:
                await grown(storage, rows)

        asyncio.run(fill())
        monkeypatch.setenv("DATABASE_URL", url)
        return url

    return make


def test_export_prints_rows_and_the_head_that_verify_takes(
    file: Callable[[int], str], capsys: pytest.CaptureFixture[str]
):
    url = file(3)
    code, out, _ = run(capsys, "export")
    *rows, last = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["seq"] for row in rows] == [1, 2, 3]
    assert last == {"rows": 3, "head": rows[-1]["hash"]}
    assert run(capsys, "verify", "--head", last["head"])[0] == 0
    assert last["head"] in run(capsys, "verify")[1]
    tamper(url, "delete from audit where seq = 3")
    code, out, err = run(capsys, "verify", "--head", last["head"])
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "tail was removed" in err


def test_verify_names_the_row_in_one_line(file: Callable[[int], str], capsys: pytest.CaptureFixture[str]):
    tamper(file(4), "update audit set user = 'U2' where seq = 2")
    code, out, err = run(capsys, "verify")
    assert (code, out) == (1, "")
    assert err == "The audit is not whole: row 2 was changed: its hash is not that of what it says.\n"
    assert run(capsys, "export")[0] == 0


def test_an_audit_that_is_gone_is_not_whole(file: Callable[[int], str], capsys: pytest.CaptureFixture[str]):
    tamper(file(4), "drop table audit")
    code, out, err = run(capsys, "verify")
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "no such table: audit" in err


@pytest.mark.parametrize(("since", "rows"), [("1970-01-01", 3), ("1970-01-01T00:00:01", 2), ("2026-09-21T00:00Z", 0)])
def test_export_begins_where_it_is_told(
    file: Callable[[int], str], capsys: pytest.CaptureFixture[str], since: str, rows: int
):
    file(3)
    _, out, _ = run(capsys, "export", "--since", since)
    assert len(out.splitlines()) == rows + 1
    assert json.loads(out.splitlines()[-1])["rows"] == 3


@pytest.mark.parametrize("url", ["sqlite:///nowhere.db", "sqlite://", "postgres://x"])
def test_a_database_that_is_not_there_is_a_setting_to_mend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", url)
    code, out, err = run(capsys, "verify")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "DATABASE_URL" in err
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_another_program_is_said_to_be_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "other.db").write_text("not a database, but long enough to be looked at as if it were one" * 20)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'other.db'}")
    code, _, err = run(capsys, "verify")
    assert code == 2
    assert "DATABASE_URL" in err


async def test_a_vote_is_audited_as_who_it_was(storage: Storage, till: Till):
    talk = await till.asked(storage, approvers=["S0LEADS"])
    await talk.decide(Approve(), replace(LEA, groups=frozenset({"S0LEADS"})))
    (vote,) = [said for kind, said in await facts(storage) if kind == "vote"]
    assert (vote["kind"], vote["groups"]) == ("member", ["S0LEADS"])
