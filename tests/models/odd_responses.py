"""What servers that speak Responses in their own way send: answers in `streams/responses`, and what they mean.

Those of llama.cpp were taken down from it (build 11549 of 2026-10). The others are written after what OpenAI's
reference has and what is reported of servers.
"""

from __future__ import annotations

from pathlib import Path

from tests.models.odd_streams import TWO_PAYMENTS, Case

STREAMS = Path(__file__).parent / "streams" / "responses"

ONE_PAYMENT = TWO_PAYMENTS[:1]


def _case(file: str, text: str = "", calls: tuple[tuple[str, str], ...] = ()) -> Case:
    return Case(f"responses/{file}", text, calls)


READ = [
    _case("openai-reasoning-a-message-and-two-calls.sse", "Let me pay.", TWO_PAYMENTS),
    _case("openai-two-messages-with-phases.sse", "One moment.\n\nHello!"),
    _case("openai-a-refusal.sse", "I cannot do that."),
    _case("everything-in-the-last-event-only.sse", "Both.", TWO_PAYMENTS),
    _case("llama-cpp-no-numbers-call-ids-in-the-place-of-item-ids.sse", "", TWO_PAYMENTS),
    _case("llama-cpp-a-call.sse", "", ONE_PAYMENT),
    _case("llama-cpp-a-call-as-a-document.json", "", ONE_PAYMENT),
    _case("llama-cpp-words.sse", "It is paid..."),
    _case("no-ids-at-all.sse", "", TWO_PAYMENTS),
    _case("one-id-for-all.sse", "", TWO_PAYMENTS),
    _case("another-item-id-with-each-event.sse", "", TWO_PAYMENTS),
    _case("vllm-every-item-has-the-number-0-and-the-last-event-other-ids.sse", "", TWO_PAYMENTS),
    _case("no-last-output.sse", "Both.", TWO_PAYMENTS),
    _case("the-last-output-is-null.sse", "Both.", TWO_PAYMENTS),
    _case("the-last-event-has-nothing.sse", "Both.", TWO_PAYMENTS),
    _case("the-last-output-lacks-a-call.sse", "", TWO_PAYMENTS),
    _case("nothing-is-announced.sse", "Both.", TWO_PAYMENTS),
    _case("no-pieces-arguments-in-done-only.sse", "", TWO_PAYMENTS),
    _case("arguments-and-name-in-done-and-nothing-else.sse", "", ONE_PAYMENT),
    _case("whole-arguments-are-announced.sse", "", ONE_PAYMENT),
    _case("an-empty-object-where-the-call-is-told-as-a-whole.sse", "", ONE_PAYMENT),
    _case("arguments-as-an-object.sse", "", ONE_PAYMENT),
    _case("pieces-of-two-calls-by-turns.sse", "", TWO_PAYMENTS),
    _case("everything-told-twice.sse", "Both.", ONE_PAYMENT),
    _case("no-text-in-pieces-only-whole.sse", "Hello!"),
    _case("no-types-only-names-of-events.sse", "Both.", TWO_PAYMENTS),
    _case("no-names-of-events-comments-and-done.sse", "Both.", TWO_PAYMENTS),
    _case("events-that-nobody-knows.sse", "Hello!"),
    _case("nulls-wherever-they-can-stand.sse", "Both.", ONE_PAYMENT),
    _case("reasoning-as-text.sse", "Hello!"),
    _case("thoughts-in-the-text.sse", "Hello!"),
    _case("only-done-behind-words.sse", "Hello!"),
    _case("crlf.sse", "Hello!"),
    _case("one-document-in-the-place-of-a-stream.json", "Both.", TWO_PAYMENTS),
    _case("a-document-on-several-lines.json", "Hello!"),
]

NO_CALLS = sorted(f"responses/{file.name}" for file in STREAMS.glob("none-*"))
"""Answers with a call that is whole, and something that says that the reply is not."""

CUT_AND_COMPLETE = "responses/llama-cpp-a-call-that-was-cut-and-is-said-to-be-complete.sse"
CUT = "responses/cut-for-a-reason.sse"
REASONS = ("max_output_tokens", "max_tokens", "content_filter", "safety", "")
