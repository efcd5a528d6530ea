"""What may run unasked, and who decides about the rest: `Approval`, declared beside the tool.

Fail closed: whatever a policy does other than saying False asks.
"""

import functools
import inspect
import logging
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, cast

from graphs.agent import fingerprint, rules
from graphs.agent.arguments import Arguments
from graphs.agent.errors import InvalidPolicy
from graphs.approvals.decisions import VERBS, Verb
from graphs.approvals.terms import CHANNEL, REQUESTER, Terms, UserId
from graphs.runtime.calling import held
from graphs.texts.canonical import Digest, canonical_json, digest
from graphs.texts.redaction import Redaction, in_use, redacted

logger = logging.getLogger(__name__)

_APPROVER = re.compile(r"requester|channel|[UWS][A-Z0-9]{2,}")
_DAY = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True)
class Approval:
    """When a tool call asks, and who decides.

    `when`: a plain function of the tool's validated arguments; the call runs unasked only if it returns False itself.
    None: every call asks. `approvers`: "requester", "channel" (whoever is in the conversation), user ids ("U…", "W…")
    and user group ids ("S…"); none means the requester. `quorum`: how many of them have to approve. `self_approval`:
    whether the requester's own approval counts. `allow`: the decisions offered. `expires_after`: how long the question
    waits, None for ever. `valid_for` is a name for what is not built yet, and is refused. Raises InvalidPolicy.
    """

    when: Callable[[Any], bool] | None = None
    approvers: Collection[str] = (REQUESTER,)
    quorum: int = 1
    self_approval: bool = True
    allow: Collection[str] = VERBS
    expires_after: timedelta | None = _DAY
    valid_for: timedelta | None = None

    def __post_init__(self) -> None:
        _check_when(self.when)
        object.__setattr__(self, "approvers", _approvers(self.approvers))
        object.__setattr__(self, "allow", _allow(self.allow))
        _check_flag(self.self_approval)
        _check_period("expires_after", self.expires_after)
        if self.valid_for is not None:
            raise InvalidPolicy("Approval(valid_for=...) is not built yet. Leave it out.")
        _check_quorum(self.quorum, cast("tuple[str, ...]", self.approvers), self.self_approval)

    @property
    def fingerprint(self) -> Digest:
        """A digest of all fields, the same in every process.

        `when` counts as `fingerprint.py` says, with its limits. What it holds may change while the program runs: then
        the digest is made anew each time.
        """
        return self._once if fingerprint.is_fixed(self.when) else self._digest()

    @functools.cached_property
    def _once(self) -> Digest:
        return self._digest()

    def _digest(self) -> Digest:
        fields = {
            "when": fingerprint.of(self.when),
            "approvers": self.approvers,
            "quorum": self.quorum,
            "self_approval": self.self_approval,
            "allow": sorted(self.allow),
            "expires_after": _seconds(self.expires_after),
        }
        return digest(canonical_json(fields))


class Gated(Protocol):
    """The part of a tool that a policy looks at."""

    @property
    def name(self) -> str: ...
    @property
    def schema_digest(self) -> Digest: ...
    @property
    def approval(self) -> Approval | None: ...


def required(tool: Gated, arguments: Arguments, *, requester: str, now: datetime) -> Terms | None:
    """What approving this very call means, or None when it runs unasked. `now` is aware; the deadline counts from it.

    A `when` that raises, or returns anything but True or False, asks, and the log says so.
    """
    policy = tool.approval
    if policy is None:
        return None
    rule = _rule(tool.name, policy, arguments)
    if rule is None:
        return None
    return Terms(
        tool=tool.name,
        args_digest=arguments.digest,
        schema_digest=tool.schema_digest,
        policy=policy.fingerprint,
        rule=rule,
        requester=UserId(requester),
        approvers=tuple(policy.approvers),
        quorum=policy.quorum,
        self_approval=policy.self_approval,
        allow=tuple(sorted(cast("Iterable[Verb]", policy.allow))),
        expires_at=None if policy.expires_after is None else now + policy.expires_after,
    )


def settling_terms(tool: Gated, arguments: Arguments, *, requester: str) -> Terms:
    """Who may say what became of a call that may have run: those who may approve it, the requester of one that none
    has to. One voice is enough, and it does not expire."""
    policy = tool.approval or Approval()
    return Terms(
        tool=tool.name,
        args_digest=arguments.digest,
        schema_digest=tool.schema_digest,
        policy=policy.fingerprint,
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


def _rule(tool: str, policy: Approval, arguments: Arguments) -> str | None:
    """Why the call asks, in a few words for the audit; None when it does not."""
    if policy.when is None:
        return "every call asks"
    redact = Redaction(arguments.secrets)
    try:
        with in_use(redact):
            answer: object = held(policy.when, arguments.model)
    except Exception as error:  # a policy may fail in any way, and no call may get through by it
        said = redacted(error, redact)
        logger.error("the policy of tool %r raised; the call asks", tool, exc_info=said)
        return "its rule could not be worked out"
    if answer is False:
        return None
    if answer is not True:
        logger.warning(
            "the policy of tool %r returned a %s instead of a bool; the call asks", tool, type(answer).__name__
        )
        return "its rule gave no clear answer"
    return rules.in_words(policy.when, arguments.signature.secret)


def _check_when(when: object) -> None:
    if when is not None and not callable(when):
        raise InvalidPolicy(
            f"Approval(when={when!r}): give a function of the arguments, or leave it out to ask always."
        )
    if inspect.iscoroutinefunction(when):
        raise InvalidPolicy("Approval(when=...): give a plain function; an `async def` cannot be asked.")


def _approvers(given: Iterable[str]) -> tuple[str, ...]:
    if isinstance(given, str):
        raise InvalidPolicy(f"Approval(approvers={given!r}): give a list, [{given!r}].")
    for each in (names := tuple(dict.fromkeys(given))):
        if not isinstance(cast(object, each), str) or not _APPROVER.fullmatch(each):
            raise InvalidPolicy(
                f"Approval(approvers=...): {each!r} is neither 'requester' nor 'channel' nor a user id (U…, W…) nor a "
                "user group id (S…). Names and @handles change; ids do not."
            )
    return names or (REQUESTER,)


def _allow(given: Iterable[str]) -> frozenset[str]:
    if isinstance(given, str):
        raise InvalidPolicy(f"Approval(allow={given!r}): give a set, {{{given!r}}}.")
    allowed = frozenset(given)
    if unknown := sorted(map(str, allowed - VERBS)):
        raise InvalidPolicy(f"Approval(allow=...): there is no decision {unknown[0]!r}; there are {sorted(VERBS)!r}.")
    if not allowed:
        raise InvalidPolicy("Approval(allow=...): no decision is allowed, so no call could ever be answered.")
    return allowed


def _check_flag(self_approval: object) -> None:
    if not isinstance(self_approval, bool):
        raise InvalidPolicy(f"Approval(self_approval={self_approval!r}): give True or False.")


def _check_period(name: str, period: object) -> None:
    if period is not None and (not isinstance(period, timedelta) or period <= timedelta(0)):
        raise InvalidPolicy(f"Approval({name}={period!r}): give a timedelta above zero, or None.")


def _check_quorum(quorum: object, approvers: tuple[str, ...], self_approval: bool) -> None:
    if not isinstance(quorum, int) or isinstance(quorum, bool) or quorum < 1:
        raise InvalidPolicy(f"Approval(quorum={quorum!r}): give a number of people, 1 or more.")
    if any(each == CHANNEL or each.startswith("S") for each in approvers):
        return  # how many people that is, is known when the call asks
    people = len(approvers) - (0 if self_approval else approvers.count(REQUESTER))
    if people < quorum:
        raise InvalidPolicy(
            f"Approval(quorum={quorum}): only {people} of the approvers {list(approvers)!r} can approve "
            f"(self_approval={self_approval}), so no call could ever run. Add approvers or lower the quorum."
        )


def _seconds(period: timedelta | None) -> float | None:
    return None if period is None else period.total_seconds()
