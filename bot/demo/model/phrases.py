"""What the demo model says. Short, plain, and never more certain than the tool message it speaks of."""

import re
from collections.abc import Mapping, Sequence

from bot.demo.model.results import Outcome
from bot.demo.model.schema import Parameter, Tool
from bot.demo.model.words import POLITE, content_stems, stems, words_in

SELF = "(I am the demo model: a script, not an AI.)"
ASK = "I need: "
LONGEST_QUOTE = 1500
OPENINGS: Mapping[str, str] = {
    "nothing": "I found nothing ({label}).",
    "rejected": "I did not do it ({label}).",
    "expired": "I did not do it ({label}).",
    "cancelled": "I did not do it ({label}).",
    "edited": "A person changed the call ({label}).",
    "failed": "It did not work ({label}).",
    "in doubt": "I cannot say whether it happened ({label}).",
    "answered": "A person answered instead ({label}).",
}
"""How the person is told of what is no plain success, by `Outcome.kind`."""

THANKS = stems("thanks thank thx cheers")
GREETINGS = stems("hi hello hey good morning afternoon evening")
HELP = re.compile(
    r"\W*(?:help|what can you do|what do you do|who are you|how does this work|what is this)\b", re.IGNORECASE
)


def introduced(text: str, *, first: bool) -> str:
    """A text with the line that says who is speaking, in the first reply of a conversation."""
    return f"{text}\n\n{SELF}" if first else text


def ask_back(missing: Sequence[tuple[Tool, Parameter]]) -> str:
    """One sentence that asks for what is missing; `is_ask_back` knows it again."""
    named = list(dict.fromkeys(describe(parameter) for _tool, parameter in missing))
    return f"To go on with “{missing[0][0].label}” {ASK}{'; '.join(named)}."


def is_ask_back(text: str) -> bool:
    """Whether a text of the assistant asks for missing values."""
    return ASK in text


def describe(parameter: Parameter) -> str:
    """A parameter in a person's words."""
    name = parameter.name.replace("_", " ")
    first = re.split(r"(?<=[.!?])\s|\n", parameter.description.strip())[0].rstrip(".!? ")
    text = f"{name} ({first[:1].lower()}{first[1:]})" if first and first.lower() != name.lower() else name
    return f"{text}, one of {', '.join(map(str, parameter.options))}" if parameter.options else text


def capabilities(tools: Sequence[Tool]) -> str:
    """What the tools do, one line each, in their own words."""
    if not tools:
        return "I have no tools here, so I can only say hello."
    lines = [f"• {first_sentence(tool.description) or tool.label}" for tool in tools]
    return "Here is what I can do:\n" + "\n".join(lines)


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?])\s|\n", text.strip())[0].strip().rstrip(".")


def small_talk(text: str, tools: Sequence[Tool]) -> str | None:
    """The answer to a greeting, thanks or a cry for help; None for anything else."""
    said = {word.stem for word in words_in(text)}
    if HELP.match(text):
        return capabilities(tools)
    if content_stems(text) or not said:
        return None
    if said & THANKS:
        return "You are welcome."
    if said & GREETINGS:
        return f"Hello! {capabilities(tools)}"
    return "All right." if said <= POLITE else None


def not_understood(tools: Sequence[Tool]) -> str:
    return f"I did not find a tool of mine in that. {capabilities(tools)}"


def declined() -> str:
    return "All right, I leave it. Nothing was done."


def tell(label: str, outcome: Outcome, *, lookup: bool) -> str:
    """One call's outcome in a line or two; what the tool message says is quoted, not told anew."""
    detail = outcome.detail if len(outcome.detail) <= LONGEST_QUOTE else outcome.detail[:LONGEST_QUOTE] + "…"
    if outcome.kind == "done":
        gap = "\n" if detail.startswith("•") else " "
        return f"Here is what I found:{gap}{detail}" if lookup else f"Done:{gap}{detail or label}"
    return f"{OPENINGS[outcome.kind].format(label=label)} {detail}".rstrip()
