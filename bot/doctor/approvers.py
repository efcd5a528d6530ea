"""Whether those who decide are there: each person and user group of every tool's rule, and enough of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot import config
from bot.doctor.case import NO_SLACK, Case
from bot.doctor.findings import Findings
from bot.people.directory import CannotTell, Directory, Kind
from bot.settings import BadSettings
from bot.slack_errors import describe
from graphs.agent.approval import Approval
from graphs.agent.ruling import Way, ways
from graphs.agent.tools import Tool
from graphs.approvals.terms import CHANNEL, REQUESTER

_NOT_ONE: dict[Kind, str] = {
    "guest": "is a guest, and guests do not decide",
    "bot": "is a bot, and bots do not decide",
    "deactivated": "is deactivated",
    "stranger": "is not in this workspace, or nobody has this id",
}
_OTHERS = "Name a full member (profile → ⋮ → Copy member ID), or a user group of some"
_GROUPS = "Look it up under People → User groups: its id begins with S"


@dataclass
class _Deciders:
    """Whom a rule's names stand for, as far as Slack says. `words` say each, `is_open`: nobody can tell how many."""

    able: set[str] = field(default_factory=set[str])
    words: list[str] = field(default_factory=list[str])
    is_open: bool = False


async def approvers(case: Case, found: Findings) -> None:
    """A line for each tool whose rule is in order, and one for each thing that is wrong with another's."""
    tools = [(where, each) for where, hosted in case.hosted.items() for each in hosted.toolbox.values()]
    asking = [(where, each, way) for where, each in tools for way in _distinct(ways(each))]
    if not asking:
        return
    if case.directory is None:
        found.wrong(NO_SLACK)
        return
    for where, each, way in asking:
        place = way.rule.place if way.rule is not None else ""
        await _rule(case.directory, _called(where, each, place), way.policy, found, place)


def _distinct(found: Iterable[Way]) -> list[Way]:
    """One of each set of people, quorum and own approval."""
    return list(
        {(tuple(each.policy.approvers), each.policy.quorum, each.policy.self_approval): each for each in found}.values()
    )


async def users(case: Case, found: Findings) -> None:
    """Those who may talk to the bot, where they are named."""
    if case.settings.signoff_users:
        await _are_there(case, sorted(case.settings.signoff_users), found)
    else:
        found.ok("none named: all full members may talk to it")


async def admins(case: Case, found: Findings) -> None:
    """Those of signoff.toml; without any, nobody can allow a server's tool that changed."""
    try:
        chosen = config.read(case.settings)
    except BadSettings:
        return  # said where the agents are looked at
    if chosen.admins:
        await _are_there(case, chosen.admins, found)
    elif chosen.servers:
        found.wrong("nobody could allow a server's tool that changed", "Name people under [admins] in signoff.toml")


async def _are_there(case: Case, named: Sequence[str], found: Findings) -> None:
    if case.directory is None:
        found.wrong(NO_SLACK)
        return
    before = len(found)
    for each in named:
        try:
            if each.startswith("S"):
                await _group(case.directory, each, 1, _Deciders(), found, found.about)
                continue
            account = await case.directory.account(each)
            if account.kind in ("deactivated", "stranger"):
                found.wrong(f"{_person(account.name, each)} {_NOT_ONE[account.kind]}", _OTHERS)
        except CannotTell as error:
            _cannot_tell(error, each, found, found.about)
    if len(found) == before:
        found.ok(f"all {len(named)} people and groups are there")


async def _rule(directory: Directory, about: str, approval: Approval, found: Findings, place: str) -> None:
    deciders = _Deciders()
    before = len(found)
    for each in approval.approvers:
        try:
            await _approver(directory, each, approval, deciders, found, about)
        except CannotTell as error:
            deciders.is_open = True
            _cannot_tell(error, each, found, about)
    count = len(deciders.able)
    if count < approval.quorum and not deciders.is_open:
        found.wrong(
            f"it needs {_approvals(approval.quorum)}, and {_people(count)} can give one",
            f"Add people to approvers in {place}, or lower quorum"
            if place
            else "Add people to Approval(approvers=...), or lower quorum=",
            about,
        )
    elif len(found) == before:
        needs = f"{_approvals(approval.quorum)} of " if approval.quorum > 1 else ""
        found.ok(f"{needs}{', '.join(deciders.words)}{_except_own(approval, deciders)}", about)


async def _approver(
    directory: Directory, approver: str, approval: Approval, deciders: _Deciders, found: Findings, about: str
) -> None:
    """Raises `CannotTell`."""
    if approver == CHANNEL:
        deciders.is_open = True
        deciders.words.append("whoever is in the conversation")
    elif approver == REQUESTER:
        deciders.words.append("whoever asked" if approval.self_approval else "nobody who asked")
        deciders.able |= {REQUESTER} if approval.self_approval else set()
    elif approver.startswith("S"):
        await _group(directory, approver, approval.quorum, deciders, found, about)
    else:
        account = await directory.account(approver)
        if account.kind == "member":
            deciders.able.add(approver)
            deciders.words.append(_person(account.name, approver))
        else:
            found.wrong(f"{_person(account.name, approver)} {_NOT_ONE[account.kind]}", _OTHERS, about)


async def _group(
    directory: Directory, group: str, quorum: int, deciders: _Deciders, found: Findings, about: str
) -> None:
    """Looks up as many of its people as are needed, and one more, who may have asked. Raises `CannotTell`."""
    name = await directory.group_name(group)
    if name is None:
        found.wrong(f"there is no user group {group}, or it is disabled", _GROUPS, about)
        return
    able: set[str] = set()
    members = sorted(await directory.group(group))
    for user in members:
        if len(able) <= quorum and (await directory.account(user)).kind == "member":
            able.add(user)
    if not able:
        said = "full members among its people: guests, bots and deactivated accounts do not decide"
        why = f"has no {said}" if members else "has nobody in it"
        found.wrong(f"the user group @{name} ({group}) {why}", f"Add full members to @{name}", about)
        return
    deciders.able |= able
    deciders.words.append(f"the user group @{name} ({group})")


def _cannot_tell(error: CannotTell, approver: str, found: Findings, about: str) -> None:
    why = describe(error.__cause__) if error.__cause__ is not None else "Slack does not say"
    found.wrong(f"{approver} cannot be looked up: {why}", "See what is said of the scopes, or try again later", about)


def _except_own(approval: Approval, deciders: _Deciders) -> str:
    """Of a rule that takes no approval of whoever asked, and has nobody to spare."""
    if approval.self_approval or deciders.is_open or len(deciders.able) > approval.quorum:
        return ""
    return " (never what one of them asks for themselves: then too few are left)"


def _called(where: str, tool: Tool[..., Any], place: str) -> str:
    by = f" by {place}" if place else ""
    return f"who decides about {tool.name}{f' in {where}' if where else ''}{by}"


def _person(name: str, user: str) -> str:
    return user if name == user else f"{name} ({user})"


def _approvals(count: int) -> str:
    return f"{count} approvals" if count > 1 else "an approval"


def _people(count: int) -> str:
    return {0: "nobody", 1: "only one person"}.get(count, f"only {count} people")
