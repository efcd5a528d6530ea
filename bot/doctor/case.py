"""What the checks look at, and what they find out for those after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.hosting import Hosted
from bot.people.directory import Directory
from bot.settings import Settings
from bot.slack_client import SlackClient

NO_SLACK = "not looked at, because Slack does not say who the bot is"


@dataclass
class Case:
    """`identity` is what Slack says of the bot's token, None until it does. `hosted` is by where it answers: a channel
    as signoff.toml has it, "" for everywhere else.
    """

    settings: Settings
    client: SlackClient
    identity: Mapping[str, str] | None = None
    hosted: dict[str, Hosted] = field(default_factory=dict[str, Hosted])
    _directory: Directory | None = None

    @property
    def directory(self) -> Directory | None:
        """None while Slack does not say who the bot is."""
        if self._directory is None and self.identity is not None:
            self._directory = Directory(self.client, self.identity["team_id"])
        return self._directory
