"""From what a person wrote to the calls it asks for, their look-ups first."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.model.choose import leads
from bot.demo.model.clauses import Clause, is_stop, read_clauses
from bot.demo.model.fill import fill_elsewhere, fill_from, fill_from_answer
from bot.demo.model.filling import Filling
from bot.demo.model.references import fill_from_before, one_for_each
from bot.demo.model.reply import Call
from bot.demo.model.schema import Parameter, Tool
from bot.demo.model.texts import Text


@dataclass(frozen=True)
class Action:
    """One call that is asked for; `lookup` is the call that has to come first, if a tool for it was sent."""

    tool: Tool
    call: Call
    lookup: Call | None


@dataclass(frozen=True)
class Plan:
    """What a person asks for: nothing is called while something is `missing`; `declined`: they took something back."""

    actions: tuple[Action, ...] = ()
    missing: tuple[tuple[Tool, Parameter], ...] = ()
    declined: bool = False


def make_plan(messages: Sequence[str], earlier: Sequence[str], tools: Sequence[Tool]) -> Plan:
    """The plan for a request and the answers to the questions that it raised, oldest first.

    An answer that itself begins with a tool's verb is a new request. `earlier` are the person's messages before these.
    """
    texts = [Text.of(message) for message in messages]
    start = max(index for index, text in enumerate(texts) if index == 0 or is_request(text, tools))
    request, answers = texts[start], texts[start + 1 :]
    if any(is_stop(answer.raw) for answer in answers):
        return Plan(declined=True)
    reading = read_clauses(request, tools)
    fillings = fill_all(reading.clauses, request, [*map(Text.of, earlier), *texts[:start]], answers)
    missing = tuple((filling.tool, parameter) for filling in fillings for parameter in filling.missing())
    return Plan(tuple(action_of(filling, tools) for filling in fillings), missing, reading.declined)


def fill_all(
    clauses: Sequence[Clause], request: Text, earlier: Sequence[Text], answers: Sequence[Text]
) -> list[Filling]:
    """The calls of a request with what stands in their clauses, in the rest of the message, before it and after it."""
    fillings = [fill_from(clause.tool, request, clause.span) for clause in clauses]
    for filling in fillings:
        fill_elsewhere(filling, [other for other in fillings if other is not filling])
        fill_from_before(filling, earlier)
        for answer in answers:
            fill_from_answer(filling, answer)
    return [copy for filling in fillings for copy in one_for_each(filling)]


def is_request(text: Text, tools: Sequence[Tool]) -> bool:
    """Whether a text asks for something by itself."""
    return not is_stop(text.raw) and any(leads(text, text.span, tool) for tool in tools)


def action_of(filling: Filling, tools: Sequence[Tool]) -> Action:
    call = Call(filling.tool.name, arguments_of(filling))
    return Action(filling.tool, call, lookup_for(filling, tools))


def arguments_of(filling: Filling) -> dict[str, object]:
    """The filled values in the sequence of the schema."""
    names = [parameter.name for parameter in filling.tool.parameters]
    return {name: filling.values[name] for name in names if name in filling.values}


def lookup_for(filling: Filling, tools: Sequence[Tool]) -> Call | None:
    """A read-only call about the same thing: it needs only what the acting call has, under the same names."""
    if filling.tool.is_lookup:
        return None
    values = arguments_of(filling)
    for tool in tools:
        needed = {parameter.name: values.get(parameter.name) for parameter in tool.required}
        if tool.is_lookup and needed and all(fits(parameter, needed[parameter.name]) for parameter in tool.required):
            return Call(tool.name, needed)
    return None


def fits(parameter: Parameter, value: object) -> bool:
    """Whether a value of another tool's argument of the same name is one for this parameter."""
    types = {"integer": int, "number": (int, float), "string": str, "boolean": bool, "array": list, "object": dict}
    return isinstance(value, types[parameter.kind]) and parameter.allows(value)
