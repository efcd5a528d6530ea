"""A tool call's arguments: checked once, written once; those bytes are what is stored, hashed, shown and run."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from graphs.agent.errors import ArgumentsChanged, InvalidArguments, Problem, UnstorableArguments
from graphs.texts.canonical import Digest, bounded, canonical_json, digest, secrets_in
from graphs.texts.objects import as_object
from graphs.texts.surrogates import mended_tree


class Signature(Protocol):
    """What arguments a tool takes: by the type hints of its function (`typed.py`), or by a JSON Schema
    (`described.py`)."""

    @property
    def names(self) -> Collection[str]:
        """The arguments that there are, in their order."""
        ...

    @property
    def secret(self) -> frozenset[str]:
        """The names of those that are secrets, or hold some."""
        ...

    def read(self, tool: str, text: bytes) -> Any:
        """The arguments that a JSON text says. Raises InvalidArguments with a problem for each; none repeats what was
        given for a secret.
        """
        ...

    def plain(self, values: Any) -> object:
        """What was read, as `canonical_json` writes it; secrets as pydantic's types for them."""
        ...

    def passed(self, values: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What was read, as the tool's function is called with it: by position, and by name."""
        ...


@dataclass(frozen=True)
class Arguments:
    """Valid arguments of one call, defaults included.

    `data` is canonical JSON and `digest` its SHA-256; `model` is what the signature reads in `data`. Secrets are in
    clear in `data` and masked in `shown`.
    """

    tool: str
    model: Any
    data: bytes
    digest: Digest
    signature: Signature = field(repr=False, compare=False)

    @property
    def values(self) -> dict[str, Any]:
        """The arguments as JSON values, secrets in clear."""
        return json.loads(self.data)

    @property
    def shown(self) -> dict[str, Any]:
        """The arguments as JSON values, secrets masked: for cards, logs and audit."""
        return json.loads(canonical_json(self.signature.plain(self.model), mask_secrets=True))

    @property
    def secrets(self) -> list[str | bytes]:
        """The secrets among them, in clear: what a result or an error must not repeat."""
        return secrets_in(self.signature.plain(self.model))


def validate(tool: str, signature: Signature, given: str | bytes | Mapping[str, object]) -> Arguments:
    """Check `given` (JSON text or values) against the signature, write it down and read it back.

    Raises InvalidArguments with a problem for each argument, or with one for more than `canonical.MOST_BYTES` or
    `MOST_LEVELS`, or `MOST_VALUES`; and UnstorableArguments when the round trip changes one.
    """
    first = signature.read(tool, _text(tool, given))
    data = _write(tool, signature.plain(first))
    again = signature.read(tool, data)
    if again != first or _write(tool, signature.plain(again)) != data:
        raise UnstorableArguments(tool)
    return Arguments(tool, again, data, digest(data), signature)


def reopen(arguments: Arguments, signature: Signature) -> Any:
    """What is to run, read from the bytes. Raises ArgumentsChanged if these were not hashed."""
    if digest(arguments.data) != arguments.digest:
        raise ArgumentsChanged(arguments.tool)
    read = validate(arguments.tool, signature, arguments.data)
    if read.data != arguments.data:
        raise ArgumentsChanged(arguments.tool)
    return read.model


def _text(tool: str, given: str | bytes | Mapping[str, object]) -> bytes:
    try:
        if isinstance(given, Mapping):
            text = canonical_json(mended_tree(given))
        else:
            text = (as_object(given).encode() if isinstance(given, str) else given).strip()
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(tool, [Problem("", f"cannot be written as JSON: {error}")]) from error
    try:
        return bounded(text) or b"{}"  # models write nothing at all for a tool without arguments
    except ValueError as error:
        raise InvalidArguments(tool, [Problem("", f"Too large: {error}")]) from None


def _write(tool: str, plain: object) -> bytes:
    try:
        return bounded(canonical_json(plain))
    except (ValueError, TypeError, RecursionError) as error:
        raise InvalidArguments(tool, [Problem("", f"cannot be written as JSON: {error}")]) from error
