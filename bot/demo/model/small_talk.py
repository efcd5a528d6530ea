"""What the model is and what can be typed, said to a greeting, to thanks, and to anything that is not understood."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

MOST_OFFERED = 3
SELF = "I am the demo's model: a script, not an AI."
WHO = (
    r".*\b(?:(?:who|what|which model) are you|real (?:ai|person|human)|an? (?:ai|bot|robot|human)|(?:chat ?)?gpt"
    r"|wer bist du|who am i talking|(?:what|which) model"
    r"|who (?:made|built|wrote) you|your name|eine? (?:ki|bot|mensch))\b.*|are you\b.*"
)
HELP = r"(?:help|hilfe|what can (?:you|i)|what do you do|how does this work|was kannst du)\b.*"
GREETING = r"(?:hi|hello|hey|good \w+|hallo|guten \w+|moin|how are you)\b\W*(?:there|signoff)?\W*"
THANKS = (
    r"(?:\W|ok|okay|great|perfect|super|nice|cool|no|many|vielen|besten)*"
    r"(?:thanks?|thankyou|thx|cheers|merci|danke?)\b\D{0,30}"
)
FINE = r"(?:ok|okay|great|perfect|fine|yes|all right|alright|good|gut|bye)\W*"


def small_talk(text: str, tools: Sequence[Mapping[str, Any]], examples: Sequence[str]) -> str | None:
    """The answer to a greeting, to thanks, to a question about itself; None for anything else."""
    answers = (
        (WHO, introduction(tools, examples, f"No person and no real AI. {SELF}")),
        (f"{HELP}|{GREETING}", introduction(tools, examples, f"Hello! {SELF}")),
        (THANKS, "You're welcome!"),
        (FINE, "All right. What else can I do?"),
    )
    kind = re.IGNORECASE | re.DOTALL
    return next((answer for pattern, answer in answers if re.fullmatch(rf"\W*(?:{pattern})", text, kind)), None)


def introduction(tools: Sequence[Mapping[str, Any]], examples: Sequence[str], first: str = "") -> str:
    """One friendly line about what it is, and what can be typed: the agent's examples, and its tools' typed forms."""
    if not tools:
        return f"{first or SELF} I have no tools here, so I can only say hello."
    offered = [*examples[:MOST_OFFERED], *(f"`{form(tool)}`" for tool in tools[:MOST_OFFERED])]
    said = f"{first or f'I did not understand that. {SELF}'} Here is what I can do, for example:"
    return "\n".join([said, "", *(f"- {each}" for each in offered)])


def form(tool: Mapping[str, Any]) -> str:
    """What can be typed to call a tool."""
    keys = (tool.get("parameters") or {}).get("required") or []
    return " ".join([tool["name"], *(f"{key}=…" for key in keys)])
