"""Spans: OpenTelemetry's view of a turn, its calls of the model and of tools, and its waits for people.

What a thread does for one message is one trace, whichever processes do it and however often they start again: its id,
and that of its first span, follow from the thread and the message. A span is told once, by whoever saw its end. Names
and attributes of calls are those of the semantic conventions for generative AI. No arguments, no texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from bot.observing.models import ModelCall
from bot.observing.turns import TurnEnd
from graphs.texts.log_ids import log_ids
from storage.events import EffectOver, WaitOver

TURN, WAIT, CHAT, EXECUTE_TOOL = "turn", "wait for a person", "chat", "execute_tool"

THREAD, OPERATION, ERROR = "gen_ai.conversation.id", "gen_ai.operation.name", "error.type"
TOOL, CALL = "gen_ai.tool.name", "gen_ai.tool.call.id"
MESSAGE, OUTCOME = "signoff.message", "signoff.outcome"

DONE = "done"
"""The outcome of a tool call that is no error."""


class Spans:
    """Makes spans, and hands those that ended to `processor`, which sends them off."""

    def __init__(self, processor: SpanProcessor) -> None:
        self._provider = TracerProvider(resource=_resource(), id_generator=_Ids(), shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("signoff")

    @contextmanager
    def turn(self, thread_id: str, message: str | None, *, begins: bool) -> Generator[TurnEnd]:
        """Around a run of a thread for this message; the first one `begins` its trace."""
        attributes = _known({OPERATION: "invoke_agent", THREAD: thread_id, MESSAGE: message})
        given = _given.set(_ids(thread_id, message) if begins else None)
        try:
            context = Context() if begins else self._begun(thread_id, message)
            span = self._tracer.start_span(TURN, context, attributes=attributes)
        finally:
            _given.reset(given)
        end = TurnEnd()
        # What an error says is for the log alone.
        with trace.use_span(span, end_on_exit=False, record_exception=False, set_status_on_exception=False):
            yield end
        if end.outcome is not None:  # else it is no turn, and nobody hears of it
            span.set_attribute(OUTCOME, end.outcome)
            _end(span, end.error)

    @contextmanager
    def model_call(self, model: str) -> Generator[ModelCall]:
        """Around a call of the model, in the turn at work."""
        attributes = {
            OPERATION: CHAT,
            "gen_ai.provider.name": "openai",  # whose interface it is, whoever is behind it
            "gen_ai.request.model": model,
            THREAD: log_ids().get("thread"),
        }
        span = self._tracer.start_span(f"{CHAT} {model}", kind=SpanKind.CLIENT, attributes=_known(attributes))
        call = ModelCall()
        try:
            yield call
        finally:
            if (reply := call.reply) is not None:
                span.set_attribute("gen_ai.response.finish_reasons", [reply.finish])
                if reply.usage is not None:
                    span.set_attribute("gen_ai.usage.input_tokens", reply.usage.prompt_tokens)
                    span.set_attribute("gen_ai.usage.output_tokens", reply.usage.completion_tokens)
            _end(span, call.error)

    def tool_called(self, ended: EffectOver) -> None:
        """A tool call that ran, as its record tells it, in the turn at work."""
        attributes = {
            OPERATION: EXECUTE_TOOL,
            TOOL: ended.tool,
            CALL: ended.call,
            THREAD: ended.thread_id,
            OUTCOME: ended.outcome,
        }
        span = self._tracer.start_span(
            f"{EXECUTE_TOOL} {ended.tool}", attributes=_known(attributes), start_time=_ns(ended.began_at)
        )
        _end(span, "" if ended.outcome == DONE else ended.outcome, max(ended.at, ended.began_at))

    def waited(self, wait: WaitOver, message: str | None) -> None:
        """A wait for a person, which came while the thread worked on this message."""
        attributes = {
            THREAD: wait.thread_id,
            MESSAGE: message,
            TOOL: wait.tool,
            CALL: wait.call,
            "signoff.question": wait.interrupt_id,
            "signoff.question.kind": wait.kind,
            "signoff.quorum": wait.quorum,
            OUTCOME: wait.outcome,
        }
        context = self._begun(wait.thread_id, message)
        span = self._tracer.start_span(WAIT, context, attributes=_known(attributes), start_time=_ns(wait.asked_at))
        _end(span, "", max(wait.at, wait.asked_at))

    def name(self, thread_id: str, message: str | None) -> str:
        """The id of the trace for this message, as collectors show it."""
        return trace.format_trace_id(_ids(thread_id, message)[0])

    def shutdown(self) -> None:
        """Send off what there is. It blocks, for as long as whoever takes them is away."""
        self._provider.shutdown()

    def _begun(self, thread_id: str, message: str | None) -> Context:
        """Beneath the first turn for this message, perhaps of another process."""
        trace_id, span_id = _ids(thread_id, message)
        sampled = self._provider.sampler.should_sample(None, trace_id, TURN).decision.is_sampled()
        flags = TraceFlags(TraceFlags.SAMPLED if sampled else TraceFlags.DEFAULT)
        begun = SpanContext(trace_id, span_id, is_remote=True, trace_flags=flags)
        return trace.set_span_in_context(NonRecordingSpan(begun), Context())


def exporting(to: Literal["otlp", "console"]) -> Spans:
    """Spans that are sent where the SDK's own variables say. Raises `ImportError` without the extra."""
    exporter: SpanExporter = ConsoleSpanExporter()
    if to == "otlp":
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        exporter = OTLPSpanExporter()
    return Spans(BatchSpanProcessor(exporter))


_given: ContextVar[tuple[int, int] | None] = ContextVar("_given", default=None)
"""The ids of the span that begins now, and of its trace."""


class _Ids(RandomIdGenerator):
    """The ids that are given, else random ones."""

    def generate_trace_id(self) -> int:
        given = _given.get()
        return super().generate_trace_id() if given is None else given[0]

    def generate_span_id(self) -> int:
        given = _given.get()
        return super().generate_span_id() if given is None else given[1]


def _ids(thread_id: str, message: str | None) -> tuple[int, int]:
    """Of a trace, and of its first span: neither is 0, which stands for none."""
    found = hashlib.sha256(f"{thread_id}\0{message or ''}".encode(errors="backslashreplace")).digest()
    return int.from_bytes(found[:16]) or 1, int.from_bytes(found[16:24]) or 1


def _resource() -> Resource:
    """What the SDK's own variables say of this process; its name is ours where they say none."""
    said = Resource.create()
    is_named = not str(said.attributes.get(SERVICE_NAME, "unknown")).startswith("unknown")
    return said if is_named else said.merge(Resource({SERVICE_NAME: "signoff"}))


def _known(attributes: Mapping[str, AttributeValue | None]) -> dict[str, AttributeValue]:
    return {name: value for name, value in attributes.items() if value is not None}


def _end(span: Span, error: str, at: float | None = None) -> None:
    """`error` is a class, or an outcome; "" for none."""
    if error:
        span.set_attribute(ERROR, error)
        span.set_status(Status(StatusCode.ERROR))
    span.end(None if at is None else _ns(at))


def _ns(seconds: float) -> int:
    return int(seconds * 1_000_000_000)
