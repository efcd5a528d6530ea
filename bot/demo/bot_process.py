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
    os.read(0, 1)  # not through sys.stdin, whose lock would still be held when the interpreter shuts down
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_demo, daemon=True).start()
    sys.exit(main(["run"]))
