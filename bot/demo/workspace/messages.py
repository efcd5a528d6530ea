"""A message, and the two ways it is told: to the bot as Slack does, to the page as the client API says."""

from dataclasses import asdict, dataclass, field
from typing import Any

from bot.demo.workspace.people import Team

Json = dict[str, Any]


@dataclass
class Message:
    """One message of one conversation.

    `ts` is its id within the channel; replies carry their root's in `thread_ts`. `stream_started` is set (in seconds
    since 1970) while the bot still writes it. `ephemeral_to` names the only person who sees it.
    """

    channel: str
    ts: str
    user: str
    text: str
    thread_ts: str | None = None
    blocks: list[Json] | None = None
    metadata: Json | None = None
    edited_ts: str | None = None
    ephemeral_to: str | None = None
    files: list[Json] = field(default_factory=list)
    reactions: dict[str, list[str]] = field(default_factory=dict)
    stream_started: float | None = None
    client_msg_id: str | None = None

    @property
    def root_ts(self) -> str:
        return self.thread_ts or self.ts

    def to_row(self) -> Json:
        return asdict(self)

    def to_slack(self, team: Team, *, with_metadata: bool = False) -> Json:
        """As the Web API and events show it. Metadata only where it was asked for, as Slack does."""
        told: Json = {"type": "message", "user": self.user, "text": self.text, "ts": self.ts, "team": team.id}
        if self.user == team.bot.id:
            told |= {"bot_id": team.bot_id, "app_id": team.app_id, "bot_profile": bot_profile(team)}
        optional = {
            "thread_ts": self.thread_ts,
            "client_msg_id": self.client_msg_id,
            "blocks": self.blocks,
            "metadata": self.metadata if with_metadata else None,
            "edited": self.edited_ts and {"user": self.user, "ts": self.edited_ts},
            "files": self.files,
            "reactions": reactions_to_slack(self.reactions),
        }
        return told | {name: value for name, value in optional.items() if value}

    def to_client(self, reply_count: int) -> Json:
        """As the page shows it."""
        told: Json = {"ts": self.ts, "channel": self.channel, "user": self.user, "text": self.text}
        optional = {
            "thread_ts": self.thread_ts,
            "blocks": self.blocks,
            "metadata": self.metadata,
            "edited": self.edited_ts and {"ts": self.edited_ts},
            "ephemeral_to": self.ephemeral_to,
            "streaming": self.stream_started is not None,
            "files": self.files,
            "reactions": reactions_to_slack(self.reactions),
            "reply_count": reply_count,
        }
        return told | {name: value for name, value in optional.items() if value}


def bot_profile(team: Team) -> Json:
    """The bot as `bots.info` and its own messages describe it."""
    return {
        "id": team.bot_id,
        "app_id": team.app_id,
        "user_id": team.bot.id,
        "name": team.bot.handle,
        "team_id": team.id,
        "deleted": False,
        "updated": 0,
    }


def reactions_to_slack(reactions: dict[str, list[str]]) -> list[Json]:
    return [{"name": name, "users": users, "count": len(users)} for name, users in reactions.items()]
