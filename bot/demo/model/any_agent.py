"""Any agent's tools: `tool name=value …`, its examples, and a sentence with a tool's words and values that fit it."""

import difflib
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator

from bot.demo.model.transcript import Call, Reply

Schema = Mapping[str, Any]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|(?<!\w)\'([^\']+)\'(?!\w)')
NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:[.,]\d+)?(?![\w-])")
ADDRESS = re.compile(r"[\w.+&-]+@[\w-]+(?:\.[\w-]+)+")
MONEY = re.compile(r"[€$£]\s*\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?\s*(?:[€$£]|euros?\b|eur\b|dollars?\b)", re.IGNORECASE)
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
FIRST_WORD = re.compile(r"\W*(?:(?:please|call|run|use)\s+)*([\w-]+)", re.IGNORECASE)
BETWEEN = re.compile(r"[,;]\s+|\b(?:on|to|for|from|at|in|of|with|about|as|by|because|until)\b", re.IGNORECASE)
WHEN = re.compile(
    r"\b(?:(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tonight|tomorrow|\d{4}-\d\d-\d\d)\b",
    re.IGNORECASE,
)
NOT_TELLING = words("the a an of to for in on at and or it is be by id with from me my you")
SOMETHING = words("us something some our your this that please can could")
LIKE_AN_EXAMPLE = 0.6
MOST_OFFERED = 3
ASK = "I also need"
SELF = "I am the demo's model: a script, not an AI."
WHO = (
    r".*\b(?:(?:who|what|which model) are you|real (?:ai|person|human)|an? (?:ai|bot|robot|human)|(?:chat ?)?gpt"
    r"|wer bist du|who (?:made|built|wrote) you|your name|eine? (?:ki|bot|mensch))\b.*|are you\b.*"
)
HELP = r"(?:help|hilfe|what can (?:you|i)|what do you do|how does this work|was kannst du)\b.*"
GREETING = r"(?:hi|hello|hey|good \w+|hallo|guten \w+|moin|how are you)\b\W*(?:there|signoff)?\W*"
THANKS = r"(?:\W|ok|okay|great|perfect|super|nice|cool|no|many)*(?:thanks?|thx|cheers|danke)\b\D{0,30}"
FINE = r"(?:ok|okay|great|perfect|fine|yes|all right|alright|good|gut|bye)\W*"


def understand(text: str, tools: Sequence[Schema], examples: Sequence[str] = ()) -> Reply | None:
    """The calls that a text asks for, a question for what is missing, or None when it asks for nothing."""
    named = {tool["name"]: tool for tool in tools}
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


def small_talk(text: str, tools: Sequence[Schema], examples: Sequence[str]) -> str | None:
    """The answer to a greeting, to thanks, to a question about itself; None for anything else."""
    answers = (
        (WHO, introduction(tools, examples, f"No person and no real AI. {SELF}")),
        (f"{HELP}|{GREETING}", introduction(tools, examples, f"Hello! {SELF}")),
        (THANKS, "You're welcome!"),
        (FINE, "All right. What else can I do?"),
    )
    kind = re.IGNORECASE | re.DOTALL
    return next((answer for pattern, answer in answers if re.fullmatch(rf"\W*(?:{pattern})", text, kind)), None)


def introduction(tools: Sequence[Schema], examples: Sequence[str], first: str = "") -> str:
    """One friendly line about what it is, and what can be typed: the agent's examples, and its tools' typed forms."""
    if not tools:
        return f"{first or SELF} I have no tools here, so I can only say hello."
    offered = " · ".join(f"“{each}”" for each in (*examples[:MOST_OFFERED], *map(form, tools[:MOST_OFFERED])))
    return f"{first or f'I did not understand that. {SELF}'} Here is what I can do, for example: {offered}"


def first_word(line: str) -> str:
    match = FIRST_WORD.match(line)
    return match[1] if match else ""


def form(tool: Schema) -> str:
    """What can be typed to call a tool."""
    keys = (tool.get("parameters") or {}).get("required") or []
    return " ".join([tool["name"], *(f"{key}=…" for key in keys)])


def best_tool(text: str, tools: Sequence[Schema], examples: Sequence[str] = ()) -> Schema | None:
    """The tool that shares most words with the text, one of them with its name; like an example, with any of it."""
    said = [word.lower() for word in NAME_PART.findall(text.lower())]

    def shared(words: str) -> int:
        telling = {word.lower() for word in NAME_PART.findall(words)} - NOT_TELLING
        return sum(bool(difflib.get_close_matches(word, said, 1, 0.8)) for word in telling)

    whole = text.lower().split()
    alike = (difflib.SequenceMatcher(None, whole, each.lower().split()).ratio() for each in examples)
    is_example = max(alike, default=0) >= LIKE_AN_EXAMPLE
    if is_example and len(tools) == 1:
        return tools[0]
    about = [(t, shared(t["name"]), shared(f"{t.get('description')} {' '.join(properties_of(t))}")) for t in tools]
    scored = [(3 * name + more, tool) for tool, name, more in about if name or (is_example and more)]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def properties_of(tool: Schema) -> Schema:
    return (tool.get("parameters") or {}).get("properties") or {}


def fill(tool: Schema, text: str, explicit: bool) -> dict[str, Any]:
    """Values for a tool's parameters: named ones, then what stands in the text by its type."""
    properties = properties_of(tool)
    validator = Draft202012Validator(tool.get("parameters") or {})
    if text.startswith("{"):
        data = next((data for data in readings(text) if isinstance(data, dict)), {})
        return {key: value for key, value in data.items() if key in properties}
    values: dict[str, Any] = {}
    keys = "|".join(map(re.escape, properties)) or "(?!)"
    named = re.compile(rf"\b({keys})\s*=\s*(?:{QUOTED.pattern}|(.*?)(?=[\s,;]+(?:{keys})\s*=|$))", re.DOTALL)
    given = {match[1]: [next(filter(None, match.groups()[1:]), "")] for match in named.finditer(text)}
    said = given
    if not given or not explicit:
        rest = named.sub("", text)
        said = {key: given.get(key) or offers(key, properties[key], rest, tool) for key in properties}
    for key, texts in said.items():
        free = (text for text in texts if key in given or text not in map(str, values.values()))
        fitting = validator.evolve(schema=properties[key])
        fit = (value for text in free for value in readings(text) if fitting.is_valid(value))
        values |= next(({key: value} for value in fit), {})
    return values


def offers(key: str, schema: Any, text: str, tool: Schema) -> list[str]:
    """What in a text may be meant by a parameter, best first."""
    about = f"{key} {schema}".lower()
    own = {word.lower() for word in NAME_PART.findall(tool["name"])}
    required = (tool.get("parameters") or {}).get("required") or []
    label = " ".join(part.lower() for part in NAME_PART.findall(key) if part.lower() != "id")
    options = [str(option) for option in (schema.get("enum") or [] if isinstance(schema, dict) else [])]
    found = [option for option in options if re.search(rf"\b{re.escape(option)}\b", text, re.IGNORECASE)]
    if label:
        after = re.findall(rf"\b{re.escape(label)}\b[\s:#]+(?:is\s+)?([\w.@+-]+)", text, re.IGNORECASE)
        before = re.findall(rf"([\w.@+-]+)\s+{re.escape(label)}\b", text, re.IGNORECASE)
        found += [word for word in after + before if word.lower() not in NOT_TELLING | own]
    found += ADDRESS.findall(text) if "mail" in about else []
    if "number" in about or "integer" in about:
        bare = QUOTED.sub("", ADDRESS.sub("", text))
        money = [re.sub(r"[^\d.,]", "", match) for match in MONEY.findall(bare)]
        counts = NUMBER.findall(MONEY.sub("", bare))
        found += money + counts if "'number'" in about else counts + money
    found += WHEN.findall(text) if re.search(r"\b(?:day|date|when|time)\b", about.replace("_", " ")) else []
    found += ["".join(groups) for groups in QUOTED.findall(text)]
    if sum("'string'" in str(each) for each in properties_of(tool).values()) > 1:
        found += phrases(text, own | words(str(tool.get("description") or "").lower())) if key in required else []
    found += re.split(r",\s+", text)[1:][-1:]
    rest = " ".join(word for word in text.split() if word.lower() not in own)
    return [*found, rest] if key in required else found


def phrases(text: str, own: frozenset[str] | set[str]) -> Iterator[str]:
    """What stands between prepositions, without a tool's own words before it, articles, numbers and days."""
    for part in BETWEEN.split(text):
        said = part.split()
        while said and said[0].lower() in own | NOT_TELLING | SOMETHING:
            said = said[1:]
        if said and not re.search(r"\d", part) and not WHEN.fullmatch(" ".join(said)):
            yield " ".join(said)


def readings(text: str) -> Iterator[Any]:
    """What a text may stand for."""
    try:
        value = json.loads(text)
        if not isinstance(value, float) or math.isfinite(value):
            yield value
    except (ValueError, RecursionError):
        if re.fullmatch(r"-?\d+,\d+", text):
            yield float(text.replace(",", "."))
    if text.strip():
        yield text
        yield [part.strip() for part in text.split(",")]
    if text.lower() in ("yes", "no"):
        yield text.lower() == "yes"
