"""`python -m tests.support.skewed SECONDS run`: Signoff on a machine whose clock is so much fast, or slow.

What tells the wall's time is put in the standard library's place before anything else is imported. Timers are left.
"""

import datetime
import sys
import time

OFF = float(sys.argv[1])

_time, _time_ns, _datetime = time.time, time.time_ns, datetime.datetime


class Skewed(_datetime):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # pyright: ignore[reportIncompatibleMethodOverride]
        return _datetime.fromtimestamp(time.time(), tz)


if __name__ == "__main__":
    time.time = lambda: _time() + OFF
    time.time_ns = lambda: _time_ns() + int(OFF * 1e9)
    datetime.datetime = Skewed

    from bot.cli import main

    sys.exit(main(sys.argv[2:]))
