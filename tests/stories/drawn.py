"""An agent that nobody wrote: tools with drawn names, parameters and values, as a module's source; and its script."""

import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

SYLLABLES = ("ka", "lo", "mir", "ost", "pe", "run", "sa", "tev", "ul", "wen", "xi", "zor")
TEXT = string.ascii_letters + string.digits + " .,;:!?'\"<>&*_~`%€ñ→"


@dataclass(frozen=True)
class Parameter:
    """`proposed` is in the model's call, `edited` is what a person makes of it: as shown in a form, and as it runs."""

    name: str
    annotation: str
    proposed: Any
    edited: Any

    @property
    def label(self) -> str:
        """The name in words."""
        return self.name.replace("_", " ").capitalize()

    def shown(self, value: Any) -> str:
        """As an input shows it."""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        return str(value)


@dataclass(frozen=True)
class Tool:
    name: str
    hint: str
    parameters: list[Parameter]

    @property
    def request(self) -> str:
        """What a person writes so that the script calls this tool."""
        return f"please {self.name}"

    @property
    def proposed(self) -> Json:
        return {each.name: each.proposed for each in self.parameters}

    @property
    def edited(self) -> Json:
        return {each.name: each.edited for each in self.parameters}

    def source(self) -> str:
        signature = ", ".join(f"{each.name}: {each.annotation}" for each in self.parameters)
        hints = "\n".join(f"        {each.name}: {self.hint} {each.name}." for each in self.parameters)
        values = ", ".join(f"{each.name!r}: {each.name}" for each in self.parameters)
        return (
            f"@tool(approval=True)\ndef {self.name}({signature}) -> str:\n"
            f'    """{self.hint}.\n\n    Args:\n{hints}\n    """\n'
            f"    return done({self.name!r}, {{{values}}})\n"
        )


class Draw:
    """Everything from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.taken: set[str] = set()

    def tools(self, count: int) -> list[Tool]:
        return [Tool(self.name(), self.name().title(), self.parameters()) for _ in range(count)]

    def parameters(self) -> list[Parameter]:
        kinds = [self.whole, self.decimal, self.text, self.long_text, self.flag, self.choice]
        self.random.shuffle(kinds)
        return [self.parameter(kind) for kind in kinds[: self.random.randint(2, len(kinds))]]

    def parameter(self, kind: Callable[[], tuple[str, Any, Any]]) -> Parameter:
        annotation, proposed, edited = kind()
        return Parameter(self.name(), annotation, proposed, edited)

    def name(self) -> str:
        while True:
            name = "_".join("".join(self.random.choices(SYLLABLES, k=2)) for _ in range(self.random.randint(1, 3)))
            if name not in self.taken:
                self.taken.add(name)
                return name

    def two(self, draw: Callable[[], Any]) -> tuple[Any, Any]:
        """Two different values."""
        first = second = draw()
        while first == second:
            second = draw()
        return first, second

    def whole(self) -> tuple[str, Any, Any]:
        return ("int", *self.two(lambda: self.random.randint(-(10**9), 10**9)))

    def decimal(self) -> tuple[str, Any, Any]:
        return ("float", *self.two(lambda: self.random.randint(-99999, 99999) / 4))

    def text(self) -> tuple[str, Any, Any]:
        return ("str", *self.two(lambda: self.line(1, 30)))

    def long_text(self) -> tuple[str, Any, Any]:
        return ("str", *self.two(lambda: "\n".join(self.line(5, 40) for _ in range(self.random.randint(2, 4)))))

    def flag(self) -> tuple[str, Any, Any]:
        return ("bool", *self.two(lambda: self.random.random() < 0.5))

    def choice(self) -> tuple[str, Any, Any]:
        options = [self.name() for _ in range(3)]
        annotation = f"Literal[{', '.join(map(repr, options))}]"
        return (annotation, *self.random.sample(options, 2))

    def line(self, shortest: int, longest: int) -> str:
        inner = "".join(self.random.choices(TEXT, k=self.random.randint(shortest, longest)))
        return f"x{' '.join(inner.split())}x"


HEAD = '''"""Drawn from a seed."""

import json
from typing import Literal

from graphs import Agent, tool


def done(name, values):
    with open("done.jsonl", "a") as effects:
        effects.write(json.dumps([name, values]) + "\\n")
    return "noted"


'''


def module(tools: list[Tool]) -> str:
    """The source of a module with these tools and an `agent` that has them."""
    names = ", ".join(each.name for each in tools)
    sources = "\n\n".join(each.source() for each in tools)
    return f"{HEAD}{sources}\n\nagent = Agent(instructions='Do as you are told.', tools=[{names}])\n"


def script(tools: list[Tool]) -> Json:
    """The model calls the tool that is asked for, and says that it is over."""
    return {
        each.request: [
            {"tool_calls": [{"name": each.name, "arguments": each.proposed}]},
            {"text": f"That is over: {each.name}."},
        ]
        for each in tools
    }
