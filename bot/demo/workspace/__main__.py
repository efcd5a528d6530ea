"""`python -m bot.demo.workspace --port N --data DIR [--panel FILE] [--note TEXT] [--crowd N]`: it as a program.

Prints `ready http://127.0.0.1:PORT` when it accepts connections, and then a line each with what a bot needs that is to
connect: `SLACK_BOT_TOKEN=…` and `SLACK_APP_TOKEN=…`, other ones at each start. Stops on SIGTERM or SIGINT. Exit 2, with
one line on stderr: the port is in use, or the file in DIR is not a workspace's.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot.demo.workspace import HARBOUR_GOODS, NotOurFile, PortInUse, serve_workspace
from bot.demo.workspace.people import with_crowd


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.workspace", description="A small Slack on this machine.")
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder of workspace.db (default: nothing is kept)")
    parser.add_argument("--panel", type=Path, help="SQLite file whose tables the page shows")
    parser.add_argument("--note", default="", help="a line that the page shows")
    parser.add_argument("--crowd", type=int, default=0, help="so many people more (U0P01 …)")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options))
    except (PortInUse, NotOurFile) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    team = with_crowd(HARBOUR_GOODS, options.crowd)
    async with serve_workspace(
        port=options.port, data=options.data, panel=options.panel, note=options.note, team=team
    ) as workspace:
        sys.stdout.write(f"ready {workspace.url}\n")
        sys.stdout.write(f"SLACK_BOT_TOKEN={workspace.tokens.bot}\nSLACK_APP_TOKEN={workspace.tokens.app}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
