"""A function's signature → the pydantic model of its arguments, and the JSON Schema that the model and forms read."""

import inspect
import json
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from graphs.agent.errors import InvalidTool
from graphs.texts.canonical import canonical_json

IDEMPOTENCY_KEY = "idempotency_key"
"""A parameter of this name is filled by us, never by the model: it is not in the schema."""

JsonSchema = dict[str, Any]

_CONFIG = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, protected_namespaces=())


def arguments_model(function: Callable[..., object], hints: Mapping[str, str]) -> type[BaseModel]:
    """The model of `function`'s arguments; `hints` are the descriptions by parameter name.

    Raises InvalidTool for what cannot be called by name, has no type, or has a type that JSON cannot carry.
    """
    name = function.__name__
    types = _types(function)
    parameters = [each for each in _parameters(function) if each.name != IDEMPOTENCY_KEY]
    if unknown := sorted(hints.keys() - {each.name for each in parameters} - {IDEMPOTENCY_KEY}):
        raise InvalidTool(name, f"its docstring explains {unknown[0]!r}, which is no parameter. Correct the name.")
    fields: dict[str, Any] = {each.name: _field(name, each, types, hints.get(each.name)) for each in parameters}
    with warnings.catch_warnings():
        # A parameter may be called `copy` or `json`: we reach our own model only through its TypeAdapter.
        warnings.filterwarnings("ignore", message="Field name .* shadows an attribute", category=UserWarning)
        return create_model(name, __config__=_CONFIG, **fields)


def _types(function: Callable[..., object]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function, include_extras=True)
    except NameError as error:
        raise InvalidTool(
            function.__name__, f"its annotation names {error.name!r}, which its module does not have. Define it there."
        ) from error


def _parameters(function: Callable[..., object]) -> Iterator[inspect.Parameter]:
    for each in inspect.signature(function).parameters.values():
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            raise InvalidTool(function.__name__, f"{str(each)!r} has no schema. Name every parameter.")
        if each.kind is each.POSITIONAL_ONLY:
            raise InvalidTool(
                function.__name__, f"{each.name!r} is positional-only; tools are called by name. Drop the '/'."
            )
        if each.name.startswith("_") or each.name == "model_config":
            raise InvalidTool(function.__name__, f"a parameter cannot be called {each.name!r}. Rename it.")
        yield each


def _field(tool: str, parameter: inspect.Parameter, types: Mapping[str, Any], hint: str | None) -> tuple[Any, Any]:
    name = parameter.name
    if name not in types:
        raise InvalidTool(tool, f"{name!r} has no type. Annotate it: `{name}: str`.")
    annotation = types[name]
    declared = FieldInfo.from_annotation(annotation)
    if declared.alias or declared.validation_alias or declared.serialization_alias:
        raise InvalidTool(tool, f"{name!r} has an alias. The argument is called as the parameter is; drop the alias.")
    adapter = _adapter(tool, name, annotation)
    default = ... if parameter.default is parameter.empty else _default(tool, name, adapter, parameter.default)
    if hint and declared.description is None:
        annotation = cast(Any, Annotated)[annotation, Field(description=hint)]
    return annotation, default


def _adapter(tool: str, name: str, annotation: Any) -> TypeAdapter[Any]:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        adapter.json_schema(schema_generator=PlainSchema)
    except PydanticUserError as error:
        raise InvalidTool(tool, f"{name!r} has a type that JSON cannot carry: {_first_line(error)}.") from error
    return adapter


def _default(tool: str, name: str, adapter: TypeAdapter[Any], given: object) -> object:
    """The default as the function would get it from the model: an `amount: Decimal = 0` is a Decimal."""
    if isinstance(given, FieldInfo):
        raise InvalidTool(tool, f"{name!r} has a Field as its default. Write `{name}: Annotated[type, Field(...)]`.")
    try:
        default = adapter.validate_python(given)
        canonical_json(adapter.dump_python(default))
    except (ValueError, TypeError) as error:
        what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else _first_line(error)
        raise InvalidTool(tool, f"the default of {name!r} does not fit its type: {what}.") from error
    return default


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")


class PlainSchema(GenerateJsonSchema):
    """JSON Schema as models and forms read it best: no made-up titles, a Decimal is a number."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        bounds = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
        return {"type": "number"} | {
            word: float(cast("Any", schema)[key]) for key, word in bounds.items() if schema.get(key) is not None
        }

    def encode_default(self, dft: Any) -> Any:
        return json.loads(canonical_json(dft, mask_secrets=True))


def parameters_schema(model: type[BaseModel]) -> JsonSchema:
    """The JSON Schema (draft 2020-12) of a tool's arguments, in the order of its parameters, `$ref`s written out.

    Only a type that refers to itself keeps its `$defs`.
    """
    schema = model.model_json_schema(schema_generator=PlainSchema)
    schema.pop("title", None)
    definitions = cast("dict[str, JsonSchema]", schema.pop("$defs", {}))
    for part in definitions.values():
        part.pop("title", None)
    recursive = {name for name in definitions if name in _reached(definitions[name], definitions, set())}
    plain = {name: part for name, part in definitions.items() if name not in recursive}
    written: JsonSchema = {"type": "object", "properties": {}} | _inline(schema, plain)
    if recursive:
        written["$defs"] = {name: _inline(definitions[name], plain) for name in sorted(recursive)}
    return written


def _reference(node: JsonSchema) -> str:
    return str(node.get("$ref", "")).removeprefix("#/$defs/")


def _reached(node: Any, definitions: Mapping[str, JsonSchema], seen: set[str]) -> set[str]:
    """The names of all definitions that `node` leads to."""
    if isinstance(node, list):
        for each in cast("list[Any]", node):
            _reached(each, definitions, seen)
    elif isinstance(node, dict):
        part = cast(JsonSchema, node)
        name = _reference(part)
        if name in definitions and name not in seen:
            seen.add(name)
            _reached(definitions[name], definitions, seen)
        for each in part.values():
            _reached(each, definitions, seen)
    return seen


def _inline(node: Any, definitions: Mapping[str, JsonSchema]) -> Any:
    if isinstance(node, list):
        return [_inline(each, definitions) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    part = cast(JsonSchema, node)
    name = _reference(part)
    if name in definitions:
        beside = {key: value for key, value in part.items() if key != "$ref"}
        return _inline(definitions[name] | beside, definitions)
    return {key: _inline(each, definitions) for key, each in part.items()}
