"""The browser that a test of the page needs."""

import os
import shutil

import pytest

from tests.support.left_out import missing

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium: `CHROMIUM`, or an installed one. Without one the test is left out."""
    candidates = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else [*BROWSERS, MAC_BROWSER]
    return next(filter(None, map(shutil.which, candidates)), None) or missing("browser")
