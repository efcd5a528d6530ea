"""The team that lives in the local workspace: people, the bot, conversations and user groups."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

Kind = Literal["channel", "private", "dm"]

UTC = "Etc/UTC"

CHANNEL_TYPES: dict[Kind, str] = {"channel": "channel", "private": "group", "dm": "im"}
"""A conversation's kind → `channel_type` in Slack's message events."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account: a human, or the bot's user."""

    id: str
    handle: str
    real_name: str
    title: str
    color: str
    is_restricted: bool = False
    is_bot: bool = False
    deleted: bool = False

    def to_slack(self, team_id: str, zone: str = UTC) -> dict[str, Any]:
        """As `users.info` describes the person, who is in the time zone `zone`."""
        return {
            "id": self.id,
            "team_id": team_id,
            "name": self.handle,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "color": self.color.removeprefix("#"),
            "tz": zone,
            "tz_label": zone,
            "tz_offset": _offset(zone),
            "profile": {"real_name": self.real_name, "display_name": self.handle, "title": self.title, "team": team_id},
            "is_admin": False,
            "is_owner": False,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": False,
            "is_stranger": False,
            "updated": 0,
        }

    def to_client(self) -> dict[str, Any]:
        """As the page knows the person."""
        return {
            "id": self.id,
            "name": self.handle,
            "real_name": self.real_name,
            "title": self.title,
            "color": self.color,
            "is_bot": self.is_bot,
            "is_restricted": self.is_restricted,
        }


@dataclass(frozen=True)
class Conversation:
    """A channel, a private channel, or a direct message between one person and the bot."""

    id: str
    name: str
    kind: Kind
    members: tuple[str, ...]
    archived: bool = False
    prompts: tuple[str, ...] = ()
    """What the page offers to say to the bot there, until the person said something."""

    @property
    def channel_type(self) -> str:
        return CHANNEL_TYPES[self.kind]

    def other_member(self, user: str) -> str:
        """Who is on the other side of a direct message, seen by `user`."""
        return next(member for member in self.members if member != user)

    def to_slack(self, bot_user: str) -> dict[str, Any]:
        """As `conversations.info` describes it to the bot."""
        described: dict[str, Any] = {
            "id": self.id,
            "is_channel": self.kind == "channel",
            "is_group": False,
            "is_im": self.kind == "dm",
            "is_mpim": False,
            "is_private": self.kind != "channel",
            "is_archived": self.archived,
            "is_member": bot_user in self.members,
            "is_ext_shared": False,
            "created": 0,
        }
        if self.kind == "dm":
            return described | {"user": self.other_member(bot_user)}
        return described | {"name": self.name, "name_normalized": self.name, "num_members": len(self.members)}

    def to_client(self, user: str) -> dict[str, Any]:
        """As the page lists it for `user`."""
        listed: dict[str, Any] = {"id": self.id, "name": self.name, "kind": self.kind, "prompts": list(self.prompts)}
        return listed | {"with": self.other_member(user)} if self.kind == "dm" else listed


@dataclass(frozen=True)
class Group:
    """A user group ("@leads")."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class SlashCommand:
    """A command of the app: its name with the "/", what it does, and what may follow it."""

    name: str
    description: str
    usage_hint: str


@dataclass(frozen=True)
class Team:
    """One workspace: who is in it, where they talk, and the one app that is installed."""

    id: str
    name: str
    bot: Person
    bot_id: str
    app_id: str
    people: tuple[Person, ...]
    conversations: tuple[Conversation, ...]
    groups: tuple[Group, ...] = ()
    commands: tuple[SlashCommand, ...] = ()

    @property
    def domain(self) -> str:
        return self.name.lower().replace(" ", "-")

    @property
    def users(self) -> tuple[Person, ...]:
        return (*self.people, self.bot)

    def user(self, user: str) -> Person | None:
        return next((person for person in self.users if person.id == user), None)

    def conversation(self, channel: str) -> Conversation | None:
        return next((each for each in self.conversations if each.id == channel), None)

    def group(self, group: str) -> Group | None:
        return next((each for each in self.groups if each.id == group), None)

    def dm(self, user: str) -> Conversation | None:
        """The direct message between the bot and `user`."""
        return next((each for each in self.conversations if each.kind == "dm" and user in each.members), None)

    def conversations_of(self, user: str) -> list[Conversation]:
        return [each for each in self.conversations if user in each.members]


def _offset(zone: str) -> int:
    """Seconds that the zone is ahead of UTC now."""
    if zone == UTC:
        return 0  # also where there is no time zone database
    return int((datetime.now(ZoneInfo(zone)).utcoffset() or timedelta()).total_seconds())


_BOT = Person("U0SIGNOFF", "signoff", "Signoff", "Asks before it acts", "#4a154b", is_bot=True)

_EXAMPLES = {
    "deploys": ("Deploy the web shop", "Deploy the warehouse app"),
    "announcements": ("Announce the winter sale", "Announce the new opening hours"),
    "intake": ("I would like to sign up",),
    "debug": ("Look into order 1042",),
    "git": ("What is the status?", 'Commit with the message "Open on Sundays"'),
}
"""The channels where the demo's other graphs work, one each, and what can be said there to begin with."""

_COMMANDS = (SlashCommand("/signoff", "What waits for you, and stop", "[list | stop | help]"),)

HARBOUR_GOODS = Team(
    id="T0LOCAL",
    name="Harbour Goods",
    bot=_BOT,
    bot_id="B0SIGNOFF",
    app_id="A0SIGNOFF",
    people=(
        Person("U0ANA", "ana", "Ana Ruiz", "Customer support", "#0b7a75"),
        Person("U0LEA", "lea", "Lea Brandt", "Support team lead", "#b5541b"),
        Person("U0MAX", "max", "Max Oduya", "Guest", "#5b5bd6", is_restricted=True),
    ),
    conversations=(
        Conversation("C0SUPPORT", "support", "channel", ("U0ANA", "U0LEA", "U0MAX", _BOT.id)),
        *(
            Conversation(f"C0{name.upper()}", name, "channel", ("U0ANA", "U0LEA", _BOT.id), prompts=prompts)
            for name, prompts in _EXAMPLES.items()
        ),
        Conversation("C0LEADS", "leads", "private", ("U0LEA", _BOT.id)),
        Conversation("D0ANA", "signoff", "dm", ("U0ANA", _BOT.id)),
        Conversation("D0LEA", "signoff", "dm", ("U0LEA", _BOT.id)),
        Conversation("D0MAX", "signoff", "dm", ("U0MAX", _BOT.id)),
    ),
    groups=(Group("S0LEADS", "leads", "Team leads", ("U0LEA",)),),
    commands=_COMMANDS,
)
"""The team of the demo's sample agent. Tests hand in another one where they need another one."""


def with_crowd(team: Team, size: int) -> Team:
    """The team with so many people more, who are in its first channel and each in a direct message with the bot."""
    names = [f"p{number:02}" for number in range(1, size + 1)]
    first, *others = team.conversations
    return replace(
        team,
        people=(
            *team.people,
            *(Person(f"U0{name.upper()}", name, f"Person {name[1:]}", "Member", "#6b7280") for name in names),
        ),
        conversations=(
            replace(first, members=(*first.members, *(f"U0{name.upper()}" for name in names))),
            *others,
            *(Conversation(f"D0{name.upper()}", "signoff", "dm", (f"U0{name.upper()}", team.bot.id)) for name in names),
        ),
    )


_TITLES = {"U0ANA": "Member", "U0LEA": "Lead", "U0MAX": "Guest"}

LOCAL_TEAM = replace(
    HARBOUR_GOODS,
    name="Local workspace",
    people=tuple(replace(person, title=_TITLES[person.id]) for person in HARBOUR_GOODS.people),
    conversations=(
        replace(HARBOUR_GOODS.conversations[0], name="general"),
        *(each for each in HARBOUR_GOODS.conversations[1:] if each.name not in _EXAMPLES),
    ),
    groups=(Group("S0LEADS", "leads", "Leads", ("U0LEA",)),),
)
"""The same people where another agent works: nothing of the sample's shop."""
