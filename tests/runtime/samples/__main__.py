"""Prints the sample of this version as SQL."""

import asyncio
import sqlite3
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from storage import open_storage
from tests.runtime.samples.threads import fill


async def store(path: Path) -> None:
    async with open_storage(f"sqlite:///{path}") as storage:
        await fill(storage)


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "sample.db"
        asyncio.run(store(path))
        with closing(sqlite3.connect(path)) as db:
            for name in ("application_id", "user_version"):
                sys.stdout.write(f"pragma {name} = {db.execute(f'pragma {name}').fetchone()[0]};\n")
            sys.stdout.write("\n".join(db.iterdump()) + "\n")


if __name__ == "__main__":
    main()
