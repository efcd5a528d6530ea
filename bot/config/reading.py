"""Reading `signoff.toml`: every section by itself, so that what is wrong with one hides nothing of the others."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path as FilePath
from typing import Any, cast

from bot.config import secrets, servers
from bot.config.lines import Path, toml_lines
from bot.config.problems import File, raise_if_any
from bot.config.sections import Admins, Approvals, Model, Retention, RuleSection, agents, validated
from bot.config.values import Config
from bot.settings import BadSettings, HostSettings
from graphs.agent.approval import Approval
from graphs.agent.errors import InvalidPolicy
from graphs.agent.governing import NOTHING, Rule, Said
from graphs.mcp.spec import ServerSpec

DEFAULT = FilePath("signoff.toml")
"""Read where it exists, and no other is named."""

SECTIONS = ("agents", "admins", "approvals", "mcp", "mcp_config", "model", "retention")


def read(settings: HostSettings) -> Config:
    """The file that the settings name. Raises `BadSettings` with a line for each problem."""
    path = settings.signoff_config or DEFAULT
    if settings.signoff_config is None and not path.exists():
        return Config()
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "is not UTF-8"
        raise BadSettings([f"SIGNOFF_CONFIG is {str(path)!r}, which cannot be read: {said}"]) from error
    return parse(text, path.name, path.parent)


def parse(text: str, name: str, folder: FilePath = FilePath()) -> Config:
    """The text of a file of this name, in this folder. Raises `BadSettings`."""
    try:
        raw = tomllib.loads(text)
        file = File(name, toml_lines(text))
        secrets.look(raw, file)
        tree: dict[str, Any] = file.filled(raw)
    except tomllib.TOMLDecodeError as error:
        raise BadSettings([_unreadable(name, str(error))]) from None
    except ValueError:
        raise BadSettings([f"{name}: it has a number with too many digits"]) from None
    except RecursionError:
        raise BadSettings([f"{name}: it is nested too deeply"]) from None
    for key in tree:
        if key not in SECTIONS:
            file.add((key,), f"there is no {key}; there is {', '.join(SECTIONS)}")
    found = agents(tree.get("agents", {}), file)
    admins = validated(Admins, tree.get("admins", {}), ("admins",), file) or Admins()
    model = validated(Model, tree.get("model", {}), ("model",), file) or Model()
    retention = validated(Retention, tree.get("retention", {}), ("retention",), file) or Retention()
    defaults, rules = _approvals(tree.get("approvals", {}), file)
    specs = servers.of(tree.get("mcp", {}), ("mcp",), file)
    others, other = servers.of_json(tree["mcp_config"], folder, file) if "mcp_config" in tree else ([], None)
    _check_names(specs, others, other)
    raise_if_any([file, *([other] if other is not None else [])])
    return Config(
        agents=found,
        places={channel: file.place(("agents", channel)) for channel in found},
        admins=tuple(dict.fromkeys(admins.users)),
        defaults=defaults,
        defaults_place=file.place(("approvals",)) if defaults.given else "",
        rules=tuple(rules),
        servers=(*specs, *others),
        context_window=model.context_window,
        retention=retention.finished_threads,
        retention_place=file.place(("retention", "finished_threads")) if retention.finished_threads else "",
    )


def _unreadable(name: str, said: str) -> str:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", said, re.DOTALL)
    return f"{name}: {said}" if found is None else f"{name}, line {found[2]}: {found[1]} (character {found[3]})"


def _approvals(tree: object, file: File) -> tuple[Said, list[Rule]]:
    if not isinstance(tree, Mapping):
        file.add(("approvals",), "approvals is no table")
        return NOTHING, []
    section = dict(cast("Mapping[str, object]", tree))
    given: object = section.pop("rules", [])
    read = validated(Approvals, section, ("approvals",), file)
    defaults = read.said if read is not None else NOTHING
    _check_reachable(Said(), defaults, ("approvals",), file)
    if not isinstance(given, list):
        file.add(("approvals", "rules"), "approvals.rules is no list of tables: write [[approvals.rules]]")
        return defaults, []
    rules: list[Rule] = []
    for at, each in enumerate(cast("list[object]", given)):
        path: Path = ("approvals", "rules", at)
        if (rule := validated(RuleSection, each, path, file)) is not None:
            if rule.approvers is not None:
                _check_reachable(defaults, rule.said, path, file)
            rules.append(rule.rule(file.place(path)))
    return defaults, rules


def _check_reachable(defaults: Said, said: Said, path: Path, file: File) -> None:
    """A problem where so few are named that nobody could ever approve a call."""
    try:
        Said(**(defaults.given | said.given)).over(Approval())
    except InvalidPolicy as error:
        file.add(path, unmet(error))


def unmet(error: InvalidPolicy) -> str:
    """What nobody could meet, in the words of the file."""
    return re.sub(r"^Approval\((.*?)\): ", r"\1: ", str(error))


def _check_names(specs: Sequence[ServerSpec], others: Sequence[ServerSpec], other: File | None) -> None:
    places = {each.name: each.place for each in specs}
    for each in others:
        if other is not None and each.name in places:
            said = f"there are two servers {each.name!r}; the other is in {places[each.name]}"
            other.add((servers.KEY, each.name), said)
