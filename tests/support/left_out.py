"""What a test needs that may be missing here: where it is, the test is skipped, and fails in CI.

The last thing said before the count is what was left out: a run without it must not look like a whole one.
"""

import os
from collections.abc import Generator
from typing import NoReturn

import pytest

NEEDS = {
    "browser": "there is no Chromium: install one, or name it in the variable CHROMIUM",
    "postgres": "there is no PostgreSQL 15 or newer: install it (Debian: apt-get install postgresql), "
    "or name the folder of its `initdb` in the variable POSTGRES_BIN",
}
"""By marker: why its tests are not run, and the remedy."""


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


def missing(marker: str) -> NoReturn:
    """For the fixture that cannot be made."""
    if in_ci():
        pytest.fail(NEEDS[marker])
    pytest.skip(NEEDS[marker])


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    yield
    for marker, reason in NEEDS.items():
        left_out = [
            report
            for report in terminalreporter.stats.get("skipped", ())
            if marker in report.keywords and reason in str(report.longrepr)
        ]
        if left_out:
            tests = f"1 {marker} test" if len(left_out) == 1 else f"{len(left_out)} {marker} tests"
            terminalreporter.write_line(f"NOT RUN: {tests}, because {reason}", red=True, bold=True)
