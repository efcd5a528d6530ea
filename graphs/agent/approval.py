"""`Approval`, declared beside the tool: when its calls ask, and who decides."""

import functools
import inspect
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from graphs.agent import fingerprint
from graphs.agent.errors import InvalidPolicy
from graphs.approvals.decisions import VERBS
from graphs.approvals.terms import CHANNEL, REQUESTER
from graphs.texts.canonical import Digest, canonical_json, digest

_APPROVER = re.compile(r"requester|channel|[UWS][A-Z0-9]{2,}")
DAY = timedelta(hours=24)


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
    expires_after: timedelta | None = DAY
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
