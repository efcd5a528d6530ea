"""Filling arguments with passages of free text: what is to be passed on, what is searched for, and why."""

import re
from collections.abc import Iterator

from bot.demo.model.filling import Filling
from bot.demo.model.kinds import LONG, is_query, is_reason, is_textual
from bot.demo.model.schema import Parameter
from bot.demo.model.texts import Span
from bot.demo.model.words import POLITE, STOP, stem, stems

TRIM = " \t\n,;.-–—"
POLITE_END = re.compile(r"[\s,.!]*\b(?:please|thanks?|thank you)[\s!.]*$", re.IGNORECASE)
BECAUSE = re.compile(r"\b(?:because(?: of)?|since|due to|as(?=\s+(?:it|the|they|she|he|we)\b))\s+", re.IGNORECASE)
FOR = re.compile(r"\bfor\s+", re.IGNORECASE)
TOLD = re.compile(r"\b(?:saying(?: that)?|that says)\s*:?\s+|:\s+", re.IGNORECASE)
STARTERS = stems("it the this they he she we customer his her their item was client there")


def fill_told(filling: Filling) -> None:
    """What follows a colon, or "saying", is the text to pass on: the longest kind of text first."""
    texts = [parameter for parameter in filling.open() if is_textual(parameter) and parameter.required]
    match = TOLD.search(filling.text.raw, filling.span.start, filling.span.end)
    if texts and match and not filling.is_taken(match.end(), filling.span.end):
        taker = next((parameter for parameter in texts if parameter.parts & LONG), texts[0])
        put_passage(filling, taker, Span(match.end(), filling.span.end), bare=True)


def fill_queries(filling: Filling) -> None:
    """What is searched for: the rest of the stretch after "for", "about", or the verb."""
    parameter = next((parameter for parameter in filling.open() if is_query(parameter)), None)
    content = filling.text.content_within(filling.span)
    if parameter is None or not content:
        return
    after = re.compile(r"\b(?:for|about|up)\s+", re.IGNORECASE).search(
        filling.text.raw, content[0].start, filling.span.end
    )
    start = after.end() if after else content[0].end
    put_passage(filling, parameter, Span(start, filling.span.end), bare=True)


def fill_reasons(filling: Filling) -> None:
    """A reason is what follows "because", or the free part at the end: "…, it came late"."""
    for parameter in [parameter for parameter in filling.open() if is_reason(parameter)][:1]:
        for passage in reason_passages(filling):
            if put_passage(filling, parameter, passage):
                break


def reason_passages(filling: Filling) -> Iterator[Span]:
    """Where a reason may stand, the surest place first."""
    segments = filling.text.segments(filling.span)
    free = [segment for segment in segments if not filling.is_taken(segment.start, segment.end)]
    because = BECAUSE.search(filling.text.raw, filling.span.start, filling.span.end)
    if because and not filling.is_taken(*because.span()):
        yield Span(because.end(), run_from(filling, segments, because.end()))
    late = [segment for segment in free if segment != segments[0] or filling.lenient]
    late = [segment for segment in late if is_passage(filling.text.cut(segment))]
    if late:
        first = late[-1]
        for segment in reversed(late[:-1]):
            if segments.index(first) - segments.index(segment) == 1:
                first = segment
        yield Span(first.start, late[-1].end)
    yield from tails(filling)


def run_from(filling: Filling, segments: list[Span], start: int) -> int:
    """The end of the free run that starts in the middle of a segment."""
    end = start
    for segment in segments:
        if segment.end <= start:
            continue
        if filling.is_taken(max(segment.start, start), segment.end):
            break
        end = segment.end
    return end


def tails(filling: Filling) -> Iterator[Span]:
    """What follows the last value without a comma: "… 80 euro it came late", "… for a broken lamp"."""
    last = max((span.end for span in filling.taken if filling.span.holds(span.start, span.end)), default=None)
    if last is None:
        return
    words = filling.text.words_within(Span(last, filling.span.end))
    if words and words[0].stem in STARTERS:
        yield Span(words[0].start, filling.span.end)
    match = FOR.search(filling.text.raw, last, filling.span.end)
    if match:
        yield Span(match.end(), filling.span.end)


def put_passage(filling: Filling, parameter: Parameter, passage: Span, *, bare: bool = False) -> bool:
    """Fill a parameter with a stretch of text, verbatim but for the punctuation and politeness around it."""
    text = filling.text.cut(passage)
    value = POLITE_END.sub("", text).strip(TRIM)
    if not is_passage(value, bare=bare):
        return False
    start = passage.start + text.index(value)
    return filling.put(parameter, value, start, start + len(value))


def is_passage(text: str, *, bare: bool = False) -> bool:
    """Whether a text says something: a word that means something, or, when `bare`, anything but politeness."""
    ignored = POLITE if bare else STOP
    return any(stem(word) not in ignored for word in re.findall(r"[\w'’-]+", text))
