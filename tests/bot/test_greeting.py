"""What a start says, in three lines."""

from typing import Any

from bot import greeting
from bot.settings import Settings
from graphs.agent.policy import Approval
from graphs.agent.toolbox import Toolbox
from graphs.agent.tools import tool

IDENTITY = {"team_id": "T0", "user_id": "U0", "bot_id": "B0", "team": "Harbour Goods", "user": "signoff"}


@tool
def look_up(number: int) -> str:
    """Look it up."""
    return ""


@tool(approval=Approval())
def pay(number: int) -> str:
    """Pay it."""
    return ""


def settings(**more: Any) -> Settings:
    given = {"SLACK_BOT_TOKEN": "xoxb-secret", "SLACK_APP_TOKEN": "xapp-secret", "OPENAI_API_KEY": "sk-secret"}
    return Settings(**(given | more))  # type: ignore[arg-type]


def test_it_says_where_for_whom_with_what_and_which_model() -> None:
    assert greeting.lines(settings(), IDENTITY, Toolbox([look_up, pay])) == [
        "Connected to Harbour Goods as @signoff, by Socket Mode",
        "For all full members, with the agent graphs.sample.support_desk:agent: asks before pay; runs look_up",
        "Model gpt-5-mini at api.openai.com",
    ]


def test_it_says_what_is_set_otherwise() -> None:
    given = settings(
        SLACK_APP_TOKEN=None,
        SLACK_SIGNING_SECRET="signing-secret",
        PORT=3100,
        SIGNOFF_USERS="U0ANA,S0LEADS",
        SIGNOFF_AGENT="mine:graph",
        OPENAI_BASE_URL="https://models.example.com/v1",
    )
    said = greeting.lines(given, {"team_id": "T0", "user_id": "U0", "bot_id": "B0"}, None)
    assert said == [
        "Connected to T0 as @U0, on port 3100, at /slack/events",
        "For the 2 people and groups of SIGNOFF_USERS, with the graph mine:graph",
        "Model gpt-5-mini at models.example.com",
    ]
    assert "secret" not in str(said)


def test_an_agent_of_many_tools_is_told_in_a_line() -> None:
    def made(number: int) -> str:
        """Do it."""
        return ""

    tools = []
    for number in range(30):
        made.__name__ = f"do_{number}"
        tools.append(tool(made))
    (_, who, _) = greeting.lines(settings(), IDENTITY, Toolbox(tools))
    assert who.endswith("do_10, do_11 and 18 more")
    assert "which has no tools" in greeting.lines(settings(), IDENTITY, Toolbox([]))[1]
