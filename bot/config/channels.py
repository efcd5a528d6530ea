"""The channels that the configuration names, as Slack has them."""

from __future__ import annotations

from collections.abc import Mapping

from bot.config.values import Config
from bot.settings import BadSettings


def named(config: Config) -> list[tuple[str, str]]:
    """Every channel that it names, for an agent or a server, and before it the place where it does."""
    found = [(config.places[channel], channel) for channel in config.agents]
    return found + [(server.place, channel) for server in config.servers for channel in server.channels]


def ids(config: Config, known: Mapping[str, str]) -> dict[str, str]:
    """The ids of all of them, by what it calls them; `known` are the ids by name. Raises `BadSettings`."""
    problems: list[str] = []
    found: dict[str, str] = {}
    for place, channel in named(config):
        try:
            found[channel] = id_of(channel, known, place)
        except BadSettings as error:
            problems += error.problems
    if problems:
        raise BadSettings(list(dict.fromkeys(problems)))
    return found


def id_of(channel: str, known: Mapping[str, str], place: str = "") -> str:
    """The id of a channel that the configuration names in this place. Raises `BadSettings` where there is none."""
    if not channel.startswith("#"):
        return channel
    if channel[1:] not in known:
        said = f"there is no channel {channel} that the bot can see. Make it, or invite the bot"
        raise BadSettings([f"{place}: {said}" if place else said])
    return known[channel[1:]]


def are_named(config: Config) -> bool:
    """Whether a channel is called by its name anywhere: then the names have to be looked up."""
    return any(channel.startswith("#") for _, channel in named(config))
