"""A condition in words, as a rule in Python is put into them: `args.amount > 50` reads "amount is over 50"."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from typing import Any

from graphs.agent import rules

_COMPARED: Mapping[str, type[ast.cmpop]] = {
    "relation_lt": ast.Lt,
    "relation_le": ast.LtE,
    "relation_gt": ast.Gt,
    "relation_ge": ast.GtE,
    "relation_eq": ast.Eq,
    "relation_ne": ast.NotEq,
    "relation_in": ast.In,
}


def in_words(tree: Any, secret: Collection[str] = ()) -> str:
    """What a condition that was read asks about. What it says of a `secret` argument stays unsaid."""
    try:
        node = _as_python(tree)
    except (ValueError, SyntaxError, RecursionError):
        return rules.UNSAID
    return rules.expression_in_words(node, "args", secret)


def _as_python(tree: Any) -> ast.expr:
    """The same in Python, for plain ones. Raises ValueError for others."""
    parts: list[Any] = tree.children
    match tree.data:
        case "literal":
            return _literal(parts[0])
        case "ident":
            return ast.Name(str(parts[0]))
        case "member_dot":
            return ast.Attribute(_as_python(parts[0]), str(parts[1]))
        case "list_lit":
            return ast.List([_as_python(each) for members in parts for each in members.children])
        case "conditionalor" | "conditionaland" if len(parts) == 2:
            kind = ast.Or if tree.data == "conditionalor" else ast.And
            left, right = _as_python(parts[0]), _as_python(parts[1])
            same = left.values if isinstance(left, ast.BoolOp) and isinstance(left.op, kind) else [left]
            return ast.BoolOp(kind(), [*same, right])
        case "relation" if len(parts) == 2:
            left, right = _as_python(parts[0].children[0]), _as_python(parts[1])
            return ast.Compare(left, [_COMPARED[parts[0].data]()], [right])
        case "unary" if len(parts) == 2 and parts[0].data == "unary_not":
            return ast.UnaryOp(ast.Not(), _as_python(parts[1]))
        case _ if len(parts) == 1 and hasattr(parts[0], "data") and tree.data not in ("exprlist", "ident_arg"):
            return _as_python(parts[0])
        case _:
            raise ValueError("it is not plain")


def _literal(token: Any) -> ast.expr:
    if token.type not in ("INT_LIT", "FLOAT_LIT", "STRING_LIT") or "\\" in token:
        raise ValueError("it is not plain")
    return ast.Constant(ast.literal_eval(str(token)))
