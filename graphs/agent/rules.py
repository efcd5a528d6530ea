"""A rule in words: `lambda args: args.amount > 50` reads "amount is over 50". For the card, which says why a call asks.

Only what is said plainly is put into words; any other rule is just one that asks. Nothing depends on these words.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import CodeType, MappingProxyType
from typing import Any

UNSAID = "its rule asks for these arguments"

LONGEST = 120
"""Characters of a rule in words: a longer one says less than that there is one."""

_COMPARED: dict[type[ast.cmpop], str] = {
    ast.Gt: "is over",
    ast.GtE: "is at least",
    ast.Lt: "is under",
    ast.LtE: "is at most",
    ast.Eq: "is",
    ast.NotEq: "is not",
    ast.In: "is one of",
    ast.NotIn: "is none of",
}


class _Unsaid(Exception):
    """There are no plain words for it."""


def in_words(rule: Callable[..., Any], secret: Collection[str] = ()) -> str:
    """What the rule asks about, as a clause after "because". What it says of a `secret` argument stays unsaid."""
    try:
        body, argument = _lambda(rule)
    except (_Unsaid, OSError, TypeError, SyntaxError, ValueError):
        return UNSAID
    return expression_in_words(body, argument, secret, rule.__globals__)


def expression_in_words(
    body: ast.expr, argument: str, secret: Collection[str] = (), names: Mapping[str, Any] = MappingProxyType({})
) -> str:
    """As `in_words`, of what a rule returns that calls the arguments `argument`. It may name numbers of `names`."""
    try:
        said = _Words(argument, frozenset(secret), names).of(body)
    except (_Unsaid, ValueError):
        return UNSAID
    return said if len(said) <= LONGEST and said.isprintable() else UNSAID


def _lambda(rule: Callable[..., Any]) -> tuple[ast.expr, str]:
    """What a lambda returns, and what it calls the arguments. Its source is a piece of the statement around it, which
    may end in the middle of the lambda, or have been changed since: only what compiles to this very rule is it.
    """
    if getattr(rule, "__name__", "") != "<lambda>":
        raise _Unsaid
    source = textwrap.dedent(inspect.getsource(rule)).strip()
    found = [node for node in ast.walk(_parsed(source)) if isinstance(node, ast.Lambda)]
    if len(found) != 1 or len(found[0].args.args) != 1:
        raise _Unsaid
    compiled = compile(ast.Expression(found[0]), "<rule>", "eval").co_consts
    if not any(isinstance(each, CodeType) and _is_same(each, rule.__code__) for each in compiled):
        raise _Unsaid
    return found[0].body, found[0].args.args[0].arg


def _is_same(one: CodeType, other: CodeType) -> bool:
    # Constants are compared as written: to Python, 1 is True and 50 is 50.0.
    return (one.co_code, repr(one.co_consts), one.co_names) == (other.co_code, repr(other.co_consts), other.co_names)


def _parsed(source: str) -> ast.AST:
    """The piece of source as far as it can be read by itself: a decorator, an argument, a call that goes on."""
    for whole in (source, f"{source}\ndef _(): ...", f"_({source}\n)", f"_({source}", source[source.index("lambda") :]):
        for end in range(len(whole), max(0, len(whole) - 6), -1):
            try:
                return ast.parse(whole[:end].rstrip(", \n"))
            except SyntaxError:
                continue
    raise _Unsaid


@dataclass(frozen=True)
class _Words:
    """Puts an expression into words. `argument` is what it calls the arguments, `names` what else it may name."""

    argument: str
    secret: frozenset[str]
    names: Mapping[str, Any]

    def of(self, node: ast.expr) -> str:
        match node:
            case ast.BoolOp(op=op, values=values) if not any(isinstance(each, ast.BoolOp) for each in values):
                return (" and " if isinstance(op, ast.And) else " or ").join(map(self.of, values))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
                return f"{self._name(left)} {_COMPARED[type(op)]} {self._value(right)}"
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"{self._name(operand)} is not set"
            case _:
                return f"{self._name(node)} is set"

    def _name(self, node: ast.expr) -> str:
        match node:
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == self.argument:
                if name in self.secret:
                    raise _Unsaid
                return name.replace("_", " ")
            case _:
                raise _Unsaid

    def _value(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=value) if value != "":
                return f"{value}"
            case ast.Name(id=name) if type(found := self.names.get(name)) in (int, float, Decimal):
                return f"{found}"  # a limit by its name; a text might be one to keep
            case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=value)]):
                return f"{value}"
            case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts) if parts:
                return ", ".join(map(self._value, parts))
            case _:
                raise _Unsaid
