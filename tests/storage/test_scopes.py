"""A query for everything in a scope finds just that, by the index that it has."""

import sqlite3
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from storage import Connection, Storage, claims, interrupts, tasks
from storage.ids import InterruptId, Namespace, Scope, ThreadId
from storage.interrupts import NewInterrupt
from storage.scopes import is_within, within
from tests.support.sqlite import plain

PATHS = st.text(alphabet="ab/ -.0", min_size=1, max_size=4)


@example("a", ["a", "a/", "a-b", "a/b", "a0", "a/-", "ab"])
@given(PATHS, st.lists(PATHS, unique=True))
def test_a_path_is_within_itself_and_within_what_it_goes_on_from(scope: str, paths: list[str]):
    db = sqlite3.connect(":memory:")
    db.execute("create table paths (path text primary key)")
    db.executemany("insert into paths values (?)", [(path,) for path in paths])
    found = db.execute(f"select path from paths where {within('path', '?1')} order by path", (scope,)).fetchall()
    db.close()
    expected = sorted(path for path in paths if f"{path}/".startswith(f"{scope}/"))
    assert [path for (path,) in found] == expected
    assert sorted(path for path in paths if is_within(Scope(path), Scope(scope))) == expected


async def test_whatever_is_looked_for_in_a_scope_is_found_by_one_range_of_an_index(file_storage: Storage):
    scope = Scope("a")
    names = InterruptId("q"), ThreadId("t"), Namespace("")
    question = NewInterrupt(*names, scope, 0, "node", "question", "1", "d", replaces=InterruptId("p"))

    def plans(db: Connection) -> list[list[str]]:
        asked: list[str] = []
        plain(db).set_trace_callback(asked.append)
        interrupts.ask(db, question, 0.0)
        interrupts.close(db, [scope], 0.0)
        interrupts.of_tasks(db, [scope])
        claims.of_tasks(db, [scope])
        tasks.of_tasks(db, [scope])
        tasks.clear(db, [scope])
        plain(db).set_trace_callback(None)
        searches: list[Any] = [each for each in asked if "|| '0'" in each]
        return [[row["detail"] for row in db.execute(f"explain query plan {each}")] for each in searches]

    found = await file_storage.write(plans)
    assert len(found) == 6
    for plan in found:
        searches = [detail for detail in plan if "scope>? AND scope<?" in detail]
        assert len(searches) == 1, plan
        assert not any(detail.startswith(("SCAN interrupts", "SCAN claims", "SCAN tasks", "MULTI")) for detail in plan)
