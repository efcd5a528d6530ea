"""Any agent's tools: `tool name=value …`, and a sentence with a tool's words and values that fit its schema."""

import difflib
import json
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bot.demo.model.transcript import Call, Reply

Schema = Mapping[str, Any]
Check = Callable[[Any, Any, Any], bool]


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|(?<!\w)\'([^\']+)\'(?!\w)')
NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:[.,]\d+)?(?![\w-])")
ADDRESS = re.compile(r"[\w.+&-]+@[\w-]+(?:\.[\w-]+)+")
MONEY = re.compile(r"[€$£]\s*\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?\s*(?:[€$£]|euros?\b|eur\b|dollars?\b)", re.IGNORECASE)
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
NOT_TELLING = words("the a an of to for in on at and or it is be by id with from me my you")
ASK = "I also need"
WHO = (
    r".*\b(?:(?:who|what) are you|real (?:ai|person|human)|an? (?:ai|bot|robot)|chat ?gpt|wer bist du)\b.*|are you\b.*"
)
HELP = r"(?:help|hilfe|what can (?:you|i)|what do you do|how does this work|was kannst du)\b.*"
GREETING = r"(?:hi|hello|hey|good \w+|hallo|guten \w+|moin|how are you)\b\W*(?:there|signoff)?\W*"
THANKS = r"(?:\W|ok|okay|great|perfect|super|nice|cool)*(?:thanks?|thx|cheers|danke)\b\D{0,30}"
FINE = r"(?:ok|okay|great|perfect|fine|yes|all right|alright|good|gut|bye)\W*"
SELF = "I am the demo's model: a script, not an AI."
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}
NOTES = words("$defs title description default examples format deprecated")


def understand(text: str, tools: Sequence[Schema]) -> Reply | None:
    """The calls that a text asks for, a question for what is missing, or None when it asks for nothing."""
    named = {tool["name"]: tool for tool in tools}
    calls: list[Call] = []
    lines = [line for line in text.splitlines() if re.match(r"\W*(?:(?:please|call|run|use)\s+)*([\w-]+)", line)]
    for line in lines if len(lines) > 1 and all(first_word(line) in named for line in lines) else [text]:
        name = first_word(line)
        tool = named.get(name) or best_tool(line, tools)
        if tool is None:
            return None
        rest = line.partition(name)[2] if name in named else line
        values = fill(tool, rest.strip(" ,:"), rest is not line)
        schema = tool.get("parameters") or {}
        missing = [key for key in schema.get("required") or [] if key not in values]
        if missing or not fits(values, schema, schema):
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
    """One friendly line about what it is, and what can be typed."""
    if not tools:
        return f"{first or SELF} I have no tools here, so I can only say hello."
    offered = " · ".join(f"“{example}”" for example in examples or list(map(form, tools))[:3])
    return f"{first or f'I did not understand that. {SELF}'} Here is what I can do, for example: {offered}"


def first_word(line: str) -> str:
    match = re.match(r"\W*(?:(?:please|call|run|use)\s+)*([\w-]+)", line, re.IGNORECASE)
    return match[1] if match else ""


def form(tool: Schema) -> str:
    """What can be typed to call a tool."""
    keys = (tool.get("parameters") or {}).get("required") or []
    return " ".join([tool["name"], *(f"{key}=…" for key in keys)])


def best_tool(text: str, tools: Sequence[Schema]) -> Schema | None:
    """The tool that shares most words with the text, at least one of them with its name."""
    said = [word.lower() for word in NAME_PART.findall(text.lower())]

    def shared(words: str) -> int:
        telling = {word.lower() for word in NAME_PART.findall(words)} - NOT_TELLING
        return sum(bool(difflib.get_close_matches(word, said, 1, 0.8)) for word in telling)

    scored = [(3 * shared(t["name"]) + shared(str(t.get("description") or "")), t) for t in tools if shared(t["name"])]
    return max(scored, key=lambda pair: pair[0])[1] if scored else None


def fill(tool: Schema, text: str, explicit: bool) -> dict[str, Any]:
    """Values for a tool's parameters: named ones, then what stands in the text by its type."""
    root = tool.get("parameters") or {}
    properties: Schema = root.get("properties") or {}
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
        fit = (value for text in free for value in readings(text) if fits(value, properties[key], root))
        values |= next(({key: value} for value in fit), {})
    return values


def offers(key: str, schema: Any, text: str, tool: Schema) -> list[str]:
    """What in a text may be meant by a parameter, best first."""
    about = f"{key} {schema}".lower()
    label = " ".join(part.lower() for part in NAME_PART.findall(key) if part.lower() != "id")
    named = re.findall(rf"\b{re.escape(label)}\b[\s:#]+(?:is\s+)?([\w.@+-]+)", text, re.IGNORECASE) if label else []
    found = named + (ADDRESS.findall(text) if "mail" in about else [])
    if "number" in about or "integer" in about:
        bare = QUOTED.sub("", ADDRESS.sub("", text))
        money = [re.sub(r"[^\d.,]", "", match) for match in MONEY.findall(bare)]
        counts = NUMBER.findall(MONEY.sub("", bare))
        found += money + counts if "'number'" in about else counts + money
    found += ["".join(groups) for groups in QUOTED.findall(text)]
    options = [str(option) for option in (schema.get("enum") or [] if isinstance(schema, dict) else [])]
    found += [option for option in options if re.search(rf"\b{re.escape(option)}\b", text, re.IGNORECASE)]
    found += re.split(r",\s+", text)[1:][-1:]
    if key in ((tool.get("parameters") or {}).get("required") or []):
        found.append(" ".join(word for word in text.split() if word.lower() not in tool["name"].lower().split("_")))
    return found


def readings(text: str) -> Iterator[Any]:
    """What a text may stand for."""
    try:
        yield json.loads(text)
    except (ValueError, RecursionError):
        if re.fullmatch(r"-?\d+,\d+", text):
            yield float(text.replace(",", "."))
    if text.strip():
        yield text
        yield [part.strip() for part in text.split(",")]
    if text.lower() in ("yes", "no"):
        yield text.lower() == "yes"


def fits(value: Any, schema: Any, root: Schema) -> bool:
    """Whether a value keeps a JSON Schema; False as well for a keyword that this does not know."""
    if not isinstance(schema, dict):
        return schema is True
    keywords = schema.keys() - NOTES
    if not keywords <= CHECKS.keys() or (isinstance(value, float) and not math.isfinite(value)):
        return False
    if schema.get("additionalProperties") is False and isinstance(value, dict):
        keywords -= {"additionalProperties"}
        if not value.keys() <= schema.get("properties", {}).keys():
            return False
    return all(CHECKS[keyword](value, schema[keyword], root) for keyword in keywords)


def is_a(value: Any, kinds: Any) -> bool:
    """Whether a value is of a type, or of one of several."""
    types = tuple(kind for name in ([kinds] if isinstance(kinds, str) else kinds) for kind in TYPES.get(name, ()))
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def look_up(reference: str, root: Any) -> Any:
    """What a reference such as `#/$defs/Name` points at; nothing fits one that points nowhere."""
    for step in reference.removeprefix("#/").split("/"):
        root = root.get(step) if isinstance(root, dict) else None
    return root


def bound(kinds: str | Sequence[str], keeps: Callable[[Any, Any], bool]) -> Check:
    """A check of the values of some types; others keep it."""
    return lambda value, rule, _root: not is_a(value, kinds) or keeps(value, rule)


CHECKS: Mapping[str, Check] = {
    "type": lambda value, rule, _root: is_a(value, rule),
    "enum": lambda value, rule, _root: any(each == value and type(each) is type(value) for each in rule),
    "const": lambda value, rule, _root: rule == value and type(rule) is type(value),
    "anyOf": lambda value, rule, root: any(fits(value, each, root) for each in rule),
    "allOf": lambda value, rule, root: all(fits(value, each, root) for each in rule),
    "$ref": lambda value, rule, root: fits(value, look_up(rule, root), root),
    "minimum": bound("number", operator.ge),
    "maximum": bound("number", operator.le),
    "exclusiveMinimum": bound("number", operator.gt),
    "exclusiveMaximum": bound("number", operator.lt),
    "minLength": bound("string", lambda value, rule: len(value) >= rule),
    "maxLength": bound("string", lambda value, rule: len(value) <= rule),
    "minItems": bound("array", lambda value, rule: len(value) >= rule),
    "maxItems": bound("array", lambda value, rule: len(value) <= rule),
    "pattern": bound("string", lambda value, rule: re.search(rule, value) is not None),
    "items": lambda value, rule, root: not is_a(value, "array") or all(fits(each, rule, root) for each in value),
    "required": bound("object", lambda value, rule: set(rule) <= value.keys()),
    "properties": lambda value, rule, root: (
        not is_a(value, "object") or all(fits(value[key], rule[key], root) for key in rule if key in value)
    ),
    "additionalProperties": lambda _value, rule, _root: rule is True,
}
