"""What the small print of a card says: whose identity, who decides, until when, why it asks, and how far it is.

Ours is Slack's mrkdwn, of checked parts; what a model, a tool or a person wrote is an element of its own, never parsed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bot.shown import tenses
from bot.shown.pieces import DAY_AND_TIME, TIME, Moment, in_mrkdwn
from bot.shown.shown_calls import ShownCall
from bot.shown.text import Block, fitted, mrkdwn, one_line, plain_text, plain_visible
from graphs.approvals.states import State
from graphs.approvals.terms import CHANNEL, REQUESTER

APP = "Signoff"
"""Whose identity a call uses."""

REASON_LIMIT = 200
SAID_LIMIT = 400
"""Characters of what the model, or who asked, wrote."""

BRIEFLY = 100
"""Characters of the same where there is no room for more."""

WAITS_FOR_ANSWER = "waits for an answer"
"""Of a call whose tool asks something while it runs."""

NAMES = 6
"""People who are named in one line."""

SAME_DAY = 12 * 3600.0
"""Seconds after a card was posted for which the time alone says when something happened."""

_NOT_FORMATTED = re.compile(r"[^*_~`<>&:]*")
_BY_ITSELF = ("every call asks", "its rule asks")


def terms(call: ShownCall) -> list[Block]:
    """Whose identity it uses, who decides, until when, and which rule asked."""
    who = f"Runs as {APP}" + (f", for <@{call.requester}>" if call.requester else "")
    said = f"{who} · {who_decides(call)}"
    if call.doubt is not None:
        return [mrkdwn(said)]
    if call.expires_at is not None:
        said += f" · until {in_mrkdwn([Moment(call.expires_at)])}"
    rule = fitted(one_line(call.rule), REASON_LIMIT)
    if not rule:
        return [mrkdwn(said)]
    why = rule if rule.startswith(_BY_ITSELF) else f"asks because {rule}"
    if _NOT_FORMATTED.fullmatch(why):
        return [mrkdwn(f"{said} · {why}")]
    return [mrkdwn(said), plain_visible(f"· {why}")]


def near(call: ShownCall, seconds: float) -> Moment:
    """When something happened to a call: the time alone where that is about when its card was posted, and so dated."""
    since = seconds - call.asked_at if call.asked_at is not None else 0.0
    return Moment(seconds, TIME if since < SAME_DAY else DAY_AND_TIME)


class Asked(Protocol):
    """What somebody is asked about, as its terms say who decides."""

    @property
    def approvers(self) -> Sequence[str]: ...
    @property
    def quorum(self) -> int: ...
    @property
    def self_approval(self) -> bool: ...
    @property
    def requester(self) -> str: ...


def who_decides(call: Asked) -> str:
    """Whose decision it is."""
    names = [_approver(each, call.requester) for each in call.approvers[:NAMES]]
    if (more := len(call.approvers) - NAMES) > 0:
        names.append(f"{more} more")
    if call.quorum == 1:
        said = f"{' or '.join(names)} decides"
    elif list(call.approvers) == [CHANNEL]:
        said = f"{call.quorum} people in the conversation decide"
    elif len(call.approvers) == 1:
        said = f"{call.quorum} of {names[0].removeprefix('anyone in ')} decide"
    else:
        said = f"{call.quorum} of {', '.join(names)} decide"
    others = any(each in (REQUESTER, CHANNEL) or each.startswith("S") for each in call.approvers)
    return said if call.self_approval or not others else f"{said}, but not <@{call.requester}>"


def who_answers(terms: Asked) -> str:
    """Whose answer a question waits for."""
    names = [_approver(each, terms.requester) for each in terms.approvers[:NAMES]]
    return f"{' or '.join(names)} answers"


def votes(call: ShownCall) -> list[Block]:
    """A line for each approval so far, where several are needed."""
    if call.quorum == 1 or not call.votes:
        return []
    lines = [f"Approved by <@{user}> · {n} of {call.quorum}" for n, user in enumerate(call.votes, 1)]
    return [mrkdwn("\n".join(lines[-NAMES:]))]


def warnings(call: ShownCall, limit: int) -> list[Block]:
    """What happened to a call before it waits as it does: an edit, a run, an approval that could not be used."""
    said: list[Block] = []
    if call.edited:
        by = f" by <@{call.edited_by}>" if call.edited_by else ""
        at = f" · {in_mrkdwn([near(call, call.edited_at)])}" if call.edited_at is not None else ""
        said.append(mrkdwn(f"Edited{by}{at}"))
    if call.ran_before:
        said.append(plain_text(f"⚠ {one_line(call.ran_before)}", limit))
    if call.why:
        said.append(plain_text(f"⚠ Asked anew, because {one_line(call.why)}.", limit))
    return said


def beside(said: str, limit: int) -> Block:
    """What the model wrote beside its calls, labelled as the model's."""
    return plain_visible(f"The model says: {quoted(said, limit)}")


def request(requester: str, said: str, limit: int) -> list[Block]:
    """Who asked in a conversation that the reader does not see, and in what words."""
    who = f"<@{requester}>" if requester else "Somebody"
    return [mrkdwn(f"{who} asked, in a conversation that you are not in:"), plain_visible(quoted(said, limit))]


def quoted(said: str, limit: int) -> str:
    """Words of others in quotation marks, of which none in them are like ours."""
    inner = one_line(said).replace("“", '"').replace("”", '"')
    return f"“{fitted(inner, limit)}”"


def link(address: str) -> Block:
    """The way to the message that asked."""
    return mrkdwn(f"<{address}|The message that asked>")


def function(call: ShownCall) -> Block:
    """The name that whoever wrote the tool knows it by."""
    return plain_visible(call.function)


def unreached(users: Sequence[str]) -> str:
    """Who could decide, and takes no direct message."""
    names = ", ".join(f"<@{user}>" for user in users[:NAMES])
    more = f" and {len(users) - NAMES} more" if len(users) > NAMES else ""
    return f"⚠ {names}{more} could not be reached: Slack takes no direct message from {APP} to them."


def origin(channel: str, link: str | None) -> str:
    """Where something was asked that does not take the answer; `channel` is Slack's id."""
    where = "another thread here" if channel.startswith("D") else f"<#{channel}>"
    linked = f" (<{link}|the message>)" if link else ""
    return f"Asked in {where}{linked}. Slack does not take this message there, so it is here."


def _approver(name: str, requester: str) -> str:
    if name == REQUESTER:
        return f"<@{requester}>"
    if name == CHANNEL:
        return "anyone in the conversation"
    return f"anyone in <!subteam^{name}>" if name.startswith("S") else f"<@{name}>"


def unasked(call: ShownCall) -> str:
    """What became of a call that no person was asked about: what was done in its first word. Plain text."""
    title = call.function if call.tool is None else one_line(call.title)
    if call.state is State.REFUSED:
        kind = call.refusal.kind if call.refusal is not None else "passed over" if call.passed_over else "refused"
        return _NOT_RUN[kind].format(title=title, name=call.function)
    if call.asks:
        return f"{title} · {WAITS_FOR_ANSWER}"
    # That its rule asks nobody is known once it was begun: until then somebody may still be asked.
    passed = call.gated and call.record.claim is not None
    return _UNASKED[call.state](title) + (", without asking: its rule lets this one pass" if passed else "")


def why_nothing(call: ShownCall) -> str:
    """Why there is no result of a call that no person was asked about; empty where there is one, or may be."""
    if call.refusal is not None:
        return call.refusal.why
    return call.result if call.state is not State.DONE else ""


def _in_doubt(title: str) -> str:
    return f"In doubt: {title}. Nobody knows whether it took effect"


_UNASKED: Mapping[State, Callable[[str], str]] = {
    State.RUNNING: tenses.doing,
    State.DONE: tenses.done,
    State.FAILED: tenses.could_not,
    State.IN_DOUBT: _in_doubt,
}
"""How a call that was not asked about is told, where it can stand."""

_NOT_RUN: dict[str, str] = {
    "unknown tool": "Not run: there is no tool {name}",
    "invalid arguments": "Not run, the arguments are not valid: {title}",
    "unstorable arguments": "Not run, the arguments cannot be shown as they would run: {title}",
    "impossible": "Not run, it cannot work: {title}",
    "unreachable": "Not run, and nobody was asked: {title}",
    "stopped": "Cancelled, the request was stopped: {title}",
    "refused": "Not run: {title}",
    "passed over": "Given up, the conversation went on without it: {title}",
}
