"""The time, where a test sets it."""

from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that stands still until it is moved. Called, it gives the aware time, as storage's clock does."""

    def __init__(self, now: datetime = datetime(2026, 9, 21, 12, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """The same moment in Unix seconds."""
        return self.now.timestamp()

    def forward(self, seconds: float = 0, *, hours: float = 0) -> None:
        self.now += timedelta(seconds=seconds, hours=hours)
