"""What a tool returned → the text of its tool message."""

import json

from graphs.agent.canonical import json_tree


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
