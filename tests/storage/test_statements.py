"""Every statement of a room is written once, in what SQLite and PostgreSQL have in common.

SQLite runs them all and refuses what only PostgreSQL knows. This looks for what only SQLite does, or means otherwise.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import storage

ROOMS = sorted(
    path
    for path in Path(storage.__file__).parent.glob("*.py")
    if path.name not in ("migrations.py", "dialect.py", "states.py")  # what is told to each database in its own way
)
TAKE_SQL = {"execute", "executemany", "select", "_select", "_decided"}
"""What takes a statement, or the condition of one."""

SQLITE_ONLY = {
    r"json_each\((?!\s*(\?\d*|:\w+)\s*\))": "json_each over something else than a bound `Listed` or `Paired`",
    r"\bjson_(?!each\b)\w+|->": "a function of JSON: PostgreSQL refuses some texts there; read it in Python",
    r"\binsert or\b|\breplace into\b": "`insert or …`: say `on conflict`",
    r"\bon conflict do update\b": "an upsert that does not name its target",
    r"\b(iif|instr|char|hex|randomblob|random|total|glob|ifnull|printf|group_concat|typeof|unicode|strftime"
    r"|unixepoch|datetime|julianday|changes|last_insert_rowid|likely)\s*\(": "a function of SQLite's",
    r"\bglob\b": "glob: say `like`, or compare a range",
    r"(?<!\bv\.)\browid\b": "rowid",
    r"\blimit -": "`limit -1`: leave it out",
    r"\blimit [^\s,)]+,": "`limit a, b`: say `offset`",
    r"\bis\b(?!\s+(not\s+)?null\b)": "`is` between values",
    r"\bin\s+(?!\()": "`in` without parentheses",
    r"==": "`==`",
    r"[-+*/]\s*\([^()]*[<>=][^()]*\)": "arithmetic on a comparison: say `case`",
    r"\b(where|and|or|not|when)\s+(\w+\.)?(outdated|consumed|helped)\b(?!\s*[<>=])": "a number as a truth",
    r"\b(and|or|not|where)\s+[:?]\w*(?=\s*(and\b|or\b|\)|$))": "a value as a truth: compare it",
    r"\brecursive\b[^()]*\([^()]*\)\s*as\s*\(\s*select\s+[:?]": "a recursion whose first text is a bound value",
    r"[:?]\w* is (not )?null (or|and)\b": "a value compared with null before anything says of what type it is",
    r"\bcollate\b": "a collation: texts are compared by their code points in both",
    r'"': "a quoted name: the dialect does that",
}


def refused(sql: str, room: str = "") -> list[str]:
    """Why PostgreSQL does not take this, or takes it otherwise."""
    plain = re.sub(r"'(?:[^']|'')*'", "'…'", " ".join(sql.lower().split()))
    if room == "votes.py":  # its order; PostgreSQL's table has a column of that name
        plain = plain.replace("rowid", "v.rowid")
    why = [said for pattern, said in SQLITE_ONLY.items() if re.search(pattern, plain)]
    largest = [_within(plain, found.end()) for found in re.finditer(r"\b(max|min)\(", plain)]
    if any("," in _outermost(inner) for inner in largest):
        why.append("max or min of several values: say `case`")
    for found in re.finditer(r"\b(from|join) \((?=\s*select)", plain):
        inner = _within(plain, found.end())
        if re.match(r"\)\s*($|\)|,|(where|join|left|on|order|group|union|limit)\b)", plain[found.end() + len(inner) :]):
            why.append("a subquery in `from` without a name")
    _, upsert, sets = plain.partition("do update set")
    if upsert and re.search(r"\b(\w+) = [^,]*(?<![.:\w])\1\b", sets):
        why.append("an upsert that does not say whose column it means: the table's, or `excluded`")
    return why


def _within(sql: str, start: int) -> str:
    """What stands between a parenthesis, which was opened just before, and its end."""
    depth = 1
    for at in range(start, len(sql)):
        depth += {"(": 1, ")": -1}.get(sql[at], 0)
        if not depth:
            return sql[start:at]
    return sql[start:]


def _outermost(sql: str) -> str:
    """It without what is in parentheses."""
    while (less := re.sub(r"\([^()]*\)", "", sql)) != sql:
        sql = less
    return sql


def text_of(node: ast.AST) -> str | None:
    """A literal; in the place of what is filled in, a name."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(text_of(each) or "x" for each in values)
        case _:
            return None


def literals(node: ast.AST) -> Iterator[str]:
    """The whole literals in an expression."""
    text = text_of(node)
    if text is not None:
        yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from literals(child)


def statements(source: str) -> Iterator[str]:
    """Every statement, and part of one: what is handed to whatever takes SQL, and the texts that rooms make them of."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in TAKE_SQL:
                for each in [*node.args, *(keyword.value for keyword in node.keywords)]:
                    yield from literals(each)
    for statement in tree.body:
        if isinstance(statement, ast.Assign | ast.AnnAssign) and not isinstance(statement.value, ast.Subscript | None):
            yield from literals(statement.value)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_nothing_that_only_sqlite_understands(room: Path):
    found = {sql: refused(sql, room.name) for sql in statements(room.read_text())}
    assert {sql: why for sql, why in found.items() if why} == {}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_no_statement_comes_from_where_this_does_not_look(room: Path):
    """What is executed is a literal, or what was handed to a function that takes SQL."""
    for function in ast.walk(ast.parse(room.read_text())):
        if not isinstance(function, ast.FunctionDef) or function.name in TAKE_SQL:
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("execute", "executemany"):
                assert text_of(node.args[0]) is not None, f"{room.name}, line {node.lineno}"


def test_the_rooms_are_looked_at():
    found = [sql for room in ROOMS for sql in statements(room.read_text())]
    assert sum(sql.lstrip().startswith(("select", "insert", "update", "delete", "with")) for sql in found) > 80


@pytest.mark.parametrize(
    "sql",
    [
        "select value from json_each(tasks)",
        "select value from json_each((select tasks from checkpoints))",
        "select key from checkpoints, json_each(metadata, '$.kept')",
        "select json_extract(payload, '$.id') from interrupts",
        "select payload ->> 'id' from interrupts",
        "insert or ignore into inbox (a) values (?)",
        "insert or replace into tasks (a) values (?)",
        "insert into usage (a) values (?) on conflict do update set a = excluded.a",
        "insert into usage (a) values (?) on conflict (a) do update set tokens = tokens + excluded.tokens",
        "insert into usage (a) values (?) on conflict (a) do update set tokens = excluded.tokens + tokens",
        "update threads set fence = abs(random())",
        "update usage set message_id = lower(hex(randomblob(16)))",
        "update interrupts set version = max(version, ?) + 1",
        "update interrupts set version = min(coalesce(version, 0), ?)",
        "select substr(ns, 1, instr(ns, '/') - 1) from checkpoints",
        "select iif(a = '', b, a) from checkpoints",
        "select 1 from posts where subject < ? || char(0x10ffff)",
        "select * from inbox order by rowid",
        "select * from inbox limit -1",
        "select * from inbox limit 5, 10",
        "select * from inbox where owner is ?",
        "select * from inbox where owner is not other",
        "select * from inbox where seq in stale",
        "select * from inbox where a == b",
        "update interrupts set version = version + (status <> 'answered')",
        "select * from conversations c where c.outdated and c.thread_id = ?",
        "select * from conversations where not outdated",
        "update interrupts set consumed = 1 where :finished and status = 'waiting'",
        "update interrupts set consumed = 1 where (status = 'reopened' or :finished)",
        "select count(*) from (select 1 from audit limit ?)",
        "select seq from (select seq from a) where seq > 1",
        "select * from interrupts where (?1 is null or status = ?1)",
        "with recursive line (id) as (select :newer union select parent_id from line) select id from line",
        "select * from inbox where text glob 'a*'",
        "select a collate nocase from inbox",
        'select "user" from inbox',
    ],
)
def test_what_only_sqlite_understands_is_refused(sql: str):
    assert refused(sql)
    planted = f'def job(db):\n    return db.execute("""{sql}""", ()).fetchall()\n'
    assert [why for each in statements(planted) for why in refused(each)]


@pytest.mark.parametrize(
    "sql",
    [
        "select max(seq), min(coalesce(a, b)) from inbox where x is not null and y is null",
        "select v.key from json_each(:versions) named join state_values v on v.key = named.key",
        "insert into inbox (a) values (?) on conflict do nothing",
        "insert into usage (a) values (?) on conflict (a) do update set tokens = usage.tokens + excluded.tokens",
        "insert into t (v, status) values (1, ?) on conflict (v) do update set status = 'running', v = t.v + 1",
        "select 1 from (select min(seq) as seq from inbox group by thread_id) earliest join inbox i on true",
        "select * from interrupts where (status = ?1 or ?1 is null) and (expires_at is null or expires_at > ?)",
        "update c set outdated = case when exists (select 1 from t where t.v > ?) then 1 else 0 end",
        "select * from inbox where text = 'it is random() == \"this\"'",
        "select user from votes v order by v.rowid desc limit ?2",
    ],
)
def test_what_both_understand_is_not(sql: str):
    assert refused(sql) == []
