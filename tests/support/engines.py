"""Which database a test runs on: SQLite's file, the reference, or PostgreSQL.

A test that carries the id of a row of docs/behaviour.md (`test_D3_…`) runs on both where its room's conftest has
`pytest_generate_tests` from here; unless its mark `sqlite` says that it is about the file itself. Of its parameters the
first stand for all on PostgreSQL, except with `--trials`: it costs several times as much. All others run on the file
alone.
"""

import re

import pytest

ROW = re.compile(r"test_[A-Z]\d+_")
"""What the name of a test begins with that holds a row of docs/behaviour.md."""

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    about_the_file = any(metafunc.definition.iter_markers("sqlite"))
    if "database" in metafunc.fixturenames and ROW.match(metafunc.function.__name__) and not about_the_file:
        metafunc.parametrize("database", ["sqlite", POSTGRES], indirect=True)


def thin_out(items: list[pytest.Item]) -> None:
    """What runs on PostgreSQL a second time and more, with other parameters, belongs to the trials."""
    seen: set[str] = set()
    for item in items:
        if getattr(getattr(item, "callspec", None), "params", {}).get("database") == "postgres":
            name = item.nodeid.partition("[")[0]
            if name in seen:
                item.add_marker(pytest.mark.trial)
            seen.add(name)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """Which of the two: "sqlite" or "postgres"."""
    return getattr(request, "param", "sqlite")
