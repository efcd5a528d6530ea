"""All messages of all conversations, in memory and in the file behind it."""

from collections.abc import Callable

from bot.demo.workspace.messages import Message
from bot.demo.workspace.store import Store


class History:
    """Messages by conversation and `ts`. Ephemeral ones live in memory only, as they do in Slack's clients."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        self._messages: dict[str, dict[str, Message]] = {}
        self._replies: dict[tuple[str, str], dict[str, Message]] = {}  # by channel and root
        self._last_ts = 0  # in microseconds
        for row in store.messages():
            self._remember(Message(**row))

    def new_ts(self) -> str:
        """A timestamp that no message of this workspace has: now, or a microsecond after the last one."""
        self._last_ts = max(int(self._clock() * 1_000_000), self._last_ts + 1)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def save(self, message: Message) -> None:
        """Adds the message, or keeps its new state."""
        self._remember(message)
        if message.ephemeral_to is None:
            self._store.save_message(message.to_row())

    def remove(self, message: Message) -> None:
        self._messages.get(message.channel, {}).pop(message.ts, None)
        self._replies.get((message.channel, message.root_ts), {}).pop(message.ts, None)
        self._store.delete_message(message.channel, message.ts)

    def get(self, channel: str, ts: str) -> Message | None:
        return self._messages.get(channel, {}).get(ts)

    def of(self, channel: str) -> list[Message]:
        """A conversation's messages, oldest first, replies included."""
        return list(self._messages.get(channel, {}).values())

    def replies(self, channel: str, root_ts: str) -> list[Message]:
        """What everybody sees below a root, oldest first."""
        return list(self._replies.get((channel, root_ts), {}).values())

    def streaming(self) -> list[Message]:
        """The messages that the bot has not finished writing."""
        return [
            message
            for messages in self._messages.values()
            for message in messages.values()
            if message.stream_started is not None
        ]

    def _remember(self, message: Message) -> None:
        """Keeps a message. Timestamps only grow, so that the order of arrival is the order of time."""
        self._messages.setdefault(message.channel, {})[message.ts] = message
        if message.root_ts != message.ts and message.ephemeral_to is None:
            self._replies.setdefault((message.channel, message.root_ts), {})[message.ts] = message
        seconds, _, fraction = message.ts.partition(".")
        self._last_ts = max(self._last_ts, int(seconds) * 1_000_000 + int(fraction))
