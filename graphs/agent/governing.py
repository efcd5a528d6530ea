"""Rules beside a tool's own: which one decides about a call, and what comes of both.

The first rule that fits a call decides. For a tool that is written in Python it may be stricter than the tool's own
rule, never laxer; where a tool's own was only derived (an MCP server's), a rule takes its place.
"""

from __future__ import annotations

import fnmatch
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from graphs.agent import rules
from graphs.agent.approval import DAY, Approval
from graphs.agent.arguments import Arguments
from graphs.agent.errors import Unworkable
from graphs.approvals.decisions import VERBS
from graphs.approvals.terms import CHANNEL, REQUESTER
from graphs.texts.redaction import Redaction, in_use

if TYPE_CHECKING:  # what evaluates conditions is loaded where there is one
    from graphs.agent.conditions.condition import Condition

logger = logging.getLogger(__name__)

EVERY_CALL = "every call asks"
FAILED = "its rule could not be worked out"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What is said of who decides, as the fields of an `Approval`; None where nothing is said."""

    approvers: Collection[str] | None = None
    quorum: int | None = None
    self_approval: bool | None = None
    allow: Collection[str] | None = None
    expires_after: timedelta | None = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are said."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}

    def over(self, policy: Approval) -> Approval:
        """The policy, with what is said in its place. Raises InvalidPolicy for what nobody could ever approve."""
        return replace(policy, **self.given)


NOTHING = Said()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Of the tools whose name the glob `tool` matches: it fits a call if `when` holds, or there is none, or it cannot
    be worked out. Then the call asks, or does not `ask`. `place` says where the rule stands, for people.
    """

    tool: str
    when: Condition | None = None
    ask: bool = True
    said: Said = NOTHING
    place: str = ""

    @property
    def may_ask(self) -> bool:
        """A condition that cannot be worked out asks, whatever the rule says."""
        return self.ask or self.when is not None

    @property
    def identity(self) -> Any:
        """What it says, as JSON: the same wherever it stands."""
        return {"tool": self.tool, "when": self.when.text if self.when is not None else None, "ask": self.ask}

    def is_about(self, tool: str) -> bool:
        """Whether its glob matches the tool's name."""
        return fnmatch.fnmatchcase(tool, self.tool)


@dataclass(frozen=True)
class Deciding:
    """The rule that decides about a call; `why` the call asks, in a few words, None when it does not."""

    rule: Rule
    why: str | None


def about(tool: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Those that may decide about a call of this tool, in their order: none after one that fits every call."""
    found: list[Rule] = []
    for each in rules:
        if each.is_about(tool):
            found.append(each)
            if each.when is None:
                break
    return tuple(found)


def deciding(rules: Sequence[Rule], arguments: Arguments) -> Deciding | None:
    """The first of the rules that fits, None where none does."""
    for rule in rules:
        if rule.when is None:
            return Deciding(rule, EVERY_CALL if rule.ask else None)
        try:
            with in_use(Redaction(arguments.secrets)):
                holds = rule.when.holds(arguments)
        except Unworkable as error:
            logger.warning("%s: the condition of a call of %r cannot be worked out: %s", rule.place, rule.tool, error)
            return Deciding(rule, FAILED)
        if holds:
            return Deciding(rule, _words(rule, rule.when, arguments) if rule.ask else None)
    return None


def _words(rule: Rule, when: Condition, arguments: Arguments) -> str:
    said = when.in_words(arguments.signature.secret)
    return f"{rules.UNSAID} ({rule.place})" if said == rules.UNSAID and rule.place else said


def stricter(own: Approval, said: Said) -> Approval:
    """The tool's own policy, with what a rule makes stricter. Raises InvalidPolicy where nobody could approve then."""
    allow = own.allow if said.allow is None else frozenset(own.allow) & frozenset(said.allow) or own.allow
    return replace(
        own,
        approvers=said.approvers if names_no_others(own, said) and said.approvers else own.approvers,
        quorum=max(own.quorum, said.quorum or 1),
        self_approval=own.self_approval and said.self_approval is not False,
        allow=allow,
        expires_after=_shorter(own.expires_after, said.expires_after),
    )


def names_no_others(own: Approval, said: Said) -> bool:
    """Whether none of the approvers that a rule names is laxer than those that the tool names itself."""
    return all(_is_no_laxer(each, own.approvers) for each in said.approvers or ())


def _is_no_laxer(approver: str, own: Collection[str]) -> bool:
    if approver in own or CHANNEL in own:
        return True
    return tuple(own) == (REQUESTER,) and approver != CHANNEL


def with_defaults(own: Approval, defaults: Said) -> Approval:
    """A tool's own policy where defaults apply to what it leaves as an `Approval` has it, if they make that stricter.

    Who decides is one thing: where a tool names approvers, a quorum, or takes no own approval, all of that is its own.
    """
    is_own = (tuple(own.approvers), own.quorum, own.self_approval) != ((REQUESTER,), 1, True)
    is_open = not is_own and defaults.approvers is not None and names_no_others(own, defaults)
    return stricter(
        own,
        Said(
            approvers=defaults.approvers if is_open else None,
            quorum=defaults.quorum if is_open else None,
            self_approval=defaults.self_approval if is_open else None,
            allow=defaults.allow if frozenset(own.allow) == VERBS else None,
            expires_after=defaults.expires_after if own.expires_after == DAY else None,
        ),
    )


def _shorter(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    both = [each for each in (one, other) if each is not None]
    return min(both) if both else None
