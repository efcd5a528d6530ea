"""Filling arguments from words: labels, options, switches, quoted passages, names, reasons."""

import re
from collections.abc import Iterator

from bot.workspace.model.filling import Filling, convert
from bot.workspace.model.kinds import LONG, PERSON, PLACE, form_of, is_identifier, is_query, is_reason, is_textual
from bot.workspace.model.schema import Parameter
from bot.workspace.model.texts import Span
from bot.workspace.model.words import GENERIC, POLITE, STOP, name_words, stem, stems

TRIM = " \t\n,;.-–—"
PROPER = r"[A-ZÀ-Þ][\w'’-]*(?:\s[A-ZÀ-Þ][\w'’-]*)*"
POLITE_END = re.compile(r"[\s,.!]*\b(?:please|thanks?|thank you)[\s!.]*$", re.IGNORECASE)
BECAUSE = re.compile(r"\b(?:because(?: of)?|since|due to)\s+", re.IGNORECASE)
FOR = re.compile(r"\bfor\s+", re.IGNORECASE)
TOLD = re.compile(r"\b(?:saying(?: that)?|that says)\s*:?\s+|:\s+", re.IGNORECASE)
STARTERS = stems("it the this they he she we customer his her their item was client there")
NEGATIONS = stems("not no without never don't dont isn't non")


def fill_labelled(filling: Filling) -> None:
    """`amount: 80`, `room id = 7`, `reason: it came late; …`: a value after its parameter's own name."""
    for parameter in filling.open():
        label = re.compile(rf"(?<!\w){label_pattern(parameter)}\s*[:=]\s*", re.IGNORECASE)
        match = label.search(filling.text.raw, filling.span.start, filling.span.end)
        if match is None:
            continue
        quoted = next((found for found in filling.free() if found.start == match.end()), None)
        if quoted:
            value, end = convert(parameter, quoted.text), quoted.end
        else:
            end = end_of_labelled(filling, parameter, match.end())
            value = convert(parameter, filling.text.raw[match.end() : end].strip(TRIM))
        if value not in (None, ""):
            filling.put(parameter, value, match.start(), end)


def label_pattern(parameter: Parameter) -> str:
    return r"[\s_-]?".join(re.escape(word) for word in name_words(parameter.name)) or re.escape(parameter.name)


def end_of_labelled(filling: Filling, parameter: Parameter, start: int) -> int:
    """Where a labelled value ends: at the next label or line; short values at the next comma, too."""
    labels = "|".join(label_pattern(other) for other in filling.tool.parameters)
    stop = rf";|\n|,?\s*\b(?:{labels})\s*[:=]" + ("" if is_textual(parameter) else r"|,(?!\d)|\s+(?:and|then)\s")
    match = re.compile(stop, re.IGNORECASE).search(filling.text.raw, start, filling.span.end)
    return match.start() if match else filling.span.end


def fill_options(filling: Filling) -> None:
    """An enum takes the option that stands in the text; the longest first, and none that only names the tool."""
    for parameter in filling.open():
        for option in sorted(parameter.options, key=lambda option: -len(str(option))):
            if (
                not isinstance(option, (str, int))
                or isinstance(option, bool)
                or stem(str(option)) in filling.tool.parts
            ):
                continue
            words = r"[\s_-]+".join(re.escape(word) for word in re.split(r"[\s_-]+", str(option)) if word)
            pattern = re.compile(rf"(?<![\w.,]){words}(?!\w)", re.IGNORECASE)
            match = pattern.search(filling.text.raw, filling.span.start, filling.span.end) if words else None
            if match and not filling.is_taken(*match.span()) and filling.put(parameter, option, *match.span()):
                break


def fill_switches(filling: Filling) -> None:
    """A yes-or-no parameter takes what its own words say ("urgent", "not urgent"); "yes" or "no" answers a question."""
    words = filling.text.words_within(filling.span)
    for parameter in filling.open():
        if parameter.kind != "boolean":
            continue
        own = parameter.nouns - set(filling.tool.parts) - STOP
        said = [index for index, word in enumerate(words) if word.stem in own]
        if own and own <= {words[index].stem for index in said}:
            first, last = words[said[0]], words[said[-1]]
            denied = any(word.stem in NEGATIONS for word in words[max(0, said[0] - 2) : said[0]])
            filling.put(parameter, not denied, first.start, last.end)
        elif filling.lenient and words and (answer := convert(parameter, words[0].text)) is not None:
            filling.put(parameter, answer, words[0].start, words[0].end)


def fill_quotes(filling: Filling) -> None:
    """Quoted passages go to the parameter named right before them, the others to the text parameters in sequence."""
    texts = [parameter for parameter in filling.open() if takes_quotes(parameter)]
    quotes = [found for found in filling.free() if found.kind == "quoted"]
    for parameter in list(texts):
        for found in quotes:
            before = [
                word
                for word in filling.text.words_within(Span(filling.span.start, found.start))
                if word.stem not in STOP
            ]
            near = before and not filling.text.raw[before[-1].end : found.start].strip(" :=")
            if (
                near
                and before[-1].stem in parameter.nouns - GENERIC
                and filling.put(parameter, found.text, found.start, found.end)
            ):
                texts.remove(parameter)
                quotes.remove(found)
                break
    for found in quotes:
        taker = next(
            (parameter for parameter in texts if filling.put(parameter, found.text, found.start, found.end)), None
        )
        if taker:
            texts.remove(taker)


def takes_quotes(parameter: Parameter) -> bool:
    return parameter.kind == "string" and not parameter.options and not form_of(parameter)


def fill_names(filling: Filling) -> None:
    """Proper names: right after the parameter's own word ("city Paris"), or after the preposition that fits."""
    for parameter in filling.open():
        if not takes_quotes(parameter) or is_textual(parameter):
            continue
        for pattern in name_patterns(parameter):
            match = pattern.search(filling.text.raw, filling.span.start, filling.span.end)
            if match and not filling.is_taken(*match.span(1)) and filling.put(parameter, match[1], *match.span(1)):
                break


def name_patterns(parameter: Parameter) -> Iterator[re.Pattern[str]]:
    """Where a proper name for this parameter would stand."""
    own = "|".join(re.escape(word) for word in name_words(parameter.name) if stem(word) in parameter.nouns)
    yield re.compile(rf"\b(?i:{own})\s+(?i:(?:is|named|called|of)\s+)?({PROPER})") if own else re.compile(r"(?!)")
    if own and not is_identifier(parameter):
        yield re.compile(rf"\b(?i:{own})\s+(?:is|named|called)\s+(\w+)")
    if parameter.parts & PLACE:
        yield re.compile(rf"\b(?i:in|at|near|for|to)\s+({PROPER})")
    if parameter.parts & PERSON:
        yield re.compile(rf"\b(?i:to|for|with|by)\s+({PROPER})")


def fill_told(filling: Filling) -> None:
    """What follows a colon, or "saying", is the text to pass on: the longest kind of text first."""
    texts = [parameter for parameter in filling.open() if is_textual(parameter) and parameter.required]
    match = TOLD.search(filling.text.raw, filling.span.start, filling.span.end)
    if texts and match and not filling.is_taken(match.end(), filling.span.end):
        taker = next((parameter for parameter in texts if parameter.parts & LONG), texts[0])
        put_passage(filling, taker, Span(match.end(), filling.span.end))


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
    """What follows the last value without a comma: "… 80 euro it came late", "… for late delivery"."""
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
