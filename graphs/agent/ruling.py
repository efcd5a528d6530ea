"""A tool under the rules of the configuration."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

from graphs.agent import governing
from graphs.agent.approval import Approval
from graphs.agent.errors import InvalidPolicy
from graphs.agent.governing import NOTHING, Rule, Said
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import Tool


@dataclass(frozen=True)
class Ruling:
    """Rules and defaults, and the tools that were put under them: one tool stays one, whichever agents have it."""

    rules: Sequence[Rule] = ()
    defaults: Said = NOTHING
    _made: MutableMapping[Tool[..., Any], Tool[..., Any]] = field(
        default_factory=WeakKeyDictionary[Tool[..., Any], Tool[..., Any]], repr=False, compare=False
    )

    def tool(self, tool: Tool[..., Any]) -> Tool[..., Any]:
        """See `ruled`. Raises InvalidPolicy."""
        made = self._made.get(tool)
        if made is None:
            made = ruled(tool, self.rules, self.defaults)
            if made is not tool:  # which would keep itself
                self._made[tool] = made
        return made

    def toolbox(self, toolbox: Toolbox) -> Toolbox:
        """The declared tools under the rules, beside the same sources: those of a source are put under them by it."""
        return Toolbox([self.tool(each) for each in toolbox.declared.values()], toolbox.sources)


def ruled(tool: Tool[..., Any], rules: Iterable[Rule], defaults: Said = NOTHING) -> Tool[..., Any]:
    """The tool with those of the rules that may decide about it. `defaults` are for what a rule, or a derived policy,
    does not say, and for what the tool's own leaves open.

    One that may ask is claimed before it runs, unless running it twice does no harm. It is the tool itself where there
    is nothing to change. Raises InvalidPolicy for a rule under which nobody could ever approve a call.
    """
    applying = tuple(_filled(rule, tool, defaults) for rule in governing.about(tool.name, rules))
    own = _own(tool, defaults)
    for rule, why in _impossible(own if tool.own_rule_binds else None, applying):
        raise InvalidPolicy(f"{rule.place}: {why}" if rule.place else why)
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


@dataclass(frozen=True)
class Way:
    """How calls of a tool may come to ask, under this policy: by `rule`, by the tool's own (`by_own`), or by both;
    `otherwise`: by the rule, where the tool's own does not ask. Where `is_kept`, the rule names approvers that would be
    laxer than the tool's own.
    """

    policy: Approval
    rule: Rule | None = None
    by_own: bool = False
    otherwise: bool = False
    is_kept: bool = False


def ways(tool: Tool[..., Any]) -> list[Way]:
    """How calls of a tool that was put under rules may come to ask, in the order in which it is looked at."""
    own = tool.approval if tool.own_rule_binds else None
    found = [way for rule in tool.rules if rule.may_ask for way in _by_rule(own, rule)]
    is_past = any(rule.when is None and (rule.ask or own is None) for rule in tool.rules)
    if tool.approval is not None and not is_past:
        found.append(Way(tool.approval, by_own=True))
    return found


def _by_rule(own: Approval | None, rule: Rule) -> Iterator[Way]:
    if own is None:
        yield Way(rule.said.over(Approval()), rule)
        return
    both, alone = governing.stricter(own, rule.said), None if own.when is None else rule.said.over(own)
    is_kept = not governing.names_no_others(own, rule.said)
    yield Way(both, rule, by_own=alone is not None and alone != both, is_kept=is_kept)
    if alone is not None and alone != both:
        yield Way(alone, rule, otherwise=True)


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
