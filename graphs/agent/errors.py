"""What can go wrong with tools and policies, as one family.

GraphError
└── AgentError
    ├── InvalidTool           a function that cannot be a tool (raised where it is declared)
    ├── InvalidPolicy         an Approval that cannot mean anything (raised where it is declared)
    ├── InvalidCondition      a condition of a rule that cannot be read
    ├── Unworkable            a condition that cannot be worked out for the arguments of a call
    ├── UnknownTool           a name that no tool has
    ├── InvalidArguments      arguments that the tool does not take
    ├── UnstorableArguments   arguments that change when they are written down and read again
    ├── ArgumentsChanged      the bytes are not the ones that were hashed
    ├── ToolTimedOut          the tool was still at work when its time was up
    └── ToolError             a tool's own refusal (raised by tools): the message is for the model and for people
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from graphs.errors import GraphError

NAME_LENGTH = 100
"""Characters of a name that the model made up, where it is repeated."""


def brief(name: str) -> str:
    """A name that the model made up, for a message."""
    return name if len(name) <= NAME_LENGTH else f"{name[:NAME_LENGTH]}…"


class AgentError(GraphError):
    """The base of all errors about tools and policies."""


class InvalidTool(AgentError, TypeError):
    """The function cannot be a tool. The message names the function, the parameter and the remedy."""

    def __init__(self, tool: str, problem: str) -> None:
        self.tool = tool
        super().__init__(f"tool {tool!r}: {problem}")


class InvalidPolicy(AgentError, ValueError):
    """The Approval cannot mean anything. The message names the field and what it takes."""


class InvalidCondition(AgentError, ValueError):
    """The text is no condition. The message says what is wrong and where, and quotes none of it but a name."""


class Unworkable(AgentError):
    """The condition could not be worked out for these arguments. The message repeats none of them."""


class UnknownTool(AgentError, KeyError):
    """No tool has this name. The message lists those there are."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.message = f"There is no tool {name[:NAME_LENGTH]!r}. The tools are: {', '.join(sorted(known)) or 'none'}."
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message  # KeyError would show it quoted


@dataclass(frozen=True)
class Problem:
    """What is wrong with one argument.

    `field` is the argument's name, dotted for a part of it ("address.city"), empty when it is about all of them.
    `kind` is pydantic's name for it (docs.pydantic.dev: errors/validation_errors), `limits` what that kind says beside
    it, numbers and texts of the schema; both are empty where the words are not pydantic's.
    """

    field: str
    message: str
    kind: str = ""
    limits: Mapping[str, object] = dataclass_field(default_factory=dict[str, object], compare=False)

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class InvalidArguments(AgentError, ValueError):
    """The tool does not take these arguments. `problems` has a line for each; none repeats what was given."""

    def __init__(self, tool: str, problems: Iterable[Problem]) -> None:
        self.tool = tool
        self.problems = list(problems)
        super().__init__(f"The arguments for {tool!r} are not valid. " + "; ".join(str(each) for each in self.problems))


class UnstorableArguments(AgentError):
    """A type of the tool writes its value so that reading it gives another one. Give it a serializer that keeps it."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        super().__init__(
            f"The arguments for {tool!r} change when they are written as JSON and read again, so what was shown could "
            "not be what runs. Give the type a serializer whose output its own validation reads back."
        )


class ArgumentsChanged(AgentError):
    """The bytes that should run are not the ones that were hashed and shown. Nothing ran; ask anew."""

    def __init__(self, tool: str) -> None:
        self.tool = tool
        super().__init__(
            f"The arguments for {tool!r} are not the ones that were shown. Nothing ran; it has to be asked anew."
        )


class ToolTimedOut(AgentError):
    """The tool was still at work when its time was up, so its effect may or may not have happened."""

    def __init__(self, tool: str, seconds: float) -> None:
        self.tool = tool
        self.seconds = seconds
        super().__init__(f"{tool!r} did not finish within {seconds:g} s. Its effect may or may not have happened.")


class ToolError(AgentError):
    """What a tool raises when it cannot do what it was asked for: there is no such order, the amount is too high.

    The message is a sentence for the model and for people. This is an outcome like another: the log has a line of it,
    and no traceback, which any other error of a tool has.
    """
