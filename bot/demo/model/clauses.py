"""Cutting a message into the stretches that each ask for one thing, and setting aside what a person does not want."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.model.choose import choose, leads
from bot.demo.model.schema import Tool
from bot.demo.model.texts import Span, Text
from bot.demo.model.words import STOP, stems

BORDERS = re.compile(
    r"[,;\n]+\s*(?:(?:and|but|so)?\s*(?:then|also)?\s+)?|[.!?]+(?=\s|$)\s*|\s+[-–—]+\s+"
    r"|\s+(?:and|but|so)(?:\s+(?:then|also))?\s+|\s+then\s+",
    re.IGNORECASE,
)
STOP_PHRASE = re.compile(
    r"\W*(?:(?:please|no|oh|wait|actually)\W+)*"
    r"(?:stop|no|nope|never\s?mind|cancel (?:that|it|this)|forget (?:it|that|about it|this)|leave it|don['’]?t|do not"
    r"|no thanks?|no thank you|that['’]?s all|not now)(?: (?:please|then|now|do (?:it|that)))*\W*",
    re.IGNORECASE,
)
NEGATORS = stems("don't dont not never stop without avoid no cannot can't shouldn't won't didn't isn't")
REFUSAL = re.compile(r"\W*(?:please\s+)?(?:do not|don['’]?t|never|stop)\b", re.IGNORECASE)
NEGATION_REACH = 4


@dataclass(frozen=True)
class Clause:
    """A stretch that asks for one tool."""

    span: Span
    tool: Tool


@dataclass(frozen=True)
class Reading:
    """What a message asks for, and whether it takes something back ("don't", "never mind")."""

    clauses: tuple[Clause, ...]
    declined: bool


def read_clauses(text: Text, tools: Sequence[Tool]) -> Reading:
    """Read a message.

    A segment starts a new clause when it begins with a tool's verb, or when nothing before it asked for a tool; every
    other segment belongs to the clause before it.
    """
    clauses: list[Clause] = []
    declined = False
    start = 0
    skipping = False
    for segment in text.segments(text.span, BORDERS):
        choice = choose(text, segment, tools)
        if takes_all_back(text, segment, choice.tool if choice else None, begun=bool(clauses)):
            declined, skipping, start, clauses = True, True, segment.end, []
        elif is_negated(text, segment, choice.tool if choice else None, begun=bool(clauses)):
            declined, skipping, start = True, True, segment.end
        elif choice and (not clauses or skipping or leads(text, segment, choice.tool)):
            first = segment.start if clauses or skipping else start
            clauses.append(Clause(Span(first, segment.end), choice.tool))
            skipping = False
        elif clauses and not skipping:
            clauses[-1] = Clause(Span(clauses[-1].span.start, segment.end), clauses[-1].tool)
    return Reading(tuple(closed(text, clause) for clause in rechosen(text, clauses, tools)), declined)


def rechosen(text: Text, clauses: Sequence[Clause], tools: Sequence[Tool]) -> list[Clause]:
    """The tool of each clause by all its words: the first segment may have said only half of it."""
    result = []
    for clause in clauses:
        lead = leads(text, clause.span, clause.tool)
        choice = None if lead else choose(text, clause.span, tools)
        result.append(Clause(clause.span, choice.tool if choice else clause.tool))
    return result


def closed(text: Text, clause: Clause) -> Clause:
    """A clause with the punctuation that ends it."""
    end = clause.span.end + len(text.ends_sentence(clause.span))
    return Clause(Span(clause.span.start, min(end, len(text.raw))), clause.tool)


def takes_all_back(text: Text, segment: Span, tool: Tool | None, *, begun: bool) -> bool:
    """Whether a segment is nothing but a way to say stop; "then cancel it" after a request is one more request."""
    return is_stop(text.cut(segment)) and not (tool and (begun or text.values_within(segment)))


def is_negated(text: Text, segment: Span, tool: Tool | None, *, begun: bool) -> bool:
    """Whether a segment says what shall not be done.

    Once a request has `begun`, it has to name a tool and no other subject: "the customer did not get it" is a reason.
    """
    if tool is None:
        return not begun and bool(REFUSAL.match(text.cut(segment)))
    words = [word.stem for word in text.words_within(segment)]
    own = set(tool.parts)
    wanted = tool.verbs | own
    for index, word in enumerate(words):
        named = wanted & set(words[index + 1 : index + 1 + NEGATION_REACH])
        if word in NEGATORS - own and named and not (begun and set(words[:index]) - STOP):
            return True
    return False


def is_stop(text: str) -> bool:
    """Whether a text is nothing but a way to say stop."""
    return STOP_PHRASE.fullmatch(text) is not None
