"""`python -m bot.demo.workspace --port N --data DIR [--panel FILE] [--note TEXT] [--crowd N]`: it as a program.

Prints `ready http://127.0.0.1:PORT` when it accepts connections, and then a line each with what a bot needs that is to
connect: `SLACK_BOT_TOKEN=…` and `SLACK_APP_TOKEN=…` (with `--request-url`, for a bot in HTTP mode,
`SLACK_SIGNING_SECRET=…`), other ones at each start. Stops on SIGTERM or SIGINT. Exit 2, with
one line on stderr: the port is in use, or the file in DIR is not a workspace's.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from bot.demo.workspace import HARBOUR_GOODS, NotOurFile, PortInUse, serve_workspace
from bot.demo.workspace.people import with_crowd
from bot.demo.workspace.request_url import PAUSES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bot.demo.workspace", description="A small Slack on this machine.")
    parser.add_argument("--port", type=int, default=8765, help="port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--data", type=Path, help="folder of workspace.db (default: nothing is kept)")
    parser.add_argument("--panel", type=Path, help="SQLite file whose tables the page shows")
    parser.add_argument("--note", default="", help="a line that the page shows")
    parser.add_argument("--crowd", type=int, default=0, help="so many people more (U0P01 …)")
    parser.add_argument("--request-url", metavar="URL", help="post to a bot in HTTP mode, at http://…/slack/events")
    parser.add_argument(
        "--pauses",
        type=lambda text: tuple(float(each) for each in text.split(",")),
        default=PAUSES,
        help="seconds before each repetition of what that bot did not take",
    )
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
        port=options.port,
        data=options.data,
        panel=options.panel,
        note=options.note,
        request_url=options.request_url,
        pauses=options.pauses,
        team=team,
    ) as workspace:
        sys.stdout.write(f"ready {workspace.url}\n")
        tokens = workspace.tokens
        way_in = f"SLACK_SIGNING_SECRET={tokens.signing}" if options.request_url else f"SLACK_APP_TOKEN={tokens.app}"
        sys.stdout.write(f"SLACK_BOT_TOKEN={tokens.bot}\n{way_in}\n")
        sys.stdout.flush()
        await stopped.wait()


if __name__ == "__main__":
    sys.exit(main())
