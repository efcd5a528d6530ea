"""What every test may use. Fixtures of one room live beside its tests; what several rooms use is in `support/`."""

from collections import Counter

import hypothesis
import pytest

from tests.support.browser import chromium
from tests.support.engines import database, thin_out
from tests.support.left_out import in_ci, pytest_terminal_summary
from tests.support.postgres import mark, new_postgres, new_postgres_url, postgres, postgres_url
from tests.support.reports import pytest_report_to_serializable, pytest_runtest_makereport

__all__ = [
    "chromium",
    "database",
    "new_postgres",
    "new_postgres_url",
    "postgres",
    "postgres_url",
    "pytest_report_to_serializable",
    "pytest_runtest_makereport",
    "pytest_terminal_summary",
]

# A busy machine is no reason to fail: what must be fast says so in a test of its own. CI has time to look further.
EXAMPLES = 100 if in_ci() else 40
hypothesis.settings.register_profile("signoff", deadline=None, print_blob=True, max_examples=EXAMPLES)
hypothesis.settings.load_profile("signoff")

SLOW_LIMIT = 180.0
"""Seconds for a test that starts processes. The others' limit stands in pyproject.toml."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--trials", action="store_true", help="run the trials in their whole form, which takes long")


@pytest.hookimpl(tryfirst=True)  # before those that choose by marker
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mark(items)
    thin_out(items)
    left_out = [] if config.getoption("--trials") else [item for item in items if item.get_closest_marker("trial")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("trial")]
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_LIMIT))
    # Files that take long come first: a process that began one last would be alone with it in the end.
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])
