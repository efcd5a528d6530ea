"""What whoever is on call sees of a conversation: the log as JSON, spans at a collector, figures; over a restart."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from tests.stories.conftest import NewStage
from tests.stories.people import Page, Person
from tests.stories.programs import Stage
from tests.support.waiting import until

pytestmark = pytest.mark.slow

MARKED = "zebra4711"
"""In what people say and in what the tool is given: nobody on call needs to read it."""


class Collector:
    """Takes spans over OTLP/HTTP, as OpenTelemetry's own does."""

    def __init__(self) -> None:
        self.url = ""
        self.spans: list[Span] = []
        self.services: set[str] = set()

    async def take(self, request: web.Request) -> web.Response:
        sent = ExportTraceServiceRequest.FromString(await request.read())
        for of_resource in sent.resource_spans:
            said = {each.key: each.value.string_value for each in of_resource.resource.attributes}
            self.services.add(said["service.name"])
            self.spans += [span for of_scope in of_resource.scope_spans for span in of_scope.spans]
        return web.Response(content_type="application/x-protobuf")

    def named(self, name: str) -> list[Span]:
        return [span for span in self.spans if span.name == name]


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    found, app = Collector(), web.Application()
    app.router.add_post("/v1/traces", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def free_port() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return str(found.getsockname()[1])


def attributes(span: Span) -> Mapping[str, Any]:
    return {each.key: each.value.string_value or each.value.int_value for each in span.attributes}


async def figures(port: str) -> Mapping[tuple[str, ...], float]:
    """The figures that are not 0, by name and the values of their labels."""
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{port}/metrics") as response:
        families = text_string_to_metric_families(await response.text())
    return {
        (s.name, *(s.labels[each] for each in sorted(s.labels))): s.value
        for family in families
        for s in family.samples
        if s.value
    }


def records(stage: Stage) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stage.log.splitlines()]


async def test_a_conversation_over_a_restart_is_seen_whole(new_stage: NewStage, collector: Collector):
    port = free_port()
    told = {
        "LOG_FORMAT": "json",
        "PORT": port,
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    stage = await asyncio.to_thread(new_stage, settings=told)
    async with aiohttp.ClientSession() as http:
        ana = Person(Page(http, stage.url, stage.model_url), "U0ANA", "D0ANA")
        thread = await ana.say(f"refund order 1042, 80 euro, {MARKED}")
        card = await thread.card()
        await until(lambda: collector.named("turn"), "the first turn")
        assert (await figures(port))["signoff_waiting_questions", "tool_approval"] == 1
        assert await asyncio.to_thread(stage.stop_bot) == 0
        await asyncio.to_thread(stage.start_bot)
        seen = await figures(port)
        assert seen["signoff_waiting_questions", "tool_approval"] == 1, "rows outlive a restart"
        assert ("signoff_questions_total", "tool_approval") not in seen, "counters begin anew"
        await ana.click(card, "Approve")
        await thread.becomes(card, "approved by")
        await until(lambda: collector.named("wait for a person"), "the wait")
        await until(lambda: collector.named("execute_tool refund_order"), "the tool call")
        await until(lambda: len(collector.named("turn")) == 2, "the second turn")
        seen = await figures(port)
        assert await asyncio.to_thread(stage.stop_bot) == 0
    assert seen["signoff_decisions_total", "tool_approval", "approved"] == 1
    assert seen["signoff_tool_calls_total", "done", "refund_order"] == 1
    assert ("signoff_waiting_questions", "tool_approval") not in seen
    assert seen["signoff_model_calls_total", ""] >= 1

    lines = records(stage)
    (arrived,) = [line for line in lines if "is in the inbox" in line["message"]]
    (decided,) = [line for line in lines if "decided about question" in line["message"]]
    assert {arrived[name] for name in ("person", "channel", "team")} == {"U0ANA", "D0ANA", "T0LOCAL"}
    assert arrived["thread"] == decided["thread"] == f"T0LOCAL/D0ANA/{arrived['ts']}"
    assert arrived["event"]
    (wait,), (ran,) = collector.named("wait for a person"), collector.named("execute_tool refund_order")
    assert decided["person"] == "U0ANA"
    assert decided["question"] == attributes(wait)["signoff.question"]
    assert decided["call"] == attributes(wait)["gen_ai.tool.call.id"] == attributes(ran)["gen_ai.tool.call.id"]
    assert attributes(wait)["signoff.outcome"] == "approved"
    assert len({span.trace_id for span in collector.spans}) == 1
    assert len({span.span_id for span in collector.spans}) == len(collector.spans)
    assert collector.services == {"signoff"}
    shown = stage.log + str(collector.spans)
    assert MARKED not in shown
    assert not [each for each in stage.environment.values() if each.startswith(("xox", "xapp")) and each in shown]


async def test_a_collector_that_is_away_holds_nobody_up(new_stage: NewStage):
    told = {"LOG_FORMAT": "json", "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}"}
    told["OTEL_BSP_SCHEDULE_DELAY"] = "100"
    stage = await asyncio.to_thread(new_stage, settings=told)
    async with aiohttp.ClientSession() as http:
        ana = Person(Page(http, stage.url, stage.model_url), "U0ANA", "D0ANA")
        thread = await ana.say("refund order 1042, 80 euro, late")
        card = await thread.card()
        await ana.click(card, "Approve")
        await thread.becomes(card, "approved by")
        assert await asyncio.to_thread(stage.stop_bot) == 0
    assert {line["logger"].partition(".")[0] for line in records(stage) if line["level"] != "INFO"} <= {"opentelemetry"}
