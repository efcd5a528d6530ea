"""The demo's bot process: `signoff run`, which also ends when the demo that started it is gone.

The demo holds the other end of this process's standard input and never writes. Where that ends, the demo has ended,
however that came.
"""

import os
import signal
import sys
import threading

from bot.cli import main


def _end_with_the_demo() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_demo, daemon=True).start()
    sys.exit(main(["run"]))
