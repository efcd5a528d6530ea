"""What watches a bot, and a tool that asks."""

from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from bot.observing.figures import Figures
from bot.observing.spans import Spans
from bot.observing.watch import Watch
from graphs.agent.policy import Approval
from graphs.agent.tools import Tool, tool
from storage import Storage
from tests.bot.conftest import (
    ack_timeout,
    clock,
    http,
    no_proxy,
    page,
    slack,
    stage_clock,
    storage,
    template,
    url,
    workspace,
)

__all__ = [
    "ack_timeout", "clock", "http", "no_proxy", "page", "slack", "stage_clock", "storage", "template", "url",
    "workspace",
]  # fmt: skip

SECRET_WORDS = "purple elephant 4711"
"""In arguments and in what people say: no figure and no span may have it."""


@pytest.fixture
def exported() -> InMemorySpanExporter:
    """The spans that ended."""
    return InMemorySpanExporter()


@pytest.fixture
def watch(storage: Storage, exported: InMemorySpanExporter) -> Watch:
    return Watch(storage, Figures(), Spans(SimpleSpanProcessor(exported)))


@pytest.fixture
def pay() -> Tool[..., Any]:
    @tool(approval=Approval(approvers=["channel"], allow={"approve", "edit", "reject", "respond"}))
    def pay(note: str) -> str:
        """Pay it."""
        if note.startswith("fail"):
            raise ValueError(SECRET_WORDS)
        return "paid"

    return pay
