"""For whom something waits: messages of the bot with buttons, and the people whom these name."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bot.demo.workspace.history import History
from bot.demo.workspace.messages import Message
from bot.demo.workspace.people import Team

MENTION = re.compile(r"<@(\w+)[^>]*>|<!subteam\^(\w+)[^>]*>")

Place = tuple[str, str]
"""A message: its conversation and its `ts`."""


class Waiting:
    """How many messages wait for each person; kept as messages come, change and go."""

    def __init__(self, team: Team, history: History) -> None:
        self._team = team
        self._history = history
        self._people: dict[Place, frozenset[str]] = {}
        for conversation in team.conversations:
            for message in history.of(conversation.id):
                self.look(message)

    @property
    def counts(self) -> dict[str, int]:
        """By the person's id; nobody is in it for whom nothing waits."""
        return dict(Counter(person for people in self._people.values() for person in people))

    @property
    def places(self) -> dict[str, dict[str, int]]:
        """By the person's id, how many of them stand in which conversation."""
        found: dict[str, dict[str, int]] = {}
        for (channel, _), people in self._people.items():
            for person in people:
                where = found.setdefault(person, {})
                where[channel] = where.get(channel, 0) + 1
        return found

    def look(self, message: Message) -> bool:
        """Take note of a message as it is now. Whether that changed for whom something waits."""
        return self._note((message.channel, message.ts), self._addressed(message))

    def forget(self, message: Message) -> bool:
        """The message is gone."""
        return self._note((message.channel, message.ts), frozenset())

    def _note(self, place: Place, people: frozenset[str]) -> bool:
        before = self._people.pop(place, frozenset[str]())
        if people:
            self._people[place] = people
        return before != people

    def _addressed(self, message: Message) -> frozenset[str]:
        """Whom the message asks: who is named in it and can see it. Whoever began the thread is named as the one who
        asked, and is meant where nobody else is."""
        if message.user != self._team.bot.id or message.ephemeral_to or not _has_buttons(message):
            return frozenset()
        named = {person for text in _texts(message.blocks) for person in self._named(text)}
        root = self._history.get(message.channel, message.root_ts)
        others = named - {root.user if root else ""}
        conversation = self._team.conversation(message.channel)
        return frozenset((others or named) & set(conversation.members if conversation else ()) - {self._team.bot.id})

    def _named(self, text: str) -> Iterator[str]:
        for user, group in MENTION.findall(text):
            found = self._team.group(group) if group else None
            yield from found.members if found else (user,)


def _has_buttons(message: Message) -> bool:
    return any(
        element.get("type") == "button"
        for block in message.blocks or ()
        if block.get("type") == "actions"
        for element in block.get("elements") or ()
    )


def _texts(value: Any) -> Iterator[str]:
    """Every text in blocks, and every person that a structured text names, as a mention."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, Mapping):
        if user := value.get("user_id"):
            yield f"<@{user}>"
        if group := value.get("usergroup_id"):
            yield f"<!subteam^{group}>"
        for key, inner in value.items():
            if key == "text" or not isinstance(inner, str):
                yield from _texts(inner)
