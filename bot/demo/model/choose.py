"""Which of the sent tools a stretch of text asks for, by shared words."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bot.demo.model.schema import Tool
from bot.demo.model.texts import Span, Text
from bot.demo.model.words import POLITE, STOP, akin

NAME_WEIGHT = 4.0
SYNONYM_WEIGHT = 2.0
LEAD_WEIGHT = 4.0
DESCRIPTION_WEIGHT = 1.0
PARAMETER_WEIGHT = 0.5
ENOUGH = 2.0

QUESTION = re.compile(
    r"^\W*(?:did|was|were|is|are|has|have|does|do you|why|when|how|what|which|who|where)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Choice:
    """A tool and how well it fits.

    `strong` when a word of its own asks for it, not one it shares with other tools; `described` is what its
    description adds to the score.
    """

    tool: Tool
    score: float
    described: float
    strong: bool


def choose(text: Text, span: Span, tools: Sequence[Tool]) -> Choice | None:
    """The tool that fits best, or None when nothing fits well enough; looking up goes before acting on a tie."""
    asked = [tool for tool in tools if tool.is_lookup] if is_question(text, span) else tools
    choices = [choice for tool in asked if (choice := fit_of(text, span, tool, tools)) and is_enough(choice)]
    return max(choices, key=lambda choice: (choice.strong, choice.score, choice.tool.is_lookup), default=None)


def is_enough(choice: Choice) -> bool:
    """Looking up is harmless, so a shared word or two will do; acting needs a word of its own."""
    return choice.strong or (choice.score if choice.tool.is_lookup else choice.described) >= ENOUGH


def is_question(text: Text, span: Span) -> bool:
    """Whether a person asks about something rather than for it: questions look up, they never act."""
    return bool(QUESTION.match(text.cut(span)))


def fit_of(text: Text, span: Span, tool: Tool, tools: Sequence[Tool]) -> Choice | None:
    """How well one tool fits."""
    words = text.words_within(span)
    said = {word.stem for word in words}
    content = text.content_within(span)
    names = Counter(part for other in tools for part in set(other.parts))
    described = Counter(word for other in tools for word in other.described)
    score, strong = 0.0, False
    for part in set(tool.parts):
        if part in said:
            score += NAME_WEIGHT / names[part]
            strong |= names[part] == 1
        elif akin(part) & said and part == tool.parts[0]:
            score += SYNONYM_WEIGHT
            strong |= sum(part in akin(other.parts[0]) for other in tools if other.parts) == 1
    meaning = {word.stem for word in content}
    telling = sum(DESCRIPTION_WEIGHT / described[word] for word in tool.described & meaning)
    score += telling
    score += sum(PARAMETER_WEIGHT for parameter in tool.parameters if parameter.nouns & meaning)
    if leads(text, span, tool):
        score += LEAD_WEIGHT
        strong = True
    return Choice(tool, score, telling, strong) if score else None


def leads(text: Text, span: Span, tool: Tool) -> bool:
    """Whether a stretch begins with a verb of this tool, small words aside: "please book …", "where is …"."""
    words = [word.stem for word in text.words_within(span) if word.stem not in POLITE]
    telling = [word for word in words if word not in STOP]
    return any(firsts[0] in tool.verbs for firsts in (words, telling) if firsts)
