"""Scopes are paths, such as `task/effect/task`: what is within one, in Python and in SQL."""

from storage.ids import Scope


def is_within(path: Scope, scope: Scope) -> bool:
    """Whether a path is the scope itself, or of something in it."""
    return path == scope or path.startswith(f"{scope}/")


def within(column: str, scope: str) -> str:
    """`is_within` as an SQL condition on the path in `column`; `scope` is an SQL expression.

    It is a range, so that an index on the column answers it: "0" is the character after "/", and so all that begins
    with `scope/` sorts before `scope0`. What also sorts there, as "a-b" does beside "a", is taken out by the last part,
    which has a `+` so that SQLite keeps to the one range and does not search twice.
    """
    return (
        f"({column} >= {scope} and {column} < {scope} || '0' and (+{column} = {scope} or +{column} >= {scope} || '/'))"
    )
