"""What every test may use. Fixtures of one layer live beside that layer's tests."""

import os
import shutil

import hypothesis
import pytest

# A busy machine is no reason to fail: what must be fast says so in a test of its own.
hypothesis.settings.register_profile("signoff", deadline=None, print_blob=True)
hypothesis.settings.load_profile("signoff")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSER = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium: `CHROMIUM`, or an installed one. Without one the test is skipped, and fails in CI."""
    candidates = [os.environ["CHROMIUM"]] if os.environ.get("CHROMIUM") else [*BROWSERS, MAC_BROWSER]
    found = next(filter(None, map(shutil.which, candidates)), None)
    if found:
        return found
    reason = f"no Chromium ({', '.join(candidates)}): install one, or name it in the variable CHROMIUM"
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(reason)
    pytest.skip(reason)
