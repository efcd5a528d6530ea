"""Filling a tool's arguments from a person's text, rule by rule. Nothing is made up: a default is left to the tool."""

from collections.abc import Callable

from bot.demo.model.filling import Filling
from bot.demo.model.kinds import is_identifier, is_textual
from bot.demo.model.lists import fill_lists
from bot.demo.model.passages import fill_queries, fill_reasons, fill_told, put_passage
from bot.demo.model.scalars import SURE, fill_left_over, fill_scalars
from bot.demo.model.schema import Parameter, Tool
from bot.demo.model.texts import Span, Text
from bot.demo.model.wording import fill_labelled, fill_names, fill_options, fill_quotes, fill_switches

RULES: tuple[Callable[[Filling], None], ...] = (
    fill_labelled,
    fill_scalars,
    fill_options,
    fill_switches,
    fill_lists,
    fill_quotes,
    fill_left_over,
    fill_names,
    fill_told,
    fill_queries,
    fill_reasons,
)
"""The rules in their sequence: what a person marked most plainly comes first."""


def fill_from(tool: Tool, text: Text, span: Span) -> Filling:
    """Fill from the stretch that asks for the tool."""
    filling = Filling(tool, text, span, tool.parameters)
    apply(filling)
    return filling


def fill_elsewhere(filling: Filling, others: list[Filling]) -> None:
    """Fill what is missing from the rest of the message, where the words beside a value leave no doubt.

    A value that another call uses is used again only to point at the same thing, never as an amount or a text.
    """
    for reuse in (False, True):
        missing = tuple(parameter for parameter in filling.missing() if not reuse or is_identifier(parameter))
        wider = Filling(filling.tool, filling.text, filling.text.span, missing, values=filling.values)
        wider.taken = dict(filling.taken)
        if not reuse:
            wider.taken |= {span: name for other in others for span, name in other.taken.items()}
        fill_labelled(wider)
        fill_scalars(wider, least=SURE)
        if not reuse:
            fill_quotes(wider)


def fill_from_answer(filling: Filling, answer: Text) -> None:
    """Fill what is missing from the answer to a question about it; one missing text takes the answer as it is."""
    missing = filling.missing()
    reply = Filling(filling.tool, answer, answer.span, missing, lenient=True, values=filling.values)
    apply(reply)
    left = reply.missing()
    if len(left) == 1 and takes_anything(left[0]) and not reply.taken:
        put_passage(reply, left[0], answer.span, bare=True)


def apply(filling: Filling) -> None:
    for rule in RULES:
        if filling.open():
            rule(filling)


def takes_anything(parameter: Parameter) -> bool:
    """Whether any text will do."""
    return (
        parameter.kind == "string"
        and not parameter.options
        and (is_textual(parameter) or not parameter.schema.get("format"))
    )
