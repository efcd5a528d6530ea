"""Filling array parameters: every value of the text that fits an item."""

import re

from bot.demo.model.filling import Filling, convert
from bot.demo.model.kinds import form_of, is_identifier
from bot.demo.model.scalars import is_bare
from bot.demo.model.schema import Parameter
from bot.demo.model.texts import Span


def fill_lists(filling: Filling) -> None:
    """Give each array the options, addresses, codes, numbers or quoted passages that stand in the stretch."""
    for parameter in filling.open():
        if parameter.kind != "array":
            continue
        places = (
            option_places(filling, parameter.item) if parameter.item.options else value_places(filling, parameter.item)
        )
        values = [value for value, _span in places if parameter.item.allows(value)]
        if values and parameter.allows(values):
            filling.values[parameter.name] = values
            filling.taken |= {span: parameter.name for _value, span in places}


def option_places(filling: Filling, item: Parameter) -> list[tuple[object, Span]]:
    """The options of an enum that stand in the stretch."""
    places: list[tuple[object, Span]] = []
    for option in item.options:
        pattern = re.compile(rf"(?<!\w){re.escape(str(option))}(?!\w)", re.IGNORECASE)
        match = pattern.search(filling.text.raw, filling.span.start, filling.span.end)
        if match and not filling.is_taken(*match.span()):
            places.append((option, Span(*match.span())))
    return places


def value_places(filling: Filling, item: Parameter) -> list[tuple[object, Span]]:
    """The values of the stretch that an item takes."""
    form = form_of(item)
    kinds = {form} if form else {"quoted"}
    if item.kind in {"integer", "number"} or (not form and is_identifier(item)):
        kinds = {"number", "hash", "code"}
    return [
        (value, Span(found.start, found.end))
        for found in filling.free()
        if found.kind in kinds
        and (found.kind != "number" or is_bare(found, filling))
        and (value := convert(item, found.text)) is not None
    ]
