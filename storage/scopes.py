"""Scopes are paths, such as `task/effect/task`: how a query asks for everything in one."""


def within(column: str, scope: str) -> str:
    """The SQL condition that the path in `column` is `scope`, an SQL expression, or a path within it.

    It is a range, so that an index on the column answers it: "0" is the character after "/", and so all that begins
    with `scope/` sorts before `scope0`. What also sorts there, as "a-b" does beside "a", is taken out by the last part,
    which has a `+` so that SQLite keeps to the one range and does not search twice.
    """
    return (
        f"({column} >= {scope} and {column} < {scope} || '0' and (+{column} = {scope} or +{column} >= {scope} || '/'))"
    )
