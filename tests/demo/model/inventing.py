"""Tools that nobody thought of, and what a person might write to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.demo.model.talking import Tool, tool

VERBS = ["paint", "weld", "polish", "archive", "merge", "publish", "rename", "grill", "zorble", "ship", "close", "pay"]
NOUNS = ["fence", "boat", "invoice", "ticket", "garden", "lamp", "quark", "blorp", "team", "page", "contract", "horse"]
STYLES = [
    "_".join,
    "-".join,
    lambda words: words[0] + "".join(word.title() for word in words[1:]),
    lambda words: "".join(word.title() for word in words),
]
FREE_WORDS = ["please", "it", "came", "late", "and", "then", "for", "the", "of", "not", "don't", "two", "who"]
SEPARATORS = [" ", ", ", "; ", ". ", " and ", " then ", "\n", ": "]


@dataclass(frozen=True)
class Argument:
    """A parameter, how a person says it, and what the model has to pass for that."""

    name: str
    schema: Mapping[str, Any]
    phrase: str
    value: Any


@dataclass(frozen=True)
class Request:
    """A tool and a request that names everything it requires."""

    tool: Tool
    lookup: Tool
    verb: str
    noun: str
    identifier: Argument
    arguments: tuple[Argument, ...]

    def text(self, *, without: str = "") -> str:
        """What a person writes, leaving out one argument."""
        phrases = [argument.phrase for argument in self.arguments if argument.name != without]
        subject = "" if self.identifier.name == without else f" {self.identifier.phrase}"
        return ", ".join([f"{self.verb} {self.noun}{subject}", *phrases])

    def values(self) -> dict[str, Any]:
        return {argument.name: argument.value for argument in (self.identifier, *self.arguments)}


def integers() -> st.SearchStrategy[int]:
    return st.integers(min_value=10, max_value=10**9)


def codes() -> st.SearchStrategy[str]:
    return st.from_regex(r"[A-Z]{2,4}-[0-9]{2,6}", fullmatch=True)


def amounts() -> st.SearchStrategy[float]:
    return st.decimals(min_value="0.01", max_value="99999", places=2).map(float)


def sentences() -> st.SearchStrategy[str]:
    words = st.sampled_from(["late", "broken", "wet", "gone", "größer", "dusty", "8th", "painted", "Ünal"])
    return st.lists(words, min_size=2, max_size=5).map(" ".join)


@st.composite
def amount_arguments(draw: st.DrawFn) -> Argument:
    name = draw(st.sampled_from(["price", "fee", "totalCost", "budget"]))
    value = draw(amounts())
    schema = draw(st.sampled_from([{"type": "number"}, {"anyOf": [{"type": "number"}, {"type": "string"}]}]))
    phrase = draw(st.sampled_from(["{} euro", "€{}", "{} EUR", "{}€"])).format(f"{value:.2f}")
    return Argument(name, schema, phrase, value)


@st.composite
def option_arguments(draw: st.DrawFn) -> Argument:
    options = draw(st.lists(st.sampled_from(["red", "dark blue", "matt_grey", "gold"]), min_size=2, unique=True))
    value = draw(st.sampled_from(options))
    schema = draw(st.sampled_from([{"enum": options}, {"type": "string", "enum": options, "description": "Which."}]))
    return Argument("finish", schema, value.replace("_", " "), value)


@st.composite
def switch_arguments(draw: st.DrawFn) -> Argument:
    phrase, value = draw(st.sampled_from([("urgent", True), ("not urgent", False), ("urgent: no", False)]))
    return Argument("is_urgent", {"type": "boolean"}, phrase, value)


@st.composite
def address_arguments(draw: st.DrawFn) -> Argument:
    address = draw(st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{2,8}\.(org|com)", fullmatch=True))
    told = draw(st.sampled_from([{"format": "email"}, {"description": "An e-mail address."}]))
    schema = {"type": "string", **told}
    return Argument(draw(st.sampled_from(["notify_email", "to_email"])), schema, f"to {address}", address)


@st.composite
def date_arguments(draw: st.DrawFn) -> Argument:
    day = draw(st.dates()).isoformat()
    schema = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}], "default": None}
    return Argument("due_on", schema, f"by {day}", day)


@st.composite
def text_arguments(draw: st.DrawFn) -> Argument:
    text = draw(sentences())
    quotes = draw(st.sampled_from(['"{}"', "“{}”", "note: {}"]))
    return Argument("note", {"type": "string", "description": "What to write on it."}, quotes.format(text), text)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A tool with a look-up for the same thing, and a request for it."""
    verb, noun, style = draw(st.sampled_from(VERBS)), draw(st.sampled_from(NOUNS)), draw(st.sampled_from(STYLES))
    number = draw(integers() | codes())
    key = draw(st.sampled_from([f"{noun}_id", f"{noun}Id", f"{noun}_number"]))
    kind = {"type": "integer" if isinstance(number, int) else "string"}
    value = draw(st.sampled_from([number, str(number)])) if kind["type"] == "string" else number
    identifier = Argument(key, kind, str(number), value)
    makers = (amount_arguments, option_arguments, switch_arguments, address_arguments, date_arguments, text_arguments)
    chosen = draw(st.lists(st.sampled_from(makers), unique=True, max_size=4))
    drawn = [draw(maker()) for maker in chosen]
    arguments = tuple(sorted(drawn, key=lambda argument: argument.name == "note"))  # only the message's end ends a note
    properties = {argument.name: argument.schema for argument in (identifier, *arguments)}
    acting = tool(style([verb, noun]), f"{verb.title()} a {noun}.", list(properties), **properties)
    lookup = tool(style(["get", noun]), f"Get a {noun}.", [key], **{key: kind})
    return Request(acting, lookup, verb, noun, identifier, arguments)


def ramblings() -> st.SearchStrategy[str]:
    """Any sequence of words and values, well-formed or not."""
    values = st.one_of(
        integers().map(str),
        amounts().map(str),
        amounts().map(lambda amount: f"{amount:.2f} euro".replace(".", ",")),
        codes(),
        sentences().map(lambda text: f'"{text}"'),
        st.dates().map(str),
        st.sampled_from(["ana@example.com", "red", "dark blue", "urgent", "50%", "3x", "#77", "-5", "1.2.3"]),
        st.text(max_size=6),
    )
    words = st.sampled_from([*VERBS, *NOUNS, *FREE_WORDS])
    pieces = st.lists(st.tuples(words | values, st.sampled_from(SEPARATORS)), min_size=1, max_size=14)
    return pieces.map(lambda drawn: "".join(piece + separator for piece, separator in drawn))
