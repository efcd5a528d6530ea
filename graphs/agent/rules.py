"""A rule in words: `lambda args: args.amount > 50` reads "amount is over 50". For the card, which says why a call asks.

Only what is said plainly is put into words; any other rule is just one that asks. Nothing depends on these words.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
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


def in_words(rule: Callable[..., Any]) -> str:
    """What the rule asks about, as a clause after "because"."""
    try:
        body, argument = _lambda(rule)
        said = _said(body, argument)
    except (_Unsaid, OSError, TypeError, SyntaxError, ValueError):
        return UNSAID
    return said if len(said) <= LONGEST else UNSAID


def _lambda(rule: Callable[..., Any]) -> tuple[ast.expr, str]:
    """What a lambda returns, and what it calls the arguments. Its source is a piece of the statement around it."""
    if getattr(rule, "__name__", "") != "<lambda>":
        raise _Unsaid
    source = textwrap.dedent(inspect.getsource(rule)).strip()
    found = [node for node in ast.walk(_parsed(source)) if isinstance(node, ast.Lambda)]
    if len(found) != 1 or len(found[0].args.args) != 1:
        raise _Unsaid
    return found[0].body, found[0].args.args[0].arg


def _parsed(source: str) -> ast.AST:
    """The piece of source as far as it can be read by itself: a decorator, an argument, a call that goes on."""
    for whole in (source, f"{source}\ndef _(): ...", f"_({source}\n)", f"_({source}", source[source.index("lambda") :]):
        for end in range(len(whole), max(0, len(whole) - 6), -1):
            try:
                return ast.parse(whole[:end].rstrip(", \n"))
            except SyntaxError:
                continue
    raise _Unsaid


def _said(node: ast.expr, argument: str) -> str:
    match node:
        case ast.BoolOp(op=op, values=values) if not any(isinstance(each, ast.BoolOp) for each in values):
            return (" and " if isinstance(op, ast.And) else " or ").join(_said(each, argument) for each in values)
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARED:
            return f"{_name(left, argument)} {_COMPARED[type(op)]} {_value(right)}"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return f"{_name(operand, argument)} is not set"
        case _:
            return f"{_name(node, argument)} is set"


def _name(node: ast.expr, argument: str) -> str:
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if owner == argument:
            return name.replace("_", " ")
        case _:
            raise _Unsaid


def _value(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=value):
            return f"{value}"
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=value)]):
            return f"{value}"
        case ast.List(elts=parts) | ast.Tuple(elts=parts) | ast.Set(elts=parts):
            return ", ".join(_value(part) for part in parts)
        case _:
            raise _Unsaid
