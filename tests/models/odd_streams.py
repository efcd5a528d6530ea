"""What servers that speak Chat Completions in their own way send: recorded answers in `streams`, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """`file` is sent as it stands. `calls` are names and arguments, in JSON that is equal."""

    file: str
    text: str = ""
    calls: tuple[tuple[str, str], ...] = ()

    @property
    def body(self) -> bytes:
        return recorded(self.file)


def recorded(file: str) -> bytes:
    return (Path(__file__).parent / "streams" / file).read_bytes()


TWO_PAYMENTS = (("pay", '{"number":1}'), ("pay", '{"number":2}'))

CALLS = [
    Case("llama-cpp-a-call.sse", calls=TWO_PAYMENTS[:1]),
    Case("ollama-every-call-has-the-number-0-and-an-id-of-its-own.sse", calls=TWO_PAYMENTS),
    Case("one-number-no-ids-a-whole-call-a-piece.sse", calls=TWO_PAYMENTS),
    Case("gemini-no-numbers-empty-ids-both-calls-in-one-piece.sse", calls=TWO_PAYMENTS),
    Case("one-id-for-all-calls-each-with-its-number.sse", calls=TWO_PAYMENTS),
    Case("one-id-and-one-number-for-all-a-whole-call-a-piece.sse", calls=TWO_PAYMENTS),
    Case("the-name-with-each-piece-numbers-as-texts.sse", calls=TWO_PAYMENTS),
    Case("the-name-with-each-piece-no-ids-one-number.sse", calls=TWO_PAYMENTS),
    Case("no-numbers-ids-tell-the-pieces-apart.sse", calls=TWO_PAYMENTS),
    Case("no-numbers-and-an-id-only-where-a-call-begins.sse", calls=TWO_PAYMENTS),
    Case("one-number-ids-tell-the-pieces-apart.sse", calls=TWO_PAYMENTS),
    Case("the-pieces-are-numbered-and-not-the-calls.sse", calls=TWO_PAYMENTS),
    Case("one-number-no-ids-the-name-where-a-call-begins.sse", calls=TWO_PAYMENTS),
    Case("no-numbers-no-ids-the-name-where-a-call-begins.sse", calls=TWO_PAYMENTS),
    Case("one-id-and-one-number-for-all-in-pieces.sse", calls=TWO_PAYMENTS),
    Case("another-id-with-each-piece.sse", calls=TWO_PAYMENTS),
    Case("ids-that-come-late.sse", calls=TWO_PAYMENTS),
    Case("a-name-that-comes-behind-its-arguments.sse", calls=TWO_PAYMENTS),
    Case("a-name-in-pieces.sse", calls=TWO_PAYMENTS),
    Case("an-empty-object-before-the-arguments.sse", calls=TWO_PAYMENTS),
    Case("the-name-once-more-at-the-end.sse", calls=TWO_PAYMENTS[:1]),
    Case("a-call-as-an-object-and-empty-ones.sse", calls=TWO_PAYMENTS[:1]),
    Case(
        "one-tool-without-arguments-among-others.sse",
        calls=(("ring", ""), ("pay", '{"number":1}'), ("ring", "")),
    ),
    Case("without-arguments-one-number-two-ids.sse", calls=(("ring", ""), ("ring", ""))),
    Case("without-arguments-in-one-piece.sse", calls=(("ring", ""), ("ring", ""))),
    Case("without-arguments-two-numbers.sse", calls=(("ring", ""), ("ring", ""))),
    Case("two-calls-of-one-tool-without-arguments.sse", calls=(("ring", "{}"), ("ring", "{}"))),
    Case("the-whole-call-once-more-at-the-end.sse", calls=(("pay", '{"number":1}'),)),
    Case("the-whole-call-once-more-in-other-spacing.sse", calls=TWO_PAYMENTS[:1]),
    Case("the-whole-arguments-once-more-without-a-name.sse", calls=TWO_PAYMENTS[:1]),
    Case("the-call-once-more-in-the-old-way.sse", calls=TWO_PAYMENTS[:1]),
    Case("the-old-way-first.sse", calls=TWO_PAYMENTS),
]

SHAPES = [
    Case("mistral-content-as-parts-thoughts-among-them.sse", text="Hello!"),
    Case("arguments-as-an-object.sse", calls=(("pay", '{"number":1}'),)),
    Case("the-old-function-call.sse", calls=(("pay", '{"number":1}'),)),
    Case("one-json-answer-in-the-place-of-a-stream.json", text="Both.", calls=TWO_PAYMENTS),
    Case("a-json-answer-with-content-parts-and-a-function-call.json", text="Now.", calls=(("pay", '{"number":1}'),)),
    Case("a-line-of-json-each.json", text="Hello!"),
    Case("all-chunks-in-one-list.json", text="Hello!"),
    Case("a-byte-order-mark-comments-and-crlf.sse", text="Hello!"),
    Case("lines-that-end-with-cr.sse", text="Hello!"),
    Case("no-empty-lines-between-the-events-and-the-last-one-open.sse", text="Hello!"),
    Case("one-event-over-several-lines.sse", text="Hello!"),
    Case("no-done-chunks-without-choices-deltas-that-are-null.sse", text="Hello!"),
    Case("no-reason-to-finish-but-done.sse", text="Hello!", calls=(("ring", "{}"),)),
    Case("tgi-the-reason-is-eos-token-and-the-end-repeats-the-message.sse", text="Hello!", calls=(("ring", "{}"),)),
    Case("messages-in-the-place-of-deltas.sse", text="Hello!"),
    Case("messages-piece-by-piece-in-the-place-of-deltas.sse", text="Hello!"),
    Case("each-message-repeats-what-was-said.sse", text="Hello!", calls=TWO_PAYMENTS[:1]),
    Case("signs-of-life-and-data-twice.sse", text="Hello!"),
    Case("an-emoji-in-two-pieces-and-half-of-one.sse", text="Paid 😀 and \ufffd gone \ufffd"),
]

THOUGHTS = [
    Case("in-pieces-behind-an-empty-line.sse", text="Hello! 1 < 2"),
    Case("several-of-several-names.sse", text="Hello, you"),
    Case("never-closed.sse", text="Hello! "),
    Case(
        "talked-about-in-code.sse",
        text="Write `<think>` or\n```html\n<think>\n\n</think>\n```\n``a ` <think>`` and <thin",
    ),
]

ONLY_CLOSED = Case("deepseek-r1s-template-opens-the-thoughts-itself.sse", text="Hello!")

NO_CALLS = (
    "cut-off-behind-a-whole-call.sse",
    "cut-off-in-the-middle-of-an-event.sse",
    "the-models-call-is-malformed-says-the-server.sse",
    "a-reason-that-nobody-knows.sse",
    "a-reason-that-is-no-text.sse",
    "an-error-inside-the-choice.sse",
    "an-error-under-a-name-of-its-own.json",
    "an-error-as-a-message-and-a-code.json",
    "an-error-in-the-middle.sse",
    "an-error-as-an-event.sse",
    "an-error-as-a-document.json",
    "an-error-as-a-list.json",
    "half-a-document.json",
)

CUT = "cut-for-a-reason.sse"
REASONS = ("length", "max_tokens", "MAX_TOKENS", "model_length", "content_filter", "SAFETY", "sensitive")
