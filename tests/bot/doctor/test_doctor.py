"""`signoff doctor`, as a process beside a workspace and a model: what may be wrong with an installation."""

import asyncio
import os
import signal
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.demo.model import serve_model
from bot.demo.workspace import Workspace, serve_workspace
from bot.demo.workspace.people import HARBOUR_GOODS, Conversation, Group
from bot.demo.workspace.people import Person as Account
from storage import open_storage
from storage.postgres.looking import look
from tests.demo.workspace.support import TOKENS, Page
from tests.stories.programs import Program
from tests.support.postgres import PASSWORD
from tests.support.waiting import until

pytestmark = pytest.mark.slow

TEAM = replace(
    HARBOUR_GOODS,
    people=(*HARBOUR_GOODS.people, Account("U0OLD", "otto", "Otto Klein", "Left", "#000000", deleted=True)),
    conversations=(*HARBOUR_GOODS.conversations, Conversation("C0AWAY", "away", "channel", ("U0ANA",))),
    groups=(
        *HARBOUR_GOODS.groups,
        Group("S0EMPTY", "empty", "Nobody", ()),
        Group("S0GUESTS", "guests", "Guests", ("U0MAX", "U0OLD")),
    ),
)

RULES = """
from graphs.agent.agent import Agent
from graphs.agent.policy import Approval
from graphs.agent.tools import tool

def asking(name, **rule):
    def act(what: str) -> str:
        \"\"\"Do it.\"\"\"
        return what
    act.__name__ = name
    return tool(approval=Approval(**rule))(act)

agent = Agent("Help.", [
    asking("fine", approvers=["U0LEA", "S0LEADS", "requester"]),
    asking("open", approvers=["channel"], quorum=2),
    asking("lone", approvers=["U0LEA"], self_approval=False),
    asking("unknown", approvers=["U0NOBODY", "U0LEA"]),
    asking("left", approvers=["U0OLD", "U0LEA"]),
    asking("guest", approvers=["U0MAX", "U0LEA"]),
    asking("machine", approvers=["U0SIGNOFF", "U0LEA"]),
    asking("no_group", approvers=["S0NOWHERE", "U0LEA"]),
    asking("empty", approvers=["S0EMPTY", "U0LEA"]),
    asking("outsiders", approvers=["S0GUESTS", "U0LEA"]),
    asking("too_few", approvers=["S0LEADS", "U0LEA"], quorum=2),
    asking("nobody", approvers=["U0OLD"]),
])
"""


class Doctor:
    """The program, with what it is told."""

    def __init__(self, folder: Path, workspace: Workspace, model_url: str) -> None:
        self.folder = folder
        self.database = folder / "signoff.db"
        self.settings = {
            "SLACK_BOT_TOKEN": TOKENS.bot,
            "SLACK_APP_TOKEN": TOKENS.app,
            "SLACK_API_URL": f"{workspace.url}/api/",
            "OPENAI_API_KEY": "sk-the-key-of-this-account",
            "OPENAI_BASE_URL": model_url,
            "DATABASE_URL": f"sqlite:///{self.database}",
            "SIGNOFF_AGENT": "bot.demo.desk:agent",
        }

    async def __call__(self, **settings: str) -> tuple[int, list[str], str]:
        """Its exit code, the lines that it prints, and what it says on stderr."""
        told = {name: value for name, value in (self.settings | settings).items() if value}
        program = Program(["bot", "doctor"], self.folder, self.folder / "doctor.log", told)
        code, printed, said = await asyncio.to_thread(program.outcome)
        assert not any(secret in printed + said for secret in (TOKENS.bot, TOKENS.app, "of-this-account"))
        return code, printed.splitlines(), said

    async def wrong(self, **settings: str) -> list[str]:
        """What it finds wrong, without the mark; nothing else may have failed."""
        code, lines, said = await self(**settings)
        found = [line.removeprefix("✗ wrong  ") for line in lines if line.startswith("✗ wrong  ")]
        assert (code, said) == (1 if found else 0, "")
        assert lines[-1].startswith(f"{len(found)} thing" if found else "Nothing is wrong.")
        return found


@pytest.fixture
async def workspace() -> AsyncIterator[Workspace]:
    async with serve_workspace(port=0, team=TEAM, tokens=TOKENS) as workspace:
        yield workspace


@pytest.fixture
async def model_url() -> AsyncIterator[str]:
    async with serve_model() as model:
        yield model.url


@pytest.fixture
def doctor(tmp_path: Path, workspace: Workspace, model_url: str) -> Doctor:
    return Doctor(tmp_path, workspace, model_url)


async def test_a_database_on_a_server_is_looked_at_and_left_as_it_is(
    doctor: Doctor, postgres_url: str, page: Page
) -> None:
    code, lines, said = await doctor(DATABASE_URL=postgres_url)
    assert (code, said) == (0, "")
    assert PASSWORD not in "\n".join(lines)
    seen = [line.removeprefix("✓ ok  database: ") for line in lines if line.startswith("✓ ok  database: ")]
    assert len(seen) == 3
    assert seen[0].endswith("can be written, and is empty: the first start sets it up")
    assert (await asyncio.to_thread(look, postgres_url)).version == 0


async def test_all_is_well(doctor: Doctor, page: Page) -> None:
    code, lines, said = await doctor()
    assert (code, said) == (0, "")
    assert lines.pop() == "Nothing is wrong."
    assert {line.split("  ")[0] for line in lines} == {"✓ ok", "· by hand"}
    about = [line.split("  ")[1].partition(": ")[0] for line in lines]
    assert list(dict.fromkeys(about)) == [
        "bot token",
        "scopes",
        "app token",
        "Socket Mode",
        "both tokens",
        "events and interactivity",
        "model",
        "database",
        "agents",
        "SIGNOFF_USERS",
        "who decides about refund_order",
        "who decides about cancel_order",
        "who decides about send_email",
    ]
    assert any("Lea Brandt (U0LEA)" in line for line in lines)
    assert not doctor.database.exists(), "it makes nothing"
    assert not (doctor.folder / "orders.db").exists(), "nor does the agent"

    async def closed() -> bool:
        return not (await page.get("/client/boot"))["bot"]["connected"]

    await until(closed, "its connection to be closed")
    assert all(
        each["method"] in ("auth.test", "apps.connections.open", "bots.info", "users.info")
        for each in await page.journal("call")
    )


async def test_missing_settings_are_one_line_each(doctor: Doctor) -> None:
    code, lines, said = await doctor(SLACK_BOT_TOKEN="", OPENAI_API_KEY="")
    assert (code, lines) == (2, [])
    assert [line.split()[0] for line in said.splitlines()] == ["SLACK_BOT_TOKEN", "OPENAI_API_KEY"]


async def test_a_bot_token_that_slack_does_not_take_stops_only_what_needs_it(doctor: Doctor) -> None:
    token, scopes, users = await doctor.wrong(SLACK_BOT_TOKEN="xoxb-another")
    assert token.startswith("bot token: SLACK_BOT_TOKEN is refused by Slack: invalid_auth.")
    assert "OAuth & Permissions" in token
    assert scopes.startswith("scopes: not looked at")
    assert users.startswith("who decides: not looked at")


async def test_an_app_token_that_slack_does_not_take(doctor: Doctor) -> None:
    (found,) = await doctor.wrong(SLACK_APP_TOKEN="xapp-another")
    assert found.startswith("Socket Mode: SLACK_APP_TOKEN is refused by Slack: invalid_auth.")
    assert "connections:write" in found


async def test_scopes_that_the_app_lacks_are_named(doctor: Doctor, page: Page) -> None:
    await page.fault(without_scopes=["files:write", "usergroups:read"])
    (found,) = await doctor.wrong()
    assert found.startswith("scopes: the app lacks files:write, usergroups:read.")
    assert "Reinstall" in found


async def test_who_cannot_be_looked_up_is_said(doctor: Doctor, page: Page) -> None:
    await page.fault(without_scopes=["users:read"])
    scopes, lea = await doctor.wrong()
    assert "users:read" in scopes
    assert lea.startswith("who decides about cancel_order: U0LEA cannot be looked up: missing_scope")


async def test_no_socket_mode(doctor: Doctor, page: Page) -> None:
    await page.fault(http={"method": "link", "status": 503})
    (found,) = await doctor.wrong()
    assert found.startswith("Socket Mode: no connection (")
    assert "503" in found
    assert "proxies" in found


async def test_http_mode_says_what_cannot_be_seen(doctor: Doctor) -> None:
    code, lines, _ = await doctor(SLACK_APP_TOKEN="", SLACK_SIGNING_SECRET="0123456789abcdef")
    assert code == 0
    by_hand = [line for line in lines if line.startswith("· by hand  ")]
    assert [line.split("  ")[1].partition(": ")[0] for line in by_hand] == [
        "signing secret",
        "HTTP mode",
        "events and interactivity",
    ]
    assert "Basic Information" in by_hand[0]
    assert "signoff manifest --url" in by_hand[2]


async def test_everybody_who_cannot_decide_is_named(doctor: Doctor) -> None:
    (doctor.folder / "mine.py").write_text(RULES)
    wrong = [each.partition(": ") for each in await doctor.wrong(SIGNOFF_AGENT="mine:agent")]
    found = {about.split()[-1]: said for about, _, said in wrong}
    assert {name: said.partition(". ")[0] for name, said in found.items()} == {
        "unknown": "U0NOBODY is not in this workspace, or nobody has this id",
        "left": "Otto Klein (U0OLD) is deactivated",
        "guest": "Max Oduya (U0MAX) is a guest, and guests do not decide",
        "machine": "Signoff (U0SIGNOFF) is a bot, and bots do not decide",
        "no_group": "there is no user group S0NOWHERE, or it is disabled",
        "empty": "the user group @empty (S0EMPTY) has nobody in it",
        "outsiders": "the user group @guests (S0GUESTS) has no full members among its people: guests, bots and "
        "deactivated accounts do not decide",
        "too_few": "it needs 2 approvals, and only one person can give one",
        "nobody": "it needs an approval, and nobody can give one",
    }
    assert all(". " in said for said in found.values()), "each says how it is mended"


async def test_what_is_right_about_rules_is_said_too(doctor: Doctor) -> None:
    (doctor.folder / "mine.py").write_text(RULES)
    _, lines, _ = await doctor(SIGNOFF_AGENT="mine:agent", SIGNOFF_USERS="U0ANA,S0LEADS,U0OLD")
    right = [line.removeprefix("✓ ok  who decides about ") for line in lines if "✓ ok  who decides" in line]
    assert right == [
        "fine: Lea Brandt (U0LEA), the user group @leads (S0LEADS), whoever asked",
        "open: 2 approvals of whoever is in the conversation",
        "lone: Lea Brandt (U0LEA) (never what one of them asks for themselves: then too few are left)",
    ]
    (users,) = [line for line in lines if "SIGNOFF_USERS" in line]
    assert users.startswith("✗ wrong  SIGNOFF_USERS: Otto Klein (U0OLD) is deactivated.")


async def test_a_model_that_is_away(doctor: Doctor) -> None:
    (found,) = await doctor.wrong(OPENAI_BASE_URL="http://127.0.0.1:9/v1")
    assert found.startswith("model: gpt-5-mini at 127.0.0.1 gives no reply: The model could not be reached")
    assert "OPENAI_BASE_URL" in found


async def test_a_model_that_refuses_the_key(doctor: Doctor, http: aiohttp.ClientSession, model_url: str) -> None:
    fault = {"status": 401, "message": "Incorrect API key provided: sk-the-key-of-this-account."}
    await http.post(f"{model_url.removesuffix('/v1')}/faults", json=fault)
    (found,) = await doctor.wrong()
    assert "OPENAI_API_KEY" in found
    assert "[hidden]" in found


async def test_a_model_that_speaks_another_interface(doctor: Doctor) -> None:
    (found,) = await doctor.wrong(LLM_API="responses")
    assert found.startswith("model: gpt-5-mini at 127.0.0.1 gives no reply: The model's server has no Responses; ")
    assert "LLM_API" in found


async def test_a_model_that_calls_no_tools(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "script.json").write_text('[{"text": "I am ready."}]')
    async with serve_model(script=tmp_path / "script.json") as model:
        (found,) = await doctor.wrong(OPENAI_BASE_URL=model.url)
    assert found.startswith("model: gpt-5-mini at 127.0.0.1 answers, and did not call the tool")


async def test_a_database_of_ours_is_looked_at_and_left_as_it_is(doctor: Doctor) -> None:
    async with open_storage(doctor.settings["DATABASE_URL"]) as storage:
        _, beside, _ = await doctor()
        owners = await storage.read(lambda db: db.execute("select count(*) from owners").fetchone()[0])
    assert owners == 1
    before = doctor.database.read_bytes()
    _, alone, _ = await doctor()
    assert doctor.database.read_bytes() == before
    for lines in (beside, alone):
        assert any("signoff.db can be written, and has version" in line for line in lines)


async def _made(url: str) -> None:
    async with open_storage(url):
        pass


def _change(*statements: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with sqlite3.connect(path) as db:
            for each in statements:
                db.execute(each)
        db.close()

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_change("pragma user_version = 9999"), "was written by a newer Signoff (version 9999"),
        (_change("pragma application_id = 7"), "belongs to another program"),
        (lambda path: path.write_text("no database, and a long text at that" * 100), "is no SQLite database"),
        (lambda path: path.chmod(0o644), "others than its owner may open"),
    ],
)
async def test_a_database_that_is_not_as_it_should_be(change: Callable[[Path], Any], said: str, doctor: Doctor) -> None:
    await _made(doctor.settings["DATABASE_URL"])
    change(doctor.database)
    mode = stat.S_IMODE(doctor.database.stat().st_mode)
    (found,) = await doctor.wrong()
    assert found.startswith("database: ")
    assert said in found
    assert stat.S_IMODE(doctor.database.stat().st_mode) == mode, "it changes nothing"


async def test_a_database_that_nobody_can_make(doctor: Doctor, tmp_path: Path) -> None:
    (found,) = await doctor.wrong(DATABASE_URL=f"sqlite:///{tmp_path}/nowhere/bot.db")
    assert found.startswith(f"database: it cannot be used: there is no such folder: {tmp_path}/nowhere.")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write every file")
async def test_a_database_that_may_only_be_read(doctor: Doctor) -> None:
    await _made(doctor.settings["DATABASE_URL"])
    doctor.database.chmod(0o400)
    (found,) = await doctor.wrong()
    assert found.startswith("database: it cannot be used: attempt to write a readonly database.")


async def test_a_database_that_another_program_holds(doctor: Doctor) -> None:
    await _made(doctor.settings["DATABASE_URL"])
    with sqlite3.connect(doctor.database, isolation_level=None) as other:
        other.execute("begin immediate")
        (found,) = await doctor.wrong()
    other.close()
    assert found == (
        "database: it cannot be used: database is locked. Another program holds it: look which, and end that"
    )


async def test_what_is_hosted_where(doctor: Doctor) -> None:
    (doctor.folder / "broken.py").write_text("raise RuntimeError('no tea')\n")
    (doctor.folder / "signoff.toml").write_text(
        '[agents]\n"#deploys" = "graphs.patterns.approve_or_reject:graph"\n'
        '"#nowhere" = "graphs.patterns.approve_or_reject:graph"\n"#away" = "bot.demo.desk:agent"\n'
        '"#intake" = "broken:agent"\n"C0NOWHERE" = "graphs.patterns.approve_or_reject:graph"\n'
    )
    broken, nowhere, away, id_ = await doctor.wrong()
    assert broken.startswith("agents: signoff.toml, line 5 is 'broken:agent', which cannot be imported: RuntimeError")
    assert nowhere.startswith("channels: signoff.toml, line 3: there is no channel #nowhere that the bot can see.")
    assert away.startswith("channels: the bot is not in #away. Invite it: /invite @signoff")
    assert id_.startswith("channels: C0NOWHERE cannot be looked up: channel_not_found")


async def test_who_decides_by_a_rule_is_looked_up_too(doctor: Doctor) -> None:
    (doctor.folder / "signoff.toml").write_text(
        '[[approvals.rules]]\ntool = "find_order"\napprovers = ["U0NOBODY"]\n'
        '[[approvals.rules]]\ntool = "no_such_tool"\n[mcp.git]\ncommand = "x"\nchannels = ["#nowhere"]\n'
    )
    rule, server, channel, _ = await doctor.wrong()
    assert rule.startswith("agents: signoff.toml, line 4: there is no tool 'no_such_tool'; there are cancel_order, ")
    assert server.startswith("servers: The server git could not be started: the command 'x' was not found")
    assert channel.startswith("channels: signoff.toml, line 6: there is no channel #nowhere")
    text = (doctor.folder / "signoff.toml").read_text()
    (doctor.folder / "signoff.toml").write_text(text.partition('[[approvals.rules]]\ntool = "no')[0])
    nobody, few = await doctor.wrong()
    about = "who decides about find_order by signoff.toml, line 1"
    assert nobody.startswith(f"{about}: U0NOBODY is not in this workspace")
    assert few.startswith(f"{about}: it needs an approval, and nobody can give one. Add people to approvers in signoff")


async def test_servers_are_started_and_say_what_they_have(doctor: Doctor) -> None:
    (doctor.folder / "signoff.toml").write_text(
        f'[mcp.time]\ncommand = "{sys.executable}"\nargs = ["-m", "mcp_server_time"]\n'
        f'[mcp.bad]\ncommand = "{sys.executable}"\nargs = ["-c", "import sys; sys.exit(3)"]\n'
    )
    code, lines, said = await doctor()
    assert (code, said) == (1, "")
    about = [line for line in lines if "servers: " in line]
    assert about[0] == "✓ ok  servers: time has 2 tools, of which 2 may ask"
    assert about[1].startswith("✗ wrong  servers: The server bad could not be started: ")


async def test_who_may_allow_what_changed_is_looked_up(doctor: Doctor) -> None:
    server = f'[mcp.time]\ncommand = "{sys.executable}"\nargs = ["-m", "mcp_server_time"]\n'
    (doctor.folder / "signoff.toml").write_text(server)
    (nobody,) = await doctor.wrong()
    assert nobody.startswith("admins: nobody could allow a server's tool that changed. Name people under [admins]")
    (doctor.folder / "signoff.toml").write_text(server + '[admins]\nusers = ["U0LEA", "U0NOBODY"]\n')
    (gone,) = await doctor.wrong()
    assert gone.startswith("admins: U0NOBODY is not in this workspace")


async def test_a_signoff_toml_that_cannot_be_read_stops_nothing_else(doctor: Doctor) -> None:
    (doctor.folder / "signoff.toml").write_text("[agents\n")
    (found,) = await doctor.wrong(SIGNOFF_AGENT="bot.demo.desk:agent")
    assert found.startswith("agents: signoff.toml, line 1: ")


async def test_a_terminal_without_the_signs_has_the_words(doctor: Doctor) -> None:
    code, lines, said = await doctor(PYTHONIOENCODING="ascii", SLACK_APP_TOKEN="xapp-another")
    assert (code, said) == (1, "")
    assert {line.split("  ")[0] for line in lines[:-1]} == {"? ok", "? by hand", "? wrong"}


async def test_an_import_that_does_not_end_is_interrupted_where_it_stands(doctor: Doctor) -> None:
    (doctor.folder / "endless.py").write_text("while True:\n    pass\n")
    (doctor.folder / "hasty.py").write_text(
        "import sys\nfrom bot.cli import main\nfrom bot.doctor import hosting\n"
        "hosting.LOADING = 0.3\nsys.exit(main(['doctor']))\n"
    )
    told = doctor.settings | {"SIGNOFF_AGENT": "endless:agent"}
    program = Program(["hasty"], doctor.folder, doctor.folder / "hasty.log", told)
    code, printed, _ = await asyncio.to_thread(program.outcome)
    assert code == 1
    (found,) = [line for line in printed.splitlines() if "wrong  " in line]
    assert "TimeoutError: the import was still at work" in found
    assert "endless.py, line " in found


async def test_ctrl_c_ends_it_while_it_waits(doctor: Doctor, http: aiohttp.ClientSession, model_url: str) -> None:
    model = model_url.removesuffix("/v1")

    async def asked() -> int:
        async with http.get(f"{model}/requests") as response:
            return len((await response.json())["requests"])

    async def asked_again() -> bool:
        return await asked() > before

    before = await asked()
    await http.post(f"{model}/faults", json={"hang": True})
    program = Program(["bot", "doctor"], doctor.folder, doctor.folder / "stopped.log", doctor.settings)
    await until(asked_again, "the model to be asked")
    assert await asyncio.to_thread(program.stop, signal.SIGINT) == 130
    assert program.log.read_text() == ""
