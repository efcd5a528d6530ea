"""What a tool returned, or that it failed → what is on record of it, and the text of its tool message."""

import json
from typing import TypedDict, cast

from graphs.agent.canonical import json_tree


class Failure(TypedDict):
    """A call that went wrong, as it stands in its claim. `failed` is for people, `told` is what the model reads."""

    failed: str
    told: str


def failure(message: str, told: str) -> Failure:
    """What is on record of a call that went wrong."""
    return {"failed": result_text(message), "told": result_text(told)}


def told(recorded: str | Failure) -> str:
    """What the model reads of a result on record."""
    return recorded if isinstance(recorded, str) else recorded["told"]


def read_result(text: str | None) -> str | Failure:
    """A claim's result, from its JSON."""
    return cast("str | Failure", json.loads(text or '""'))


def result_text(result: object) -> str:
    """A str as it is, nothing as "Done.", the rest as compact JSON in its own order, secrets masked.

    It never raises, because the effect has happened: what has no JSON is shown as `str` shows it, and what is no text
    (a lone surrogate) as its escape.
    """
    match result:
        case None:
            text = "Done."
        case str():
            text = result
        case _:
            text = _json(result)
    return text.encode(errors="backslashreplace").decode()


def _json(result: object) -> str:
    try:
        tree = json_tree(result, mask_secrets=True)
        return json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        return str(result)
