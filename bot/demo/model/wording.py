"""Filling arguments from words: labels, options, switches, quoted passages, names."""

import re
from collections.abc import Iterator

from bot.demo.model.filling import Filling, convert
from bot.demo.model.kinds import PERSON, PLACE, form_of, is_identifier, is_textual
from bot.demo.model.passages import TRIM
from bot.demo.model.scalars import word_before
from bot.demo.model.schema import Parameter
from bot.demo.model.words import STOP, name_words, stem, stems

PROPER = r"[A-ZÀ-Þ][\w'’-]*(?:\s[A-ZÀ-Þ][\w'’-]*)*"
SWITCH = re.compile(r"\s*[:=]\s*(yes|no|true|false|on|off)\b", re.IGNORECASE)
NEGATIONS = stems("not no without never don't dont isn't non")


def fill_labelled(filling: Filling) -> None:
    """`amount: 80`, `room id = 7`, `reason: it came late; …`: a value after its parameter's own name."""
    for parameter in filling.open():
        label = re.compile(rf"(?<!\w){label_pattern(parameter)}\s*[:=]\s*", re.IGNORECASE)
        match = label.search(filling.text.raw, filling.span.start, filling.span.end)
        if match is None:
            continue
        form = form_of(parameter)
        found = next((found for found in filling.free() if found.start == match.end()), None)
        if found and found.kind in {"quoted", form}:
            value, end = convert(parameter, found.text), found.end
        elif form:
            continue
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
            answer = SWITCH.match(filling.text.raw, last.end, filling.span.end)
            value = convert(parameter, answer[1]) if answer else not denied
            filling.put(parameter, value, first.start, answer.end() if answer else last.end)
        elif filling.lenient and words and (value := convert(parameter, words[0].text)) is not None:
            filling.put(parameter, value, words[0].start, words[0].end)


def fill_quotes(filling: Filling) -> None:
    """Quoted passages go to the parameter named right before them, the others to the text parameters in sequence.

    What is pointed at comes last and takes only a single quoted word.
    """
    for found in [found for found in filling.free() if found.kind == "quoted"]:
        takers = [parameter for parameter in filling.open() if takes_quotes(parameter)]
        before = word_before(found, filling.text)
        named = [parameter for parameter in takers if before and before.stem in parameter.nouns]
        fitting = [parameter for parameter in takers if not is_identifier(parameter) or " " not in found.text]
        for parameter in (*named, *sorted(fitting, key=is_identifier)):
            if filling.put(parameter, found.text, found.start, found.end):
                break


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
