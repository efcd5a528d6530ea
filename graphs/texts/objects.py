"""A JSON object as a model writes it: a call's arguments, as they are meant."""

from graphs.texts.canonical import read_json
from graphs.texts.surrogates import mended_json

MOST_WRAPPINGS = 4
"""Times that arguments may have been encoded, one in the other."""


def as_object(text: str) -> str:
    """Arguments as a model wrote them, as the JSON object that is meant: nothing and `null` are no arguments, and an
    object in a JSON string is that object. Any other text is only mended."""
    text = mended_json(text)
    inner: object = text
    for _ in range(MOST_WRAPPINGS):
        if not isinstance(inner, str) or not inner.strip() or inner.strip() == "null":
            return "{}" if isinstance(inner, str) else text
        if not inner.lstrip().startswith('"'):
            return inner if inner.lstrip().startswith("{") else text
        try:
            inner = read_json(inner)
        except ValueError:
            return text
    return text


def is_object(text: str) -> bool:
    """Whether the text is a JSON object, as servers want the arguments of a call that they are told of."""
    try:
        return isinstance(read_json(text), dict)
    except ValueError:
        return False
