"""Any agent's tools: `tool name=value …`, its examples, and sentences that share a tool's words."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from bot.demo.model.filling import NAME_PART, SMALL, fill
from bot.demo.model.small_talk import form
from bot.demo.model.transcript import Call, Reply

FIRST_WORD = re.compile(r"\W*(?:(?:please|call|run|use)\s+)*([\w-]+)", re.IGNORECASE)
LEAVE_IT = re.compile(
    r"\W*(?:(?:please|no|ok|oh)\W+)*(?:don['’]?t|do not|never|(?:cancel|forget|stop|undo)(?: (?:that|it|this))?\W*$)",
    re.IGNORECASE,
)
LIKE_AN_EXAMPLE = 0.6
ASK = "I also need"


def understand(text: str, tools: Sequence[Mapping[str, Any]], examples: Sequence[str] = ()) -> Reply | None:
    """The calls that a text asks for, a question for what is missing, or None when it asks for nothing."""
    named = {tool["name"]: tool for tool in tools}
    if LEAVE_IT.match(text) and first_word(text) not in named:
        return Reply("All right, I leave it: nothing more is done.")
    calls: list[Call] = []
    lines = [line for line in text.splitlines() if first_word(line)]
    for line in lines if len(lines) > 1 and all(first_word(line) in named for line in lines) else [text]:
        name = first_word(line)
        tool = named.get(name) or best_tool(line, tools, examples)
        if tool is None:
            return None
        schema = tool.get("parameters") or {"type": "object"}
        values = fill(tool, line.partition(name)[2].strip(" ,:") if name in named else line, name in named)
        missing = [key for key in schema.get("required") or [] if key not in values]
        if missing or not Draft202012Validator(schema).is_valid(values):
            return Reply(f"For {tool['name']} {ASK} {' and '.join(missing) or 'other values'}. Type: {form(tool)}")
        calls.append(Call(tool["name"], values))
    return Reply(None, tuple(calls))


def first_word(line: str) -> str:
    match = FIRST_WORD.match(line)
    return match[1] if match else ""


def best_tool(text: str, tools: Sequence[Mapping[str, Any]], examples: Sequence[str] = ()) -> Mapping[str, Any] | None:
    """The tool that shares most words with the text, one of them with its name; like an example, with any of it."""
    said = [word.lower() for word in NAME_PART.findall(text.lower())]
    whole = text.lower().split()
    alike = (difflib.SequenceMatcher(None, whole, each.lower().split()).ratio() for each in examples)
    is_example = max(alike, default=0) >= LIKE_AN_EXAMPLE
    if is_example and len(tools) == 1:
        return tools[0]

    def shared(words: str) -> int:
        telling = {word.lower() for word in NAME_PART.findall(words)} - SMALL
        return sum(bool(difflib.get_close_matches(word, said, 1, 0.8)) for word in telling)

    def score(tool: Mapping[str, Any]) -> int:
        name = shared(tool["name"]) or tool["name"].replace("_", "") in "".join(said)
        keys = (tool.get("parameters") or {}).get("properties") or ()
        more = shared(f"{tool.get('description')} {' '.join(keys)}")
        return 3 * name + more if name or is_example else 0

    best = max(tools, key=score, default=None)
    return best if best and score(best) else None
