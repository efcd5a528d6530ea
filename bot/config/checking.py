"""The rules against the tools that there are."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator
from typing import Any

from bot.config.reading import unmet
from bot.config.values import Config
from bot.settings import BadSettings
from graphs.agent import ruling
from graphs.agent.approval import Approval
from graphs.agent.errors import InvalidPolicy
from graphs.agent.governing import Rule, Said
from graphs.agent.tools import Tool

NAMED = 12
"""Tools that a problem names."""


def check(config: Config, tools: Iterable[Tool[..., Any]]) -> None:
    """Raises `BadSettings` for a rule about no tool, and for one under which nobody could approve a call of some."""
    known = list(tools)
    unmet_at: dict[str, list[str]] = {}
    for tool in known:
        for rule, why in ruling.impossible(tool, config.rules, config.defaults):
            said = f"nobody could approve {tool.name}: {unmet(InvalidPolicy(why))}"
            unmet_at.setdefault(rule.place, []).append(said)
    problems = [
        f"{rule.place}: {why}"
        for rule in config.rules
        for why in (*_wrong(config, rule, known), *unmet_at.get(rule.place, ()))
    ]
    if problems:
        raise BadSettings(list(dict.fromkeys(problems)))


def _wrong(config: Config, rule: Rule, tools: list[Tool[..., Any]]) -> Iterator[str]:
    of_server = any(is_about_server(rule, each.name) for each in config.servers)
    if not of_server and not any(rule.is_about(each.name) for each in tools):
        names = ", ".join(sorted({each.name for each in tools})[:NAMED])
        yield f"there is no tool {rule.tool!r}; there are {names or 'none'}"
    if of_server and rule.may_ask:
        try:
            Said(**(config.defaults.given | rule.said.given)).over(Approval())
        except InvalidPolicy as error:
            yield unmet(error)


def is_about_server(rule: Rule, server: str) -> bool:
    """Whether it may be about a tool of this server, whose tools are known only once it was asked."""
    first, dot, _ = rule.tool.partition(".")
    return fnmatch.fnmatchcase(server, first) if dot else fnmatch.fnmatchcase(f"{server}.", rule.tool)
