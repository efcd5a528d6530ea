"""`@tool`: what is published, what is refused at the declaration, and what runs."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from inline_snapshot import snapshot
from pydantic import BaseModel, Field, SecretStr

from graphs.agent.errors import ArgumentsChanged, InvalidArguments, InvalidTool, ToolTimedOut, UnknownTool
from graphs.agent.policy import Approval
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool, tool


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Address(BaseModel):
    city: str
    zip_code: str | None = None


class Tree(BaseModel):
    branches: list["Tree"] = []


@tool(approval=Approval(when=lambda args: args.amount > 50), destructive=True)
async def pay(number: int, amount: Decimal, note: str = "", *, idempotency_key: str = "none") -> str:
    """Pay an amount
    for an order.

    More that only readers of the code see.

    Args:
        number: The order's number,
            as printed on it.
        amount (Decimal): In euro: two digits.
        idempotency_key: Passed on to the bank.

    Returns:
        note: not an argument.
    """
    return f"{number} {amount!r} {note!r} {idempotency_key}"


def test_the_definition_comes_from_hints_and_docstring():
    assert pay.definition() == snapshot(
        {
            "type": "function",
            "function": {
                "name": "pay",
                "description": "Pay an amount for an order.",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "number": {"description": "The order's number, as printed on it.", "type": "integer"},
                        "amount": {"description": "In euro: two digits.", "type": "number"},
                        "note": {"default": "", "type": "string"},
                    },
                    "additionalProperties": False,
                    "required": ["number", "amount"],
                },
            },
        }
    )


def test_all_kinds_of_types_are_published_without_references():
    @tool
    def many(
        day: date,
        colour: Colour,
        to: Address,
        size: Literal["s", "m"],
        ratio: Annotated[float, Field(ge=0, le=1, description="Its own words.")],
        cost: Annotated[Decimal, Field(ge=Decimal("0.5"))],
        password: SecretStr = SecretStr("hidden"),  # noqa: B008 the signature is only read
        also: list[Address] | None = None,
    ) -> None:
        """Take many.

        Args:
            ratio: Not these words.
        """

    assert many.parameters["properties"] == snapshot(
        {
            "day": {"format": "date", "type": "string"},
            "colour": {"enum": ["red", "blue"], "type": "string"},
            "to": {
                "properties": {
                    "city": {"type": "string"},
                    "zip_code": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                },
                "required": ["city"],
                "type": "object",
            },
            "size": {"enum": ["s", "m"], "type": "string"},
            "ratio": {"description": "Its own words.", "maximum": 1, "minimum": 0, "type": "number"},
            "cost": {"minimum": 0.5, "type": "number"},
            "password": {"default": "••••••••", "format": "password", "type": "string", "writeOnly": True},
            "also": {
                "anyOf": [
                    {
                        "items": {
                            "properties": {
                                "city": {"type": "string"},
                                "zip_code": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                            },
                            "required": ["city"],
                            "type": "object",
                        },
                        "type": "array",
                    },
                    {"type": "null"},
                ],
                "default": None,
            },
        }
    )


def test_a_type_that_refers_to_itself_keeps_its_definition():
    @tool
    def plant(tree: Tree) -> None:
        """Plant it."""

    assert plant.parameters["properties"] == {"tree": {"$ref": "#/$defs/Tree"}}
    assert plant.parameters["$defs"].keys() == {"Tree"}


def test_a_tool_is_still_the_function():
    assert asyncio.run(pay(1, Decimal(2))) == "1 Decimal('2') '' none"
    assert pay.__name__ == "pay"  # pyright: ignore[reportAttributeAccessIssue]
    assert (pay.__doc__ or "").startswith("Pay an amount\n")
    assert pay.__module__ == __name__


@pytest.mark.parametrize(
    "name", ["copy", "json", "dict", "schema", "model_dump", "validate", "model", "fields", "class_"]
)
def test_a_parameter_may_have_a_name_that_pydantic_uses(name: str):
    scope: dict[str, Any] = {"tool": tool}
    exec(f'@tool\ndef odd({name}: int) -> int:\n    "Odd."\n    return {name}', scope)
    odd: Tool[..., Any] = scope["odd"]
    assert odd.validate({name: 3}).data == f'{{"{name}":3}}'.encode()
    assert asyncio.run(odd.call(odd.validate({name: 3}), idempotency_key="k")) == 3


def no_docstring(number: int) -> None:
    pass


def no_type(number) -> None:  # pyright: ignore[reportMissingParameterType]
    """Do."""


def many_positional(*numbers: int) -> None:
    """Do."""


def many_named(**numbers: int) -> None:
    """Do."""


def by_position(number: int, /) -> None:
    """Do."""


def private(_number: int) -> None:
    """Do."""


def not_json(number: Callable[[], int]) -> None:
    """Do."""


def not_there(number: "Missing") -> None:  # noqa: F821 # pyright: ignore[reportUndefinedVariable]
    """Do."""


def wrong_default(number: int = "many") -> None:  # pyright: ignore[reportArgumentType]
    """Do."""


def no_number(number: float = float("nan")) -> None:
    """Do."""


def field_default(number: int = Field(default=3)) -> None:
    """Do."""


def aliased(number: Annotated[int, Field(alias="n")]) -> None:
    """Do."""


def typo(number: int) -> None:
    """Do.

    Args:
        nubmer: Which.
    """


def ünicode(number: int) -> None:
    """Do."""


@pytest.mark.parametrize(
    ("function", "says"),
    [
        (no_docstring, "no docstring"),
        (no_type, "'number' has no type"),
        (many_positional, "'*numbers: int' has no schema"),
        (many_named, "'**numbers: int' has no schema"),
        (by_position, "'number' is positional-only"),
        (private, "cannot be called '_number'"),
        (not_json, "'number' has a type that JSON cannot carry"),
        (not_there, "its annotation names 'Missing'"),
        (wrong_default, "the default of 'number' does not fit its type"),
        (no_number, "the default of 'number' does not fit its type"),
        (field_default, "'number' has a Field as its default"),
        (aliased, "'number' has an alias"),
        (typo, "its docstring explains 'nubmer'"),
        (ünicode, "Rename the function"),
        (print, "only a function can be a tool"),
    ],
)
def test_a_function_that_cannot_be_a_tool_is_refused_where_it_is_declared(function: Callable[..., Any], says: str):
    with pytest.raises(InvalidTool) as refusal:
        tool(function)
    assert says in str(refusal.value)
    assert f"tool {function.__name__!r}: " in str(refusal.value)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"approval": "yes"}, "approval='yes' is no policy"),
        ({"approval": True, "repeatable": True}, "idempotent=True"),
        ({"idempotent": True, "repeatable": False}, "contradict"),
        ({"timeout": 0}, "timeout=0"),
        ({"timeout": True}, "timeout=True"),
        ({"timeout": float("inf")}, "timeout=inf"),
    ],
)
def test_options_that_mean_nothing_are_refused(options: dict[str, Any], says: str):
    def act() -> None:
        """Act."""

    with pytest.raises(InvalidTool, match=says):
        tool(**options)(act)


@pytest.mark.parametrize(
    ("options", "repeatable"),
    [
        ({}, True),
        ({"repeatable": False}, False),
        ({"approval": True}, False),
        ({"approval": False}, True),
        ({"approval": True, "idempotent": True}, True),
    ],
)
def test_c6_what_may_be_run_again_after_a_crash(options: dict[str, Any], repeatable: bool):
    def act() -> None:
        """Act."""

    assert tool(**options)(act).repeatable is repeatable


def test_approval_true_is_the_plain_approval():
    @tool(approval=True)
    def act() -> None:
        """Act."""

    assert act.approval == Approval()


async def test_the_idempotency_key_is_ours_not_the_models():
    with pytest.raises(InvalidArguments, match="There is no such argument"):
        pay.validate({"number": 1, "amount": 2, "idempotency_key": "mine"})
    arguments = pay.validate({"number": 1, "amount": "2.50"})
    assert await pay.call(arguments, idempotency_key="ours") == "1 Decimal('2.5') '' ours"


async def test_a_plain_function_runs_in_a_worker_thread():
    @tool
    def where() -> int:
        """Where."""
        return threading.get_ident()

    assert await where.call(where.validate(""), idempotency_key="k") != threading.get_ident()


async def test_a_plain_function_that_returns_a_coroutine_is_awaited():
    @tool
    def later():
        """Later."""
        return asyncio.sleep(0, "now")

    assert await later.call(later.validate("{}"), idempotency_key="k") == "now"


async def test_c2_what_runs_is_read_from_the_bytes():
    arguments = pay.validate({"number": 1, "amount": 100})
    lying = replace(arguments, model=pay.validate({"number": 1, "amount": 200}).model)
    assert await pay.call(lying, idempotency_key="k") == "1 Decimal('100') '' k"


@pytest.mark.parametrize(
    "data", [b'{"amount":200,"note":"","number":1}', b'{"amount":100, "note":"","number":1}', b"{}"]
)
async def test_c2_other_bytes_than_those_that_were_hashed_do_not_run(data: bytes):
    arguments = pay.validate({"number": 1, "amount": 100})
    with pytest.raises(ArgumentsChanged):
        await pay.call(replace(arguments, data=data), idempotency_key="k")


async def test_an_async_tool_is_cancelled_when_its_time_is_up():
    ended = asyncio.Event()

    @tool(timeout=0.01)
    async def hang() -> None:
        """Hang."""
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with pytest.raises(ToolTimedOut, match=r"did not finish within 0\.01 s"):
        await hang.call(hang.validate("{}"), idempotency_key="k")
    assert ended.is_set()


async def test_a_thread_goes_on_after_its_time_is_up():
    release, ended = threading.Event(), threading.Event()

    @tool(timeout=0.01)
    def hang() -> None:
        """Hang."""
        release.wait(10)
        ended.set()

    with pytest.raises(ToolTimedOut):
        await hang.call(hang.validate("{}"), idempotency_key="k")
    assert not ended.is_set()
    release.set()
    assert await asyncio.to_thread(ended.wait, 10)


async def test_a_timeout_of_the_tools_own_is_not_ours():
    @tool(timeout=60)
    async def call_out() -> None:
        """Call out."""
        raise TimeoutError("the bank did not answer")

    with pytest.raises(TimeoutError, match="the bank did not answer"):
        await call_out.call(call_out.validate("{}"), idempotency_key="k")


def test_the_schema_digest_is_bound_to_name_and_parameters():
    def declare(source: str) -> Tool[..., Any]:
        scope: dict[str, Any] = {"tool": tool}
        exec(f"@tool\n{source}", scope)
        return scope["a" if "def a(" in source else "b"]

    digests = {
        declare(source).schema_digest
        for source in (
            'def a(x: int): "Do."',
            'def b(x: int): "Do."',
            'def a(y: int): "Do."',
            'def a(x: float): "Do."',
            'def a(x: int = 1): "Do."',
            'def a(x: int):\n "Do.\\n\\nArgs:\\n  x: Which."',
        )
    }
    assert len(digests) == 6
    again = declare('def a(x: int): "Do something else."')
    assert again.schema_digest == declare('def a(x: int): "Do."').schema_digest


def test_a_toolbox_finds_tools_by_name_and_refuses_two_of_one():
    box = Toolbox([pay])
    assert box["pay"] is pay
    assert list(box) == ["pay"]
    assert box.definitions == (pay.definition(),)
    with pytest.raises(UnknownTool, match=r"^There is no tool 'refund'\. The tools are: pay\.$"):
        box["refund"]
    assert box.get("refund") is None
    with pytest.raises(InvalidTool, match="two tools have this name"):
        Toolbox([pay, pay])
    with pytest.raises(InvalidTool, match="Put @tool above it"):
        Toolbox([no_docstring])  # pyright: ignore[reportArgumentType]


def test_what_is_not_built_yet_is_refused_and_not_ignored():
    with pytest.raises(InvalidTool, match=r"reconcile= is not built yet\. Leave it out\."):

        @tool(reconcile=print)  # type: ignore[arg-type]
        def pay() -> None:
            """Pay."""
