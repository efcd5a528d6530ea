"""`python -m bot.demo.model --port N [--script FILE] [--latency SECONDS] [--example TEXT]…`: a process of its own.

Prints `ready http://127.0.0.1:PORT` when it accepts connections and stops on SIGTERM or SIGINT. A taken port or an
unusable script: one line on stderr, exit status 2.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot.demo.model.server import serve_model

USAGE_ERROR = 2


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bot.demo.model", description="The demo's model on loopback.")
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--script", type=Path, help="a JSON file with exact replies, instead of the rules")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds between the chunks of a streamed answer")
    parser.add_argument("--example", action="append", default=[], help="a sentence that the agent's people may type")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve(options.port, options.script, options.latency, options.example))
    except (OSError, OverflowError) as error:
        sys.stderr.write(f"The model cannot listen on port {options.port}: {error}. Choose another --port.\n")
        return USAGE_ERROR
    except ValueError as error:
        sys.stderr.write(f"The model cannot start: {error}\n")
        return USAGE_ERROR
    return 0


async def serve(port: int, script: Path | None, latency: float, examples: list[str]) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signal_number, stop.set)
    async with serve_model(port, script, latency, examples) as model:
        sys.stdout.write(f"ready http://127.0.0.1:{model.port}\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
