"""What may run unasked, and who decides about the rest, for one very call: by the tool's own `Approval` and by the rule
of the configuration that fits the call.

Fail closed: whatever a policy does other than saying False asks.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, cast

from graphs.agent import governing, rules
from graphs.agent.approval import Approval
from graphs.agent.arguments import Arguments
from graphs.agent.governing import Deciding, Rule
from graphs.approvals.decisions import Verb
from graphs.approvals.terms import Terms, UserId
from graphs.runtime.calling import held
from graphs.texts.canonical import Digest, canonical_json, digest
from graphs.texts.redaction import Redaction, in_use, redacted

logger = logging.getLogger(__name__)


class Gated(Protocol):
    """The part of a tool that a policy looks at."""

    @property
    def name(self) -> str: ...
    @property
    def schema_digest(self) -> Digest: ...
    @property
    def approval(self) -> Approval | None: ...
    @property
    def rules(self) -> Sequence[Rule]: ...
    @property
    def own_rule_binds(self) -> bool: ...


@dataclass(frozen=True)
class _Effective:
    """The policy of a call, and the rule that made it what it is beside the tool's own."""

    policy: Approval
    rule: Rule | None = None

    @property
    def fingerprint(self) -> Digest:
        """Another one for another rule, and for a tool without one that of its own policy."""
        own = self.policy.fingerprint
        return own if self.rule is None else digest(canonical_json({"policy": own, "rule": self.rule.identity}))


def required(tool: Gated, arguments: Arguments, *, requester: str, now: datetime) -> Terms | None:
    """What approving this very call means, or None when it runs unasked. `now` is aware; the deadline counts from it.

    A `when` that raises, or returns anything but True or False, asks, and the log says so; so does a condition that
    cannot be worked out.
    """
    decided = governing.deciding(tool.rules, arguments)
    own = _own(tool, decided)
    own_why = _why(tool.name, own, arguments) if own is not None else None
    if decided is None or decided.why is None:
        if own is None or own_why is None:
            return None
        effective, why = _Effective(own), own_why
    else:
        effective, why = _ruled(own, decided.rule, both_ask=own_why is not None), decided.why
        if why == governing.EVERY_CALL and own_why is not None:
            why = own_why
    policy = effective.policy
    return Terms(
        tool=tool.name,
        args_digest=arguments.digest,
        schema_digest=tool.schema_digest,
        policy=effective.fingerprint,
        rule=why,
        requester=UserId(requester),
        approvers=tuple(policy.approvers),
        quorum=policy.quorum,
        self_approval=policy.self_approval,
        allow=tuple(sorted(cast("Iterable[Verb]", policy.allow))),
        expires_at=None if policy.expires_after is None else now + policy.expires_after,
    )


def settling_terms(tool: Gated, arguments: Arguments, *, requester: str) -> Terms:
    """Who may say what became of a call that may have run: those who may approve it, the requester of one that none
    has to. One voice is enough, and it does not expire. The tool's own `when` is not asked again."""
    decided = governing.deciding(tool.rules, arguments)
    own = _own(tool, decided)
    if decided is not None and decided.why is not None:
        effective = _ruled(own, decided.rule, both_ask=own is not None)
    else:
        effective = _Effective(own or Approval())
    policy = effective.policy
    return Terms(
        tool=tool.name,
        args_digest=arguments.digest,
        schema_digest=tool.schema_digest,
        policy=effective.fingerprint,
        rule="the call may already have run",
        requester=UserId(requester),
        approvers=tuple(policy.approvers),
        quorum=1,
        self_approval=policy.self_approval,
        allow=("approve",),
        expires_at=None,
    )


def replay_terms(tool: Gated, arguments: Arguments, *, requester: str) -> Terms:
    """Who may let a call run again that no policy asks for."""
    terms = settling_terms(tool, arguments, requester=requester)
    return terms.model_copy(update={"rule": "the call has run before", "allow": ("approve", "reject")})


def is_code(tool: Gated) -> bool:
    """Whether judging a call of it takes code: its own `when`, or conditions of rules."""
    return bool(tool.rules) or (tool.approval is not None and tool.approval.when is not None)


def _own(tool: Gated, decided: Deciding | None) -> Approval | None:
    """The tool's own policy, where it counts: one that was derived gives way to a rule that fits."""
    return tool.approval if tool.own_rule_binds or decided is None else None


def _ruled(own: Approval | None, rule: Rule, *, both_ask: bool) -> _Effective:
    if own is None:
        return _Effective(rule.said.over(Approval()), rule)
    return _Effective(governing.stricter(own, rule.said) if both_ask else rule.said.over(own), rule)


def _why(tool: str, policy: Approval, arguments: Arguments) -> str | None:
    """Why the call asks by the tool's own policy, in a few words for the audit; None when it does not."""
    if policy.when is None:
        return governing.EVERY_CALL
    redact = Redaction(arguments.secrets)
    try:
        with in_use(redact):
            answer: object = held(policy.when, arguments.model)
    except Exception as error:  # a policy may fail in any way, and no call may get through by it
        said = redacted(error, redact)
        logger.error("the policy of tool %r raised; the call asks", tool, exc_info=said)
        return governing.FAILED
    if answer is False:
        return None
    if answer is not True:
        logger.warning(
            "the policy of tool %r returned a %s instead of a bool; the call asks", tool, type(answer).__name__
        )
        return "its rule gave no clear answer"
    return rules.in_words(policy.when, arguments.signature.secret)
