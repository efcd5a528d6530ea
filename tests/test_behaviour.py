"""`docs/behaviour.md` and the tests, compared: every row has a test named after it, and no test names another row."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROWS: list[str] = re.findall(r"^\| ([A-Z]\d+) \|", (ROOT / "docs/behaviour.md").read_text("utf-8"), re.MULTILINE)
NAMED = {
    row
    for path in (ROOT / "tests").rglob("test_*.py")
    for row in re.findall(r"^\s*(?:async )?def test_([A-Z]\d+)_", path.read_text("utf-8"), re.MULTILINE)
}


def test_the_page_has_the_rows_of_every_section() -> None:
    assert {row[0] for row in ROWS} == set("PDABGSTCLW")
    assert len(ROWS) == len(set(ROWS))


@pytest.mark.parametrize("row", ROWS)
def test_a_row_has_a_test_that_is_named_after_it(row: str) -> None:
    assert row in NAMED, f"nothing holds {row}: name a test test_{row}_..."


def test_no_test_is_named_after_a_row_that_is_not_there() -> None:
    assert sorted(NAMED - set(ROWS)) == []
