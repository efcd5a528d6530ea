"""The arguments of a tool that a JSON Schema describes, as those of MCP servers are: any draft, any names.

Nothing is fetched to read a schema, and no default is invented: what was given is what is shown and what is passed.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import Secret

from graphs.agent import described_words
from graphs.agent.errors import InvalidArguments, Problem
from graphs.agent.patterns import with_safe_patterns
from graphs.runtime.schemas import misfits_by
from graphs.texts.canonical import read_json
from graphs.texts.references import holds_secret

MOST_PROBLEMS = 100
"""Problems of one call that are told one by one."""

JsonSchema = dict[str, Any]


@dataclass(frozen=True, eq=False)
class DescribedArguments:
    """What a schema describes. See `arguments.Signature`. `fixed` are put in whatever is given for them."""

    schema: JsonSchema
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def names(self) -> Collection[str]:
        return self._properties

    @property
    def secret(self) -> frozenset[str]:
        return self._secret

    @functools.cached_property
    def _secret(self) -> frozenset[str]:
        return frozenset(name for name, part in self._properties.items() if holds_secret(part, self.schema))

    def read(self, tool: str, text: bytes) -> dict[str, Any]:
        try:
            given: object = read_json(text)
        except ValueError as error:
            raise InvalidArguments(tool, [Problem("", f"They are no JSON: {error}")]) from None
        if not isinstance(given, dict):
            raise InvalidArguments(tool, [Problem("", "Input should be an object", "dict_type")])
        values = {**cast("dict[str, Any]", given), **self.fixed}
        problems = list(self._problems(values))
        if problems:
            raise InvalidArguments(tool, _bounded(problems))
        return values

    def plain(self, values: dict[str, Any]) -> object:
        return {name: Secret[Any](value) if name in self.secret else value for name, value in values.items()}

    def passed(self, values: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (values,), {}

    def _problems(self, values: dict[str, Any]) -> Iterator[Problem]:
        for each in misfits_by(self._validator, values):
            if each.word == "additionalProperties" and each.limit is False and not each.place:
                unknown = [name for name in values if name not in self._properties]
                yield from described_words.unknown(unknown, self._properties)
            else:
                yield described_words.problem(each)

    @functools.cached_property
    def _properties(self) -> Mapping[str, Any]:
        found = self.schema.get("properties")
        return cast("dict[str, Any]", found) if isinstance(found, dict) else {}

    @functools.cached_property
    def _validator(self) -> Any:
        from jsonschema import Draft202012Validator
        from jsonschema.validators import validator_for
        from referencing import Registry

        kind: Any = validator_for(self.schema, default=Draft202012Validator)
        # A registry of its own has nothing but the schema, and fetches nothing.
        return with_safe_patterns(kind)(
            self.schema, registry=cast("Any", Registry)(), format_checker=kind.FORMAT_CHECKER
        )


def _bounded(problems: list[Problem]) -> list[Problem]:
    if (more := len(problems) - MOST_PROBLEMS) > 0:
        return [*problems[:MOST_PROBLEMS], Problem("", f"and {more} more problems")]
    return problems
