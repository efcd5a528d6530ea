"""A tool under the rules of the configuration."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from graphs.agent import governing
from graphs.agent.approval import Approval
from graphs.agent.errors import InvalidPolicy
from graphs.agent.governing import NOTHING, Rule, Said
from graphs.agent.tools import Tool


def ruled(tool: Tool[..., Any], rules: Iterable[Rule], defaults: Said = NOTHING) -> Tool[..., Any]:
    """The tool with those of the rules that may decide about it. `defaults` are for what a rule, or a derived policy,
    does not say, and for what the tool's own leaves open.

    One that may ask is claimed before it runs, unless running it twice does no harm. It is the tool itself where there
    is nothing to change. Raises InvalidPolicy for a rule under which nobody could ever approve a call.
    """
    applying = tuple(_filled(rule, tool, defaults) for rule in governing.about(tool.name, rules))
    own = _own(tool, defaults)
    for _, why in _impossible(own if tool.own_rule_binds else None, applying):
        raise InvalidPolicy(why)
    if not applying and own == tool.approval:
        return tool
    made = replace(tool, approval=own, rules=applying)
    if made.may_ask and not made.idempotent:
        made = replace(made, repeatable=False)
    for attribute in (*functools.WRAPPER_ASSIGNMENTS, "__wrapped__"):
        if attribute in vars(tool):
            object.__setattr__(made, attribute, getattr(tool, attribute))
    return made


def impossible(tool: Tool[..., Any], rules: Iterable[Rule], defaults: Said = NOTHING) -> Iterator[tuple[Rule, str]]:
    """The rules under which nobody could ever approve a call of this tool, and why."""
    applying = tuple(_filled(rule, tool, defaults) for rule in governing.about(tool.name, rules))
    yield from _impossible(_own(tool, defaults) if tool.own_rule_binds else None, applying)


def _own(tool: Tool[..., Any], defaults: Said) -> Approval | None:
    if tool.approval is None or not defaults.given:
        return tool.approval
    return governing.with_defaults(tool.approval, defaults) if tool.own_rule_binds else defaults.over(tool.approval)


def _filled(rule: Rule, tool: Tool[..., Any], defaults: Said) -> Rule:
    """With the defaults for what it does not say, where no policy of the tool's own says it."""
    if tool.approval is not None and tool.own_rule_binds:
        return rule
    return replace(rule, said=Said(**(defaults.given | rule.said.given)))


def _impossible(own: Approval | None, rules: Iterable[Rule]) -> Iterator[tuple[Rule, str]]:
    for rule in rules:
        if not rule.may_ask:
            continue
        try:
            if own is None:
                rule.said.over(Approval())
            else:
                governing.stricter(own, rule.said)
                if own.when is not None:
                    rule.said.over(own)
        except InvalidPolicy as error:
            yield rule, str(error)
