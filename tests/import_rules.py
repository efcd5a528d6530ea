"""The import rules of DESIGN as one table, and the function that holds a tree of sources against it.

`violations` takes a mapping from path to source, so that a test can plant a violation without touching the tree.
"""

from __future__ import annotations

import ast
import graphlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

Where = Callable[[str], bool]
"""Says of a module's dotted name whether it is meant."""


def inside(*packages: str) -> Where:
    """The packages, and everything in them."""
    within = tuple(f"{package}." for package in packages)
    return lambda module: module in packages or module.startswith(within)


def but(some: Where, others: Where) -> Where:
    return lambda module: some(module) and not others(module)


PRODUCT = inside("bot", "graphs", "storage")
STANDARD_LIBRARY = inside(*sys.stdlib_module_names)
ANYTHING: Where = lambda module: True  # noqa: E731 (one of a row of predicates)


@dataclass(frozen=True)
class Rule:
    """Modules of `where` import nothing of `never`."""

    name: str
    where: Where
    never: Where


LAYERS = (
    Rule("storage knows neither graphs nor bot", inside("storage"), inside("graphs", "bot", "tests")),
    Rule("graphs knows nothing of bot", inside("graphs"), inside("bot", "tests")),
    Rule("the product knows nothing of its tests", inside("bot"), inside("tests")),
    Rule(
        "the runtime knows storage and validation, and no agent",
        inside("graphs.runtime"),
        but(
            but(ANYTHING, STANDARD_LIBRARY),
            inside(
                "graphs.runtime",
                "graphs.errors",
                "storage",
                "pydantic",
                "pydantic_core",
                "jsonschema",
                "referencing",
                "typing_extensions",
            ),
        ),
    ),
    Rule(
        "models know texts and errors, and no agent",
        inside("graphs.models"),
        but(PRODUCT, inside("graphs.models", "graphs.texts", "graphs.errors")),
    ),
    Rule(
        "texts know nothing of what they are about",
        inside("graphs.texts"),
        but(PRODUCT, inside("graphs.texts")),
    ),
    Rule(
        "the local workspace imports nothing of the rest",
        inside("bot.demo.workspace"),
        but(but(ANYTHING, STANDARD_LIBRARY), inside("bot.demo.workspace", "bot.demo.loopback", "aiohttp", "pydantic")),
    ),
    Rule(
        "the demo's model imports nothing of the rest",
        inside("bot.demo.model"),
        but(but(ANYTHING, STANDARD_LIBRARY), inside("bot.demo.model", "bot.demo.loopback", "aiohttp", "jsonschema")),
    ),
    Rule(
        "only the demo and the tour know the local workspace",
        but(PRODUCT, inside("bot.demo")),
        inside("bot.demo.workspace"),
    ),
    Rule(
        "the tour speaks the workspace's HTTP API, as a page does",
        inside("bot.demo.tour"),
        but(PRODUCT, inside("bot.demo.tour", "bot.demo.workspace")),
    ),
    Rule(
        "the stories speak the workspace's HTTP API, as a page does",
        but(inside("tests.stories", "tests.conftest"), inside("tests.stories.agents")),
        inside("bot", "graphs", "storage", "tests.stories.agents"),
    ),
)

HOMES: Mapping[str, Where] = {
    "slack_bolt": but(inside("bot"), inside("bot.demo")),
    "slack_sdk": but(inside("bot"), inside("bot.demo")),
    "aiohttp": inside("bot", "graphs.models"),
    "openai": inside("graphs.models"),
    "httpx2": inside("graphs.models", "graphs.mcp"),
    "jsonschema": inside("graphs", "bot.demo.model"),
    "referencing": inside("graphs"),  # jsonschema's own: what a schema may refer to
    "mcp": inside("graphs.mcp"),
    "mcp_types": inside("graphs.mcp"),  # what the SDK's messages are made of
    "anyio": inside("graphs.mcp"),  # what the SDK's transports are made of
    "celpy": inside("graphs.agent.conditions"),
    "aiosqlite": inside("storage.sqlite"),
    "psycopg": inside("storage.postgres"),
    "psycopg_pool": inside("storage.postgres"),
    "prometheus_client": inside("bot.observing"),
    "opentelemetry": inside("bot.observing"),
    "pydantic_settings": inside("bot.settings"),
    "typing_extensions": inside("graphs.runtime.hints"),
    "pydantic": PRODUCT,
    "pydantic_core": PRODUCT,
}
"""Where an outside package may be imported by the product. One that is not here has no home yet."""

MAY_READ_ENVIRONMENT = inside("bot.settings", "bot.demo")  # the demo hands its own on to the bot's process
ENVIRONMENT = frozenset({"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"})


@dataclass(frozen=True)
class Import:
    target: str
    line: int
    for_types_only: bool


def violations(sources: Mapping[str, str]) -> list[str]:
    """Each broken rule as `path:line: what (the rule)`; empty when the tree is in order."""
    nodes = {module_name(path): (path, _nodes(source, path)) for path, source in sources.items()}
    imports = {module: list(_imports(module, path, each, nodes)) for module, (path, each) in nodes.items()}
    found: list[str] = []
    for module, (path, own) in nodes.items():
        for each in _reached(module, imports):
            found.extend(f"{path}:{each.line}: imports {each.target} ({rule})" for rule in _broken(module, each.target))
        if PRODUCT(module) and not MAY_READ_ENVIRONMENT(module):
            found.extend(f"{path}:{line}: reads the environment (only settings does)" for line in _environment(own))
    return found + _cycles(imports)


def module_name(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _broken(module: str, target: str) -> Iterator[str]:
    for rule in LAYERS:
        if rule.where(module) and rule.never(target):
            yield rule.name
    package = target.partition(".")[0]
    if PRODUCT(module) and not STANDARD_LIBRARY(package) and not inside("bot", "graphs", "storage", "tests")(package):
        home = HOMES.get(package)
        if home is None:
            yield f"{package} has no home in HOMES"
        elif not home(module):
            yield f"{package} has another home"


def _reached(module: str, imports: Mapping[str, list[Import]]) -> Iterator[Import]:
    """What the module imports; through its helpers too if it is a test, or a helper would be a way around a rule."""
    seen, waiting = {module}, list(imports[module])
    while waiting:
        each = waiting.pop()
        yield each
        if inside("tests")(each.target) and each.target in imports and each.target not in seen:
            seen.add(each.target)
            waiting.extend(imports[each.target])


def _nodes(source: str, path: str) -> list[ast.AST]:
    """Those that a rule may be about: a walk over everything else, once for each rule, is what costs time."""
    kinds = (ast.Import, ast.ImportFrom, ast.Call, ast.Attribute, ast.If)
    return [node for node in ast.walk(ast.parse(source, path)) if isinstance(node, kinds)]


def _imports(module: str, path: str, nodes: Iterable[ast.AST], known: Mapping[str, object]) -> Iterator[Import]:
    for_types = {id(inner) for node in nodes if _is_for_types(node) for inner in ast.walk(node)}
    package = module if path.endswith("__init__.py") else module.rpartition(".")[0]
    for node in nodes:
        for target in _targets(node, package, known):
            yield Import(target, getattr(node, "lineno", 0), id(node) in for_types)


def _targets(node: ast.AST, package: str, known: Mapping[str, object]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (name.name for name in names)
        case ast.ImportFrom(module=base, names=names, level=level):
            parents = package.split(".")
            prefix = parents[: len(parents) - level + 1] if level else []
            origin = ".".join([*prefix, *([base] if base else [])])
            for name in names:
                inner = f"{origin}.{name.name}"
                yield inner if inner in known else origin
        case ast.Call(
            func=ast.Attribute(attr="import_module") | ast.Name(id="import_module" | "__import__"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name
        case _:
            pass


def _is_for_types(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING")):
            return True
        case _:
            return False


def _environment(nodes: Iterable[ast.AST]) -> Iterator[int]:
    for node in nodes:
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT:
                yield node.lineno
            case ast.ImportFrom(module="os", names=names) if any(name.name in ENVIRONMENT for name in names):
                yield node.lineno
            case _:
                pass


def _cycles(imports: Mapping[str, list[Import]]) -> list[str]:
    """Imports inside functions count (they only hide a cycle), those for the type checker do not (they never run)."""
    graph = {
        module: {each.target for each in found if each.target in imports and not each.for_types_only} - {module}
        for module, found in imports.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        return [f"{' → '.join(reversed(error.args[1]))}: a cycle of imports"]
    return []
