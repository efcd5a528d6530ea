"""A workspace, and Slack's own client of it."""

import pytest

from tests.demo.workspace.at_work import at_work, heard
from tests.support.clock import Clock
from tests.support.slack import ack_timeout, http, no_proxy, page, slack, stage_clock, workspace

__all__ = ["ack_timeout", "at_work", "heard", "http", "no_proxy", "page", "slack", "stage_clock", "workspace"]


@pytest.fixture
def clock(stage_clock: Clock) -> Clock:
    """The only one here."""
    return stage_clock
