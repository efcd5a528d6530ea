"""Rules of signoff.toml about tools of servers: they may spare a question, and name who decides."""

from __future__ import annotations

from typing import Any

import pytest

from bot.backing import open_servers
from bot.config import Config, parse
from storage import Storage
from tests.agent.conversing import calls, says
from tests.mcp.conftest import ServedTalk
from tests.mcp.served import Folder, listed

pytestmark = pytest.mark.slow

RULES = """
[approvals]
approvers = ["S0DESK"]
[[approvals.rules]]
tool = "raw.say"
when = "args.word == 'quiet' || args.times < 3"
ask = false
[[approvals.rules]]
tool = "raw.*"
when = "args.times > 100"
approvers = ["U0LEA"]
quorum = 1
"""


def configured(folder: Folder, **server: Any) -> Config:
    spec = folder.spec(**server)
    args = ", ".join(repr(each) for each in spec.args)
    more = "trust_annotations = true" if server.get("trust_annotations") else ""
    return parse(f"{RULES}\n[mcp.raw]\ncommand = '{spec.command}'\nargs = [{args}]\n{more}\n", "signoff.toml")


@pytest.mark.parametrize(
    ("arguments", "approvers", "rule"),
    [
        ({"word": "quiet"}, None, ""),
        ({"word": "hello", "times": 2}, None, ""),
        ({"word": "hello", "times": 2.5}, None, ""),
        ({"word": "hello", "times": 101}, ["U0LEA"], "times is over 100"),
        ({"word": "hello", "times": 10**30}, ["U0LEA"], "times is over 100"),
        ({"word": "hello", "times": 50}, ["S0DESK"], "every call asks"),
        ({"word": "hello"}, ["S0DESK"], "its rule could not be worked out"),
    ],
)
async def test_the_first_rule_that_fits_decides(
    storage: Storage, folder: Folder, arguments: dict[str, Any], approvers: list[str] | None, rule: str
):
    folder.lists(listed("say", {"word": {"type": "string"}, "times": {"type": "number"}}))
    async with open_servers(configured(folder), storage) as servers:
        talk = ServedTalk(storage, servers, calls(("raw__say", arguments)), says("Said."))
        await talk.say("Go.")
        waiting = await talk.all_waiting()
        assert len(folder.calls("say")) == (1 if approvers is None else 0)
        found = [(row.terms["terms"]["approvers"], row.terms["terms"]["rule"]) for row in waiting]
        assert found == ([] if approvers is None else [(approvers, rule)])


async def test_a_rule_makes_stricter_what_a_server_that_is_trusted_calls_reading(storage: Storage, folder: Folder):
    times = {"times": {"type": "integer"}}
    folder.lists(listed("look", times, annotations={"readOnlyHint": True}))
    async with open_servers(configured(folder, trust_annotations=True), storage) as servers:
        lines = [calls(("raw__look", {"times": 7})), calls(("raw__look", {"times": 700})), says("Looked.")]
        talk = ServedTalk(storage, servers, *lines)
        await talk.say("Go.")
        assert folder.calls("look") == ['look {"times": 7} None']
        assert (await talk.waiting()).terms["terms"]["approvers"] == ["U0LEA"]
