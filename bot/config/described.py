"""What the configuration comes to, in lines: what answers where, and for each tool whether it asks, whom, under which
condition, until when, and which line says so. For `signoff config check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.config.checking import is_about_server
from bot.config.values import Config
from bot.durations import in_short
from bot.settings import HostSettings
from graphs.agent import rules
from graphs.agent.agent import Agent
from graphs.agent.approval import Approval
from graphs.agent.governing import Rule
from graphs.agent.ruling import Ruling, Way, ways
from graphs.agent.tools import Tool
from graphs.approvals.decisions import VERBS
from graphs.approvals.terms import CHANNEL, REQUESTER
from graphs.mcp.spec import ServerSpec

_NAMES = {REQUESTER: "whoever asked", CHANNEL: "whoever is in the conversation"}

_NONE: Mapping[str, Sequence[Tool[..., Any]]] = MappingProxyType({})


def described(
    settings: HostSettings,
    config: Config,
    agents: Mapping[str, Agent],
    server_tools: Mapping[str, Sequence[Tool[..., Any]]] = _NONE,
) -> list[str]:
    """`agents` are those that were imported, by channel, "" for everywhere else; `server_tools` what is known of the
    servers' tools, by server, before rules.
    """
    lines = [f"{channel}  {path}  ({config.places[channel]})" for channel, path in config.agents.items()]
    lines.append(f"everywhere else  {settings.signoff_agent}  (SIGNOFF_AGENT)")
    ruling = config.ruling
    for channel, agent in agents.items():
        if agent.toolbox.declared:
            lines += ["", f"Tools {f'in {channel}' if channel else 'everywhere else'}:"]
            lines += [line for each in agent.toolbox.declared.values() for line in _tool(each, config, ruling)]
    for server in config.servers:
        lines += ["", *_server(server, config, server_tools.get(server.name), ruling)]
    if config.retention is not None:
        age = in_short(config.retention)
        lines += ["", f"Finished threads that nobody touched for {age} are deleted  ({config.retention_place})"]
    return lines


def _server(
    server: ServerSpec, config: Config, tools: Sequence[Tool[..., Any]] | None, ruling: Ruling
) -> Iterator[str]:
    where = f" in {', '.join(server.channels)}" if server.channels else ""
    known = "" if tools is not None else ", whose tools are known once it is started"
    yield f"Tools of the server {server.name}{where}{known} ({server.place}):"
    if tools is not None:
        for each in tools:
            yield from _tool(each, config, ruling)
        return
    for rule in config.rules:
        if not is_about_server(rule, server.name):
            continue
        said = type(rule.said)(**(config.defaults.given | rule.said.given))
        way = Way(said.over(Approval()), rule)
        yield f"  {rule.tool}  {_asks(way) if rule.ask else _unasked(way)}  ({rule.place})"
        if rule.when is None and rule.tool in ("*", f"{server.name}.*"):
            return
    otherwise = Way(config.defaults.over(Approval()))
    reading = ", unless it says that it only reads" if server.trust_annotations else ""
    yield f"  {server.name}.*  otherwise {_asks(otherwise)}{reading}  ({config.defaults_place or 'no line'})"


def _tool(tool: Tool[..., Any], config: Config, ruling: Ruling) -> Iterator[str]:
    under = ruling.tool(tool)
    own = f"its own rule in {tool.function.__module__}" if tool.own_rule_binds else "what its server says of it"
    if under.approval is not None and under.approval != tool.approval:
        own = f"{own}, made stricter by {config.defaults_place}"
    if not tool.offered:
        yield f"  {tool.name}  is blocked: its server describes it otherwise than when it was allowed"
        return
    found = list(ways(under))
    for each in found:
        kept = "; approvers stay the tool's own, who are stricter" if each.is_kept else ""
        place = each.rule.place if each.rule is not None else own
        yield f"  {tool.name}  {_asks(each)}  ({place}{kept})"
    for rule in under.rules:
        if not rule.ask:
            yield f"  {tool.name}  {_let_off(tool, rule)}  ({rule.place})"
    if not found and not under.rules:
        yield f"  {tool.name}  runs unasked  (no rule)"
    elif not any(rule.when is None for rule in under.rules) and (tool.approval is None or tool.approval.when):
        yield f"  {tool.name}  otherwise runs unasked"


def _let_off(tool: Tool[..., Any], rule: Rule) -> str:
    if tool.own_rule_binds and tool.approval is not None:
        return "is not let off by a rule: its own stays"
    return "runs unasked" if rule.when is None else f"runs unasked when {_one_line(rule.when.text)}"


def _unasked(way: Way) -> str:
    if way.rule is None or way.rule.when is None:
        return "runs unasked"
    return f"runs unasked when {_one_line(way.rule.when.text)}; asks where that fails: {_whom(way.policy)}"


def _asks(way: Way) -> str:
    when: list[str] = []
    if way.by_own and way.policy.when is not None:
        said = rules.in_words(way.policy.when)
        when.append("its own rule asks" if said == rules.UNSAID else said)
    if way.rule is not None and way.rule.when is not None:
        if not way.rule.ask:
            return f"asks where its condition fails: {_whom(way.policy)}"
        when.append(_one_line(way.rule.when.text))
    asks = f"asks when {' and '.join(when)}" if when else "otherwise asks" if way.otherwise else "asks always"
    return f"{asks}: {_whom(way.policy)}"


def _whom(policy: Approval) -> str:
    said = [" or ".join(_NAMES.get(each, each) for each in policy.approvers)]
    if policy.quorum > 1:
        said.append(f"{policy.quorum} approvals")
    if not policy.self_approval:
        said.append("not the own approval of whoever asked")
    if frozenset(policy.allow) != VERBS:
        said.append(f"who may {', '.join(sorted(policy.allow))}")
    said.append("for ever" if policy.expires_after is None else f"within {in_short(policy.expires_after)}")
    return ", ".join(said)


def _one_line(text: str) -> str:
    return " ".join(text.split())
