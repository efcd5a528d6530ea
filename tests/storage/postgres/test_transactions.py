"""One job, one transaction: nothing is done twice, nothing that was told is lost, and nobody waits for ever."""

import asyncio
import threading
from collections.abc import AsyncIterator

import psycopg
import pytest

from storage import Connection, Storage, open_storage
from storage.errors import StatementFailed, StorageUnavailable
from storage.parameters import Listed, Paired
from tests.storage.postgres.cutting import When, way_to
from tests.support.postgres import NewServer
from tests.support.waiting import until


@pytest.fixture
async def storage(postgres_url: str) -> AsyncIterator[Storage]:
    async with open_storage(postgres_url) as opened:
        await opened.write(_table)
        yield opened


def _table(db: Connection) -> None:
    db.execute("create table numbers (value bigint primary key, said text)")


def put(db: Connection, value: int, said: str = "") -> int:
    db.execute("insert into numbers values (?, ?)", (value, said))
    return value


def numbers(db: Connection) -> list[int]:
    return [row["value"] for row in db.execute("select value from numbers order by value")]


async def test_what_a_job_stores_is_there(storage: Storage):
    assert await storage.write(lambda db: put(db, 1), "a") == 1
    assert await storage.read(numbers) == [1]


async def test_a_row_is_read_by_name_and_by_place(storage: Storage):
    await storage.write(lambda db: put(db, 1, "one"), "a")
    row = await storage.read(lambda db: db.execute("select value, said from numbers").fetchone())
    assert (row["value"], row["said"], row[0], tuple(row)) == (1, "one", 1, (1, "one"))


async def test_sums_are_whole_numbers(storage: Storage):
    await storage.write(lambda db: [put(db, 1), put(db, 2)], "a")
    (total,) = await storage.read(lambda db: db.execute("select sum(value) from numbers").fetchone())
    assert (total, type(total)) == (3, int)


async def test_values_that_are_more_than_one(storage: Storage):
    def ask(db: Connection, given: Listed | Paired) -> list[tuple[str, str]]:
        return [tuple(row) for row in db.execute("select key, value from json_each(?) given order by key", (given,))]

    assert await storage.read(lambda db: ask(db, Listed(["b", "a"]))) == [("0", "b"), ("1", "a")]
    assert await storage.read(lambda db: ask(db, Paired({"k": "v", "l": ""}))) == [("k", "v"), ("l", "")]
    for empty in (Listed([]), Paired({})):
        assert await storage.read(lambda db, empty=empty: ask(db, empty)) == []


async def test_a_text_with_a_nul_is_not_lost(storage: Storage):
    await storage.write(lambda db: put(db, 1, "a\0b"), "a")
    row = await storage.read(lambda db: db.execute("select said from numbers").fetchone())
    assert row["said"] == "a\u2400b"


async def test_what_raises_is_undone_alone(storage: Storage):
    def fail(db: Connection) -> None:
        put(db, 2)
        raise LookupError("no")

    done = await asyncio.gather(
        storage.write(lambda db: put(db, 1), "a"), storage.write(fail, "a"), return_exceptions=True
    )
    assert [type(each) for each in done] == [int, LookupError]
    assert await storage.read(numbers) == [1]


async def test_a_row_that_is_there_already_says_so_without_a_drivers_name(storage: Storage):
    await storage.write(lambda db: put(db, 1), "a")
    with pytest.raises(StatementFailed, match="duplicate key"):
        await storage.write(lambda db: put(db, 1), "a")


async def test_jobs_of_one_name_follow_each_other_in_their_order(storage: Storage):
    def next_one(db: Connection) -> int:
        (found,) = db.execute("select coalesce(max(value), 0) from numbers").fetchone()
        return put(db, found + 1)

    assert await asyncio.gather(*(storage.write(next_one, "a") for _ in range(40))) == [*range(1, 41)]


async def test_jobs_of_one_name_follow_each_other_among_processes(storage: Storage, postgres_url: str):
    def next_one(db: Connection) -> int:
        (found,) = db.execute("select coalesce(max(value), 0) from numbers").fetchone()
        return put(db, found + 1)

    async with open_storage(postgres_url) as other:
        found = await asyncio.gather(*((storage, other)[n % 2].write(next_one, "a") for n in range(60)))
    assert sorted(found) == [*range(1, 61)]


async def test_jobs_of_different_names_run_at_once(storage: Storage):
    together = threading.Barrier(2, timeout=10)

    def meet(db: Connection) -> None:
        together.wait()

    await asyncio.gather(storage.write(meet, "a"), storage.write(meet, "b"))


async def test_a_job_without_a_name_has_the_database_for_itself(storage: Storage):
    inside = 0
    most = 0

    def work(db: Connection, value: int) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        put(db, value)
        inside -= 1

    await asyncio.gather(*(storage.write(lambda db, n=n: work(db, n)) for n in range(20)))
    assert most == 1
    assert len(await storage.read(numbers)) == 20


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_what_got_into_anothers_way_is_tried_three_times_again(storage: Storage, state: str):
    tried = 0

    def collide(db: Connection) -> None:
        nonlocal tried
        tried += 1
        put(db, tried)
        if tried < 4:
            db.execute(f"do $$ begin raise exception 'in the way' using errcode = '{state}'; end $$")

    await storage.write(collide, "a")
    assert tried == 4
    assert await storage.read(numbers) == [4]  # of the others nothing is left


async def test_two_that_wait_for_each_other_both_come_to_their_end(storage: Storage):
    """A job that takes rows in another order than the next: the server ends one, which is run again."""
    await storage.write(lambda db: [put(db, 1), put(db, 2)])
    first = {1: threading.Event(), 2: threading.Event()}

    def both(db: Connection, mine: int, others: int) -> None:
        db.execute("update numbers set said = said || ? where value = ?", (str(mine), mine))
        first[mine].set()
        assert first[others].wait(10)
        db.execute("update numbers set said = said || ? where value = ?", (str(mine), others))

    await asyncio.gather(storage.write(lambda db: both(db, 1, 2), "a"), storage.write(lambda db: both(db, 2, 1), "b"))
    said = await storage.read(lambda db: [row["said"] for row in db.execute("select said from numbers")])
    assert [sorted(each) for each in said] == [["1", "2"], ["1", "2"]]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_commit_that_nobody_heard_of_is_made_once(storage: Storage, postgres_url: str, when: When):
    async with way_to(postgres_url) as way, open_storage(way.url) as cut_off:
        ran = 0

        def count(db: Connection) -> int:
            nonlocal ran
            ran += 1
            db.execute("insert into numbers values ((select coalesce(max(value), 0) + 1 from numbers), '')")
            return ran

        way.cut_next(b"commit\0", when)
        assert await cut_off.write(count, "a") == (1 if when == "after" else 2)
        assert way.cuts == 1
        assert await storage.read(numbers) == [1]


async def test_what_is_to_be_stored_while_the_server_is_away_is_stored_once_it_is_back(postgres_url: str):
    async with way_to(postgres_url) as way, open_storage(way.url) as storage:
        await storage.write(_table)
        way.close()
        stored = asyncio.gather(*(storage.write(lambda db, n=n: put(db, n), str(n)) for n in range(20)))
        await until(lambda: storage.outage.is_on, "an outage")
        assert not stored.done()
        way.open()
        assert sorted(await stored) == [*range(20)]
        assert await storage.read(numbers) == [*range(20)]
        await until(lambda: not storage.outage.is_on, "its end")


async def test_whoever_cannot_wait_is_told_and_nothing_is_stored(postgres_url: str):
    async with way_to(postgres_url) as way, open_storage(way.url) as storage:
        await storage.write(_table)
        way.close()
        with pytest.raises(StorageUnavailable):
            await storage.impatient(0.1).write(lambda db: put(db, 1), "a")
        kept = storage.impatient(0.1, keeps=True)
        with pytest.raises(StorageUnavailable):
            await kept.write(lambda db: put(db, 2), "a")
        with pytest.raises(StorageUnavailable):
            await storage.impatient(0.1).read(numbers)
        way.open()
        await until(lambda: not storage.outage.is_on, "its end")
        assert await storage.read(numbers) == [2]


async def test_it_is_given_up_when_it_is_time_to_stop(postgres_url: str):
    async with way_to(postgres_url) as way, open_storage(way.url) as storage:
        await storage.write(_table)
        way.close()
        stored = asyncio.create_task(storage.write(lambda db: put(db, 1), "a"))
        await until(lambda: storage.outage.is_on, "an outage")
        storage.give_up()
        with pytest.raises(StorageUnavailable):
            await stored


async def test_connections_that_the_server_ended_while_nobody_used_them_are_no_outage(
    storage: Storage, postgres_url: str, caplog: pytest.LogCaptureFixture
):
    await storage.read(numbers)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where pid <> pg_backend_pid() and datname = current_database()"
        )
    await storage.write(lambda db: put(db, 1), "a")
    assert await storage.read(numbers) == [1]
    assert not caplog.records


async def test_whoever_stands_still_in_a_transaction_keeps_nobody_waiting_for_long(storage: Storage, postgres_url: str):
    """As a process that was frozen there does: the server ends the transaction, and what it had stored is void."""
    held, over = threading.Event(), threading.Event()
    runs = 0

    def stand_still(db: Connection) -> None:
        nonlocal runs
        runs += 1
        put(db, 1, "frozen" if runs == 1 else "again")
        assert numbers(db)  # what was put is on the server
        if runs == 1:
            held.set()
            assert over.wait(20)

    async with open_storage(postgres_url) as frozen:
        standing = asyncio.create_task(frozen.write(stand_still, "a"))
        await until(held.is_set, "the transaction to be begun")
        assert await storage.write(lambda db: put(db, 2), "a") == 2
        over.set()
        await standing  # it is run again, after the other
    row = await storage.read(lambda db: db.execute("select said from numbers where value = 1").fetchone())
    assert (runs, row["said"]) == (2, "again")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_whatever_was_acknowledged_outlives_the_servers_end(new_postgres: NewServer, mode: str):
    server = new_postgres(durable=True)
    async with open_storage(server.url()) as storage:
        await storage.write(_table)
        acknowledged: list[int] = []
        stop = False

        async def store(first: int) -> None:
            value = first
            while not stop:
                acknowledged.append(await storage.write(lambda db, n=value: put(db, n), str(first)))
                value += 10

        storing = [asyncio.create_task(store(n)) for n in range(10)]
        await until(lambda: len(acknowledged) > 50, "some to be stored")
        await asyncio.to_thread(server.restart, mode)
        enough = len(acknowledged) + 50
        await until(lambda: len(acknowledged) > enough, "some to be stored again")
        stop = True
        await asyncio.gather(*storing)
        assert sorted(acknowledged) == await storage.read(numbers)  # each once, and no other
