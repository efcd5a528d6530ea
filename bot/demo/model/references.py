"""What a person points at without writing it again: "rooms 7 and 8", and "it" for what they named before."""

import re
from collections.abc import Sequence

from bot.demo.model.filling import Filling, convert
from bot.demo.model.kinds import is_identifier
from bot.demo.model.scalars import SURE, fill_scalars, is_bare
from bot.demo.model.schema import Parameter
from bot.demo.model.texts import Span, Text
from bot.demo.model.values import Found

JOINED = re.compile(r"\s*(?:,|and|&|,\s*and)\s*(?:\w+\s+)?", re.IGNORECASE)
POINTING = re.compile(r"\b(?:it|that|this|them|the same)\b", re.IGNORECASE)


def one_for_each(filling: Filling) -> list[Filling]:
    """The filling, and a copy of it for every further thing that is named with the first: "7, 8 and 9"."""
    copies = [filling]
    for span, name in list(filling.taken.items()):
        parameter = next(parameter for parameter in filling.wanted if parameter.name == name)
        if parameter.kind in {"integer", "string"} and is_identifier(parameter):
            copies += [copy_with(filling, parameter, span, found) for found in joined_with(filling, parameter, span)]
    return copies


def joined_with(filling: Filling, parameter: Parameter, span: Span) -> list[Found]:
    """The values that follow a first one, joined by commas and "and"."""
    joined: list[Found] = []
    end = span.end
    for found in filling.text.values_within(filling.span):
        if found.start < end:
            continue
        fitting = found.kind in {"number", "hash", "code"} and convert(parameter, found.text) is not None
        apart = JOINED.fullmatch(filling.text.raw[end : found.start]) is None
        if apart or not fitting or not is_bare(found, filling) or filling.is_taken(found.start, found.end):
            break
        joined.append(found)
        end = found.end
    return joined


def copy_with(filling: Filling, parameter: Parameter, span: Span, found: Found) -> Filling:
    """The same call for another thing."""
    values = {**filling.values, parameter.name: convert(parameter, found.text)}
    taken = {place: name for place, name in filling.taken.items() if place != span}
    taken[Span(found.start, found.end)] = parameter.name
    return Filling(filling.tool, filling.text, filling.span, filling.wanted, values=values, taken=taken)


def fill_from_before(filling: Filling, earlier: Sequence[Text]) -> None:
    """Where a person says "it", what they mean is what they named last, in an earlier message."""
    missing = tuple(parameter for parameter in filling.missing() if is_identifier(parameter))
    if not missing or not POINTING.search(filling.text.cut(filling.span)):
        return
    for text in reversed(earlier):
        before = Filling(filling.tool, text, text.span, missing, values=filling.values)
        fill_scalars(before, least=SURE)
        if before.taken:
            return
