"""Whether those who are named in the rules of tools can decide."""

from __future__ import annotations

from collections.abc import Sequence

from bot.doctor.finding import Finding, wrong
from bot.people.directory import CannotTell, Directory
from bot.slack_client import SlackClient
from graphs.agent.agent import Agent
from graphs.agent.policy import Approval
from graphs.approvals.terms import CHANNEL, REQUESTER

WHAT = "Approvers"

_NO_USE = {
    "guest": "is a guest, who cannot decide",
    "bot": "is a bot, which cannot decide",
    "deactivated": "is deactivated",
    "stranger": "is nobody of this workspace",
}


async def check(client: SlackClient, agents: Sequence[Agent]) -> Sequence[Finding]:
    """Each id and group of every rule, and whether enough of them can decide."""
    team = str((await client.auth_test())["team_id"])
    directory = Directory(client, team)
    rules = [(tool.name, tool.approval) for agent in agents for tool in agent.toolbox.values() if tool.approval]
    findings = [each for name, rule in rules for each in await _rule(directory, name, rule)]
    good = "everybody whom the rules of tools name can decide." if rules else "no tool asks anybody."
    return findings or [Finding(WHAT, good)]


async def _rule(directory: Directory, tool: str, rule: Approval) -> list[Finding]:
    findings: list[Finding] = []
    able: set[str] = set()
    is_open = False
    for approver in rule.approvers:
        if approver in (REQUESTER, CHANNEL):
            is_open = True
            continue
        try:
            people = await directory.group(approver) if approver.startswith("S") else {approver}
            accounts = {user: await directory.account(user) for user in people}
        except CannotTell as error:
            said = f"Slack does not know it ({error})" if not error.passing else "Slack does not say now. Try again"
            findings.append(wrong(WHAT, f"{approver} of {tool}: {said}. Name another in Approval(approvers=...)."))
            continue
        good = {user for user, account in accounts.items() if account.kind == "member"}
        able |= good
        if not good:
            why = _why(approver, [(account.name, account.kind) for account in accounts.values()])
            findings.append(wrong(WHAT, f"{approver} of {tool}: {why}. Name another in Approval(approvers=...)."))
    if not is_open and len(able) < rule.quorum:
        said = f"{tool} needs {rule.quorum} approvals, and {len(able)} of those it names can approve. Name more."
        findings.append(wrong(WHAT, said))
    return findings


def _why(approver: str, accounts: Sequence[tuple[str, str]]) -> str:
    if approver.startswith("S"):
        return "nobody in this user group can decide"
    (name, kind) = accounts[0]
    return f"{name} {_NO_USE.get(kind, 'cannot decide')}"
