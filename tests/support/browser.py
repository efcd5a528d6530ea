"""The browser that a test of the page needs, and what is said where there is none."""

import os
import shutil
from collections.abc import Generator

import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium: `CHROMIUM`, or an installed one. Without one the test is skipped, and fails in CI."""
    candidates = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else [*BROWSERS, MAC_BROWSER]
    found = next(filter(None, map(shutil.which, candidates)), None)
    if found:
        return found
    reason = f"no Chromium ({', '.join(candidates)}): install one, or name it in the variable CHROMIUM"
    if in_ci():
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """The last thing said before the count: a run that left out the page must not look like a whole one."""
    yield
    left_out = [report for report in terminalreporter.stats.get("skipped", ()) if "browser" in report.keywords]
    if left_out:
        tests = "1 browser test" if len(left_out) == 1 else f"{len(left_out)} browser tests"
        reason = "because there is no Chromium: install one, or name it in the variable CHROMIUM"
        terminalreporter.write_line(f"NOT RUN: {tests}, {reason}", red=True, bold=True)
