"""A workspace that is soon tired of waiting for an ack."""

import pytest

from tests.support.clock import Clock
from tests.support.slack import http, no_proxy, page, slack, stage_clock, workspace

__all__ = ["http", "no_proxy", "page", "slack", "stage_clock", "workspace"]


@pytest.fixture
def clock(stage_clock: Clock) -> Clock:
    """The only one here."""
    return stage_clock


@pytest.fixture
def ack_timeout() -> float:
    return 0.3
