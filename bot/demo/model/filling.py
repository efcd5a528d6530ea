"""Values for a tool's parameters, found in a text: the named ones, then by type, the least ambiguous first."""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


QUOTED = re.compile(r'"([^"]+)"|“([^”]+)”|„([^“”]+)[“”]|(?<!\w)\'([^\']+)\'(?!\w)')
NUMBER = re.compile(r"(?<![\w.,-])-?\d+(?:[.,]\d+)?(?![\w-])")
ADDRESS = re.compile(r"[\w.+&-]+@[\w-]+(?:\.[\w-]+)+")
MONEY = re.compile(r"[€$£]\s*\d+(?:[.,]\d+)?|\d+(?:[.,]\d+)?\s*(?:[€$£]|euros?\b|eur\b|dollars?\b)", re.IGNORECASE)
NAME_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
REASON = re.compile(r",\s+|\bbecause\b")
BETWEEN = re.compile(r"[,;]\s+|\b(?:on|to|for|from|at|in|of|with|about|as|by|because|until)\b", re.IGNORECASE)
WHEN = re.compile(
    r"\b(?:(?:next |this )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|today|tonight|tomorrow|\d{4}-\d\d-\d\d)\b",
    re.IGNORECASE,
)
SMALL = words(
    "the a an of to for in on at and or it is be by id with from me my you us something some our your this that please"
    " can could do does did are has have how many much what what's which who where when euro euros eur dollars about"
)


def fill(tool: Mapping[str, Any], text: str, explicit: bool) -> dict[str, Any]:
    """What fits of a text; `explicit` when it is what follows a tool's name."""
    filling = Filling(tool, text)
    if text.startswith("{"):
        data = next((data for data in readings(text) if isinstance(data, dict)), {})
        return {key: value for key, value in data.items() if key in filling.properties}
    filling.take_named()
    if not (filling.values and explicit):
        filling.take_by_type()
        filling.take_the_rest(explicit)
    return {key: filling.values[key] for key in filling.properties if key in filling.values}


class Filling:
    """The values found so far, and what is left of the text."""

    def __init__(self, tool: Mapping[str, Any], text: str) -> None:
        schema = tool.get("parameters") or {}
        self.properties: Mapping[str, Any] = schema.get("properties") or {}
        self.values: dict[str, Any] = {}
        self._required = schema.get("required") or []
        self._validator = Draft202012Validator(schema)
        self._own = {word.lower() for word in NAME_PART.findall(f"{tool['name']} {tool.get('description')}")}
        self._own |= {word.lower() for key in self.properties for word in NAME_PART.findall(key)}
        self._rest = text

    def take_named(self) -> None:
        keys = "|".join(map(re.escape, self.properties)) or "(?!)"
        value = rf"(?:{QUOTED.pattern}|(.*?)(?=[\s,;]+(?:{keys})\s*=|$))"
        named = re.compile(rf"\b({keys})\s*=\s*{value}", re.DOTALL)
        for match in named.finditer(self._rest):
            self._take(match[1], [next(filter(None, match.groups()[1:]), "")])
        self._rest = named.sub("", self._rest)

    def take_by_type(self) -> None:
        """Numbers, options, days and addresses first; then texts that are quoted or stand beside their name."""
        kinds = {key: str(schema) for key, schema in self.properties.items() if key not in self.values}
        texts = [key for key, kind in kinds.items() if "'string'" in kind and "'number'" not in kind]
        for key in (*(key for key in kinds if key not in texts), *texts):
            used = self._take(key, offers(key, self.properties[key], self._rest))
            self._rest = self._rest.replace(used, " ", 1)
        for key in (key for key in texts if key not in self.values and key not in self._required):
            reasons = [part for part in REASON.split(self._rest)[1:] if self._trimmed(part)]
            self._rest = self._rest.replace(self._take(key, reasons[-1:]), " ", 1)

    def take_the_rest(self, explicit: bool) -> None:
        """What is still required gets what stands between prepositions, in its sequence; a single value all of it."""
        left = [key for key in self._required if key not in self.values]
        parts = [part for each in BETWEEN.split(self._rest) if (part := self._trimmed(each))]
        if len(left) == 1 and not self.values:
            parts = [self._rest.strip() if explicit else self._trimmed(self._rest)]
        elif len(parts) < len(left):
            parts = self._trimmed(self._rest).split()
        for key, part in zip(left, parts, strict=False):
            self._take(key, [part])

    def _take(self, key: str, texts: Sequence[str]) -> str:
        """Keep the first value that fits; the text that it stood in, or none."""
        fitting = self._validator.evolve(schema=self.properties[key])
        found = ((text, value) for text in texts for value in readings(text) if fitting.is_valid(value))
        for text, value in found:
            self.values[key] = value
            return text
        return ""

    def _trimmed(self, text: str) -> str:
        """A text without the words at its ends that say nothing, or only which tool is meant."""
        said = text.strip(" .,;:?!").split()
        telling = [index for index, word in enumerate(said) if self._tells(word.lower().strip(".,;:?!'\""))]
        return " ".join(said[telling[0] : telling[-1] + 1]) if telling else ""

    def _tells(self, word: str) -> bool:
        return word not in SMALL | self._own and not any(len(word) > 2 and own.startswith(word) for own in self._own)


def offers(key: str, schema: Any, text: str) -> list[str]:
    """What in a text is likely to be meant by a parameter, best first: by its options, its name, its type."""
    about = f"{key} {schema}".lower()
    options = [str(option) for option in (schema.get("enum") or [] if isinstance(schema, dict) else [])]
    found = [option for option in options if re.search(rf"\b{re.escape(option)}\b", text, re.IGNORECASE)]
    parts = [part.lower() for part in NAME_PART.findall(key) if part.lower() != "id"]
    for label in dict.fromkeys((" ".join(parts), *parts[-1:], *filter(BETWEEN.fullmatch, parts))):
        near = rf"\b{re.escape(label)}\b[\s:#]+(?:is\s+)?([\w.@+-]+)"
        near += "" if BETWEEN.fullmatch(label) else rf"|([\w.@+-]+)\s+{re.escape(label)}\b"
        said = ("".join(match.groups("")) for match in re.finditer(near, text, re.IGNORECASE))
        found += [word for word in said if word.lower() not in SMALL] if label else []
    found += ADDRESS.findall(text) if "mail" in about else []
    if "number" in about or "integer" in about:
        bare = QUOTED.sub("", ADDRESS.sub("", text))
        money = [re.sub(r"[^\d.,]", "", match) for match in MONEY.findall(bare)]
        counts = NUMBER.findall(MONEY.sub("", bare))
        found += money + counts if "'number'" in about else counts + money
    found += WHEN.findall(text) if re.search(r"\b(?:day|date|when|time)\b", about.replace("_", " ")) else []
    return found + ["".join(groups) for groups in QUOTED.findall(text)]


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
