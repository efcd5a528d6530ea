"""`@tool`: a typed, documented function becomes something a model can propose and a person can judge."""

import functools
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from graphs.agent import arguments as argument_bytes
from graphs.agent.approval import Approval
from graphs.agent.arguments import Arguments, Signature
from graphs.agent.docstring import parse
from graphs.agent.errors import AgentError, InvalidArguments, InvalidTool, Problem, ToolTimedOut
from graphs.agent.governing import Rule
from graphs.agent.schema import IDEMPOTENCY_KEY, JsonSchema, arguments_model, parameters_schema
from graphs.agent.titles import Title
from graphs.agent.titles import declared as declared_title
from graphs.agent.typed import TypedArguments
from graphs.errors import UnexpectedExit
from graphs.runtime.calling import TimeIsUp, awaitable, held, limited
from graphs.texts.canonical import Digest, canonical_json, digest

P = ParamSpec("P")
R = TypeVar("R")

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")  # OpenAI's API reference, "tools.function.name"


@dataclass(frozen=True, eq=False, kw_only=True)
class Tool(Generic[P, R]):
    """A function with its schema, its policy and what may be done with it after a crash.

    `repeatable`: running it twice does no harm, so a crash in the middle simply runs it again. `destructive` says that
    what it does cannot be taken back: who approves it is asked twice. `check` and `preview` are functions of the
    validated arguments (see `beforehand.py`). `timeout` is in seconds. Called directly, it is the function.

    `wire` is what models call it where its name is none that their wires allow. They are not told of one that is not
    `offered`.

    `rules` are those of the configuration that may decide about a call, besides `approval`. `own_rule_binds`: they may
    be stricter than `approval` only; it does not where `approval` was derived, from what a server says of its tool.
    """

    name: str
    description: str
    parameters: JsonSchema
    schema_digest: Digest
    approval: Approval | None
    idempotent: bool
    destructive: bool
    repeatable: bool
    timeout: float | None
    title: Title | None
    check: Callable[..., object] | None
    preview: Callable[..., object] | None
    function: Callable[P, R]
    signature: Signature
    wire: str | None = None
    offered: bool = True
    rules: Sequence[Rule] = ()
    own_rule_binds: bool = True

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<tool {self.name!r}>"

    @property
    def may_ask(self) -> bool:
        """Whether there may be a call of it that is asked about."""
        is_lifted = not self.own_rule_binds and any(rule.when is None for rule in self.rules)
        return (self.approval is not None and not is_lifted) or any(rule.may_ask for rule in self.rules)

    @property
    def wire_name(self) -> str:
        """What models call it."""
        return self.wire or self.name

    @property
    def secret_arguments(self) -> frozenset[str]:
        """The names of those that are secrets, or hold some."""
        return self.signature.secret

    @property
    def fixed(self) -> frozenset[str]:
        """The names of those that are the same in every call: nobody is asked for them."""
        return frozenset(self.signature.names) - frozenset(self.parameters.get("properties") or ())

    def title_of(self, values: Mapping[str, object]) -> str | None:
        """What a call with these values is called, where its `title=` can say it: they may be ones that it refuses."""
        try:
            return self.title.of(self.validate(values)) if self.title is not None else None
        except AgentError:
            return None

    def definition(self) -> dict[str, Any]:
        """The tool as Chat Completions takes it."""
        function = {"name": self.wire_name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}

    def validate(self, arguments: str | bytes | Mapping[str, object]) -> Arguments:
        """The arguments, checked and written down. Raises InvalidArguments and UnstorableArguments; a check of the
        tool's own that raises anything else has refused them too.
        """
        try:
            return held(argument_bytes.validate, self.name, self.signature, arguments)
        except AgentError:
            raise
        except Exception as error:
            # Its type alone: what it says may repeat a secret.
            raised = error.__cause__ if isinstance(error, UnexpectedExit) else error
            problem = Problem("", f"The tool's own check of them raised {type(raised).__name__}.")
            raise InvalidArguments(self.name, [problem]) from error

    async def call(self, arguments: Arguments, *, idempotency_key: str) -> object:
        """Run the function on what the bytes say; a `def` runs in a thread of its own. Raises what the function raises,
        and `UnexpectedExit` for what is no `Exception`.

        Also ArgumentsChanged and NoPlace, before anything ran, and ToolTimedOut. The time counts from when the function
        begins. An `async def` is cancelled when it is up. A thread cannot be: we stop waiting for a `def`, and it goes
        on in the background until it ends by itself.
        """
        read = await awaitable(argument_bytes.reopen, bounded=False)(arguments, self.signature)
        values, named = self.signature.passed(read)
        if self._takes_key:
            named[IDEMPOTENCY_KEY] = idempotency_key
        try:
            return await limited(self.timeout, cast("Callable[..., object]", self.function), *values, **named)
        except TimeIsUp as error:
            raise ToolTimedOut(self.name, cast(float, self.timeout)) from error

    @functools.cached_property
    def _takes_key(self) -> bool:
        return IDEMPOTENCY_KEY in inspect.signature(self.function).parameters


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...
@overload
def tool(
    *,
    title: str | Callable[[Any], str] | None = None,
    check: Callable[..., object] | None = None,
    preview: Callable[..., object] | None = None,
    approval: Approval | bool | None = None,
    idempotent: bool = False,
    destructive: bool = False,
    repeatable: bool | None = None,
    timeout: float | None = None,
    reconcile: Callable[..., object] | None = None,
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...
def tool(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Declare a function as a tool: its name, type hints and docstring are what the model and the card show.

    `title`: the first line of a call's card, "Refund {amount:.2f} euro on order {order_id}", or a function of the
    arguments. `check`: a function of the arguments that says in a sentence why a call cannot work, or None: then nobody
    is asked, and the model is told. `preview`: one that says what whoever decides needs to know; an approval holds for
    that, too. Each may be an `async def`, the title aside, and is looked at before asking and again before running.

    `approval`: an Approval, or True for "every call asks, the requester decides"; without it the tool runs unasked.
    `idempotent`: running a gated tool twice does no harm. `repeatable`: the same for a plain tool, True unless said
    otherwise. `destructive`: it cannot be taken back, so approving it asks twice. `timeout`: seconds (see `Tool.call`).
    A parameter `idempotency_key` is filled with a key that stays the same when the call is repeated, and is not in the
    schema. `reconcile` is a name for what is not built yet, and is refused. Raises InvalidTool, where it stands, with
    the remedy.
    """
    if function is None:
        return functools.partial(_declare, **options)
    return _declare(function, **options)


def _declare(
    function: Callable[P, R],
    *,
    title: str | Callable[[Any], str] | None = None,
    check: Callable[..., object] | None = None,
    preview: Callable[..., object] | None = None,
    approval: Approval | bool | None = None,
    idempotent: bool = False,
    destructive: bool = False,
    repeatable: bool | None = None,
    timeout: float | None = None,
    reconcile: Callable[..., object] | None = None,
) -> Tool[P, R]:
    name = _name(function)
    _refuse_unbuilt(name, reconcile=reconcile)
    policy = _policy(name, approval)
    documented = parse(function.__doc__ or "")
    if not documented.description:
        raise InvalidTool(
            name, "it has no docstring. Say in its first line what it does: the model and the card show it."
        )
    model = arguments_model(function, documented.arguments)
    parameters = parameters_schema(model)
    declared: Tool[P, R] = Tool(
        name=name,
        description=documented.description,
        parameters=parameters,
        schema_digest=digest(canonical_json({"name": name, "parameters": parameters})),
        approval=policy,
        idempotent=idempotent,
        destructive=destructive,
        repeatable=_repeatable(name, policy, idempotent, repeatable),
        timeout=_timeout(name, timeout),
        title=declared_title(name, title, model),
        check=_function(name, "check", check),
        preview=_function(name, "preview", preview),
        function=function,
        signature=TypedArguments(model),
    )
    for attribute in functools.WRAPPER_ASSIGNMENTS:
        object.__setattr__(declared, attribute, getattr(function, attribute))
    object.__setattr__(declared, "__wrapped__", function)
    return declared


def _name(function: object) -> str:
    if not inspect.isfunction(function):
        raise InvalidTool(
            str(getattr(function, "__name__", function)), "only a function can be a tool. Write a `def` for it."
        )
    if not _NAME.fullmatch(function.__name__):
        raise InvalidTool(function.__name__, "a tool's name has 1 to 64 of a-z, A-Z, 0-9 and _. Rename the function.")
    return function.__name__


def _refuse_unbuilt(name: str, **given: object) -> None:
    """What would be silently ignored is worse than what is refused."""
    for option, value in given.items():
        if value is not None:
            raise InvalidTool(name, f"{option}= is not built yet. Leave it out.")


def _function(name: str, option: str, given: object) -> Callable[..., object] | None:
    if given is not None and not callable(given):
        raise InvalidTool(name, f"{option}={given!r}: give a function of the arguments, or leave it out.")
    return given


def _policy(name: str, approval: object) -> Approval | None:
    if approval is None or approval is False:
        return None
    if approval is True:
        return Approval()
    if not isinstance(approval, Approval):
        raise InvalidTool(name, f"approval={approval!r} is no policy. Give an Approval(...), or True to ask always.")
    return approval


def _repeatable(name: str, policy: Approval | None, idempotent: bool, repeatable: bool | None) -> bool:
    if policy is not None and repeatable:
        raise InvalidTool(
            name, "a gated tool is claimed before it runs. Say idempotent=True if running it twice does no harm."
        )
    if idempotent and repeatable is False:
        raise InvalidTool(
            name, "idempotent=True and repeatable=False contradict each other. Keep the one that is true."
        )
    if repeatable is None:
        return policy is None or idempotent
    return repeatable


def _timeout(name: str, timeout: object) -> float | None:
    if timeout is None:
        return None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not 0 < timeout < float("inf"):
        raise InvalidTool(name, f"timeout={timeout!r}: give seconds above zero, or leave it out.")
    return float(timeout)
